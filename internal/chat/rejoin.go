package chat

import (
	"errors"
	"slices"
	"time"
)

// rejoinHistory is how many lines of each room are shown when a login enters it.
const rejoinHistory = 10

// remember records that m's account is in a room, to enter it at the next login.
// The lobby is entered in any case.
func (h *Hub) remember(m *Member, r *Room) {
	if r.name == Lobby {
		return
	}
	h.touch(m, func(a *Account) {
		if slices.Contains(a.Rooms, r.name) {
			return
		}
		rooms := append(slices.Clone(a.Rooms), r.name)
		a.Rooms = rooms[max(0, len(rooms)-MaxRooms+1):]
	})
}

// forgetRoom undoes remember.
func (h *Hub) forgetRoom(m *Member, r *Room) {
	if slices.Contains(h.remembered(m), r.name) {
		h.touch(m, func(a *Account) { a.Rooms = without(a.Rooms, r.name) })
	}
}

// remembered returns the rooms that m's account was in. They must not be changed.
func (h *Hub) remembered(m *Member) []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	if a := h.byID[m.account()]; a != nil {
		return a.Rooms
	}
	return nil
}

// rejoin makes m, who has logged in, enter the rooms that it was in, if it still may.
// Its current room stays the same.
func (h *Hub) rejoin(m *Member, now time.Time) {
	current, any := m.Room(), false
	for _, name := range h.remembered(m) {
		r := h.Room(name)
		if r == nil {
			h.touch(m, func(a *Account) { a.Rooms = without(a.Rooms, name) })
			continue
		}
		if m.in(r) != nil {
			continue
		}
		if err := h.enterAgain(m, r, now); errors.Is(err, errDead) {
			continue
		} else if err != nil {
			m.refuse(note("not-back-in", "room", name, "why", Why(err)))
			continue
		}
		any = true
	}
	if !any {
		return
	}
	if current != nil {
		m.talkIn(current)
	}
	h.focus(m)
	m.tell(note("talking-in", "room", m.Room().name))
}

// enterAgain makes m enter a room that it was in at the last login.
func (h *Hub) enterAgain(m *Member, r *Room, now time.Time) error {
	if err := h.mayEnter(m, r.name, now); err != nil {
		return err
	}
	return r.join(m, "", rejoinHistory, now)
}
