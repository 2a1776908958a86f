package sqlite

import (
	"errors"
	"fmt"

	"github.com/ncruces/go-sqlite3"

	"github.com/sudoXpg/netloop/internal/store"
)

// kinds are what SQLite's codes mean to those above. The database is never
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

// explain returns err with the file and what was being done; errors.Is finds
// what it means.
func (s *Store) explain(doing string, err error) error { return explain(doing, s.file, err) }

func explain(doing, file string, err error) error {
	if err == nil || errors.Is(err, store.ErrClosed) || errors.Is(err, store.ErrInvalid) {
		return err
	}
	for _, k := range kinds {
		if errors.Is(err, k.code) {
			if errors.Is(k.is, store.ErrCorrupt) {
				return fmt.Errorf("%s %s: %w (%w); keep the file, and put a backup in its place with `chatsrv restore`", doing, file, k.is, err)
			}
			return fmt.Errorf("%s %s: %w (%w)", doing, file, k.is, err)
		}
	}
	return fmt.Errorf("%s %s: %w", doing, file, err)
}

// busy tells whether somebody else has to finish first.
func busy(err error) bool {
	return errors.Is(err, sqlite3.BUSY) || errors.Is(err, sqlite3.LOCKED)
}

// damaged tells whether err is about the file's content.
func damaged(err error) bool {
	return errors.Is(err, sqlite3.CORRUPT) || errors.Is(err, sqlite3.NOTADB)
}
