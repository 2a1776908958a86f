// Package sqlite is the store in one SQLite file, by way of ncruces/go-sqlite3,
// which needs no C. Durable means: in the write-ahead log, and fsynced.
//
// One process at a time uses a folder; who opens it sees to that with a lock.
// There are one connection that writes and a few that read, which don't wait for
// each other. Where the library has no file locks (aix, solaris) there is no WAL
// either: one connection does everything, and questions and commits, which take
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

// FileName is the database's in its folder.
const FileName = "chat.db"

// ArchiveFolder is where messages go that leave the database, beside it.
const ArchiveFolder = "archive"

// Options are a Store's. The zero value works.
type Options struct {
	// Recent is how many messages of a room Load returns; 50 if 0.
	Recent int
	// Readers is how many questions are answered at once; 3 if 0. Others wait.
	Readers int
	// Alone uses one connection and no file locks, as where there are none.
	Alone bool
}

// A Store is a store.Store in a file.
type Store struct {
	dir, file string
	o         Options
	alone     bool
	readers   chan *conn // nil stands for one that is not open yet

	// mu guards what follows: one writes at a time.
	mu     sync.Mutex
	w      *conn
	closed bool
	// rooms are ids of rooms by name, and acts is the last entry of the audit
	// log. Both are forgotten when a transaction fails.
	rooms map[string]int64
	acts  *store.Entry
	// scrub: what was taken back may still stand in the write-ahead log.
	scrub bool
}

var _ store.Store = (*Store)(nil)

// Open opens the database in a folder and creates both if they are not there,
// for nobody else to read. A file that is damaged, a newer program's or somebody
// else's is refused and left alone.
func Open(dir string, o Options) (*Store, error) {
	if o.Recent == 0 {
		o.Recent = 50
	}
	if o.Readers == 0 {
		o.Readers = 3
	}
	s := &Store{
		dir: dir, file: filepath.Join(dir, FileName), o: o, rooms: map[string]int64{},
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
	s.readers = make(chan *conn, o.Readers)
	for range o.Readers {
		s.readers <- nil
	}
	return s, nil
}

// private creates the files beside the database, so that they are for nobody else
// to read either: the library would make them for everybody.
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

// Note is a sentence for the log, "" if there is nothing to say.
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
	// The newest version may stand in the write-ahead log only. Should it be a
	// newer one, closing must not write it into the file either.
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

// walMode stands in the header of a file in WAL mode.
const walMode = 2

// applicationID marks the file as this program's: "nlcs".
const applicationID = 0x6e6c6373

// examine looks at the file's first bytes, before SQLite may write to it.
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

// create makes a new database unless there is one. It appears whole, under its
// name, or not at all.
func create(file string, single bool) error {
	if _, err := os.Lstat(file); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	fresh := file + ".new"
	for _, name := range []string{fresh, fresh + "-wal", fresh + "-shm", fresh + "-journal"} {
		if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	f, err := os.OpenFile(fresh, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := build(fresh, single); err != nil {
		_ = os.Remove(fresh)
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
	// The mode is kept in the file. It is the last step, so that the first bytes
	// are complete.
	if err == nil {
		err = k.journal(m)
	}
	return errors.Join(err, k.close())
}

// read lends a connection to do.
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
		s.acts = nil
	}
	return err
}

// Close implements store.Store. It waits for the questions that are being
// answered.
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
