// Package chatlog writes the messages of rooms to plain text files, one per
// room, for people to read and grep. It is separate from the store: the files
// are never read, and messages that are deleted later stay in them.
//
// The file of #lobby is lobby.log. When it is full or a day (UTC) ends it is
// rotated to lobby.2026-01-31.001.log.gz, and the oldest of those are removed.
// Unusual room names become hashes, see store.FileName.
package chatlog

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/osutil"
	"github.com/sudoXpg/netloop/internal/store"
)

// Options configure a Log.
type Options struct {
	// Dir is the folder; it is created readable for its owner only.
	Dir string
	// MaxBytes is the size at which a file is rotated, 10 MiB if 0.
	MaxBytes int64
	// Keep is how many rotated files of a room are kept, 30 if 0.
	Keep int
	// MaxOpen is how many files are open at a time, 64 if 0.
	MaxOpen int
	// Queue is how many events may wait to be written, 4096 if 0. Further ones are
	// left out, like those that can't be written, and their number is written
	// instead.
	Queue int
	// Trouble is called with an error, once until everything works again; it may
	// be nil. It must not block.
	Trouble func(error)
	// Missed is called when the number of missing lines of a room is written; it
	// may be nil. It must not block.
	Missed func(room string, lines int)
}

// A Log writes the messages of rooms. One goroutine writes.
type Log struct {
	o     Options
	queue chan chat.Event
	ended chan struct{}

	lost atomic.Uint64

	mu     sync.Mutex     // guards what follows
	missed map[string]gap // not yet written, by room; at most MaxOpen rooms are distinguished
	closed bool

	// Of the goroutine.
	files   map[string]*file // by room
	used    uint64           // counts uses of files
	failing bool
}

// Open returns a Log that writes to a folder.
func Open(o Options) (*Log, error) {
	o.MaxBytes = or(o.MaxBytes, 10<<20)
	o.Keep = or(o.Keep, 30)
	o.MaxOpen = or(o.MaxOpen, 64)
	o.Queue = or(o.Queue, 4096)
	if o.Trouble == nil {
		o.Trouble = func(error) {}
	}
	if o.Missed == nil {
		o.Missed = func(string, int) {}
	}
	if err := usable(o.Dir); err != nil {
		return nil, err
	}
	l := &Log{
		o: o, queue: make(chan chat.Event, o.Queue), ended: make(chan struct{}),
		missed: map[string]gap{}, files: map[string]*file{},
	}
	go l.run()
	return l, nil
}

// Try returns an error if Open could not use the folder, and leaves nothing behind.
func Try(dir string) error { return osutil.TryFolder(dir) }

// usable creates the folder, and checks that files in it can be written.
func usable(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return osutil.TryFolder(dir)
}

func or[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}

// Follow writes a message of a room, or leaves it out if too many wait. Other events
// are not written. It may be called from any goroutine and never blocks; the messages of
// a room are written in the order of the calls.
func (l *Log) Follow(e chat.Event) {
	if e.Room == "" || e.Kind != chat.Say && e.Kind != chat.Action {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return
	}
	select {
	case l.queue <- e:
	default:
		l.lost.Add(1)
		l.missLocked(e.Room, gap{1, e.Time})
	}
}

// Lost returns how many lines are not in the files.
func (l *Log) Lost() uint64 { return l.lost.Load() }

// lose records that lines of a room are missing, and how many missing ones were not written
// down yet.
func (l *Log) lose(room string, lines gap, untold int) {
	l.lost.Add(uint64(lines.lines))
	lines.lines += untold
	if lines.lines == 0 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.missLocked(room, lines)
}

// missLocked is lose for lines that are counted already. l.mu is held.
func (l *Log) missLocked(room string, lines gap) {
	g, known := l.missed[room]
	if known || len(l.missed) < l.o.MaxOpen {
		l.missed[room] = gap{g.lines + lines.lines, lines.last}
	}
}

// A gap is a number of missing lines, and the time of the last one.
type gap struct {
	lines int
	last  time.Time
}

// Close writes what waits, and closes the files.
func (l *Log) Close() {
	l.mu.Lock()
	if !l.closed {
		l.closed = true
		close(l.queue)
	}
	l.mu.Unlock()
	<-l.ended
}

func (l *Log) run() {
	defer close(l.ended)
	for e := range l.queue {
		l.note(l.write(e))
		if len(l.queue) == 0 {
			l.note(l.flush())
			if !l.failing {
				l.reportAllMissing()
			}
		}
	}
	l.reportAllMissing() // one more try
	for room := range l.files {
		l.note(l.shut(room))
	}
}

// note reports err, unless the last call had an error, too.
func (l *Log) note(err error) {
	if err == nil { // which is not conclusive yet: see flushed
		return
	}
	if !l.failing {
		l.o.Trouble(fmt.Errorf("chat log: %w", err))
	}
	l.failing = true
}

// reportAllMissing calls reportMissing for all rooms, as some may get no more messages.
func (l *Log) reportAllMissing() {
	l.mu.Lock()
	gaps := maps.Clone(l.missed)
	l.mu.Unlock()
	for room, g := range gaps {
		f, err := l.file(chat.Event{Room: room, Time: g.last})
		if err == nil {
			err = l.reportMissing(room, f)
		}
		l.note(err)
	}
	l.note(l.flush())
}

