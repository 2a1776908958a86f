package text

import (
	"strings"
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
	for line := range strings.SplitSeq(e.Body, "\n") {
		dst = safetext.Append(dst, e.Name)
		dst = append(dst, ": "...)
		dst = append(safetext.Append(dst, line), '\n')
	}
	return dst
}

// Notice appends a line of the server for one client.
func (Classic) Notice(dst []byte, what *chat.Note) []byte {
	return append(appendNotice(dst, Words(what)), '\n')
}

// Missed appends a notice that a reader was too slow and missed n lines.
func (c Classic) Missed(dst []byte, _ string, n uint64) []byte { return c.Notice(dst, missed(n)) }

// Day appends nothing.
func (Classic) Day(dst []byte, _ time.Time, _ chat.Event) []byte { return dst }

// Bye appends why the connection is closed.
func (c Classic) Bye(dst []byte, why *chat.Note) []byte { return c.Notice(dst, why) }

// Entered appends the latest messages, and that the reader is in the room now.
func (c Classic) Entered(dst []byte, e chat.Entry, _ time.Time) []byte {
	for i := range e.Recent {
		dst = c.Event(dst, e.Recent[i])
	}
	return c.Notice(dst, entered(e))
}

// Answer appends nothing: there are no commands.
func (Classic) Answer(dst []byte, _ chat.Answer) []byte { return dst }
