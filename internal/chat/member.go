package chat

// Role is what a member may do; a higher one includes the lower ones.
type Role uint8

// The roles.
const (
	Guest Role = iota
	User
	Moderator
	Admin
)

// A Member is one participant, named or not yet. Embed it in the session and
// hand it to [Hub.Admit]. It belongs to the goroutine of its connection; others
// only read its name, inside the Hub's mutex.
type Member struct {
	id     uint64
	name   string
	out    Outlet
	room   *Room // where its lines go; nil outside
	place  int32 // index in room.members, guarded by room.mu
	role   Role
	unique bool // name is a key of Hub.names
}

// ID returns the number that events carry as Author. It is never used again.
func (m *Member) ID() uint64 { return m.id }

// Name returns the member's name, or "" before it has one.
func (m *Member) Name() string { return m.name }

// refuse tells m why something was not done.
func (m *Member) refuse(why string) { m.out.Deliver(Event{Kind: Refusal, Body: why}) }

// tell shows m a line of the server.
func (m *Member) tell(text string) { m.out.Deliver(Event{Kind: Notice, Body: text}) }
