package sqlite

import (
	"math"
	"slices"
	"time"

	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/store"
)

// bounds returns the range of IDs that contains the messages of a period, with
// after included and before not. It is correct by days, even if the clock
// jumped; the times themselves are compared, too.
func bounds(k *conn, after, before time.Time, beforeID uint64) (low, high int64, err error) {
	low, high = 0, math.MaxInt64
	if beforeID > 0 {
		high = int64(min(beforeID, math.MaxInt64))
	}
	if !after.IsZero() {
		if low, err = k.number(`SELECT coalesce(min(first), 9223372036854775807) FROM days WHERE day >= ?`, dayOf(store.Nanos(after))); err != nil {
			return 0, 0, err
		}
	}
	if !before.IsZero() {
		last, err := k.number(`SELECT max(last) FROM days WHERE day <= ?`, dayOf(store.Nanos(before)))
		if err != nil {
			return 0, 0, err
		}
		high = min(high, last+1)
	}
	return low, high, nil
}

// History implements chat.Archive.
func (s *Store) History(q chat.HistoryQuery) ([]chat.Event, error) {
	var list []chat.Event
	if q.Limit <= 0 || q.After >= store.MaxID {
		return nil, nil
	}
	forward := q.After > 0 && q.Before == 0
	order := "DESC"
	if forward {
		order = "ASC"
	}
	err := s.read(func(k *conn) error {
		room, err := k.number(`SELECT id FROM rooms WHERE name = ?`, q.Room)
		if err != nil {
			return err
		}
		low, high, err := bounds(k, q.Since, time.Time{}, q.Before)
		if err != nil {
			return err
		}
		since := int64(math.MinInt64)
		if !q.Since.IsZero() {
			since = store.Nanos(q.Since)
		}
		low = max(low, int64(q.After)+1)
		return k.rows(`SELECT `+columns+` FROM posts p
			WHERE p.room = ? AND p.id >= ? AND p.id < ? AND p.time >= ? AND p.gone = 0 ORDER BY p.id `+order+` LIMIT ?`,
			func(s *stmt) bool {
				e := scan(s).post.Event
				e.Room = q.Room
				list = append(list, e)
				return true
			}, room, low, high, since, q.Limit)
	})
	if !forward {
		slices.Reverse(list)
	}
	return list, s.explain("read", err)
}

// Mail implements chat.Archive.
func (s *Store) Mail(account uint64, limit int) (list []chat.Mail, err error) {
	err = s.read(func(k *conn) error {
		list, err = documents[chat.Mail](k, `SELECT data FROM mail WHERE account = ? ORDER BY id LIMIT ?`, account, max(limit, 0))
		return err
	})
	return list, s.explain("read", err)
}

// Acts implements store.Store.
func (s *Store) Acts(after uint64, limit int) ([]store.Entry, error) {
	var list []store.Entry
	if after > store.MaxID {
		return nil, nil
	}
	err := s.read(func(k *conn) error {
		return acts(k, after, max(limit, 0), func(e store.Entry) bool {
			list = append(list, e)
			return true
		})
	})
	return list, s.explain("read", err)
}

func acts(k *conn, after uint64, limit int, each func(store.Entry) bool) error {
	return k.rows(`SELECT n, time, by, verb, target, room, why, hash FROM acts WHERE n > ? ORDER BY n LIMIT ?`,
		func(s *stmt) bool {
			e := store.Entry{N: uint64(s.ColumnInt64(0)), Act: chat.Act{
				Time: store.FromNanos(s.ColumnInt64(1)), By: s.ColumnText(2), Verb: s.ColumnText(3),
				Target: s.ColumnText(4), Room: s.ColumnText(5), Why: s.ColumnText(6),
			}}
			copy(e.Hash[:], s.ColumnRawBlob(7))
			return each(e)
		}, after, limit)
}
