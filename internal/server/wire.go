package server

import (
	"time"

	"github.com/sudoXpg/netloop/internal/chat"
)

// A wire renders for one output format. It is comparable: a room keeps a topic for
// each one in use. Each method appends whole messages of the format, or nothing.
type wire interface {
	// Event appends an event of a room. named are the parts of its text that are
	// names of members who mark mentions.
	Event(dst []byte, e chat.Event, named ...chat.Span) []byte
	// Day appends the line before e if e is the first event of a day. last is the
	// time of the event before, or of a later subscription.
	Day(dst []byte, last time.Time, e chat.Event) []byte
	// Missed appends a notice that n events of a room were not sent to a reader that
	// was too slow; 0 means an unknown number.
	Missed(dst []byte, room string, n uint64) []byte
	// Entered appends what a client is shown of a room that it enters.
	Entered(dst []byte, e chat.Entry, now time.Time) []byte
	// Answer appends the answer to a command.
	Answer(dst []byte, a chat.Answer) []byte
	// Notice appends a note of the server to one client, and Bye one after which the
	// server closes the connection.
	Notice(dst []byte, what *chat.Note) []byte
	Bye(dst []byte, why *chat.Note) []byte
	// Echo returns whether authors are shown their own messages.
	Echo() bool
}
