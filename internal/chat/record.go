package chat

import (
	"net/netip"
	"strconv"
	"time"

	"github.com/sudoXpg/netloop/internal/names"
)

// A Record is a change that is stored on disk: one of the types below. Records
// are values, and hold the new state, so that writing one again changes
// nothing.
type Record interface{ record() }

// A Post is a message of a room.
type Post struct {
	Event Event
	// Key is the author's name as it is compared (see package names).
	Key string
	// CID is the ID that the client gave the message, at most MaxCID bytes; "" for
	// none. Owner, which is needed then, is the account or the session whose CIDs
	// are counted together. Neither is part of the message: see [Archive.Posted].
	Owner uint64
	CID   string
	// Awaited tells a Journal that the author waits for the post to be saved. It
	// is not stored.
	Awaited bool
}

// Limits of what is stored for clients that resume.
const (
	// MaxReadMarks is how many read marks of an account are kept.
	MaxReadMarks = 64
	// MaxChanges is how many deleted and edited messages of a room are remembered
	// at least: those that were changed last.
	MaxChanges = 1000
)

// A Redaction deletes messages: their text is removed, and they are never shown
// again. Only their existence, time and author stay.
type Redaction struct {
	Room string
	// IDs are the messages' IDs. If there are none, the messages are those of an
	// author since a time: by account if that is not 0, and messages without an
	// account by Key.
	IDs     []uint64
	Account uint64
	Key     string
	Since   time.Time
	// Time is when it was made; the zero value if that is not known.
	Time time.Time `json:",omitzero"`
}

// An Edit replaces the text of a message and sets Event.Edited. It changes nothing
// if the message was deleted or is not stored any more. Of several edits, the one
// that is written last remains, whatever its time.
type Edit struct {
	Room string
	ID   uint64
	Body string    // not empty
	Time time.Time // not zero
}

// An Account is a registered user.
type Account struct {
	ID   uint64 // never used again
	Name string // as shown
	Role Role   // User or higher
	// Hash is the hash of the password, as a PHC string.
	Hash          string
	Created, Seen time.Time
	Settings      Settings
	// Ignores are the keys of the ignored names.
	Ignores []string
	// Rooms are the names of the rooms to enter at the next login, besides the lobby.
	Rooms []string `json:",omitempty"`
}

// A ReadMark is how far an account has read a room. It only moves forward, by
// Epoch and then Seq: a mark that is not ahead of the stored one changes nothing.
// Of each account, the MaxReadMarks that moved last are kept.
type ReadMark struct {
	Account    uint64
	Room       string
	Epoch, Seq uint64
}

// DropAccount removes an account, its mail, sessions, read marks and client IDs.
type DropAccount struct{ ID uint64 }

// A Session is a log-in that survives connections and restarts. It is not
// exported.
type Session struct {
	ID uint64 // never used again
	// Account is its account, 0 for a guest.
	Account uint64
	Name    string
	// Hash and Previous are SHA-256 of its token and of the token before that. They
	// are secret, so neither JSON nor String has them.
	Hash     [32]byte `json:"-"`
	Previous [32]byte `json:"-"`
	// Rotated is when the token was last replaced, Seen when the session was last
	// used.
	Rotated, Seen time.Time
	// Rooms are the names of the rooms it was in.
	Rooms    []string `json:",omitempty"`
	Settings Settings
	// Ignores are the keys of the names that a guest ignores, and Mutes the IDs of the mutes
	// that stay with a guest, whatever the name. An account has its own.
	Ignores []string `json:",omitempty"`
	Mutes   []uint64 `json:",omitempty"`
}

// String returns the session's ID, for logs.
func (s Session) String() string { return "session " + strconv.FormatUint(s.ID, 10) }

// GoString is String.
func (s Session) GoString() string { return s.String() }

// DropSession removes a session, and its client IDs.
type DropSession struct{ ID uint64 }

// A Choice is a setting that a user is asked about once.
type Choice string

// The choices. The empty string means that the user was not asked yet.
const (
	On  Choice = "on"
	Off Choice = "off"
)

// Settings are a user's settings (see /set).
type Settings struct {
	Timestamps bool // the time is shown before each line
	Colour     bool
	Bell       bool   // rings at a private message or a mention
	Receipts   bool   // "saved" is shown when a line is on disk
	Zone       string // an IANA time zone; "" for UTC
	Editing    Choice // the server edits the lines of a telnet client
	Charset    string // of the terminal (see package charset); "" for UTF-8
}

