package chat

import (
	"net/netip"
	"time"
)

// Kind is the kind of an Event.
type Kind uint8

// The kinds of events. Say and Action are messages: they are stored as history.
const (
	// Say is a line: Name said Body.
	Say Kind = iota + 1
	// Action is a line in the third person (/me): Name does Body.
	Action
	// Join: Name has entered the room. Body is their role there (see RoomRole).
	Join
	// Leave: Name has left the room; Note is the reason, or nil.
	Leave
	// Rename: Name is called Body from now on.
	Rename
	// Notice is a message of the server: Note.
	Notice
	// Refusal is a Notice about a command that was not carried out: Note says why.
	Refusal
	// Private is a private message of Name, and Sent one to Name.
	Private
	Sent
	// Mailed is a Private that has waited since Time.
	Mailed
	// Announcement is a Notice in every room: a member of several rooms sees it
	// in the current one.
	Announcement
	// Edited: the text of the message ReplyTo, by Name, is Body now.
	Edited
	// Away: Name is away; Body is the reason, "" for none. Back: they are back.
	Away
	Back
)

// An Event is one thing that happened. In a room, events have one order that every
// member sees; a private event (see [Outlet]) has only Kind, Action, Name, Body,
// Note and Time. Events are values: they are not changed after they were published.
type Event struct {
	Room string
	// Epoch and Seq give the place in the room's order. Seq counts from 1 in
	// each epoch; a new epoch begins where the order may have been cut. Of a Private,
	// Seq is its number in the session of the member who receives it, 0 without one.
	Epoch, Seq uint64
	// ID is never used again, not even after a restart.
	ID uint64
	// Author is the ID of the member who caused the event, 0 for the server.
	// It means nothing after a restart.
	Author uint64
	// Account is the author's, 0 without one.
	Account uint64
	Kind    Kind
	// Action marks a Private, Sent or Mailed in the third person, as Kind does in a room.
	Action bool `json:",omitempty"`
	// Name is the author's name at the time.
	Name string
	Body string
	Time time.Time
	// ReplyTo is the ID of the message that is answered, or that was edited; 0 for none.
	ReplyTo uint64 `json:",omitempty"`
	// Edited is when Body was last replaced (see [Edit]); the zero value: never.
	Edited time.Time `json:",omitzero"`
	// Note is the server's text, nil in events of people.
	Note *Note
}

// A Span is a part of a text, in bytes.
type Span struct{ From, To int }

// isMessage reports whether e is stored as history.
func (e *Event) isMessage() bool { return e.Kind == Say || e.Kind == Action }

// A Feed carries a room's events to its members. Its methods are called inside
// the room's mutex. They must neither block nor call the room.
type Feed interface {
	// Publish is called in the room's order. The feed decides whether authors
	// get their own events. key is the key of the author's name at the time, ""
	// for the server.
	Publish(e Event, key string)
	// SkipAuthor, SkipName and Skip withhold what members have not been sent yet: the
	// events of an author, those under the name of that key, or the one with that Seq.
	SkipAuthor(author uint64)
	SkipName(key string)
	Skip(seq uint64)
}

// An Outlet delivers to one member. Unless it says otherwise, a method is called
// only on the goroutine that called the Hub or Room on behalf of this member.
type Outlet interface {
	// Deliver shows the member an event that nobody else sees.
	Deliver(e Event)
	// Answer shows the member the result of a command.
	Answer(a Answer)
	// Close ends the member's connection; why is the reason that the others are
	// told, or nil. The connection's owner answers with [Hub.Leave].
	Close(why *Note)

	// Enter begins to show the events of a room. It is called inside the room's
	// mutex, and must not call the room: an outlet that subscribes to the feed
	// in it gets the next event after the Entry, without a gap or a duplicate.
	Enter(e Entry)
	// Exit stops showing a room.
	Exit(r *Room)
	// Ignore hides a room's events under the name with that key, or shows them
	// again from now on. Names in Ignored are ignored in a room from entering it.
	Ignore(r *Room, key string, yes bool)
	// Adapt is called when the member's settings or current room have changed.
	Adapt()

	// Ask asks the member a question. If hidden is set, the answer should not
	// be shown on the screen. The next line goes to answer instead of the chat.
	// why, unless it is nil, is shown before the question and says what was
	// wrong with the last answer.
	Ask(why, question *Note, hidden bool, answer func(line string))
	// Discard drops input that the member has typed ahead, which may answer
	// questions that are no longer asked, unless there is still a question or
	// something to wait for.
	Discard()
	// Work runs work on another goroutine, and then done on this one, unless the
	// member has gone. No input of theirs is processed in between. If there is
	// too much work already, neither is run and why says so.
	Work(kind WorkKind, work, done func()) (why error)
	// Await calls start, which begins an asynchronous operation and calls finish
	// once when it is done, on any goroutine, even inside start. Then done is run
	// on this goroutine, unless the member has gone, but not before Await has
	// returned. No input of the member is processed in between.
	Await(start func(finish func()), done func())
	// Extra reports whether the member's address has too many connections. Such a
	// member may only log in to an account with another connection from that
	// address, which is then closed.
	Extra() bool
	// Exposed reports whether a password of the member would cross a network
	// unencrypted although that is not allowed. Such a member is not asked for one.
	Exposed() bool
	// Post runs f on the member's goroutine, unless it has gone. It may be called
	// from any goroutine, and never blocks.
	Post(f func())
	// Now returns the time. It may be called from any goroutine.
	Now() time.Time
	// Addr returns the address that the member connects from; it is invalid for
	// local sockets. It may be called from any goroutine.
	Addr() netip.Addr
	// Echoes reports whether the room's feed shows the member its own messages. It
	// may be called from any goroutine.
	Echoes() bool
}

// An Entry is what a member is shown of a room when it enters.
type Entry struct {
	Room *Room
	// Name is the member's own name, as it knows it.
	Name string
	// Role is the member's own role in the room.
	Role RoomRole
	// Topic is the room's topic, as the member sees it; "" for none.
	Topic string
	// Recent are the latest messages, oldest first. The slice is valid only during the
	// call.
	Recent []Event
	// Others is the number of other people in the room.
	Others int
	// Epoch and Seq give the place in the room's order before the next event.
	Epoch, Seq uint64
	// Catchup, unless it is nil, is for a member who comes back.
	Catchup *Catchup
	// Read is how far the member's account has read the room; nil if that is not known.
	Read *ReadMark
}

// WorkKind is the kind of a piece of work.
type WorkKind uint8

// The kinds of work.
const (
	// Disk reads from the archive.
	Disk WorkKind = iota
	// Hashing hashes a new password.
	Hashing
	// Matching compares a password. It may be dropped when its member has gone.
	Matching
)
