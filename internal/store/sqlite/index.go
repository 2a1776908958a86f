package sqlite

import (
	"slices"
	"strings"
	"time"

	"github.com/ncruces/go-sqlite3"

	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/store"
	"github.com/sudoXpg/netloop/internal/store/words"
)

// Index implements store.Store. It also removes deleted text from the
// write-ahead log, which nobody has to wait for either.
func (s *Store) Index(limit int) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return 0, store.ErrClosed
	}
	waiting, err := s.index(limit)
	if err == nil {
		err = s.clear()
	}
	if s.scrub {
		waiting++
	}
	return waiting, s.explain("index", err)
}

// index needs no fsync: messages whose indexing a power failure undoes are
// still pending then, and indexed again.
func (s *Store) index(limit int) (waiting int, err error) {
	n, err := s.w.number(`SELECT count(*) FROM (SELECT 1 FROM pending LIMIT ?)`, maxTail)
	if err != nil || n == 0 {
		return int(n), err
	}
	if !s.alone { // a rollback journal is not safe that way
		if err := s.w.c.Exec(`PRAGMA synchronous = NORMAL`); err != nil {
			return 0, err
		}
	}
	err = s.write(func(k *conn) error {
		var rows []row
		err := k.rows(`SELECT `+columns+` FROM pending n JOIN posts p ON p.id = n.id ORDER BY n.id LIMIT ?`,
			func(s *stmt) bool {
				rows = append(rows, scan(s))
				return true
			}, limit)
		if err != nil {
			return err
		}
		n -= int64(len(rows))
		for _, r := range slices.Backward(rows) { // the index likes its rowids ascending
			if err := k.exec(`INSERT INTO search (rowid, words) VALUES (?, ?)`, -int64(r.post.Event.ID), wordsOf(r)); err != nil {
				return err
			}
			if err := k.exec(`DELETE FROM pending WHERE id = ?`, r.post.Event.ID); err != nil {
				return err
			}
		}
		return nil
	})
	if e := s.w.c.Exec(`PRAGMA synchronous = FULL`); err == nil {
		err = e
	}
	return int(max(n, 0)), err
}

// wordsOf returns the text of a message in the index.
func wordsOf(r row) string {
	list := append(words.Of(r.post.Event.Body), roomTag(r.room), keyTag(r.post.Key))
	slices.Sort(list)
	return strings.Join(slices.Compact(list), " ")
}

// clear empties the write-ahead log if it contains deleted text. It can't while
// a query is in progress; it is then tried again.
func (s *Store) clear() error {
	if !s.scrub {
		return nil
	}
	if err := s.w.c.BusyTimeout(50 * time.Millisecond); err != nil {
		return err
	}
	_, _, err := s.w.c.WALCheckpoint("main", sqlite3.CHECKPOINT_TRUNCATE)
	if e := s.w.c.BusyTimeout(busyTimeout); e != nil {
		return e
	}
	if busy(err) {
		return nil
	}
	s.scrub = err != nil
	return err
}

// forget removes a message from the index.
func forget(k *conn, r row) error {
	if err := k.exec(`DELETE FROM pending WHERE id = ?`, r.post.Event.ID); err != nil || k.c.Changes() > 0 {
		return err
	}
	return k.exec(`INSERT INTO search (search, rowid, words) VALUES ('delete', ?, ?)`, -int64(r.post.Event.ID), wordsOf(r))
}

func (c *change) redact(d chat.Redaction) error {
	rows, err := c.meant(d)
	if err != nil {
		return err
	}
	for _, r := range rows {
		if err := forget(c.k, r); err != nil {
			return err
		}
		if err := c.k.exec(`UPDATE posts SET gone = 1, body = '' WHERE id = ?`, r.post.Event.ID); err != nil {
			return err
		}
		c.bytes[r.room] -= int64(len(r.post.Event.Body))
		c.scrub = true
	}
	if err := c.recordChanges(rows, false, d.Time); err != nil {
		return err
	}
	return c.blank(d, rows)
}

// meant returns the messages that d deletes.
func (c *change) meant(d chat.Redaction) ([]row, error) {
	if len(d.IDs) > 0 {
		return c.byIDs(d.Room, unique(d.IDs))
	}
	room, err := c.k.number(`SELECT id FROM rooms WHERE name = ?`, d.Room)
	if err != nil || room == 0 {
		return nil, err
	}
	low, _, err := bounds(c.k, d.Since, time.Time{}, 0)
	if err != nil {
		return nil, err
	}
	for day, s := range c.days { // of this transaction
		if d.Since.IsZero() || day >= dayOf(store.Nanos(d.Since)) {
			low = min(low, int64(s.first))
		}
	}
	var rows []row
	err = c.k.rows(`SELECT `+columns+` FROM posts p WHERE p.room = ? AND p.id >= ? AND p.account = ? AND p.gone = 0`, func(s *stmt) bool {
		r := scan(s)
		r.post.Event.Room = d.Room
		if store.Means(d, r.post) {
			rows = append(rows, r)
		}
		return true
	}, room, low, d.Account)
	return rows, err
}

// byIDs returns the messages of a room with some IDs that are not deleted.
func (c *change) byIDs(name string, ids []uint64) ([]row, error) {
	room, err := c.k.number(`SELECT id FROM rooms WHERE name = ?`, name)
	if err != nil || room == 0 {
		return nil, err
	}
	var rows []row
	for _, id := range ids {
		err := c.k.rows(`SELECT `+columns+` FROM posts p WHERE p.id = ? AND p.room = ? AND p.gone = 0`, func(s *stmt) bool {
			r := scan(s)
			r.post.Event.Room = name
			rows = append(rows, r)
			return true
		}, id, room)
		if err != nil {
			return nil, err
		}
	}
	return rows, nil
}

func unique(ids []uint64) []uint64 {
	ids = slices.Clone(ids)
	slices.Sort(ids)
	return slices.Compact(ids)
}

// blank removes the text from the flags of deleted messages, including those
// that were never published.
func (c *change) blank(d chat.Redaction, rows []row) error {
	ids := slices.Clone(d.IDs)
	for _, r := range rows {
		ids = append(ids, r.post.Event.ID)
	}
	return c.flags(d.Room, unique(ids), func(e *chat.Event) { e.Body = "" })
}

// flags changes the events in the flags with some IDs that still have a text.
func (c *change) flags(room string, ids []uint64, do func(*chat.Event)) error {
	for _, id := range ids {
		flags, err := documents[chat.Flag](c.k, `SELECT data FROM flags WHERE id = ?`, id)
		if err != nil {
			return err
		}
		for _, f := range flags {
			if f.Event.Room != room || f.Event.Body == "" {
				continue
			}
			do(&f.Event)
			c.scrub = true
			if err := c.document(f); err != nil {
				return err
			}
		}
	}
	return nil
}
