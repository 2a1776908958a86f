package chat

import "time"

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

// A Feed carries a room's events to everybody in it.
type Feed interface {
	// Publish is called inside the room's mutex, in the room's order. It must
	// neither block nor call the room. Whether the author gets his own event
	// back is the feed's decision.
	Publish(e Event)
}

// An Outlet is the private way to one member. Both methods are called only on
// the goroutine that called the Hub or Room on behalf of this member.
type Outlet interface {
	// Deliver shows the member an event that nobody else sees.
	Deliver(e Event)
	// Close ends the member's connection; reason is what the others are told,
	// or empty. The connection's owner answers with [Hub.Leave].
	Close(reason string)
}
