package chat

import (
	"maps"
	"slices"
	"sync/atomic"
)

// Role is what a member may do; a higher one includes the lower ones.
type Role uint8

// The roles.
const (
	Guest Role = iota
	User
	Moderator
	Admin
)

// roleNames is the one list of them, in order.
var roleNames = [...]string{"guest", "user", "moderator", "admin"}

// String implements fmt.Stringer.
func (r Role) String() string { return roleNames[r] }

// ParseRole returns the role of that name.
func ParseRole(name string) (Role, bool) {
	for i, n := range roleNames {
		if n == name {
			return Role(i), true
		}
	}
	return Guest, false
}

// MaxRooms is in how many rooms a member can be at a time.
const MaxRooms = 16

// A Member is one connection's part in the chat, named or not yet. Embed it in
// the session and pass it to [Hub.Admit]. It belongs to the goroutine of its
// connection; fields that others may read say so.
type Member struct {
	id   uint64
	out  Outlet
	who  *person // nil before it has a name; changed inside Hub.mu
	seat seat    // in the first room
	more *more   // nil until it is needed
	// marks are flags for the message path. Any goroutine may set them.
	marks atomic.Uint32
	// active is when something was last received, as Hub.tick counts; 0: never.
	active atomic.Uint32
}

// The marks of a member. The lowest bits are its role.
const (
	roleBits  = 3
	gone      = 1 << (iota + 1) // banned or kicked: its messages are no longer published
	muted                       // may not speak, and is told
	shadowed                    // may not speak, and is not told
	operator                    // runs the server, and is in no room
	lingering                   // has no connection, and may come back
)

func (m *Member) mark(bit uint32) { m.marks.Or(bit) }

func (m *Member) unmark(bit uint32) { m.marks.And(^bit) }

// setRole is called inside Hub.mu. m is never seen without a role in between.
func (m *Member) setRole(r Role) {
	for {
		was := m.marks.Load()
		if m.marks.CompareAndSwap(was, was&^roleBits|uint32(r)) {
			return
		}
	}
}

func (m *Member) role() Role { return Role(m.marks.Load() & roleBits) }

func (m *Member) operates() bool { return m.marked(operator) }

func (m *Member) marked(bit uint32) bool { return m.marks.Load()&bit != 0 }

// A seat is a member's place in a room.
type seat struct {
	member *Member
	room   *Room // nil: not taken
	place  int32 // index in room.seats, guarded by room.mu
	gone   bool  // is being removed from the room: may not speak here; guarded by room.mu
	voiced bool  // a guest who may speak while the room is moderated; guarded by room.mu
}

// more is the part of a Member that only users with an account and members who have
// spoken need.
type more struct {
	account uint64 // 0 for a guest
	// settings are the chosen settings, nil for none, and ignored has the keys of
	// ignored names; neither is ever changed in place.
	settings *Settings
	ignored  map[string]bool
	reply    string      // the sender of the last private message
	meter    *meter      // of the person
	onFailed func(error) // see onSaved; nil until it is needed
	extras   *extras
}

func (m *Member) rest() *more {
	if m.more == nil {
		m.more = &more{}
	}
	return m.more
}

// extras is the part of a Member that few members need.
type extras struct {
	seats []*seat  // in rooms after the first
	room  *Room    // the current one, unless it is that of Member.seat
	next  func()   // shows the next page for /more; nil: nothing is left
	mail  []uint64 // what was delivered, but not dropped yet
	// held are the IDs of mutes, which stay if the name changes.
	held []uint64
	// alias is the name that a shadow-muted guest believes they have; "" for the real one.
	alias string
	// concealed is the key of their real name, under which they are shown no events.
	concealed string
	// invited has the rooms that a guest may enter.
	invited []*Room
	// session is the member's session, nil for none, and visitor the one by which rooms count
	// a guest.
	session *session
	visitor uint64
	// seen is what Seen.Private was.
	seen *uint64
	// receipts are what receiptsOf has returned.
	receipts *receipts
	// was has the IDs of the members that the session had before.
	was []uint64
}

// extras returns those of m, nil if it has none.
func (m *Member) extras() *extras {
	if m.more == nil {
		return nil
	}
	return m.more.extras
}

// withExtras returns the extras of m, which it has from now on.
func (m *Member) withExtras() *extras {
	x := m.rest()
	if x.extras == nil {
		x.extras = &extras{}
	}
	return x.extras
}

