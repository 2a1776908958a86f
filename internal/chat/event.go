package chat

import (
	"net/netip"
	"time"
)

// Kind says what an Event is about.
type Kind uint8

// The kinds of events. Say and Action are messages: they are kept as history.
const (
	// Say is a line: Name said Body.
	Say Kind = iota + 1
	// Action is a line in the third person (/me): Name does Body.
	Action
	// Join: Name has entered the room.
	Join
	// Leave: Name has left the room; Body is the reason, or empty.
	Leave
	// Rename: Name is called Body from now on.
	Rename
	// Notice is the server speaking: Body is the text.
	Notice
	// Refusal is a Notice that answers what was not carried out: Body says why.
	Refusal
	// Private is a private message of Name, and Sent one to Name.
	Private
	Sent
	// Mailed is a Private that has waited since Time.
	Mailed
	// Announcement is a Notice in every room: who is in several sees it in the
	// current one.
	Announcement
)

// An Event is one thing that happened. In a room, events have one order that
// every member sees; a private event (see [Outlet]) has only Kind, Name, Body
// and Time. Events are values: nothing in one is changed after it was published.
type Event struct {
	Room string
	// Epoch and Seq give the place in the room's order. Seq counts from 1 in
	// each epoch; a new epoch begins where the order may have been cut.
	Epoch, Seq uint64
	// ID is never used again, also not after a restart.
	ID uint64
	// Author is the ID of the member who caused the event, 0 for the server.
	// It means nothing after a restart.
	Author uint64
	// Account is the author's, 0 without one.
	Account uint64
	Kind    Kind
	// Name is the author's name at the time.
	Name string
	Body string
	Time time.Time
}

// isMessage tells whether e is kept as history.
func (e *Event) isMessage() bool { return e.Kind == Say || e.Kind == Action }

// A Feed carries a room's events to everybody in it. Its methods are called
// inside the room's mutex. They must neither block nor call the room.
type Feed interface {
	// Publish is called in the room's order. Whether the author gets his own
	// event back is the feed's decision. key is that of the name under which he
	// caused it, "" for the server.
	Publish(e Event, key string)
	// SkipAuthor, SkipName and Skip withhold what members have not been sent yet: the
	// events of an author, those under the name of that key, or the one with that Seq.
	SkipAuthor(author uint64)
	SkipName(key string)
	Skip(seq uint64)
}

// An Outlet is the private way to one member. Unless it says otherwise, a method
// is called only on the goroutine that called the Hub or Room on behalf of this
// member.
type Outlet interface {
	// Deliver shows the member an event that nobody else sees.
	Deliver(e Event)
	// Replay shows the member what was said before.
	Replay(r Replay)
	// Close ends the member's connection; reason is what the others are told,
	// or empty. The connection's owner answers with [Hub.Leave].
	Close(reason string)

	// Enter begins to show the events of a room. It is called inside the room's
	// mutex, and must not call the room: whoever subscribes to the feed in it
	// gets the next event after recent, without a gap and without a duplicate.
	// The slice is valid only during the call. others is their number.
	Enter(r *Room, recent []Event, others int)
	// Exit ends that.
	Exit(r *Room)
	// Ignore shows no events of a room under the name of that key, or shows them
	// again from now on. What Ignored has when a room is entered is ignored there.
	Ignore(r *Room, key string, yes bool)
	// Adapt is called when the member's settings or current room have changed.
	Adapt()

	// Ask has the member answer a question, what is hidden on no screen. The
	// next line goes to answer instead of the chat.
	Ask(question string, hidden bool, answer func(line string))
	// Work runs work on another goroutine, and then done on this one, unless
	// the member has gone. Nothing is received from him in between. Why says what
	// is wrong if there is too much to do already; then neither is run.
	Work(kind WorkKind, work, done func()) (why error)
	// Await has start begin something that is over when finish is called, once, on
	// any goroutine. Then done is run on this one, unless the member has gone.
	// Nothing is received from him in between.
	Await(start func(finish func()), done func())
	// Post runs f on the member's goroutine, unless it has gone. It may be called
	// from any goroutine, and never blocks.
	Post(f func())
	// Now is the time. It may be called from any goroutine.
	Now() time.Time
	// Addr is where the member connects from; invalid for the local machine's
	// own sockets. It may be called from any goroutine.
	Addr() netip.Addr
}

// WorkKind says what a piece of work needs.
type WorkKind uint8

// The kinds of work.
const (
	// Disk reads what was kept.
	Disk WorkKind = iota
	// Hashing is about passwords.
	Hashing
)

// A Replay is a list of past messages.
type Replay struct {
	// Title is what they are, "the last 5 lines of #lobby" for instance.
	Title string
	// Events are in the order in which they are shown.
	Events []Event
	// End is the line after them.
	End string
	// Dated: each is shown with its time and ID. Else as if it was said now.
	Dated bool
	// Roomy: each is shown with its room.
	Roomy bool
}