func (l *Log) write(e chat.Event) error {
	f, err := l.file(e)
	if err != nil {
		l.lose(e.Room, gap{1, e.Time}, 0)
		return err
	}
	if err = l.reportMissing(e.Room, f); err == nil {
		err = l.put(e.Room, f, line(e), gap{1, e.Time}, 0)
	} else {
		l.lose(e.Room, gap{1, e.Time}, 0)
	}
	return err
}

// reportMissing writes how many lines of a room are missing, if any.
func (l *Log) reportMissing(room string, f *file) error {
	l.mu.Lock()
	g, some := l.missed[room]
	delete(l.missed, room)
	l.mu.Unlock()
	if !some {
		return nil
	}
	text := fmt.Sprintf("%s -- lines that are not here, because the disk was too slow or took none: %d\n", stamp(g.last), g.lines)
	return l.put(room, f, text, gap{0, g.last}, g.lines)
}

// put writes text, which is whole lines or a note about missing ones.
func (l *Log) put(room string, f *file, text string, lines gap, told int) error {
	_, err := f.w.WriteString(text)
	f.size += int64(len(text))
	f.lines.lines, f.lines.last = f.lines.lines+lines.lines, lines.last
	f.told += told
	if err != nil {
		return l.shut(room) // which returns the error
	}
	return nil
}

// flushed records that everything put into f is in the file.
func (l *Log) flushed(room string, f *file) {
	if f.told > 0 {
		l.o.Missed(room, f.told)
	}
	if f.told > 0 || f.lines.lines > 0 {
		l.failing = false
	}
	f.lines.lines, f.told = 0, 0
}

// file returns the open file that e belongs into.
func (l *Log) file(e chat.Event) (*file, error) {
	day := e.Time.UTC().Format(dayForm)
	f := l.files[e.Room]
	if f != nil && f.w.Buffered() == 0 && l.replaced(e.Room, f) {
		_ = l.shut(e.Room) // it no longer belongs to the room, and has no buffered lines
		f = nil
	}
	if f == nil {
		if len(l.files) >= l.o.MaxOpen {
			if err := l.shut(l.idlest()); err != nil {
				return nil, err
			}
		}
		var err error
		if f, err = l.open(e.Room); err != nil {
			return nil, err
		}
	}
	if !f.linked && f.size > 0 && (f.size >= l.o.MaxBytes || f.day != day) {
		if err := l.shut(e.Room); err != nil {
			return nil, err
		}
		if err := l.rotate(store.FileName(e.Room), f.day); err != nil {
			return nil, err
		}
		var err error
		if f, err = l.open(e.Room); err != nil {
			return nil, err
		}
	}
	if f.size == 0 {
		f.day = day
	}
	l.used++
	f.used = l.used
	return f, nil
}

// A file is the open file of a room.
type file struct {
	f      *os.File
	w      *bufio.Writer
	size   int64
	day    string // of its first line
	linked bool   // behind a symbolic link: it is never rotated
	used   uint64
	// What is in w and perhaps not in the file: lines, and notes about missing
	// ones.
	lines gap
	told  int
}

// path returns the path of the open file of a room.
func (l *Log) path(room string) string {
	return filepath.Join(l.o.Dir, store.FileName(room)+".log")
}

// errNotRegular: opening or writing to a FIFO could block forever.
var errNotRegular = errors.New("is not a regular file")

func (l *Log) open(room string) (*file, error) {
	name := l.path(room)
	if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "open", Path: name, Err: errNotRegular}
	}
	f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	first := make([]byte, len(dayForm))
	n, _ := f.ReadAt(first, 0) // a short one is not a day, and treated as another day
	there, err := os.Lstat(name)
	opened := &file{
		f: f, w: bufio.NewWriter(f), size: info.Size(), day: validDay(string(first[:n])),
		linked: err == nil && there.Mode().Type() == fs.ModeSymlink,
	}
	last := []byte{'\n'}
	if _, err := f.ReadAt(last, info.Size()-1); err == nil && last[0] != '\n' {
		_ = opened.w.WriteByte('\n') // its last line was incomplete; an error shows at the next flush
	}
	l.files[room] = opened
	return opened, nil
}

// replaced reports whether others have moved or removed the open file of a room,
// as logrotate(8) does, and notices if they have truncated it.
func (l *Log) replaced(room string, f *file) bool {
	there, err := os.Stat(l.path(room))
	if err != nil {
		return true
	}
	open, err := f.f.Stat()
	if err != nil || !os.SameFile(there, open) {
		return true
	}
	f.size = open.Size()
	return false
}

// shut closes the file of a room. A partly written line stays so.
func (l *Log) shut(room string) error {
	f := l.files[room]
	delete(l.files, room)
	err := f.w.Flush()
	if err == nil {
		l.flushed(room, f)
	} else {
		l.lose(room, f.lines, f.told)
	}
	return errors.Join(err, f.f.Close())
}

// idlest returns the room whose file was not used for the longest time.
func (l *Log) idlest() (room string) {
	least := l.used + 1
	for r, f := range l.files {
		if f.used < least {
			room, least = r, f.used
		}
	}
	return room
}

func (l *Log) flush() error {
	var errs []error
	for room, f := range l.files {
		switch {
		case f.w.Buffered() == 0:
		case f.w.Flush() == nil:
			l.flushed(room, f)
		default:
			errs = append(errs, l.shut(room)) // which returns the error
		}
	}
	return errors.Join(errs...)
}
