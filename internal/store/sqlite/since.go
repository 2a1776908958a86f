package sqlite

import (
	"fmt"
	"time"

	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/store"
)

// changesSlack is how many changes of a room there may be beyond chat.MaxChanges, so
// that not every commit has to delete some.
const changesSlack = chat.MaxChanges / 4

// recordChanges records that messages were deleted or edited.
func (c *change) recordChanges(rows []row, edited bool, at time.Time) error {
	for _, r := range rows[max(0, len(rows)-chat.MaxChanges):] {
		c.changed[r.room] = true
		err := c.k.exec(`INSERT OR REPLACE INTO changes (room, id, edited, time) VALUES (?, ?, ?, ?)`, r.room, r.post.Event.ID, edited, store.Nanos(at))
		if err != nil {
			return err
		}
	}
	return nil
}

// trimChanges drops the oldest changes of rooms that have too many.
func (c *change) trimChanges() error {
	for room := range c.changed {
		n, err := c.k.number(`SELECT count(*) FROM changes WHERE room = ?`, room)
		if err != nil {
			return err
		}
		if n <= chat.MaxChanges+changesSlack {
			continue
		}
		err = c.k.exec(fmt.Sprintf(`DELETE FROM changes WHERE room = ?1 AND n <=
			(SELECT n FROM changes WHERE room = ?1 ORDER BY n DESC LIMIT 1 OFFSET %d)`, chat.MaxChanges), room)
		if err != nil {
			return err
		}
	}
	return nil
}

// Since implements chat.Archive.
func (s *Store) Since(room string, epoch, seq uint64, limit int) (chat.Missed, error) {
	var m chat.Missed
	epoch, seq = min(epoch, store.MaxID), min(seq, store.MaxID)
	err := s.read(func(k *conn) error {
		id, err := k.number(`SELECT id FROM rooms WHERE name = ?`, room)
		if err != nil || id == 0 {
			return err
		}
		q := &sinceQuery{k: k, name: room, room: id, epoch: epoch, seq: seq}
		if m.KeptTo, err = q.keptTo(); err != nil {
			return err
		}
		if m.Gap, err = q.gap(); err != nil {
			return err
		}
		last, err := q.last()
		if err != nil {
			return err
		}
		if m.Events, m.More, err = q.events(last, max(limit, 0)); err != nil {
			return err
		}
		m.Changes, err = q.changes(last)
		return err
	})
	return m, s.explain("read", err)
}

// A sinceQuery is a call of Since in progress.
type sinceQuery struct {
	k          *conn
	name       string
	room       int64
	epoch, seq uint64
}

func (q *sinceQuery) keptTo() (uint64, error) {
	n, err := q.k.number(`SELECT o.seq FROM orders o, meta m WHERE o.room = ? AND o.epoch = ? AND o.epoch != m.epoch`, q.room, q.epoch)
	return uint64(n), err
}

func (q *sinceQuery) gap() (bool, error) {
	n, err := q.k.number(`SELECT EXISTS (SELECT 1 FROM orders WHERE room = ?1 AND (epoch > ?2 AND removed > 0 OR epoch = ?2 AND removed > ?3))`,
		q.room, q.epoch, q.seq)
	return n != 0, err
}

// last returns the ID of the last message up to the place, 0 if there is none. IDs
// grow with the places in a room's order, so this halves the range of IDs until one
// is left.
func (q *sinceQuery) last() (id int64, err error) {
	low := int64(0) // the message is at or after it, and at or before high
	high, err := q.k.number(`SELECT max(id) FROM posts WHERE room = ?`, q.room)
	for low < high && err == nil {
		middle := low + (high-low+1)/2
		next := int64(0) // the first one from the middle on, if that is up to the place
		err = q.k.rows(`SELECT id, (epoch, seq) <= (?, ?) FROM posts WHERE room = ? AND id >= ? ORDER BY id LIMIT 1`, func(s *stmt) bool {
			if s.ColumnBool(1) {
				next = s.ColumnInt64(0)
			}
			return false
		}, q.epoch, q.seq, q.room, middle)
		if next > 0 {
			low = next
		} else {
			high = middle - 1
		}
	}
	return low, err
}

func (q *sinceQuery) events(after int64, limit int) (list []chat.Event, more bool, err error) {
	err = q.k.rows(`SELECT `+columns+` FROM posts p WHERE p.room = ? AND p.id > ? AND p.gone = 0 ORDER BY p.id LIMIT ?`, func(s *stmt) bool {
		if more = len(list) == limit; more {
			return false
		}
		e := scan(s).post.Event
		e.Room = q.name
		list = append(list, e)
		return true
	}, q.room, after, limit+1)
	return list, more, err
}

// changes returns the changes of messages before the first one after the place. A
// message that was archived can't be shown as it is now, but a deleted one is
// reported.
func (q *sinceQuery) changes(last int64) (list []chat.Change, err error) {
	err = q.k.rows(`SELECT `+columns+`, c.id, c.edited, c.time FROM changes c LEFT JOIN posts p ON p.id = c.id
		WHERE c.room = ?1 AND c.id < coalesce((SELECT min(id) FROM posts WHERE room = ?1 AND id > ?2), 9223372036854775807)
		AND (p.id IS NOT NULL OR NOT c.edited) ORDER BY c.n`, func(s *stmt) bool {
		change := chat.Change{ID: uint64(s.ColumnInt64(afterColumns)), Time: store.FromNanos(s.ColumnInt64(afterColumns + 2))}
		if s.ColumnBool(afterColumns + 1) {
			e := scan(s).post.Event
			e.Room = q.name
			change.Edited = &e
		}
		list = append(list, change)
		return true
	}, q.room, last)
	return list, err
}
