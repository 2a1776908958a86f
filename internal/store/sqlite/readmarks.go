package sqlite

import (
	"fmt"

	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/store"
)

// readMark moves a mark forward. Its new row is the last one of all; if it is of
// another room, the first of its account may have to go.
func (c *change) readMark(m chat.ReadMark) error {
	ahead, added := true, true
	err := c.k.rows(`SELECT (epoch, seq) < (?, ?) FROM read_marks WHERE account = ? AND room = ?`, func(s *stmt) bool {
		ahead, added = s.ColumnBool(0), false
		return false
	}, m.Epoch, m.Seq, m.Account, m.Room)
	if err != nil || !ahead {
		return err
	}
	err = c.k.exec(`INSERT OR REPLACE INTO read_marks (account, room, epoch, seq) VALUES (?, ?, ?, ?)`, m.Account, m.Room, m.Epoch, m.Seq)
	if err != nil || !added {
		return err
	}
	return c.k.exec(fmt.Sprintf(`DELETE FROM read_marks WHERE account = ?1 AND n <=
		(SELECT n FROM read_marks WHERE account = ?1 ORDER BY n DESC LIMIT 1 OFFSET %d)`, chat.MaxReadMarks), m.Account)
}

// readMarks calls do with every mark, in the order of State.ReadMarks.
func readMarks(k *conn, do func(chat.ReadMark) error) error {
	return each(k, `SELECT account, room, epoch, seq FROM read_marks ORDER BY account, n`, func(s *stmt) error {
		return do(chat.ReadMark{
			Account: uint64(s.ColumnInt64(0)), Room: s.ColumnText(1), Epoch: uint64(s.ColumnInt64(2)), Seq: uint64(s.ColumnInt64(3)),
		})
	})
}

func exportReadMarks(k *conn, out func(store.Line) error) error {
	return readMarks(k, func(m chat.ReadMark) error { return out(store.Line{Record: m}) })
}
