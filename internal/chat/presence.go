package chat

import (
	"slices"
	"time"
)

// Who is away, and that rooms are told so. A change is told in the room's order; members whose
// format has no words for it are sent nothing.

// isAway reports whether m is away.
func (m *Member) isAway() bool { return m.who != nil && m.who.away.Load() != nil }

// announcePresence tells the rooms of the person that m is whether they are away. If they may
// not speak, only the end is told, which has no text of theirs.
func (h *Hub) announcePresence(m *Member, now time.Time) {
	if h.silenced(m, now) != nil && m.isAway() { // silenced also brings m's marks up to date
		return
	}
	rooms := m.everywhere()
	if m.account() != 0 && len(h.others(m)) > 0 {
		rooms = h.allRooms() // whichever its other connections are in
	}
	for _, r := range rooms {
		if e, pretended := r.announcePresence(m, now); pretended {
			h.toOthers(m, func(o *Member) {
				if o.in(r) != nil && o.out.Echoes() {
					o.out.Deliver(e)
				}
			})
		}
	}
}

// announcePresence is presence for a room that the person may not be in.
func (r *Room) announcePresence(m *Member, now time.Time) (e Event, pretended bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if m.in(r) == nil && r.people[m.identity()] == 0 {
		return e, false
	}
	return r.presence(m, now)
}

// presence tells the room whether the person that m is is away, unless they are and may not
// speak here.
// Another connection of theirs may change it at the same time: what is told last is how it is.
// If m is shadow-muted, only m is told: the caller tells m's other connections of the event that
// is returned. r.mu is held.
func (r *Room) presence(m *Member, now time.Time) (e Event, pretended bool) {
	a := m.who.away.Load()
	switch s := m.in(r); {
	case m.marked(gone), s != nil && s.gone:
		return e, false
	case a != nil && (m.marked(muted) || m.role() < Moderator && r.silencesLocked(m, now) != nil):
		return e, false
	}
	e = Event{Kind: Back, Author: m.id, Account: m.account(), Name: m.Name(), Time: now}
	if a != nil {
		e.Kind, e.Body = Away, a.public
	}
	if !m.marked(shadowed) {
		r.publishLocked(e, m.who.name.Key())
		return e, false
	}
	if e.Name = m.OwnName(); a != nil {
		e.Body = a.own
	}
	r.place(&e)
	if m.in(r) != nil && m.out.Echoes() {
		m.out.Deliver(e)
	}
	return e, true
}

// roleOf returns the role of an account.
func (s *RoomState) roleOf(account uint64) RoomRole {
	switch {
	case account == 0:
		return ""
	case s.Founder == account:
		return RoomOwner
	case s.runs(account):
		return RoomOperator
	case slices.Contains(s.Voiced, account):
		return RoomVoiced
	}
	return ""
}

// roleHere returns the role of m. r.mu is held.
func (r *Room) roleHere(m *Member) RoomRole {
	role, s := r.state.roleOf(m.account()), m.in(r)
	switch {
	case role != "":
	case r.isOperatorHere(m):
		role = RoomOperator
	case s != nil && s.voiced:
		role = RoomVoiced
	}
	return role
}

// A roster has the roles in a room.
type roster struct {
	state  RoomState
	guests map[uint64]RoomRole // by the IDs of members
}

// roster returns the roles in the room, as viewer may see them.
func (r *Room) roster(viewer *Member) roster {
	if !viewer.operates() && viewer.in(r) == nil && viewer.role() < Moderator {
		return roster{}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	x := roster{r.state, make(map[uint64]RoomRole)}
	for _, s := range r.seats {
		if s.voiced {
			x.guests[s.member.id] = RoomVoiced
		}
	}
	if r.hosted && r.state.Founder == 0 {
		x.guests[r.maker.Load()] = RoomOperator
	}
	return x
}

// of returns the role of a member, who is p. Hub.mu is held.
func (x *roster) of(m *Member, p *person) RoomRole {
	if p.account != nil {
		return x.state.roleOf(p.account.ID)
	}
	return x.guests[m.id]
}
