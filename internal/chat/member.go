package chat

import (
	"strconv"
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

// article is the role as it is said of somebody: "a user", "an admin".
func (r Role) article() string {
	if r == Admin {
		return "an " + r.String()
	}
	return "a " + r.String()
}

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
// the session and hand it to [Hub.Admit]. It belongs to the goroutine of its
// connection; what others may read says so.
type Member struct {
	id   uint64
	out  Outlet
	who  *person // nil before it has a name; changed inside Hub.mu
	room *Room   // the current one, where its lines go; nil outside
	seat seat    // in the first room
	more *more   // nil until it is needed
	// marks are what the message path has to know of, set by anybody.
	marks atomic.Uint32
	// active is when something was last received, in seconds of Unix time.
	active atomic.Uint32
}

// The marks of a member. The lowest bits are its role.
const (
	roleBits = 3
	gone     = 1 << (iota + 1) // banned or kicked: nothing of it is published any more
	muted                      // says nothing, and is told
	shadowed                   // says nothing, and is not told
	operator                   // runs the server, and is in no room
)

func (m *Member) mark(bit uint32) { m.marks.Or(bit) }

func (m *Member) unmark(bit uint32) { m.marks.And(^bit) }

// setRole is called inside Hub.mu.
func (m *Member) setRole(r Role) {
	m.unmark(roleBits)
	m.mark(uint32(r))
}

func (m *Member) role() Role { return Role(m.marks.Load() & roleBits) }

func (m *Member) operates() bool { return m.marked(operator) }

func (m *Member) marked(bit uint32) bool { return m.marks.Load()&bit != 0 }

// A seat is a member's place in a room.
type seat struct {
	member *Member
	room   *Room // nil: not taken
	place  int32 // index in room.seats, guarded by room.mu
	gone   bool  // is being put out of the room: says nothing here; guarded by room.mu
}

// more is what few members need.
type more struct {
	account uint64  // 0 for a guest
	seats   []*seat // in rooms after the first
	// settings is what is chosen, nil for nothing, and ignored has the keys of the
	// names that are; neither is ever changed in place.
	settings *Settings
	ignored  map[string]bool
	reply    string   // the name of who sent the last private message
	next     func()   // goes on with the list that /more asks for; nil: nothing is left
	mail     []uint64 // what was delivered, but not dropped yet
	meter    *meter   // of the person
	// held are the IDs of mutes, which stay with who changes his name.
	held []uint64
	// invited has the rooms that a guest may enter.
	invited []*Room
}

func (m *Member) rest() *more {
	if m.more == nil {
		m.more = &more{}
	}
	return m.more
}

// ID returns the number that events carry as Author. It is never used again.
func (m *Member) ID() uint64 { return m.id }

// Name returns the member's name, or "" before it has one.
func (m *Member) Name() string {
	if m.who == nil {
		return ""
	}
	return m.who.name.Display
}

// Room returns the current room, where lines go, or nil.
func (m *Member) Room() *Room { return m.room }

// Settings returns what the member has chosen.
func (m *Member) Settings() Settings {
	if m.more == nil || m.more.settings == nil {
		return Settings{}
	}
	return *m.more.settings
}

// account returns that of the user, or 0 for a guest.
func (m *Member) account() uint64 {
	if m.more == nil {
		return 0
	}
	return m.more.account
}

// ignored has the keys of the names that m ignores; it is not to be changed.
func (m *Member) ignored() map[string]bool {
	if m.more == nil {
		return nil
	}
	return m.more.ignored
}

// Rooms returns in how many rooms the member is.
func (m *Member) Rooms() int { return len(m.seats()) }

// seats returns the taken ones.
func (m *Member) seats() []*seat {
	var all []*seat
	if m.seat.room != nil {
		all = append(all, &m.seat)
	}
	if m.more != nil {
		all = append(all, m.more.seats...)
	}
	return all
}

// in returns the member's seat in a room, or nil.
func (m *Member) in(r *Room) *seat {
	if m.seat.room == r {
		return &m.seat
	}
	if m.more != nil {
		for _, s := range m.more.seats {
			if s.room == r {
				return s
			}
		}
	}
	return nil
}

// sit returns a seat that is free, behind those that are taken.
func (m *Member) sit() *seat {
	if m.seat.room == nil && (m.more == nil || len(m.more.seats) == 0) {
		return &m.seat
	}
	s := &seat{}
	x := m.rest()
	x.seats = append(x.seats, s)
	return s
}

// stand gives a seat back.
func (m *Member) stand(s *seat) {
	s.room = nil
	if m.more == nil || s == &m.seat {
		return
	}
	for i := range m.more.seats {
		if m.more.seats[i] == s {
			m.more.seats = append(m.more.seats[:i], m.more.seats[i+1:]...)
			return
		}
	}
}

// Ignored returns the keys of the names that m does not want to see. They are not to
// be changed.
func (m *Member) Ignored() map[string]bool { return m.ignored() }

// Ignores tells whether m does not want to see somebody of that name.
func (m *Member) Ignores(name string) bool { return len(m.ignored()) > 0 && m.ignores(fold(name)) }

// refuse tells m why something was not done.
func (m *Member) refuse(why string) { m.out.Deliver(Event{Kind: Refusal, Body: why}) }

// tell shows m a line of the server.
func (m *Member) tell(text string) { m.out.Deliver(Event{Kind: Notice, Body: text}) }

// saved tells m what became of a message.
func (m *Member) saved(id uint64, err error) {
	if err != nil {
		m.refuse("your line was not saved: " + Reason(err))
		return
	}
	m.tell("saved #" + strconv.FormatUint(id, 10))
}
