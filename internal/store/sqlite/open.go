// Package sqlite is a store in one SQLite file, using ncruces/go-sqlite3, which
// needs no C. Durable means: in the write-ahead log, and fsynced.
//
// One process at a time may use a folder; the caller ensures that with a lock.
// There is one connection that writes and a few that read, which don't wait for
// each other. Where the library has no file locks (aix, solaris) there is no WAL
// either: one connection does everything, and queries and commits, which take
// longer there, wait for one another. Store.Note says so.
package sqlite

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/vfs"

	"github.com/sudoXpg/netloop/internal/store"
)

// FileName is the name of the database in its folder.
const FileName = "chat.db"

// ArchiveFolder is the folder of the archives, beside the database.
const ArchiveFolder = "archive"

// Options configure a Store. The zero value works.
type Options struct {
	// Recent is how many messages of a room Load returns; 50 if 0.
	Recent int
	// Readers is how many queries run at once; 3 if 0. Others wait.
	Readers int
	// Archived is called when messages were moved to the archives, with the names of
	// the files; it may be nil. It must not block, nor call the Store.
	Archived func(messages int, files []string)
	// Alone uses one connection and no file locks, as on systems without file locks.
	Alone bool
}

// A Store is a store.Store in a file.
type Store struct {
	dir, file string
	o         Options
	alone     bool
	readers   chan *conn // nil stands for one that is not open yet
	// files are the database and its log as they were opened, by name.
	files map[string]fs.FileInfo

	// mu guards what follows: one writes at a time.
	mu     sync.Mutex
	w      *conn
	closed bool
	// rooms caches ids of rooms by name, and acts the last entry of the audit
	// log. Both are dropped when a transaction fails.
	rooms map[string]int64
	acts  *store.Entry
	// cids caches how many rows an owner has in the table cids, at most, and recent what
	// is in recent_cids; nil if that is not known. They are dropped, too.
	cids   map[uint64]int64
	recent *recentCIDs
	// scrub is set if deleted text may still be in the write-ahead log.
	scrub bool
}

var _ store.Store = (*Store)(nil)

// Open opens the database in a folder and creates both if they do not exist,
// readable for their owner only. A file that is damaged, or belongs to a newer
// version or another program, is refused and left alone.
func Open(dir string, o Options) (*Store, error) {
	if o.Recent == 0 {
		o.Recent = 50
	}
	if o.Readers == 0 {
		o.Readers = 3
	}
	s := &Store{
		dir: dir, file: filepath.Join(dir, FileName), o: o, rooms: map[string]int64{}, cids: map[uint64]int64{},
		alone: o.Alone || !vfs.SupportsFileLocking || !vfs.SupportsSharedMemory,
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	if err := create(s.file, s.alone); err != nil {
		return nil, err
	}
	if err := examine(s.file, s.alone); err != nil {
		return nil, err
	}
	if err := private(s.file, s.alone); err != nil {
		return nil, s.explain("open", err)
	}
	if err := s.begin(); err != nil {
		if s.w != nil {
			_ = s.w.close()
		}
		return nil, s.explain("open", err)
	}
	if err := s.remember(); err != nil {
		return nil, errors.Join(err, s.w.close())
	}
	s.readers = make(chan *conn, o.Readers)
	for range o.Readers {
		s.readers <- nil
	}
	return s, nil
}

// remember records the identity of the database's files.
func (s *Store) remember() error {
	names := []string{s.file}
	if !s.alone { // a rollback journal comes and goes
		names = append(names, s.file+"-wal")
	}
	s.files = map[string]fs.FileInfo{}
	for _, name := range names {
		info, err := os.Stat(name)
		if err != nil {
			return err
		}
		s.files[name] = info
	}
	return nil
}

// there returns ErrGone if others have removed, moved or replaced a file of the
// database: later writes would be lost with the last process that has it open.
func (s *Store) there() error {
	for name, opened := range s.files {
		if info, err := os.Stat(name); err != nil || !os.SameFile(info, opened) {
			return fmt.Errorf("%s: %w", name, store.ErrGone)
		}
	}
	return nil
}

// private creates the files beside the database readable for their owner only:
// the library would create them for everybody.
func private(file string, single bool) error {
	suffixes := []string{"-wal", "-shm"}
	if single {
		suffixes = []string{"-journal"}
	}
	for _, suffix := range suffixes {
		f, err := os.OpenFile(file+suffix, os.O_CREATE|os.O_RDWR, 0o600)
		if err != nil {
			return err
		}
		if err := f.Close(); err != nil {
			return err
		}
	}
	return nil
}

// Note returns a sentence for the log, "" for none.
func (s *Store) Note() string {
	if !s.alone || s.o.Alone {
		return ""
	}
	return "this system has no file locks for SQLite: one connection does everything, without a write-ahead log, so saving takes longer, and searches and saving wait for each other"
}

// begin opens the connection that writes.
func (s *Store) begin() error {
	m := writing
	if s.alone {
		m = alone
	}
	var err error
	if s.w, err = open(s.file, m); err != nil {
		return err
	}
	// The current version may be in the write-ahead log only. If it is too new,
	// closing must not write it to the file either.
	if _, err := s.w.c.Config(sqlite3.DBCONFIG_NO_CKPT_ON_CLOSE, true); err != nil {
		return err
	}
	version, err := s.w.number(`PRAGMA user_version`)
	if err != nil {
		return err
	}
	if err := known(s.file, version); err != nil {
		return err
	}
	if _, err := s.w.c.Config(sqlite3.DBCONFIG_NO_CKPT_ON_CLOSE, false); err != nil {
		return err
	}
	if err := migrate(s.w, version); err != nil {
		return err
	}
	// A backup is not in WAL mode.
	if err := s.w.journal(m); err != nil {
		return err
	}
	return s.reindex()
}

// walMode is the value in the header of a file in WAL mode.
const walMode = 2

// applicationID marks the file as this program's: "nlcs".
const applicationID = 0x6e6c6373

// examine checks the file's first bytes, before SQLite may write to it.
func examine(file string, single bool) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	header := make([]byte, 100)
	if _, err := io.ReadFull(f, header); err != nil {
		return fmt.Errorf("open %s: %w (it is only a stump); move it away, or put a backup in its place with `chatsrv restore`", file, store.ErrCorrupt)
	}
	if string(header[:16]) != "SQLite format 3\x00" || binary.BigEndian.Uint32(header[68:]) != applicationID {
		return fmt.Errorf("open %s: %w; move it away or choose another folder with --data", file, store.ErrForeign)
	}
	if single && header[18] == walMode {
		return fmt.Errorf("open %s: it was used on a system with file locks, and this one has none; make a backup there with `chatsrv backup`, and restore that here", file)
	}
	return known(file, int64(binary.BigEndian.Uint32(header[60:])))
}

