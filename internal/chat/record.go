package chat

import (
	"net/netip"
	"time"
)

// A Record is a change that is kept on disk: one of the types below. Records
// are values, and say how things are from now on, so that writing one again
// changes nothing.
type Record interface{ record() }

// A Post is a message of a room.
type Post struct {
	Event Event
	// Key is the author's name as it is compared (see package names).
	Key string
}

// A Redaction takes messages back: their text is gone from then on, and nobody
// is shown them again. What stays is that there was one, when and by whom.
type Redaction struct {
	Room string
	// IDs are those of the messages. If there are none, it is those of an author
	// since a time: by account if that is not 0, and of those without one by Key.
	IDs     []uint64
	Account uint64
	Key     string
	Since   time.Time
}

// An Account is a registered user.
type Account struct {
	ID   uint64 // never used again
	Name string // as it is shown
	Role Role   // User or higher
	// Hash is the password's, as a PHC string.
	Hash          string
	Created, Seen time.Time
	Settings      Settings
	// Ignores are the keys of names.
	Ignores []string
}

// DropAccount removes an account, and its mail.
type DropAccount struct{ ID uint64 }

// Settings are what a user has chosen with /set.
type Settings struct {
	Timestamps bool // the time stands before each line
	Colour     bool
	Bell       bool   // a private message or one's own name rings it
	Receipts   bool   // "saved" is shown when a line is on disk
	Zone       string // an IANA time zone; "" for UTC
}

// A RoomState is what is kept of a room besides its messages.
type RoomState struct {
	Name, Topic string
	Created     time.Time
	// Founder is an account; Operators and Members are, too.
	Founder            uint64
	Operators, Members []uint64
	// MembersOnly: only Members, Operators and staff may enter.
	MembersOnly bool
	// Key is the hash of the word that /join needs; "" if it needs none.
	Key string
	// Moderated: only Operators, Members and staff may speak.
	Moderated bool
	// Slow is the least time between two lines of one person.
	Slow time.Duration
	// KeepAge and KeepBytes bound the history; 0 is the server's bound.
	KeepAge   time.Duration
	KeepBytes int64
}

// DropRoom removes a room's state. Its messages stay until they are too old.
type DropRoom struct{ Name string }

// SanctionKind is what a Sanction takes away.
type SanctionKind uint8

// The kinds of sanctions.
const (
	// Ban: may not enter.
	Ban SanctionKind = iota + 1
	// Mute: may not speak, and is told.
	Mute
	// ShadowMute: may not speak, and is not told.
	ShadowMute
)

// A Sanction is a ban or a mute. It holds for everybody whom any of Account,
// Key, Skeleton and Net means.
type Sanction struct {
	ID   uint64 // never used again
	Kind SanctionKind
	// Room is where it holds; "" means everywhere.
	Room string
	// Target is whom it was meant for, as it was typed.
	Target        string
	Account       uint64       // 0 for none
	Key, Skeleton string       // of a name (see package names); "" for none
	Net           netip.Prefix // an address is a prefix of full length; the zero value for none
	Reason, By    string
	Since         time.Time
	Until         time.Time // the zero value: for ever
}

// DropSanction ends one.
type DropSanction struct{ ID uint64 }

// A Mail is a private message for somebody who was not there.
type Mail struct {
	ID          uint64 // in the order of all events
	To          uint64 // an account
	FromAccount uint64 // 0 for a guest
	From        string
	Body        string
	Time        time.Time
}

// DropMail removes what has been delivered.
type DropMail struct{ IDs []uint64 }

// A Flag is a message that waits for a moderator.
type Flag struct {
	ID uint64 // that of the event
	// Event has not been published if Held.
	Event Event
	Key   string
	Held  bool
	Why   string
}

// DropFlag removes one from the queue.
type DropFlag struct{ ID uint64 }

// An Act is an entry of the audit log, which nothing removes. The store chains
// them: each carries the hash of the one before.
type Act struct {
	Time                    time.Time
	By                      string // who did it
	Verb, Target, Room, Why string
}

// An End is the last record of a run: where everything stopped. Events that are
// not kept, such as those of people who come and go, have a place in the order
// and an ID, too, so only the hub knows. If nothing is written after an End, the
// epoch goes on; without one the next run begins a new epoch.
type End struct {
	LastID uint64
	Orders []Order // without Recent
}

func (Post) record()         {}
func (Redaction) record()    {}
func (Account) record()      {}
func (DropAccount) record()  {}
func (RoomState) record()    {}
func (DropRoom) record()     {}
func (Sanction) record()     {}
func (DropSanction) record() {}
func (Mail) record()         {}
func (DropMail) record()     {}
func (Flag) record()         {}
func (DropFlag) record()     {}
func (Act) record()          {}
func (End) record()          {}

// A State is what a Hub begins with: what was kept before.
type State struct {
	// Epoch is the one to use now: another than before if the order of events
	// may have been cut (see Event.Epoch).
	Epoch uint64
	// LastID is the highest ID of events, accounts, sanctions and mail so far.
	LastID    uint64
	Accounts  []Account
	Rooms     []RoomState
	Sanctions []Sanction
	Flags     []Flag
	// Orders has the rooms that have messages.
	Orders []Order
}

// An Order is where the events of a room stopped.
type Order struct {
	Room string
	// Seq is the last one in State.Epoch; 0 if that has just begun.
	Seq uint64
	// Recent are the last messages, oldest first.
	Recent []Event
}

// A Journal takes what has to be kept. Its methods may be called from any
// goroutine and never block.
type Journal interface {
	// Write queues records that are kept all or not at all, in the order of the
	// calls. done, which may be nil, is called once, on any goroutine: with nil
	// when they are on disk, or with the reason why they are not.
	Write(done func(error), records ...Record)
	// Full tells whether a sender of messages should wait. If so, wake is called
	// once, on any goroutine, when there is room again.
	Full(wake func()) bool
}

// A HistoryQuery asks for messages of a room.
type HistoryQuery struct {
	Room string
	// Before is the ID of an event: only older ones. 0: the newest.
	Before uint64
	// Since leaves out what was said before.
	Since time.Time
	// Limit is the most that are returned; more exist if that many are.
	Limit int
}

// A SearchQuery asks for messages with all of some words.
type SearchQuery struct {
	// Words are compared without case and accents. They are never a language.
	Words []string
	// Key is the author's name as it is compared; "" for anybody.
	Key string
	// Rooms are those to look in.
	Rooms []string
	// After and Before bound the time; the zero value does not.
	After, Before time.Time
	// BeforeID is the ID of an event: only older ones. 0: the newest.
	BeforeID uint64
	// Limit is the most that are returned; more exist if that many are.
	Limit int
}

// An Archive answers questions about what was kept. Its methods may take long
// and may be called from several goroutines, never from an event loop.
type Archive interface {
	// History returns messages, oldest first: the newest that the query means.
	History(HistoryQuery) ([]Event, error)
	// Search returns messages, newest first.
	Search(SearchQuery) ([]Event, error)
	// Mail returns what waits for an account, oldest first, limit at most.
	Mail(account uint64, limit int) ([]Mail, error)
}
