package sqlite

import (
	"fmt"

	"github.com/sudoXpg/netloop/internal/store"
)

// maxFindings is how many sentences there are at most about one thing.
const maxFindings = 10

// Verify implements store.Store.
func (s *Store) Verify() ([]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, store.ErrClosed
	}
	found, err := verify(s.w)
	return found, s.explain("verify", err)
}

// checks are what is looked at, each with what to do.
var checks = []struct {
	look func(*conn) ([]string, error)
	do   string
}{
	{integrity, "stop chatsrv, keep a copy of the folder, and put a backup in its place with `chatsrv restore`"},
	{foreignKeys, "put a backup in its place with `chatsrv restore`"},
	{indexed, "nothing is lost; `chatsrv export` and `chatsrv import` into an empty folder make the index anew"},
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
			return all, nil // what follows needs a file that can be read
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
	if err := k.exec(`INSERT INTO search (search) VALUES ('integrity-check')`); err != nil {
		if !damaged(err) {
			return nil, err
		}
		found = append(found, "the index for searching is damaged")
	}
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
