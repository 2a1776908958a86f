package sqlite

import (
	"fmt"

	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/store"
)

// cidSlack is how many client IDs of an owner there may be beyond
// chat.CIDWindow, so that not every message has to delete one.
const cidSlack = chat.CIDWindow / 4

// maxOwners is how many owners' counts are cached.
const maxOwners = 10_000

// clientID stores the client's ID of a new message.
func (c *change) clientID(p chat.Post, room int64) error {
	n, known := c.s.cids[p.Owner]
	if !known {
		var err error
		if n, err = c.k.number(`SELECT count(*) FROM cids WHERE owner = ?`, p.Owner); err != nil {
			return err
		}
		if len(c.s.cids) >= maxOwners {
			clear(c.s.cids)
		}
	}
	e := p.Event
	err := c.k.exec(`INSERT INTO cids (owner, cid, id, room, epoch, seq) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT DO UPDATE SET id = excluded.id, room = excluded.room, epoch = excluded.epoch, seq = excluded.seq
		WHERE excluded.id > id`, p.Owner, p.CID, e.ID, room, e.Epoch, e.Seq)
	if err != nil {
		return err
	}
	if n++; n > chat.CIDWindow+cidSlack {
		err = c.k.exec(fmt.Sprintf(`DELETE FROM cids WHERE owner = ?1 AND id <=
			(SELECT id FROM cids WHERE owner = ?1 ORDER BY id DESC LIMIT 1 OFFSET %d)`, chat.CIDWindow), p.Owner)
		n = chat.CIDWindow
	}
	c.s.cids[p.Owner] = n
	return err
}

func (c *change) dropClientIDs(owner uint64) error {
	delete(c.s.cids, owner)
	return c.k.exec(`DELETE FROM cids WHERE owner = ?`, owner)
}

// dropOrphans deletes what belongs to accounts and sessions that are not there
// any more: it was written after they were dropped.
func dropOrphans(k *conn) error {
	for _, sql := range []string{
		`DELETE FROM read_marks WHERE account NOT IN (SELECT id FROM accounts)`,
		`DELETE FROM sessions WHERE account != 0 AND account NOT IN (SELECT id FROM accounts)`,
		// Looks for each owner, not at each message.
		`WITH RECURSIVE owners (owner) AS (
			SELECT min(owner) FROM cids
			UNION ALL
			SELECT (SELECT min(c.owner) FROM cids c WHERE c.owner > owners.owner) FROM owners WHERE owners.owner IS NOT NULL
		)
		DELETE FROM cids WHERE owner IN (SELECT owner FROM owners WHERE owner NOT IN (SELECT id FROM accounts) AND owner NOT IN (SELECT id FROM sessions))`,
	} {
		if err := k.exec(sql); err != nil {
			return err
		}
	}
	return nil
}

// Posted implements chat.Archive.
func (s *Store) Posted(owner uint64, limit int) ([]chat.Posted, error) {
	var list []chat.Posted
	if owner > store.MaxID {
		return nil, nil
	}
	err := s.read(func(k *conn) error {
		return k.rows(`SELECT c.cid, r.name, c.epoch, c.seq, c.id FROM cids c JOIN rooms r ON r.id = c.room
			WHERE c.owner = ? ORDER BY c.id DESC LIMIT ?`, func(s *stmt) bool {
			list = append(list, chat.Posted{
				CID: s.ColumnText(0), Room: s.ColumnText(1),
				Epoch: uint64(s.ColumnInt64(2)), Seq: uint64(s.ColumnInt64(3)), ID: uint64(s.ColumnInt64(4)),
			})
			return true
		}, owner, max(limit, 0))
	})
	return list, s.explain("read", err)
}
