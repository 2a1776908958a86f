package chat

import (
	"slices"
	"strings"
	"time"
)

const (
	// MaxOwned is how many rooms an account can own.
	MaxOwned = 20
	// MaxGuestRooms is how many rooms created by one guest can exist at a time.
	MaxGuestRooms = 5
	// guestShare limits rooms of guests: they can have 1/guestShare of all rooms.
	guestShare = 4
)

// mayOpen returns why m can't create a room. h.mu is held.
func (h *Hub) mayOpen(m *Member) error {
	if len(h.rooms) >= h.options.Rooms {
		return refusal("too-many-rooms", "rooms", len(h.rooms))
	}
	account := m.account()
	own, guests := 0, 0
	for _, r := range h.rooms {
		switch owner := r.owner.Load(); {
		case owner != 0 && owner == account, account == 0 && r.maker.Load() == m.id:
			own++
		case owner == 0 && r.name != Lobby:
			guests++
		}
	}
	switch {
	case account != 0 && own >= MaxOwned:
		return refusal("owns-too-many-rooms", "most", MaxOwned)
	case account == 0 && own >= MaxGuestRooms:
		return refusal("made-too-many-rooms", "most", MaxGuestRooms)
	case account == 0 && own+guests >= h.options.Rooms/guestShare:
		return refusal("guests-have-too-many-rooms", "rooms", own+guests)
	}
	return nil
}

// owns returns how many rooms each account owns.
func (h *Hub) owns() map[uint64]int {
	n := make(map[uint64]int)
	for _, r := range h.allRooms() {
		n[r.owner.Load()]++
	}
	return n
}

// deleteRoom carries out /room delete. Without the room's name it tells what would happen.
func (c *Call) deleteRoom() {
	h, m, r := c.Hub, c.Member, c.Member.Room()
	name := strings.TrimSpace(c.arg(1))
	if name != "" {
		if r = h.Room(hashed(name)); r == nil {
			m.refuse(note("no-such-room", "room", clip(hashed(name))))
			return
		}
	}
	switch {
	case r.name == Lobby:
		m.refuse(note("room-stays", "room", Lobby))
	case m.role() < Admin && (m.account() == 0 || r.look().Founder != m.account()):
		m.refuse(note("may-not-delete-room", "room", r.name))
	case name == "":
		m.tell(note("before-room-delete", "room", r.name, "people", r.Len(), "lobby", Lobby))
	default:
		c.endRoom(r)
	}
}

// endRoom deletes a room: it can't be entered or changed from now on, and its members
// are told and moved when the deletion is on disk. If it can't be saved, the room
// stays.
func (c *Call) endRoom(r *Room) {
	h, m := c.Hub, c.Member
	if !r.condemn() {
		m.refuse(note("no-such-room", "room", clip(r.name)))
		return
	}
	ended := h.unlist(r)
	h.persistAlways(m, func(err error) {
		if err != nil {
			h.relist(ended)
			r.spare()
			h.giveUp(r)
			return
		}
		seats := r.die()
		h.freeName(r)
		r.evacuate(seats, note("has-deleted-room", "by", m.Name(), "room", r.name), c.Now)
	}, func(err error) {
		if err != nil {
			m.refuse(note("room-not-deleted", "room", r.name, "why", Why(err)))
			return
		}
		m.tell(note("room-deleted", "room", r.name))
	}, append(drops(ended), DropRoom{Name: r.name}, c.entry("room delete", r.name, r.name, ""))...)
}

// condemn marks a room as being deleted. It returns false if it is marked already, or
// has ended.
func (r *Room) condemn() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.dead || r.dying {
		return false
	}
	r.dying = true
	return true
}

// spare undoes condemn.
func (r *Room) spare() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.dying = false
}

// die ends a room and returns its members.
func (r *Room) die() (seats []*Member) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.dead = true
	for _, s := range r.seats {
		seats = append(seats, s.member)
	}
	return seats
}

// ends returns why a room can no longer be changed, or nil. r.mu is held.
func (r *Room) ends() error {
	switch {
	case r.dead:
		return errDead
	case r.dying:
		return refusal("room-being-deleted", "room", r.name)
	}
	return nil
}

// evacuate tells the members of a room that has ended why, and moves them elsewhere.
func (r *Room) evacuate(members []*Member, why *Note, now time.Time) {
	r.publish(Event{Kind: Notice, Note: why, Time: now})
	r.close() // so that their leaving is not announced
	for _, m := range members {
		m.out.Post(func() { r.hub.moveOut(m, r) })
	}
}

