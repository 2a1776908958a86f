package chat

import (
	"net/netip"
	"time"
)

// An Answer is the result of a command, as data: a codec adds the words, columns and
// colours. Each kind is a struct in this file. Answers are values: they are not changed
// after they were passed to an [Outlet].
type Answer interface{ answer() }

// Commands is a page of the commands that a member may use.
type Commands struct {
	List   []Usage
	Topics []string // the topics of /help; nil if one was asked for
	More   int      // how many follow, for /more
}

// A Usage describes how a command is used.
type Usage struct {
	Name    string
	Aliases []string
	Args    string // as in "NAME [REASON]"
	Help    string // a sentence
}

// Rooms lists the rooms that a member may see.
type Rooms struct{ List []RoomEntry }

// A RoomEntry is a room in a list.
type RoomEntry struct {
	Name                          string
	People                        int
	MembersOnly, Keyed, Moderated bool
	Slow                          time.Duration // the least time between two lines of one person; 0: none
	Topic                         string        // "" for none
}

// Topic is the topic of a room, "" for none.
type Topic struct{ Room, Text string }

// Members lists the people in a room, each of them once.
type Members struct {
	Room   string
	People int // including those beyond List
	List   []MemberEntry
	Others int // how many connections were not examined
}

// A RoomRole is what a person is in a room, "" for a plain member.
type RoomRole string

// The roles in a room.
const (
	RoomOwner    RoomRole = "owner"
	RoomOperator RoomRole = "operator"
	RoomVoiced   RoomRole = "voiced" // may speak while the room is moderated
)

// A MemberEntry is a person in a Members list.
type MemberEntry struct {
	Name string
	Role RoomRole // only for those who are in the room, and staff
	Away bool
	Why  string        // they are away; "" for no reason
	Idle time.Duration // 0 if they have sent something recently
}

// Connections lists all connections that have a name, for an operator of the server.
type Connections struct{ List []Connection }

// A Connection is one connection of a person.
type Connection struct {
	ID   uint64
	Name string
	Role Role
	From netip.Addr // invalid for this machine
	Idle time.Duration
}

// Person describes a user.
type Person struct {
	Name       string
	Registered bool
	Role       Role
	Here       int           // connections
	Seen       time.Duration // how long ago, if Here is 0
	Idle       time.Duration // 0 if they have sent something recently
	Away       bool
	Why        string // they are away; "" for no reason
	// Connections is for staff: only ID and From are set.
	Connections []Connection
}

// Self describes the member who asks.
type Self struct {
	Name       string
	Registered bool
	Role       Role
	Rooms      []string
	From       netip.Addr // invalid for this machine
}

// Ignored lists the names that a member ignores.
type Ignored struct{ Names []string }

// OwnSettings lists a member's settings.
type OwnSettings struct{ List []SettingEntry }

// A SettingEntry is a setting and its value.
type SettingEntry struct {
	Name string
	// Value is a bool, a string, or a time.Duration or an int64 of bytes for which 0 means
	// off.
	Value  any
	Values *Note // what it can be set to
}

// RoomSettings lists the settings of a room.
type RoomSettings struct {
	Room string
	List []SettingEntry
}

// RoomMembers lists the members of a room.
type RoomMembers struct {
	Room                              string
	Owner, Operators, Members, Voiced []string
}

// Sanctions is a page of the bans and mutes that are in force.
type Sanctions struct {
	List []Sanction
	More int
}

// Flags is a page of the messages that wait for a review.
type Flags struct {
	List []Flag
	More int
}

// History is a page of what was said in a room, oldest first.
type History struct {
	Room   string
	Events []Event
	Older  bool // /more has another page
	Newer  bool // more messages follow
}

// Found is a page of the results of a search, newest first.
type Found struct {
	Query  string
	Events []Event
	Rooms  bool // several rooms were searched
	Older  bool // /more has another page
}

// Statistics are the figures of /stats.
type Statistics struct {
	Names, Connections, Rooms, Accounts int
	Sanctions, Flags                    int
	Server                              *ServerStatistics // nil if there is none
}

// ServerStatistics are the server's counters since its start.
type ServerStatistics struct {
	Up                              time.Duration
	Open                            int
	Accepted, Refused, Slow, Events uint64 // connections accepted and refused; connections that were too slow; events published
}

// Resumable is the token with which the member's session can be resumed, once, within a time
// after its connection has ended.
type Resumable struct {
	Token string
	For   time.Duration
}

// Completions are the words that begin with a prefix, at most 20.
type Completions struct {
	Prefix string
	Words  []string
}

// Saved is the outcome of a message whose sender waits for it.
type Saved struct {
	CID string // the sender's own identifier; "" for none
	// Room is where it went, with its place in the order, or To the person.
	Room, To       string
	Epoch, Seq, ID uint64
	// Stored is set if it is on disk, which it can't be on a server that stores nothing.
	Stored bool
	Held   bool  // it waits for a moderator's review, and has no place in the order
	Why    *Note // it was not sent, or not saved, although others may have seen it; nil: it was
}

func savedAt(e *Event, stored bool) Saved {
	return Saved{Room: e.Room, Epoch: e.Epoch, Seq: e.Seq, ID: e.ID, Stored: stored}
}

func (Commands) answer()     {}
func (Usage) answer()        {}
func (Rooms) answer()        {}
func (Topic) answer()        {}
func (Members) answer()      {}
func (Connections) answer()  {}
func (Person) answer()       {}
func (Self) answer()         {}
func (Ignored) answer()      {}
func (OwnSettings) answer()  {}
func (RoomSettings) answer() {}
func (RoomMembers) answer()  {}
func (Sanctions) answer()    {}
func (Flags) answer()        {}
func (History) answer()      {}
func (Found) answer()        {}
func (Statistics) answer()   {}
func (Saved) answer()        {}
func (Completions) answer()  {}
func (Resumable) answer()    {}
func (ReadMark) answer()     {}