// known refuses the versions of newer programs.
func known(file string, version int64) error {
	if newest := int64(len(migrations())); version > newest {
		return fmt.Errorf("open %s: %w (it has version %d, this one knows up to %d); update chatsrv, or restore a backup of before", file, store.ErrNewer, version, newest)
	}
	return nil
}

// freshSuffix is the suffix of a database that is being created, before it gets its name.
const freshSuffix = ".new"

// restoredSuffix is the suffix of a backup, checked and on disk, that is about to
// replace the database.
const restoredSuffix = ".restored"

// finishRestore ends a restore that was killed. If the database has been moved aside
// already, the backup takes its place; otherwise everything stays as it was.
func finishRestore(file string) error {
	restored := file + restoredSuffix
	switch {
	case !exists(restored):
		return nil
	case exists(file):
		return os.Remove(restored)
	}
	if _, err := moveAside(file); err != nil { // a log without its database
		return err
	}
	if err := os.Rename(restored, file); err != nil {
		return err
	}
	return store.SyncFolder(filepath.Dir(file))
}

// removeFresh removes an incomplete database, which may fill the disk. It does not
// remove keep.
func removeFresh(file, keep string) error {
	for _, suffix := range []string{"", "-wal", "-shm", "-journal"} {
		name := file + freshSuffix + suffix
		if !exists(name) || same(name, keep) {
			continue
		}
		if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// same reports whether two paths lead to the same file.
func same(a, b string) bool {
	one, err := os.Stat(a)
	if err != nil {
		return false
	}
	other, err := os.Stat(b)
	return err == nil && os.SameFile(one, other)
}

// create creates a database unless there is one. It appears complete, under its
// name, or not at all.
func create(file string, single bool) error {
	if err := errors.Join(removeFresh(file, ""), finishRestore(file)); err != nil {
		return err
	}
	if _, err := os.Lstat(file); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	fresh := file + freshSuffix
	f, err := os.OpenFile(fresh, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := build(fresh, single); err != nil {
		_ = removeFresh(file, "")
		return explain("create", file, err)
	}
	if _, err := moveAside(file); err != nil { // a log without its database
		return err
	}
	if err := os.Rename(fresh, file); err != nil {
		return err
	}
	return store.SyncFolder(filepath.Dir(file))
}

// build writes the schema into an empty file.
func build(file string, single bool) error {
	m := writing
	if single {
		m = alone
	}
	k, err := open(file, m)
	if err != nil {
		return err
	}
	err = k.c.Exec(fmt.Sprintf(`PRAGMA application_id = %d`, applicationID))
	if err == nil {
		err = migrate(k, 0)
	}
	// The mode is stored in the file. It is set last, so that the first bytes
	// are complete.
	if err == nil {
		err = k.journal(m)
	}
	return errors.Join(err, k.close())
}

// read calls do with a connection that reads.
func (s *Store) read(do func(*conn) error) error {
	if s.alone {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.closed {
			return store.ErrClosed
		}
		return s.w.within(toRead, func() error { return do(s.w) })
	}
	k, ok := <-s.readers
	if !ok {
		return store.ErrClosed
	}
	defer func() { s.readers <- k }()
	if k == nil {
		var err error
		if k, err = open(s.file, reading); err != nil {
			return err
		}
	}
	return k.within(toRead, func() error { return do(k) })
}

// write runs do in a transaction of the connection that writes.
func (s *Store) write(do func(*conn) error) error {
	if s.closed {
		return store.ErrClosed
	}
	err := s.w.within(toWrite, func() error { return do(s.w) })
	if err != nil {
		clear(s.rooms)
		clear(s.cids)
		s.recent = nil
		s.acts = nil
	}
	return err
}

// Close implements store.Store. It waits for queries in progress.
func (s *Store) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	s.mu.Unlock()
	for range s.o.Readers {
		if k := <-s.readers; k != nil {
			_ = k.close()
		}
	}
	close(s.readers)
	return s.explain("close", s.w.close())
}
