package sqlite

import (
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/ext/fts5"
)

// A conn is a connection with its prepared statements. One goroutine at a time
// may use it.
type conn struct {
	c     *sqlite3.Conn
	stmts map[string]*sqlite3.Stmt
}

type stmt = sqlite3.Stmt

// Modes to open a file in.
type mode int

const (
	reading mode = iota // queries; nothing is written
	writing
	alone  // writing without file locks, hence without WAL: the only connection there is
	frozen // reading a file that is not written, in a folder where no files can be created
)

// busyTimeout is how long a connection waits for another process, such as a
// backup by other means, before it gives up.
const busyTimeout = 5 * time.Second

// cacheSize bounds the page cache of a connection, in KiB. It is outside Go's heap,
// never shrinks, and there is one for the writer and one for each of Options.Readers.
// Eight times as much gained nothing: to commit and index 200,000 messages and search
// them 1,200 times took 10.7 and 10.0 s of CPU, and 10.2 and 10.8 s with 16,000 KiB. The
// system's cache has the pages anyway.
const cacheSize = 2000

// pragmas are set for each connection. synchronous=FULL is one fsync per commit in
// WAL mode, and three with a rollback journal. secure_delete overwrites deleted
// content.
var pragmas = map[mode]string{
	reading: `PRAGMA query_only = ON; PRAGMA temp_store = MEMORY`,
	writing: `PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON;
		PRAGMA temp_store = MEMORY; PRAGMA journal_size_limit = 67108864`,
}

// journal sets the journal mode, which the file stores if it is WAL.
func (k *conn) journal(m mode) error {
	if m == alone {
		return k.c.Exec(`PRAGMA journal_mode = TRUNCATE`)
	}
	return k.c.Exec(`PRAGMA journal_mode = WAL`)
}

func open(file string, m mode) (*conn, error) {
	name := file
	flags := sqlite3.OPEN_READWRITE
	switch m {
	case reading, writing:
	case alone:
		name, flags = uri(filepath.ToSlash(file), "nolock=1"), flags|sqlite3.OPEN_URI
	case frozen:
		name, flags = uri(filepath.ToSlash(file), "immutable=1"), sqlite3.OPEN_READONLY|sqlite3.OPEN_URI
	}
	c, err := openFlags(name, flags)
	if err != nil {
		return nil, err
	}
	k := &conn{c: c, stmts: map[string]*sqlite3.Stmt{}}
	if err := k.setUp(m); err != nil {
		_ = k.close()
		return nil, err
	}
	return k, nil
}

// uri returns a path with slashes as SQLite's URI (sqlite.org/uri.html). Text
// between two slashes at its beginning and the next slash would be a host: a drive
// must not be there ("file://C:/chat"), and a share needs an empty host before it
// ("file:////server/share").
func uri(path, query string) string {
	begin := "file:"
	if strings.HasPrefix(path, "/") {
		begin = "file://"
	}
	return begin + (&url.URL{Path: path}).EscapedPath() + "?" + query
}

// openFlags calls the library's, which panics if it can't allocate its memory:
// Wine 8 has no placeholders (VirtualAlloc2).
func openFlags(name string, flags sqlite3.OpenFlag) (c *sqlite3.Conn, err error) {
	defer func() {
		if why := recover(); why != nil {
			err = fmt.Errorf("the SQLite library can't have the memory it needs here: %v (without it: --data none)", why)
		}
	}()
	return sqlite3.OpenFlags(name, flags)
}

func (k *conn) setUp(m mode) error {
	if err := k.c.BusyTimeout(busyTimeout); err != nil {
		return err
	}
	// Registered here and not with sqlite3.AutoExtension, which applies to the
	// whole process.
	if err := fts5.Register(k.c); err != nil {
		return err
	}
	if m == alone {
		if err := k.c.Exec(`PRAGMA locking_mode = EXCLUSIVE`); err != nil {
			return err
		}
		m = writing
	}
	if m == frozen {
		m = reading
	}
	return k.c.Exec(pragmas[m] + fmt.Sprintf(`; PRAGMA cache_size = -%d`, cacheSize))
}

// close closes the connection and its statements.
func (k *conn) close() error {
	for _, s := range k.stmts {
		_ = s.Close()
	}
	clear(k.stmts)
	return k.c.Close()
}

// prepare returns a cached statement with args bound to it.
func (k *conn) prepare(sql string, args []any) (*sqlite3.Stmt, error) {
	s := k.stmts[sql]
	if s == nil {
		var err error
		if s, _, err = k.c.PrepareFlags(sql, sqlite3.PREPARE_PERSISTENT); err != nil {
			return nil, err
		}
		k.stmts[sql] = s
	}
	for i, a := range args {
		if err := bind(s, i+1, a); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func bind(s *stmt, i int, a any) error {
	switch a := a.(type) {
	case int:
		return s.BindInt64(i, int64(a))
	case int64:
		return s.BindInt64(i, a)
	case uint64:
		return s.BindInt64(i, int64(a))
	case string:
		return s.BindText(i, a)
	case []byte:
		return s.BindBlob(i, a)
	case bool:
		return s.BindBool(i, a)
	}
	return fmt.Errorf("bind a %T", a)
}

// exec runs a statement that returns no rows.
func (k *conn) exec(sql string, args ...any) error {
	return k.rows(sql, func(*stmt) bool { return true }, args...)
}

// rows calls each with every row until it returns false.
func (k *conn) rows(sql string, each func(*stmt) bool, args ...any) error {
	s, err := k.prepare(sql, args)
	if err != nil {
		return err
	}
	for s.Step() {
		if !each(s) {
			break
		}
	}
	err = s.Err()
	if e := s.Reset(); err == nil {
		err = e
	}
	return err
}

// number returns the first column of the first row, 0 if there is none or it is NULL.
func (k *conn) number(sql string, args ...any) (n int64, err error) {
	err = k.rows(sql, func(s *stmt) bool {
		n = s.ColumnInt64(0)
		return false
	}, args...)
	return n, err
}

// within runs do in a transaction: all of it or nothing.
func (k *conn) within(begin string, do func() error) error {
	if err := k.exec(begin); err != nil {
		return err
	}
	err := do()
	if err == nil {
		err = k.exec(`COMMIT`)
	}
	if err != nil && !k.c.GetAutocommit() {
		// Some errors roll back by themselves.
		if e := k.exec(`ROLLBACK`); e != nil {
			err = fmt.Errorf("%w (and then: %w)", err, e)
		}
	}
	return err
}

// How transactions begin.
const (
	toRead  = `BEGIN DEFERRED`
	toWrite = `BEGIN IMMEDIATE`
)
