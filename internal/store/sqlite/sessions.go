package sqlite

import (
	"encoding/json"
	"fmt"

	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/store"
)

// session stores a session. The hashes are not in the document: JSON of a session
// never has them.
func (c *change) session(r chat.Session) error {
	data, err := encode(r)
	if err != nil {
		return err
	}
	c.used(r.ID)
	return c.k.exec(`INSERT OR REPLACE INTO sessions (id, account, hash, previous, data) VALUES (?, ?, ?, ?, ?)`,
		r.ID, r.Account, r.Hash[:], r.Previous[:], data)
}

func (c *change) dropSession(id uint64) error {
	if err := c.k.exec(`DELETE FROM sessions WHERE id = ?`, id); err != nil {
		return err
	}
	return c.dropClientIDs(id)
}

// sessionsOf returns the IDs of an account's sessions.
func (c *change) sessionsOf(account uint64) (ids []uint64, err error) {
	err = c.k.rows(`SELECT id FROM sessions WHERE account = ?`, func(s *stmt) bool {
		ids = append(ids, uint64(s.ColumnInt64(0)))
		return true
	}, account)
	return ids, err
}

func sessions(k *conn) ([]chat.Session, error) {
	var list []chat.Session
	err := each(k, `SELECT data, hash, previous FROM sessions ORDER BY id`, func(s *stmt) error {
		var r chat.Session
		if err := json.Unmarshal(s.ColumnRawText(0), &r); err != nil {
			return fmt.Errorf("%w: %w", store.ErrCorrupt, err)
		}
		copy(r.Hash[:], s.ColumnRawBlob(1))
		copy(r.Previous[:], s.ColumnRawBlob(2))
		list = append(list, r)
		return nil
	})
	return list, err
}
