package sqlite

import (
	"fmt"
	"hash/fnv"
	"time"

	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/store"
)

// A change is a transaction in progress. Counters that many records change are
// summed up and written once, at its end.
type change struct {
	s      *Store
	k      *conn
	lastID uint64
	bytes  map[int64]int64 // by how much rooms grew
	orders map[order]uint64
	days   map[int64]span
	// changed are the rooms of which messages were deleted or edited.
	changed map[int64]bool
	clean   bool
	scrub   bool
}

type order struct {
	room  int64
	epoch uint64
}

type span struct{ first, last uint64 }

// change runs do in a transaction that ends with its sums.
func (s *Store) change(do func(*change) error) error {
	var c *change
	err := s.write(func(k *conn) error {
		c = &change{s: s, k: k, bytes: map[int64]int64{}, orders: map[order]uint64{}, days: map[int64]span{}, changed: map[int64]bool{}}
		if err := do(c); err != nil {
			return err
		}
		return c.finish()
	})
	if err == nil {
		s.scrub = s.scrub || c.scrub
	}
	return err
}

// Commit implements store.Store.
func (s *Store) Commit(records []chat.Record) error {
	for _, r := range records {
		if err := store.Valid(r); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.there(); err != nil && !s.closed {
		return s.explain("write", err)
	}
	err := s.change(func(c *change) error {
		for _, r := range records {
			if err := c.apply(r); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		err = s.there()
	}
	return s.explain("write", err)
}

func (c *change) apply(r chat.Record) error {
	c.clean = false
	switch r := r.(type) {
	case chat.Post:
		return c.post(r)
	case chat.Redaction:
		return c.redact(r)
	case chat.Edit:
		return c.edit(r)
	case chat.Act:
		return c.act(r)
	case chat.End:
		c.clean = true
		return c.end(r)
	case chat.DropAccount:
		c.scrub = true
		return c.dropAccount(r.ID)
	case chat.Session:
		return c.session(r)
	case chat.ReadMark:
		return c.readMark(r)
	case chat.DropSession:
		return c.dropSession(r.ID)
	case chat.DropRoom:
		return c.k.exec(`DELETE FROM room_states WHERE name = ?`, r.Name)
	case chat.DropSanction:
		return c.k.exec(`DELETE FROM sanctions WHERE id = ?`, r.ID)
	case chat.DropFlag:
		c.scrub = true
		return c.k.exec(`DELETE FROM flags WHERE id = ?`, r.ID)
	case chat.DropMail:
		c.scrub = true
		for _, id := range r.IDs {
			if err := c.k.exec(`DELETE FROM mail WHERE id = ?`, id); err != nil {
				return err
			}
		}
		return nil
	}
	return c.document(r)
}

func (c *change) dropAccount(id uint64) error {
	sessions, err := c.sessionsOf(id)
	if err != nil {
		return err
	}
	for _, session := range sessions {
		if err := c.dropSession(session); err != nil {
			return err
		}
	}
	for _, sql := range []string{`DELETE FROM mail WHERE account = ?`, `DELETE FROM read_marks WHERE account = ?`, `DELETE FROM accounts WHERE id = ?`} {
		if err := c.k.exec(sql, id); err != nil {
			return err
		}
	}
	return c.dropClientIDs(id)
}

// document stores a record that is one document.
func (c *change) document(r chat.Record) error {
	data, err := encode(r)
	if err != nil {
		return err
	}
	switch r := r.(type) {
	case chat.Account:
		c.used(r.ID)
		return c.k.exec(`INSERT OR REPLACE INTO accounts (id, data) VALUES (?, ?)`, r.ID, data)
	case chat.RoomState:
		return c.k.exec(`INSERT OR REPLACE INTO room_states (name, data) VALUES (?, ?)`, r.Name, data)
	case chat.Sanction:
		c.used(r.ID)
		return c.k.exec(`INSERT OR REPLACE INTO sanctions (id, data) VALUES (?, ?)`, r.ID, data)
	case chat.Flag:
		c.used(r.ID)
		return c.k.exec(`INSERT OR REPLACE INTO flags (id, data) VALUES (?, ?)`, r.ID, data)
	case chat.Mail:
		c.used(r.ID)
		return c.k.exec(`INSERT OR REPLACE INTO mail (id, account, data) VALUES (?, ?, ?)`, r.ID, r.To, data)
	}
	return fmt.Errorf("%w: a record of type %T", store.ErrInvalid, r)
}

func (c *change) used(id uint64) { c.lastID = max(c.lastID, id) }

func (c *change) came(room int64, epoch, seq uint64) {
	at := order{room, epoch}
	c.orders[at] = max(c.orders[at], seq)
}

func (c *change) post(p chat.Post) error {
	e := p.Event
	room, err := c.room(e.Room)
	if err != nil {
		return err
	}
	c.used(e.ID)
	c.came(room, e.Epoch, e.Seq)
	nanos := store.Nanos(e.Time)
	err = c.k.exec(`INSERT INTO posts (id, room, epoch, seq, kind, account, time, name, key, body, reply, edited)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
		e.ID, room, e.Epoch, e.Seq, int(e.Kind), e.Account, nanos, e.Name, p.Key, e.Body, e.ReplyTo, store.Nanos(e.Edited))
	if err != nil || c.k.c.Changes() == 0 {
		return err
	}
	if p.CID != "" {
		if err := c.clientID(p, room); err != nil {
			return err
		}
	}
	c.bytes[room] += store.PostSize(p)
	d := dayOf(nanos)
	if s, ok := c.days[d]; ok {
		c.days[d] = span{min(s.first, e.ID), max(s.last, e.ID)}
	} else {
		c.days[d] = span{e.ID, e.ID}
	}
	return c.k.exec(`INSERT INTO pending (id) VALUES (?)`, e.ID)
}

// dayOf returns the Unix day of a time in nanoseconds.
func dayOf(nanos int64) int64 {
	d := nanos / int64(24*time.Hour)
	if nanos%int64(24*time.Hour) < 0 {
		d--
	}
	return d
}

// room returns the id of a room, which is created if needed.
func (c *change) room(name string) (int64, error) {
	if id, ok := c.s.rooms[name]; ok {
		return id, nil
	}
	if err := c.k.exec(`INSERT INTO rooms (name) VALUES (?) ON CONFLICT DO NOTHING`, name); err != nil {
		return 0, err
	}
	id, err := c.k.number(`SELECT id FROM rooms WHERE name = ?`, name)
	if err != nil {
		return 0, err
	}
	if len(c.s.rooms) >= maxRooms {
		clear(c.s.rooms)
	}
	c.s.rooms[name] = id
	return id, nil
}

// maxRooms is how many ids of rooms are cached.
const maxRooms = 10_000

func (c *change) end(e chat.End) error {
	epoch, err := c.k.number(`SELECT epoch FROM meta`)
	if err != nil {
		return err
	}
	c.used(e.LastID)
	for _, o := range e.Orders {
		room, err := c.room(o.Room)
		if err != nil {
			return err
		}
		c.came(room, uint64(epoch), o.Seq)
	}
	return nil
}

// lastEntry returns the end of the audit log.
func (c *change) lastEntry() (store.Entry, error) {
	if c.s.acts == nil {
		var e store.Entry
		err := c.k.rows(`SELECT acts, acts_hash FROM meta`, func(s *stmt) bool {
			e.N = uint64(s.ColumnInt64(0))
			copy(e.Hash[:], s.ColumnRawBlob(1))
			return false
		})
		if err != nil {
			return e, err
		}
		c.s.acts = &e
	}
	return *c.s.acts, nil
}

func (c *change) act(a chat.Act) error {
	prev, err := c.lastEntry()
	if err != nil {
		return err
	}
	e := store.Chain(prev, a)
	err = c.k.exec(`INSERT INTO acts (n, time, by, verb, target, room, why, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
		e.N, store.Nanos(a.Time), a.By, a.Verb, a.Target, a.Room, a.Why, e.Hash[:])
	if err != nil {
		return err
	}
	c.s.acts = &e
	return c.k.exec(`UPDATE meta SET acts = ?, acts_hash = ?`, e.N, e.Hash[:])
}

// finish writes the sums.
func (c *change) finish() error {
	for room, n := range c.bytes {
		if err := c.k.exec(`UPDATE rooms SET bytes = bytes + ? WHERE id = ?`, n, room); err != nil {
			return err
		}
	}
	for o, seq := range c.orders {
		err := c.k.exec(`INSERT INTO orders (room, epoch, seq) VALUES (?, ?, ?)
			ON CONFLICT DO UPDATE SET seq = max(seq, excluded.seq)`, o.room, o.epoch, seq)
		if err != nil {
			return err
		}
	}
	for d, s := range c.days {
		err := c.k.exec(`INSERT INTO days (day, first, last) VALUES (?, ?, ?)
			ON CONFLICT DO UPDATE SET first = min(first, excluded.first), last = max(last, excluded.last)`, d, s.first, s.last)
		if err != nil {
			return err
		}
	}
	if err := c.trimChanges(); err != nil {
		return err
	}
	if err := c.moveClientIDs(); err != nil {
		return err
	}
	return c.k.exec(`UPDATE meta SET last_id = max(last_id, ?), clean = ?, probe = probe + 1`, c.lastID, c.clean)
}

// A row is a message as read from the database.
type row struct {
	post chat.Post
	room int64
	gone bool // used by archive only
}

// columns are the columns of a row, from posts p.
const columns = `p.id, p.room, p.epoch, p.seq, p.kind, p.account, p.time, p.name, p.key, p.body, p.reply, p.edited`

// afterColumns is the index of the first column after them.
const afterColumns = 12

// scan reads columns. The room's name is filled in by the caller.
func scan(s *stmt) row {
	return row{room: s.ColumnInt64(1), post: chat.Post{Key: s.ColumnText(8), Event: chat.Event{
		ID: uint64(s.ColumnInt64(0)), Epoch: uint64(s.ColumnInt64(2)), Seq: uint64(s.ColumnInt64(3)),
		Kind: chat.Kind(s.ColumnInt64(4)), Account: uint64(s.ColumnInt64(5)),
		Time: store.FromNanos(s.ColumnInt64(6)), Name: s.ColumnText(7), Body: s.ColumnText(9),
		ReplyTo: uint64(s.ColumnInt64(10)), Edited: store.FromNanos(s.ColumnInt64(11)),
	}}}
}

// roomTag and keyTag stand for a room and an author in the index.
func roomTag(room int64) string { return fmt.Sprintf("\ue000r%d", room) }

func keyTag(key string) string {
	h := fnv.New64a()
	_, _ = h.Write([]byte(key))
	return fmt.Sprintf("\ue000k%016x", h.Sum64())
}
