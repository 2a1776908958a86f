// Package text is the wire format for people at a terminal: lines in, lines
// out. It is pure: it knows neither sockets nor telnet. What comes in has been
// cleaned by the telnet filter; what goes out is guarded once more, so that no
// event, wherever it came from, becomes a second line or speaks to a terminal.
package text

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/sudoXpg/netloop/internal/chat"
)

// A Style is a way to write events.
type Style uint8

// The styles.
const (
	// Default ends lines with CR LF (RFC 854, the end of a line on a network
	// virtual terminal) and has words for every kind of event.
	Default Style = iota
	// Classic ends lines with LF and knows messages only, as the C chat server
	// did that this one replaces; other events are written as nothing.
	Classic
)

// Parse reads a line, without its end. A line that begins with one slash is a
// command; two slashes stand for one that is said.
func Parse(line string) chat.Command {
	rest, ok := strings.CutPrefix(line, "/")
	if !ok {
		return chat.Command{Text: line}
	}
	if strings.HasPrefix(rest, "/") {
		return chat.Command{Text: rest}
	}
	name, args := rest, ""
	if i := strings.IndexAny(rest, " \t"); i >= 0 {
		name, args = rest[:i], rest[i+1:]
	}
	if name == "" {
		// A slash alone, or in front of a space, is no command.
		return chat.Command{Text: line}
	}
	return chat.Command{Name: name, Text: args}
}

// A Format is how a reader wants to see lines in the Default style. The zero
// value is plain. Formats can be compared.
type Format struct {
	// Room: the name of the room stands before each line.
	Room bool
	// Zone, if it is not nil, puts the time of day there before each line.
	Zone *time.Location
	// Colour: names are in colour, by the SGR sequences of ECMA-48, section 8.3.117.
	Colour bool
	// Bell: a private message rings.
	Bell bool
}

// Append appends e, as one whole line or as nothing.
func (s Style) Append(dst []byte, e chat.Event) []byte {
	if s == Classic {
		return appendClassic(dst, e)
	}
	return Format{}.Append(dst, e)
}

// Append appends e in the Default style, as one whole line or as nothing.
func (f Format) Append(dst []byte, e chat.Event) []byte {
	start := len(dst)
	if f.Zone != nil && !e.Time.IsZero() && e.Kind != chat.Mailed {
		dst = append(e.Time.In(f.Zone).AppendFormat(append(dst, '['), "15:04"), "] "...)
	}
	if f.Room && e.Room != "" {
		dst = append(appendSafe(dst, e.Room), ' ')
	}
	dst, ok := f.event(dst, e)
	if !ok {
		return dst[:start]
	}
	return append(dst, "\r\n"...)
}

// event appends the line itself, without its end, or returns false.
func (f Format) event(dst []byte, e chat.Event) ([]byte, bool) {
	switch e.Kind {
	case chat.Say:
		dst = f.name(dst, e.Name)
		dst = append(dst, ": "...)
	case chat.Action:
		dst = append(dst, "* "...)
		dst = f.name(dst, e.Name)
		dst = append(dst, ' ')
	case chat.Join:
		return appendNotice(dst, e.Name, " joined"), true
	case chat.Leave:
		dst = appendNotice(dst, e.Name, " left")
		if e.Body != "" {
			dst = append(dst, " ("...)
			dst = appendSafe(dst, e.Body)
			dst = append(dst, ')')
		}
		return dst, true
	case chat.Rename:
		return appendNotice(dst, e.Name, " is now known as ", e.Body), true
	case chat.Announcement: // who sees the names of rooms sees it without one elsewhere
		return appendNotice(dst, e.Body), !f.Room
	case chat.Notice, chat.Refusal:
		return appendNotice(dst, e.Body), true
	case chat.Private, chat.Sent, chat.Mailed:
		dst = f.private(dst, e)
	default:
		return dst, false
	}
	return appendSafe(dst, e.Body), true
}

