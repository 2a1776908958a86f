package sqlite

import (
	"errors"
	"fmt"
	"iter"

	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/store"
)

// errEnough ends an export whose caller has stopped.
var errEnough = errors.New("enough")

// Export implements store.Store. It may be used while others write.
func (s *Store) Export() iter.Seq2[store.Line, error] {
	return func(yield func(store.Line, error) bool) {
		err := s.read(func(k *conn) error {
			return export(k, func(l store.Line) error {
				if !yield(l, nil) {
					return errEnough
				}
				return nil
			})
		})
		if err != nil && !errors.Is(err, errEnough) {
			yield(store.Line{}, s.explain("export", err))
		}
	}
}

func export(k *conn, out func(store.Line) error) error {
	last, err := k.number(`SELECT last_id FROM meta`)
	if err != nil {
		return err
	}
	if err := out(store.Line{Record: chat.End{LastID: uint64(last)}}); err != nil {
		return err
	}
	for _, some := range []func() error{
		func() error { return exportDocuments[chat.Account](k, `SELECT data FROM accounts ORDER BY id`, out) },
		func() error {
			return exportDocuments[chat.RoomState](k, `SELECT data FROM room_states ORDER BY name`, out)
		},
		func() error { return exportDocuments[chat.Sanction](k, `SELECT data FROM sanctions ORDER BY id`, out) },
		func() error { return exportDocuments[chat.Mail](k, `SELECT data FROM mail ORDER BY id`, out) },
		func() error { return exportReadMarks(k, out) },
		func() error { return exportKept(k, out) },
		func() error { return exportPosts(k, out) },
		func() error { return exportDocuments[chat.Flag](k, `SELECT data FROM flags ORDER BY id`, out) },
		func() error { return exportActs(k, out) },
	} {
		if err := some(); err != nil {
			return err
		}
	}
	return nil
}

func exportDocuments[T chat.Record](k *conn, sql string, out func(store.Line) error) error {
	list, err := documents[T](k, sql)
	for _, r := range list {
		if err == nil {
			err = out(store.Line{Record: r})
		}
	}
	return err
}

func exportKept(k *conn, out func(store.Line) error) error {
	return each(k, `SELECT r.name, o.epoch, o.seq, o.removed FROM orders o JOIN rooms r ON r.id = o.room ORDER BY r.name, o.epoch`, func(s *stmt) error {
		return out(store.Line{Kept: &store.Kept{
			Room: s.ColumnText(0), Epoch: uint64(s.ColumnInt64(1)), Seq: uint64(s.ColumnInt64(2)), Removed: uint64(s.ColumnInt64(3)),
		}})
	})
}

func exportPosts(k *conn, out func(store.Line) error) error {
	return each(k, `SELECT `+columns+`, p.gone, r.name FROM posts p JOIN rooms r ON r.id = p.room ORDER BY p.id`, func(s *stmt) error {
		r := scan(s)
		r.post.Event.Room = s.ColumnText(afterColumns + 1)
		gone := s.ColumnBool(afterColumns)
		err := out(store.Line{Record: r.post})
		if err == nil && gone {
			err = out(store.Line{Record: chat.Redaction{Room: r.post.Event.Room, IDs: []uint64{r.post.Event.ID}}})
		}
		return err
	})
}

func exportActs(k *conn, out func(store.Line) error) error {
	var failed error
	err := acts(k, 0, -1, func(e store.Entry) bool {
		failed = out(store.Line{Entry: &e})
		return failed == nil
	})
	return errors.Join(err, failed)
}

// each calls do with every row until it fails.
func each(k *conn, sql string, do func(*stmt) error) error {
	var failed error
	err := k.rows(sql, func(s *stmt) bool {
		failed = do(s)
		return failed == nil
	})
	return errors.Join(err, failed)
}

// Import implements store.Store.
func (s *Store) Import(lines iter.Seq2[store.Line, error]) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.change(func(c *change) error {
		for l, err := range lines {
			if err != nil {
				return err
			}
			if err := c.line(l); err != nil {
				return err
			}
		}
		c.clean = false
		return nil
	})
	return s.explain("import into", err)
}

func (c *change) line(l store.Line) error {
	switch {
	case l.Entry != nil:
		return c.entry(*l.Entry)
	case l.Kept != nil:
		room, err := c.room(l.Kept.Room)
		if err != nil {
			return err
		}
		err = c.k.exec(`INSERT INTO orders (room, epoch, seq, removed) VALUES (?, ?, ?, ?)
			ON CONFLICT DO UPDATE SET seq = max(seq, excluded.seq), removed = max(removed, excluded.removed)`, room, l.Kept.Epoch, l.Kept.Seq, l.Kept.Removed)
		if err != nil {
			return err
		}
		return c.k.exec(`UPDATE meta SET epoch = max(epoch, ?)`, l.Kept.Epoch)
	}
	if err := store.Valid(l.Record); err != nil {
		return err
	}
	if p, ok := l.Record.(chat.Post); ok {
		return c.imported(p)
	}
	return c.apply(l.Record)
}

// imported stores a post, or its edit if the post is there already. It refuses a
// post with the ID of another one.
func (c *change) imported(p chat.Post) error {
	var there *chat.Post
	err := c.k.rows(`SELECT `+columns+`, r.name FROM posts p JOIN rooms r ON r.id = p.room WHERE p.id = ?`, func(s *stmt) bool {
		r := scan(s)
		r.post.Event.Room = s.ColumnText(afterColumns)
		there = &r.post
		return false
	}, p.Event.ID)
	switch {
	case err != nil:
		return err
	case there == nil:
		return c.apply(p)
	case !store.SamePost(*there, p):
		return fmt.Errorf("%w: message %d", store.ErrConflict, p.Event.ID)
	}
	if edit, ok := store.LaterEdit(*there, p); ok {
		return c.apply(edit)
	}
	return c.apply(p)
}

// entry imports an entry of an audit log, which must be the next one or exist
// already.
func (c *change) entry(e store.Entry) error {
	last, err := c.lastEntry()
	if err != nil {
		return err
	}
	conflict := fmt.Errorf("%w: entry %d of the audit log", store.ErrConflict, e.N)
	if e.N > last.N {
		if !e.Follows(last) {
			return conflict
		}
		return c.act(e.Act)
	}
	same, err := c.k.number(`SELECT count(*) FROM acts WHERE n = ? AND hash = ?`, e.N, e.Hash[:])
	if err == nil && same != 1 {
		return conflict
	}
	return err
}
