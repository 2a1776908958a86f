package sqlite

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/store"
)

// maxFindings is the most sentences for one check.
const maxFindings = 10

// Verify implements store.Store. Others may write meanwhile, except while the
// index is checked.
func (s *Store) Verify() ([]string, error) {
	var found []string
	err := s.fresh(func(k *conn) (err error) {
		found, err = verify(k)
		return err
	})
	if err == nil && len(found) == 0 {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.closed {
			return nil, store.ErrClosed
		}
		found, err = indexWhole(s.w)
	}
	return found, s.explain("verify", err)
}

// SameNames returns the pairs of accounts with the same name (see [chat.State.SameNames]).
// These are not damage.
func (s *Store) SameNames() (pairs [][2]string, err error) {
	err = s.fresh(func(k *conn) error {
		pairs, err = sameNames(k)
		return err
	})
	return pairs, s.explain("verify", err)
}

func sameNames(k *conn) ([][2]string, error) {
	accounts, err := documents[chat.Account](k, `SELECT data FROM accounts ORDER BY id`)
	return (&chat.State{Accounts: accounts}).SameNames(), err
}

// VerifyFrozen is Verify, and SameNames, for a folder that this process may only read: it
// takes no lock, creates no file, and does not check the inside of the index. No server
// may write there meanwhile.
func VerifyFrozen(dir string) (problems []string, pairs [][2]string, err error) {
	file := filepath.Join(dir, FileName)
	if err := examine(file, false); err != nil {
		return nil, nil, err
	}
	if info, err := os.Stat(file + "-wal"); err == nil && info.Size() > 0 {
		return nil, nil, fmt.Errorf("verify %s: %s is not empty, and it can't be read without writing; copy the folder, and verify the copy (--data)", file, filepath.Base(file)+"-wal")
	}
	k, err := open(file, frozen)
	if err != nil {
		return nil, nil, explain("verify", file, err)
	}
	if problems, err = verify(k); len(problems) == 0 && err == nil {
		pairs, err = sameNames(k)
	}
	return problems, pairs, explain("verify", file, errors.Join(err, k.close()))
}

// fresh calls do with a new connection. One that has searched before caches
// parts of the index, which are outdated if others have written since, and would
// be reported as damage.
func (s *Store) fresh(do func(*conn) error) error {
	if s.alone {
		return s.read(do)
	}
	s.mu.Lock()
	closed := s.closed
	s.mu.Unlock()
	if closed {
		return store.ErrClosed
	}
	k, err := open(s.file, reading)
	if err != nil {
		return err
	}
	return errors.Join(k.within(toRead, func() error { return do(k) }), k.close())
}

// anew is the remedy for a damaged index.
const anew = "nothing is lost; `chatsrv export` and `chatsrv import` into an empty folder make the index anew"

// checks are the checks, each with its remedy.
var checks = []struct {
	look func(*conn) ([]string, error)
	do   string
}{
	{integrity, "stop chatsrv, keep a copy of the folder, and put a backup in its place with `chatsrv restore`"},
	{foreignKeys, "put a backup in its place with `chatsrv restore`"},
	{indexed, anew},
	{counted, "the bounds of the history are not kept exactly; `chatsrv export` and `chatsrv import` into an empty folder count anew"},
	{chained, "somebody changed the audit log: compare it with that of a backup"},
}

func verify(k *conn) ([]string, error) {
	var all []string
	for _, c := range checks {
		found, err := c.look(k)
		if err != nil {
			return all, err
		}
		for _, sentence := range found {
			all = append(all, sentence+": "+c.do)
		}
		if len(found) > 0 && len(all) == len(found) {
			return all, nil // the other checks need a readable file
		}
	}
	return all, nil
}

func integrity(k *conn) ([]string, error) {
	var found []string
	err := k.rows(fmt.Sprintf(`PRAGMA integrity_check(%d)`, maxFindings), func(s *stmt) bool {
		if text := s.ColumnText(0); text != "ok" {
			found = append(found, "the file is damaged ("+text+")")
		}
		return true
	})
	return found, err
}

func foreignKeys(k *conn) ([]string, error) {
	var found []string
	err := k.rows(`PRAGMA foreign_key_check`, func(s *stmt) bool {
		found = append(found, fmt.Sprintf("row %d of %s is about something that is not there", s.ColumnInt64(1), s.ColumnText(0)))
		return len(found) < maxFindings
	})
	return found, err
}

func indexed(k *conn) ([]string, error) {
	var found []string
	missing, err := k.number(`SELECT count(*) FROM posts p WHERE p.gone = 0
		AND NOT EXISTS (SELECT 1 FROM pending n WHERE n.id = p.id)
		AND NOT EXISTS (SELECT 1 FROM search_docsize d WHERE d.id = -p.id)`)
	if err != nil {
		return nil, err
	}
	if missing > 0 {
		found = append(found, fmt.Sprintf("%d messages are missing in the index for searching", missing))
	}
	left, err := k.number(`SELECT count(*) FROM search_docsize d
		WHERE NOT EXISTS (SELECT 1 FROM posts p WHERE p.id = -d.id AND p.gone = 0)`)
	if err != nil {
		return nil, err
	}
	if left > 0 {
		found = append(found, fmt.Sprintf("the index for searching has %d messages that are gone", left))
	}
	return found, nil
}

// indexWhole checks the inside of the index, which needs a connection that
// writes.
func indexWhole(k *conn) ([]string, error) {
	err := k.exec(`INSERT INTO search (search) VALUES ('integrity-check')`)
	if damaged(err) {
		return []string{"the index for searching is damaged: " + anew}, nil
	}
	return nil, err
}

func counted(k *conn) ([]string, error) {
	var found []string
	err := k.rows(fmt.Sprintf(`SELECT r.name, r.bytes, total(length(CAST(p.body AS BLOB)) + length(CAST(p.name AS BLOB)) + length(CAST(p.key AS BLOB)) + %d) AS bytes
		FROM rooms r LEFT JOIN posts p ON p.room = r.id GROUP BY r.id`, store.Overhead), func(s *stmt) bool {
		if is, counted := s.ColumnInt64(2), s.ColumnInt64(1); is != counted {
			found = append(found, fmt.Sprintf("room %s has %d bytes of history and %d are counted", s.ColumnText(0), is, counted))
		}
		return len(found) < maxFindings
	})
	return found, err
}

func chained(k *conn) ([]string, error) {
	var found []string
	prev := store.Entry{}
	err := acts(k, 0, -1, func(e store.Entry) bool {
		switch {
		case e.N != prev.N+1:
			found = append(found, fmt.Sprintf("the audit log has no entries from %d to %d", prev.N+1, e.N-1))
		case !e.Follows(prev):
			found = append(found, fmt.Sprintf("entry %d of the audit log does not follow the one before", e.N))
		}
		prev = e
		return len(found) < maxFindings
	})
	if err != nil || len(found) > 0 {
		return found, err
	}
	end := store.Entry{}
	err = k.rows(`SELECT acts, acts_hash FROM meta`, func(s *stmt) bool {
		end.N = uint64(s.ColumnInt64(0))
		copy(end.Hash[:], s.ColumnRawBlob(1))
		return false
	})
	if err == nil && (end.N != prev.N || end.Hash != prev.Hash) {
		found = append(found, fmt.Sprintf("the audit log ends with entry %d instead of %d", prev.N, end.N))
	}
	return found, err
}