// SameNames returns pairs of accounts whose names are the same by the current rules,
// but were different by those of an earlier version: the first account, and the one
// that is found only by its exact spelling. Both names stay taken.
func (s *State) SameNames() (pairs [][2]string) {
	first := make(map[string]string)
	for _, a := range s.Accounts {
		name, err := names.Parse(a.Name)
		switch {
		case err != nil:
		case first[name.Skeleton] != "":
			pairs = append(pairs, [2]string{first[name.Skeleton], a.Name})
		default:
			first[name.Skeleton] = a.Name
		}
	}
	return pairs
}

// A RoomState is the stored state of a room besides its messages.
type RoomState struct {
	Name, Topic string
	Created     time.Time
	// Founder is an account; Operators and Members are, too.
	Founder            uint64
	Operators, Members []uint64
	// MembersOnly admits only Members, Operators and staff.
	MembersOnly bool
	// Key is the hash of the room's key, which /join needs; "" for none.
	Key string
	// Moderated lets only Operators, Voiced and staff speak.
	Moderated bool
	// Voiced are accounts.
	Voiced []uint64
	// Slow is the least time between two lines of one person.
	Slow time.Duration
	// KeepAge and KeepBytes bound the history; 0 means the server's bound.
	KeepAge   time.Duration
	KeepBytes int64
}

// DropRoom removes a room's state. Its messages stay until they are too old.
type DropRoom struct{ Name string }

// SanctionKind is the kind of a Sanction.
type SanctionKind uint8

// The kinds of sanctions.
const (
	// Ban: the target may not enter.
	Ban SanctionKind = iota + 1
	// Mute: the target may not speak, and is told.
	Mute
	// ShadowMute: the target may not speak, and is not told.
	ShadowMute
)

// String implements fmt.Stringer.
func (k SanctionKind) String() string {
	switch k {
	case Ban:
		return "ban"
	case Mute:
		return "mute"
	case ShadowMute:
		return "shadowmute"
	}
	return "none"
}

// A Sanction is a ban or a mute. It applies to everybody who matches any of
// Account, Key, Skeleton and Net.
type Sanction struct {
	ID   uint64 // never used again
	Kind SanctionKind
	// Room is the room that it applies to; "" means everywhere.
	Room string
	// Target is its target, as it was typed.
	Target        string
	Account       uint64       // 0 for none
	Key, Skeleton string       // of a name (see package names); "" for none
	Net           netip.Prefix // an address is a prefix of full length; the zero value means none
	Reason, By    string
	Since         time.Time
	Until         time.Time // the zero value: forever
}

// DropSanction ends a sanction.
type DropSanction struct{ ID uint64 }

// A Mail is a private message for a user who was not there.
type Mail struct {
	ID          uint64 // in the order of all events
	To          uint64 // an account
	FromAccount uint64 // 0 for a guest
	From        string
	Action      bool `json:",omitempty"` // see Event.Action
	Body        string
	Time        time.Time
}

// DropMail removes mail that has been delivered.
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

// DropFlag removes a flag from the queue.
type DropFlag struct{ ID uint64 }

// An Act is an entry of the audit log, which is never removed. The store chains
// them: each carries the hash of the one before.
type Act struct {
	Time                    time.Time
	By                      string // who did it
	Verb, Target, Room, Why string
}

// An End is the last record of a run: where every order stopped. Events that are
// not stored, such as joins and leaves, also have a place in the order and an
// ID, so only the hub knows. If nothing is written after an End, the epoch
// continues; without an End the next run begins a new epoch.
type End struct {
	LastID uint64
	Orders []Order // without Recent
}

func (Post) record()         {}
func (Redaction) record()    {}
func (Edit) record()         {}
func (Account) record()      {}
func (ReadMark) record()     {}
func (DropAccount) record()  {}
func (Session) record()      {}
func (DropSession) record()  {}
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

