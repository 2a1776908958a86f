package sqlite

import (
	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/store"
)

// edit replaces the text of a message. Its new words wait to be indexed.
func (c *change) edit(d chat.Edit) error {
	rows, err := c.byIDs(d.Room, []uint64{d.ID})
	if err != nil || len(rows) == 0 {
		return err
	}
	r, edited := rows[0], store.Nanos(d.Time)
	if r.post.Event.Body == d.Body && store.Nanos(r.post.Event.Edited) == edited {
		return nil
	}
	if err := forget(c.k, r); err != nil {
		return err
	}
	if err := c.k.exec(`UPDATE posts SET body = ?, edited = ? WHERE id = ?`, d.Body, edited, d.ID); err != nil {
		return err
	}
	if err := c.k.exec(`INSERT INTO pending (id) VALUES (?)`, d.ID); err != nil {
		return err
	}
	c.bytes[r.room] += int64(len(d.Body) - len(r.post.Event.Body))
	c.scrub = true
	if err := c.recordChanges(rows, true, d.Time); err != nil {
		return err
	}
	return c.flags(d.Room, []uint64{d.ID}, func(e *chat.Event) { e.Body, e.Edited = d.Body, d.Time })
}
