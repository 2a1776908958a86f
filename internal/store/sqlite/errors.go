package sqlite

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/ncruces/go-sqlite3"

	"github.com/sudoXpg/netloop/internal/osutil"
	"github.com/sudoXpg/netloop/internal/store"
)

// kinds map SQLite's codes to errors of package store. The database is never
// changed because of one.
var kinds = []struct {
	code sqlite3.ErrorCode
	is   error
}{
	{sqlite3.FULL, store.ErrNoSpace},
	{sqlite3.READONLY, store.ErrReadOnly},
	{sqlite3.CORRUPT, store.ErrCorrupt},
	{sqlite3.NOTADB, store.ErrCorrupt},
}

// explain returns err with the file and what was being done; it wraps the error
// of package store.
func (s *Store) explain(doing string, err error) error { return explain(doing, s.file, err) }

func explain(doing, file string, err error) error {
	if err == nil || errors.Is(err, store.ErrClosed) || errors.Is(err, store.ErrInvalid) || errors.Is(err, store.ErrGone) {
		return err
	}
	is := meaning(file, err)
	switch {
	case is == nil:
		return fmt.Errorf("%s %s: %w", doing, file, err)
	case errors.Is(is, store.ErrCorrupt):
		return fmt.Errorf("%s %s: %w (%w); keep the file, and put a backup in its place with `chatsrv restore`", doing, file, is, err)
	}
	return fmt.Errorf("%s %s: %w (%w)", doing, file, is, err)
}

// meaning returns the error of package store for err, nil if there is none.
func meaning(file string, err error) error {
	for _, k := range kinds {
		if errors.Is(err, k.code) {
			return k.is
		}
	}
	if errors.Is(err, sqlite3.IOERR) || errors.Is(err, sqlite3.CANTOPEN) {
		// SQLite does not return the system's error.
		err = probe(filepath.Dir(file))
	}
	switch {
	case osutil.IsDiskFull(err):
		return store.ErrNoSpace
	case osutil.IsReadOnly(err):
		return store.ErrReadOnly
	}
	return nil
}

// probe writes a small file into a folder and removes it again.
func probe(dir string) error {
	f, err := os.CreateTemp(dir, "probe-*")
	if err != nil {
		return err
	}
	_, err = f.Write(make([]byte, 64<<10))
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close(), os.Remove(f.Name()))
}

// busy reports whether another connection has to finish first.
func busy(err error) bool {
	return errors.Is(err, sqlite3.BUSY) || errors.Is(err, sqlite3.LOCKED)
}

// damaged reports whether err is about the file's content.
func damaged(err error) bool {
	return errors.Is(err, sqlite3.CORRUPT) || errors.Is(err, sqlite3.NOTADB)
}