// A State is the stored state that a Hub begins with.
type State struct {
	// Epoch is the epoch to use now: a new one if the order of events may have
	// been cut (see Event.Epoch).
	Epoch uint64
	// LastID is the highest ID of events, accounts, sessions, sanctions and mail so
	// far.
	LastID    uint64
	Accounts  []Account
	Rooms     []RoomState
	Sanctions []Sanction
	Flags     []Flag
	Sessions  []Session
	// ReadMarks are those of all accounts, by account. Those of an account are in
	// the order in which they moved last.
	ReadMarks []ReadMark
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

// A Journal stores records. Its methods may be called from any goroutine and
// never block.
type Journal interface {
	// Write queues records, which are stored all or none, in the order of the
	// calls. done, which may be nil, is called once, on any goroutine: with nil
	// when they are on disk, or with the reason why they are not. That may take a
	// moment longer for posts that are not Awaited.
	Write(done func(error), records ...Record)
	// Full reports whether a sender of messages should wait. If so, wake, unless it
	// is nil, is called once, on any goroutine, when there is room again.
	Full(wake func()) bool
}

// A HistoryQuery asks for messages of a room.
type HistoryQuery struct {
	Room string
	// Before is the ID of an event: only older ones. 0: no bound.
	Before uint64
	// After is the ID of an event: only newer ones. 0: no bound. With After and
	// without Before, the oldest Limit messages are returned, and otherwise the
	// newest Limit of those within the bounds.
	After uint64
	// Since leaves out messages from before it.
	Since time.Time
	// Limit is the most that are returned. If exactly Limit are, there may be more.
	Limit int
}

// A Posted is a stored message that a client gave an ID.
type Posted struct {
	CID, Room      string
	Epoch, Seq, ID uint64
}

// A Missed is what happened in a room after a place in its order.
type Missed struct {
	// KeptTo is 0 if the place is in the current epoch. Otherwise it is the last seq
	// of the place's epoch that is stored: nothing beyond it happened, so clients
	// must take back what they saw beyond it.
	KeptTo uint64
	// Events are the messages after the place, oldest first, without deleted ones.
	// More is set if there are more than that.
	Events []Event
	More   bool
	// Gap is set if there were messages before Events, after the place, that are no
	// longer stored.
	Gap bool
	// Changes are the messages up to the place that were deleted or edited, in the
	// order in which that happened last. They are all that are remembered of the
	// room, at least the last MaxChanges and at most a quarter more, whenever they
	// were made: the place does not tell which of them a client has seen, because
	// members are told of a change only when it is on disk. Change.Time may tell.
	Changes []Change
}

// A Change is a stored message that was deleted or edited.
type Change struct {
	ID uint64
	// Time is when it was last changed; the zero value if that is not known.
	Time time.Time
	// Edited is the message as it is now, nil if it was deleted.
	Edited *Event
}

// A SearchQuery asks for messages with all of some words.
type SearchQuery struct {
	// Words are compared without case and accents. One that contains several words
	// matches these in sequence; a * at its end matches any ending. There are no
	// other special characters.
	Words []string
	// Key is the author's name as it is compared; "" for any author.
	Key string
	// Rooms are the rooms to search.
	Rooms []string
	// After and Before bound the time; the zero value means no bound.
	After, Before time.Time
	// BeforeID is the ID of an event: only older ones. 0: the newest.
	BeforeID uint64
	// Limit is the most that are returned. If exactly Limit are, there may be more.
	Limit int
}

// An Archive queries stored messages. Its methods may take long and may be
// called from several goroutines, never from an event loop.
type Archive interface {
	// History returns messages that match the query, oldest first.
	History(HistoryQuery) ([]Event, error)
	// Search returns messages, newest first.
	Search(SearchQuery) ([]Event, error)
	// Mail returns the mail that waits for an account, oldest first, limit at most.
	Mail(account uint64, limit int) ([]Mail, error)
	// Posted returns the messages with a CID of an owner (see [Post]), newest first,
	// limit at most. The newest CIDWindow are kept, even of messages that were
	// deleted or archived since. If a CID was used again, it is that of the newest
	// message. Those of an owner that is not stored, as an account or a session, are
	// dropped at the next start.
	Posted(owner uint64, limit int) ([]Posted, error)
	// Since returns what happened in a room after the event with that epoch and seq,
	// which need not be stored, with at most limit messages. As in History, these may
	// be of an earlier room with that name.
	Since(room string, epoch, seq uint64, limit int) (Missed, error)
}