// moveOut moves m out of a room that has ended, into the lobby if it is in no other.
func (h *Hub) moveOut(m *Member, r *Room) {
	s := m.in(r)
	if s == nil {
		return
	}
	current := m.Room() == r
	h.depart(m, s, nil, m.out.Now())
	h.forgetRoom(m, r)
	if m.Room() == nil {
		h.Arrive(m, m.out.Now())
		return
	}
	h.focus(m)
	if current {
		m.tell(note("talking-in", "room", m.Room().name))
	}
}

// unlist ends the bans and mutes of a room that has ended, so that they don't apply
// to a later room with its name, and returns them.
func (h *Hub) unlist(r *Room) (ended []Sanction) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.sanctions = slices.DeleteFunc(h.sanctions, func(s Sanction) bool {
		if s.Room != r.name {
			return false
		}
		ended = append(ended, s)
		return true
	})
	return ended
}

// relist undoes unlist.
func (h *Hub) relist(ended []Sanction) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.sanctions = append(h.sanctions, ended...)
}

// drops returns the records of sanctions that have ended.
func drops(ended []Sanction) (records []Record) {
	for _, s := range ended {
		records = append(records, DropSanction{ID: s.ID})
	}
	return records
}

// freeName frees the name of a room that has ended.
func (h *Hub) freeName(r *Room) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if at := roomKey(r.name); h.rooms[at] == r {
		delete(h.rooms, at)
	}
}

// disown removes an account that was removed from all rooms. Each room that it owned goes
// to the first operator who can own one more; without one the room has no owner, and ends
// when it is empty.
func (h *Hub) disown(account uint64, name string, now time.Time) {
	owned := h.owns()
	for _, r := range h.allRooms() {
		if !r.disown(account, owned) {
			continue
		}
		owner := ""
		h.mu.Lock()
		if a := h.byID[r.owner.Load()]; a != nil {
			owner = a.Name
		}
		h.mu.Unlock()
		r.publish(Event{Kind: Notice, Note: note("owner-removed", "name", name, "room", r.name, "owner", owner), Time: now})
		h.giveUp(r)
	}
}

// disown is Hub.disown for one room. It reports whether the room has lost its
// owner, and updates owned.
func (r *Room) disown(account uint64, owned map[uint64]int) (lost bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := &r.state
	was := s.Founder
	if r.ends() != nil || was != account && !slices.Contains(s.Operators, account) && !slices.Contains(s.Members, account) {
		return false
	}
	s.Operators, s.Members = without(s.Operators, account), without(s.Members, account)
	if was == account {
		s.succeed(owned)
		r.owner.Store(s.Founder)
	}
	if record := s.change(was); record != nil {
		r.hub.persist(record)
	}
	return was == account
}

// succeed gives a room that has lost its owner another one: the first operator who can
// own one more, according to owned, or none.
func (s *RoomState) succeed(owned map[uint64]int) {
	s.Founder = 0
	i := slices.IndexFunc(s.Operators, func(id uint64) bool { return owned[id] < MaxOwned })
	if i >= 0 {
		s.Founder = s.Operators[i]
		owned[s.Founder]++
	}
}

// change returns the record of a changed state; was is the owner before. A room
// without an owner ends with its last member, and is not recorded.
func (s *RoomState) change(was uint64) Record {
	switch {
	case s.Founder != 0 || s.Name == Lobby:
		return *s
	case was != 0:
		return DropRoom{Name: s.Name}
	}
	return nil
}

// adopt returns the rooms of a state, each with an owner that exists. Rooms without
// one, because an earlier version removed the account, are not returned: nobody is in
// them.
func (h *Hub) adopt(rooms []RoomState) []RoomState {
	owned := make(map[uint64]int)
	for _, r := range rooms {
		owned[r.Founder]++
	}
	var kept []RoomState
	for _, r := range rooms {
		was := r.Founder
		removed := func(id uint64) bool { return h.byID[id] == nil }
		if r.Name != Lobby && removed(was) {
			r.Operators = slices.DeleteFunc(slices.Clone(r.Operators), removed)
			r.succeed(owned)
			if record := r.change(max(was, 1)); record != nil {
				h.persist(record)
			}
			if r.Founder == 0 {
				continue
			}
		}
		kept = append(kept, r)
	}
	return kept
}

// hashed adds the # to the name of a room if it is missing.
func hashed(name string) string {
	if strings.HasPrefix(name, "#") {
		return name
	}
	return "#" + name
}
