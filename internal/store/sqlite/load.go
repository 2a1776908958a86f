package sqlite

import (
	"slices"
	"time"

	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/store"
)

// Load implements store.Store.
func (s *Store) Load(now time.Time) (*chat.State, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	state := &chat.State{}
	err := s.write(func(k *conn) error {
		if err := start(k, now); err != nil {
			return err
		}
		return s.state(k, state)
	})
	if err != nil {
		return nil, s.explain("read", err)
	}
	return state, nil
}

// start begins a run, with a new epoch unless the last one ended.
func start(k *conn, now time.Time) error {
	var epoch, lastID int64
	clean := false
	err := k.rows(`SELECT epoch, last_id, clean FROM meta`, func(s *stmt) bool {
		epoch, lastID, clean = s.ColumnInt64(0), s.ColumnInt64(1), s.ColumnBool(2)
		return false
	})
	if err != nil {
		return err
	}
	if !clean || epoch == 0 {
		if epoch > 0 {
			lastID += store.IDGap
		}
		epoch = max(epoch+1, now.Unix())
	}
	if err := k.exec(`UPDATE meta SET epoch = ?, last_id = ?, clean = 0`, epoch, lastID); err != nil {
		return err
	}
	return dropOrphans(k)
}

func (s *Store) state(k *conn, state *chat.State) error {
	err := k.rows(`SELECT epoch, last_id FROM meta`, func(s *stmt) bool {
		state.Epoch, state.LastID = uint64(s.ColumnInt64(0)), uint64(s.ColumnInt64(1))
		return false
	})
	if err != nil {
		return err
	}
	if state.Accounts, err = documents[chat.Account](k, `SELECT data FROM accounts ORDER BY id`); err != nil {
		return err
	}
	if state.Rooms, err = documents[chat.RoomState](k, `SELECT data FROM room_states ORDER BY name`); err != nil {
		return err
	}
	if state.Sanctions, err = documents[chat.Sanction](k, `SELECT data FROM sanctions ORDER BY id`); err != nil {
		return err
	}
	if state.Flags, err = documents[chat.Flag](k, `SELECT data FROM flags ORDER BY id`); err != nil {
		return err
	}
	if state.Sessions, err = sessions(k); err != nil {
		return err
	}
	err = readMarks(k, func(m chat.ReadMark) error {
		state.ReadMarks = append(state.ReadMarks, m)
		return nil
	})
	if err != nil {
		return err
	}
	var ids []int64
	err = k.rows(`SELECT r.id, r.name, o.seq FROM rooms r LEFT JOIN orders o ON o.room = r.id AND o.epoch = ? ORDER BY r.name`,
		func(s *stmt) bool {
			ids = append(ids, s.ColumnInt64(0))
			state.Orders = append(state.Orders, chat.Order{Room: s.ColumnText(1), Seq: uint64(s.ColumnInt64(2))})
			return true
		}, state.Epoch)
	if err != nil {
		return err
	}
	for i, id := range ids {
		o := &state.Orders[i]
		if o.Recent, err = newest(k, id, o.Room, s.o.Recent); err != nil {
			return err
		}
	}
	return nil
}

// newest returns the last messages of a room, oldest first.
func newest(k *conn, id int64, room string, limit int) ([]chat.Event, error) {
	var list []chat.Event
	err := k.rows(`SELECT `+columns+` FROM posts p WHERE p.room = ? AND p.gone = 0 ORDER BY p.id DESC LIMIT ?`,
		func(s *stmt) bool {
			e := scan(s).post.Event
			e.Room = room
			list = append(list, e)
			return true
		}, id, limit)
	slices.Reverse(list)
	return list, err
}
