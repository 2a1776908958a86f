package sqlite

import (
	"fmt"

	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/store"
)

// cidSlack is how many client IDs of an owner there may be in the table cids beyond
// chat.CIDWindow, so that few moves have to delete some.
const cidSlack = chat.CIDWindow / 4

// maxRecentCIDs is how many client IDs may be in the table recent_cids after a commit.
// With more, a move takes fewer pages for each message, but the commit that moves them
// takes longer, and so does Posted.
const maxRecentCIDs = 1024

// maxOwners is how many owners' counts are cached.
const maxOwners = 10_000

// recentCIDs counts the rows of recent_cids: all, and those of each owner. There may be
// fewer.
type recentCIDs struct {
	all int64
	of  map[uint64]int64
}

// recentCIDs returns the counts, which are cached.
func (s *Store) recentCIDs(k *conn) (*recentCIDs, error) {
	if s.recent != nil {
		return s.recent, nil
	}
	r := recentCIDs{of: map[uint64]int64{}}
	err := k.rows(`SELECT owner, count(*) FROM recent_cids GROUP BY owner`, func(s *stmt) bool {
		owner, n := uint64(s.ColumnInt64(0)), s.ColumnInt64(1)
		r.all += n
		r.of[owner] = n
		return true
	})
	if err != nil {
		return nil, err
	}
	s.recent = &r
	return s.recent, nil
}

// clientID stores the client's ID of a new message.
func (c *change) clientID(p chat.Post, room int64) error {
	r, err := c.s.recentCIDs(c.k)
	if err != nil {
		return err
	}
	r.all++
	r.of[p.Owner]++
	e := p.Event
	return c.k.exec(`INSERT INTO recent_cids (id, owner, cid, room, epoch, seq) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
		e.ID, p.Owner, p.CID, room, e.Epoch, e.Seq)
}

// moveClientIDs moves the rows of recent_cids to cids if there are enough of them, and
// deletes what their owners have there beyond the window. A message that was archived and
// imported again may be in cids already.
func (c *change) moveClientIDs() error {
	r := c.s.recent
	if r == nil || r.all < maxRecentCIDs {
		return nil // nil: nothing was added
	}
	for _, sql := range []string{
		`INSERT OR IGNORE INTO cids (owner, id, cid, room, epoch, seq)
			SELECT owner, id, cid, room, epoch, seq FROM recent_cids ORDER BY owner, id`,
		`DELETE FROM recent_cids`,
	} {
		if err := c.k.exec(sql); err != nil {
			return err
		}
	}
	c.s.recent = nil
	for owner, n := range r.of {
		if err := c.trimClientIDs(owner, n); err != nil {
			return err
		}
	}
	return nil
}

// trimClientIDs deletes the oldest rows of an owner in cids, to which added rows were
// added, if there are too many.
func (c *change) trimClientIDs(owner uint64, added int64) (err error) {
	n, known := c.s.cids[owner]
	if n += added; !known {
		if n, err = c.k.number(`SELECT count(*) FROM cids WHERE owner = ?`, owner); err != nil {
			return err
		}
		if len(c.s.cids) >= maxOwners {
			clear(c.s.cids)
		}
	}
	if n > chat.CIDWindow+cidSlack {
		err = c.k.exec(fmt.Sprintf(`DELETE FROM cids WHERE owner = ?1 AND id <=
			(SELECT id FROM cids WHERE owner = ?1 ORDER BY id DESC LIMIT 1 OFFSET %d)`, chat.CIDWindow), owner)
		n = chat.CIDWindow
	}
	c.s.cids[owner] = n
	return err
}

// dropClientIDs deletes the client IDs of an owner.
func (c *change) dropClientIDs(owner uint64) error {
	r, err := c.s.recentCIDs(c.k)
	if err != nil {
		return err
	}
	// This looks through all rows, which most owners need not.
	if n := r.of[owner]; n > 0 {
		if err := c.k.exec(`DELETE FROM recent_cids WHERE owner = ?`, owner); err != nil {
			return err
		}
		r.all -= n
		delete(r.of, owner)
	}
	delete(c.s.cids, owner)
	return c.k.exec(`DELETE FROM cids WHERE owner = ?`, owner)
}

// dropOrphans deletes what belongs to accounts and sessions that are not there
// any more: it was written after they were dropped.
func dropOrphans(k *conn) error {
	for _, sql := range []string{
		`DELETE FROM read_marks WHERE account NOT IN (SELECT id FROM accounts)`,
		`DELETE FROM sessions WHERE account != 0 AND account NOT IN (SELECT id FROM accounts)`,
		`DELETE FROM recent_cids WHERE owner NOT IN (SELECT id FROM accounts) AND owner NOT IN (SELECT id FROM sessions)`,
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

// Posted implements chat.Archive. It returns no more than chat.CIDWindow: what is stored
// beyond them is deleted when it suits.
func (s *Store) Posted(owner uint64, limit int) ([]chat.Posted, error) {
	var list []chat.Posted
	if limit = min(limit, chat.CIDWindow); owner > store.MaxID || limit <= 0 {
		return nil, nil
	}
	known := map[string]bool{}
	err := s.read(func(k *conn) error {
		return k.rows(`SELECT c.cid, r.name, c.epoch, c.seq, c.id FROM recent_cids c JOIN rooms r ON r.id = c.room WHERE c.owner = ?1
			UNION ALL
			SELECT c.cid, r.name, c.epoch, c.seq, c.id FROM cids c JOIN rooms r ON r.id = c.room WHERE c.owner = ?1
			ORDER BY 5 DESC`, func(s *stmt) bool {
			cid := s.ColumnText(0)
			if known[cid] {
				return true
			}
			known[cid] = true
			list = append(list, chat.Posted{
				CID: cid, Room: s.ColumnText(1),
				Epoch: uint64(s.ColumnInt64(2)), Seq: uint64(s.ColumnInt64(3)), ID: uint64(s.ColumnInt64(4)),
			})
			return len(list) < limit
		}, owner)
	})
	return list, s.explain("read", err)
}
