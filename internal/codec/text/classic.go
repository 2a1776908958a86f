package text

import (
	"time"

	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/safetext"
)

// Classic is the format of the C chat server that this one replaces: lines end with
// LF, and only messages are shown. Notices to one client alone are lines of their
// own.
type Classic struct{}

// Echo returns whether authors are shown their own messages.
func (Classic) Echo() bool { return false }

// Event appends a message, and nothing for other events.
func (Classic) Event(dst []byte, e chat.Event, _ ...chat.Span) []byte {
	if e.Kind != chat.Say {
		return dst
	}
	dst = safetext.Append(dst, e.Name)
	dst = append(dst, ": "...)
	dst = safetext.Append(dst, e.Body)
	return append(dst, '\n')
}

// Notice appends a line of the server for one client.
func (Classic) Notice(dst []byte, what *chat.Note) []byte {
	return append(appendNotice(dst, Words(what)), '\n')
}

// Missed appends a notice that a reader was too slow and missed n lines.
func (c Classic) Missed(dst []byte, n uint64) []byte { return c.Notice(dst, missed(n)) }

// Day appends nothing.
func (Classic) Day(dst []byte, _ time.Time, _ chat.Event) []byte { return dst }

// History appends messages.
func (c Classic) History(dst []byte, events []chat.Event, _ time.Time) []byte {
	for i := range events {
		dst = c.Event(dst, events[i])
	}
	return dst
}

// Answer appends nothing: there are no commands.
func (Classic) Answer(dst []byte, _ chat.Answer) []byte { return dst }