// ID returns the number that events carry as Author. It is never used again.
func (m *Member) ID() uint64 { return m.id }

// Name returns the member's name, or "" before it has one.
func (m *Member) Name() string {
	if m.who == nil {
		return ""
	}
	return m.who.name.Display()
}

// key returns the member's name as it is compared, "" before it has one.
func (m *Member) key() string {
	if m.who == nil {
		return ""
	}
	return m.who.name.Key()
}

// Room returns the current room, where lines go, or nil.
func (m *Member) Room() *Room {
	if x := m.extras(); x != nil && x.room != nil {
		return x.room
	}
	return m.seat.room
}

// talkIn changes the current room: to one that m has a seat in, unless it is an operator of
// the server, or to none if m has no seat.
func (m *Member) talkIn(r *Room) {
	if r == m.seat.room {
		r = nil
	}
	if r != nil || m.extras() != nil {
		m.withExtras().room = r
	}
}

// Settings returns the member's settings.
func (m *Member) Settings() Settings {
	if m.more == nil || m.more.settings == nil {
		return Settings{}
	}
	return *m.more.settings
}

// account returns the ID of the user's account, or 0 for a guest.
func (m *Member) account() uint64 {
	if m.more == nil {
		return 0
	}
	return m.more.account
}

// ignored returns the keys of the names that m ignores; it must not be changed.
func (m *Member) ignored() map[string]bool {
	if m.more == nil {
		return nil
	}
	return m.more.ignored
}

// Rooms returns the number of rooms that the member is in.
func (m *Member) Rooms() int { return len(m.seats()) }

// seats returns the taken ones.
func (m *Member) seats() []*seat {
	var all []*seat
	if m.seat.room != nil {
		all = append(all, &m.seat)
	}
	if x := m.extras(); x != nil {
		all = append(all, x.seats...)
	}
	return all
}

// in returns the member's seat in a room, or nil.
func (m *Member) in(r *Room) *seat {
	if m.seat.room == r {
		return &m.seat
	}
	if x := m.extras(); x != nil {
		for _, s := range x.seats {
			if s.room == r {
				return s
			}
		}
	}
	return nil
}

// sit returns a free seat, behind those that are taken.
func (m *Member) sit() *seat {
	if x := m.extras(); m.seat.room == nil && (x == nil || len(x.seats) == 0) {
		return &m.seat
	}
	s := &seat{}
	x := m.withExtras()
	x.seats = append(x.seats, s)
	return s
}

// stand frees a seat.
func (m *Member) stand(s *seat) {
	s.room = nil
	if x := m.extras(); x != nil {
		x.seats = slices.DeleteFunc(x.seats, func(o *seat) bool { return o == s })
	}
}

// Ignored returns the keys of the names whose events are hidden from m. They must not be
// changed.
func (m *Member) Ignored() map[string]bool {
	if x := m.extras(); x != nil && x.concealed != "" {
		all := maps.Clone(m.ignored())
		if all == nil {
			all = make(map[string]bool)
		}
		all[x.concealed] = true
		return all
	}
	return m.ignored()
}

// Ignores reports whether the events under that name are hidden from m.
func (m *Member) Ignores(name string) bool {
	all := m.Ignored()
	return len(all) > 0 && all[fold(name)]
}

// refuse tells m why something was not done.
func (m *Member) refuse(why *Note) { m.out.Deliver(Event{Kind: Refusal, Note: why}) }

// tell shows m a note of the server.
func (m *Member) tell(what *Note) { m.out.Deliver(Event{Kind: Notice, Note: what}) }

// onSaved returns the function to call when a message of m is saved or has failed. Without a
// receipt it is the same for every message, as m is told of failures only. p is nil for a
// message without a CID.
func (m *Member) onSaved(e *Event, receipt bool, p *pendingPost) func(error) {
	if receipt {
		at := savedAt(e, true)
		return func(err error) {
			s := at
			if err != nil {
				s.Stored, s.Why = false, Why(err)
			}
			if p != nil {
				p.end(s)
				return
			}
			m.acknowledge(s)
		}
	}
	x := m.rest()
	if x.onFailed == nil {
		x.onFailed = func(err error) {
			if err != nil {
				m.out.Post(func() { m.refuse(note("line-not-saved", "why", Why(err))) })
			}
		}
	}
	return x.onFailed
}