// private appends what stands before a private message.
func (f Format) private(dst []byte, e chat.Event) []byte {
	if f.Bell && e.Kind != chat.Sent {
		dst = append(dst, '\a')
	}
	dst = append(dst, '[')
	if e.Kind == chat.Sent {
		return append(f.name(append(dst, "you -> "...), e.Name), "] "...)
	}
	dst = append(f.name(dst, e.Name), " -> you"...)
	if e.Kind == chat.Mailed {
		dst = e.Time.In(f.zone()).AppendFormat(append(dst, ", sent "...), "2006-01-02 15:04")
	}
	return append(dst, "] "...)
}

func (f Format) zone() *time.Location {
	if f.Zone == nil {
		return time.UTC
	}
	return f.Zone
}

// name appends a name, in a colour of its own if that is wanted.
func (f Format) name(dst []byte, name string) []byte {
	if !f.Colour {
		return appendSafe(dst, name)
	}
	sum := uint32(2166136261) // FNV-1a
	for i := range len(name) {
		sum = (sum ^ uint32(name[i])) * 16777619
	}
	dst = append(dst, "\x1b[3"...)
	dst = append(dst, byte('1'+sum%6), 'm') // neither black nor white, which may be the background
	return append(appendSafe(dst, name), "\x1b[0m"...)
}

// Notice appends a line of the server, in the Default style.
func Notice(dst []byte, parts ...string) []byte {
	return append(appendNotice(dst, parts...), "\r\n"...)
}

// History appends what was said before, oldest first, between two marker
// lines. Without any events it appends nothing.
func (f Format) History(dst []byte, events []chat.Event) []byte {
	switch len(events) {
	case 0:
		return dst
	case 1:
		dst = Notice(dst, "--- the last line ---")
	default:
		dst = Notice(dst, "--- the last ", strconv.Itoa(len(events)), " lines ---")
	}
	for i := range events {
		dst = f.Append(dst, events[i])
	}
	return Notice(dst, "--- end of the last lines ---")
}

// Replay appends past messages between two marker lines.
func (f Format) Replay(dst []byte, r chat.Replay) []byte {
	dst = Notice(dst, "--- ", r.Title, " ---")
	for i := range r.Events {
		e := r.Events[i]
		if r.Dated {
			dst = e.Time.In(f.zone()).AppendFormat(append(dst, '['), "2006-01-02 15:04")
			dst = append(strconv.AppendUint(append(dst, " #"...), e.ID, 10), "] "...)
		}
		plain := f
		plain.Zone, plain.Room = nil, r.Roomy
		dst = plain.Append(dst, e)
	}
	return Notice(dst, "--- ", r.End, " ---")
}

func appendClassic(dst []byte, e chat.Event) []byte {
	if e.Kind != chat.Say {
		return dst
	}
	dst = appendSafe(dst, e.Name)
	dst = append(dst, ": "...)
	dst = appendSafe(dst, e.Body)
	return append(dst, '\n')
}

func appendNotice(dst []byte, parts ...string) []byte {
	dst = append(dst, "*** "...)
	for _, p := range parts {
		dst = appendSafe(dst, p)
	}
	return dst
}

// appendSafe appends text without what a terminal would obey.
func appendSafe(dst []byte, text string) []byte {
	if isPlain(text) {
		return append(dst, text...)
	}
	for _, r := range text {
		if !unsafeRune(r) {
			// What is no UTF-8 comes as U+FFFD.
			dst = utf8.AppendRune(dst, r)
		}
	}
	return dst
}

// isPlain is the quick answer for printable ASCII.
func isPlain(text string) bool {
	for i := range len(text) {
		if c := text[i]; c < ' ' || c > '~' {
			return false
		}
	}
	return true
}

// unsafeRune tells whether a terminal takes r for anything but text: C0 (TAB
// excepted), DEL, C1, the line and paragraph separators, and the characters
// that reorder what stands around them (Unicode Standard Annex #9, section 2).
func unsafeRune(r rune) bool {
	switch {
	case r < ' ':
		return r != '\t'
	case r < 0x7f:
		return false
	case r <= 0x9f:
		return true
	}
	return r >= 0x2028 && r <= 0x202e || r >= 0x2066 && r <= 0x2069
}
