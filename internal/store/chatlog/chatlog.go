// Package chatlog writes what is said in rooms into plain text files, one per
// room, for people to read and grep. It is beside the store: nothing is read
// from the files, and what is taken back later stays in them.
//
// The file of #lobby is lobby.log. When it is full or a day (UTC) is over it
// becomes lobby.2026-01-31.001.log.gz, and the oldest of those go. Odd names of
// rooms are hashes, see store.FileName.
package chatlog

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/store"
)

// Options are a Log's.
type Options struct {
	// Dir is the folder; it is created, for nobody else to read.
	Dir string
	// MaxBytes is where a file is full, 10 MiB if 0.
	MaxBytes int64
	// Keep is how many full files of a room are kept, 30 if 0.
	Keep int
	// MaxOpen is how many files are open at a time, 64 if 0.
	MaxOpen int
	// Queue is how many events may wait to be written, 4096 if 0. More are left
	// out, and their number is written instead.
	Queue int
	// Trouble is called with what goes wrong, once until all goes well again; nil
	// calls nothing. It must not block.
	Trouble func(error)
}

// A Log follows rooms. One goroutine writes.
type Log struct {
	o     Options
	queue chan chat.Event
	ended chan struct{}

	mu     sync.Mutex
	missed map[string]int // events left out, by room; at most MaxOpen rooms are told apart
	closed bool

	// Of the goroutine.
	files   map[string]*file // by room
	used    uint64           // counts uses of files
	failing bool
}

// Open returns a Log that writes into a folder.
func Open(o Options) (*Log, error) {
	o.MaxBytes = or(o.MaxBytes, 10<<20)
	o.Keep = or(o.Keep, 30)
	o.MaxOpen = or(o.MaxOpen, 64)
	o.Queue = or(o.Queue, 4096)
	if o.Trouble == nil {
		o.Trouble = func(error) {}
	}
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, err
	}
	l := &Log{
		o: o, queue: make(chan chat.Event, o.Queue), ended: make(chan struct{}),
		missed: map[string]int{}, files: map[string]*file{},
	}
	go l.run()
	return l, nil
}

func or[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}

// Follow writes an event of a room, or leaves it out if too many wait. It may be
// called from any goroutine and never blocks; the events of a room are written in
// the order of the calls.
func (l *Log) Follow(e chat.Event) {
	if e.Room == "" || e.Kind == chat.Refusal {
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
		if _, known := l.missed[e.Room]; known || len(l.missed) < l.o.MaxOpen {
			l.missed[e.Room]++
		}
	}
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
			if err := l.flush(); err != nil { // success here says nothing about writing
				l.note(err)
			}
		}
	}
	for room := range l.files {
		l.note(l.shut(room))
	}
}

// note reports err, but for one that follows another.
func (l *Log) note(err error) {
	if err != nil && !l.failing {
		l.o.Trouble(fmt.Errorf("chat log: %w", err))
	}
	l.failing = err != nil
}

func (l *Log) write(e chat.Event) error {
	f, err := l.file(e)
	if err != nil {
		return err
	}
	l.mu.Lock()
	missed := l.missed[e.Room]
	delete(l.missed, e.Room)
	l.mu.Unlock()
	text := line(e)
	if missed > 0 {
		text = fmt.Sprintf("%s -- %d lines are not here: the disk was too slow\n", stamp(e.Time), missed) + text
	}
	n, err := f.w.WriteString(text)
	f.size += int64(n)
	if err != nil {
		// What is half written stays half written; the file is opened anew.
		return errors.Join(err, l.shut(e.Room))
	}
	return nil
}

// file returns the open file that e belongs into.
func (l *Log) file(e chat.Event) (*file, error) {
	day := e.Time.UTC().Format(dayForm)
	f := l.files[e.Room]
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
	if f.size > 0 && (f.size >= l.o.MaxBytes || f.day != day) {
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

// A file is the open one of a room.
type file struct {
	f    *os.File
	w    *bufio.Writer
	size int64
	day  string // of its first line
	used uint64
}

func (l *Log) open(room string) (*file, error) {
	name := filepath.Join(l.o.Dir, store.FileName(room)+".log")
	f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	first := make([]byte, len(dayForm))
	n, _ := f.ReadAt(first, 0) // a short one is not a day, which is as good as another day
	l.files[room] = &file{f: f, w: bufio.NewWriter(f), size: info.Size(), day: validDay(string(first[:n]))}
	return l.files[room], nil
}

// shut closes the file of a room.
func (l *Log) shut(room string) error {
	f := l.files[room]
	delete(l.files, room)
	return errors.Join(f.w.Flush(), f.f.Close())
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
		if f.w.Buffered() > 0 {
			if err := f.w.Flush(); err != nil {
				errs = append(errs, err, l.shut(room))
			}
		}
	}
	return errors.Join(errs...)
}
