// Package text is the wire format for people at a terminal: lines in, lines
// out. It is pure: it knows neither sockets nor telnet. Package safetext has
// cleaned the input; the output is cleaned once more, so that no event,
// wherever it came from, can become a second line or control a terminal.
package text

import (
	"strings"
	"time"

	"github.com/sudoXpg/netloop/internal/charset"
	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/safetext"
)

// Parse reads a line, without its end. A line that begins with one slash is a
// command; two slashes stand for a message that begins with one.
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
		// A slash alone, or in front of a space, is not a command.
		return chat.Command{Text: line}
	}
	return chat.Command{Name: name, Text: args}
}

// A Format is the form of a reader's lines, which end with CR LF (RFC 854, the end
// of a line on a network virtual terminal). The zero value is plain. Formats are
// comparable.
type Format struct {
	// Room puts the name of the room before each line.
	Room bool
	// Times puts the time of day, in Zone, before each line.
	Times bool
	// Zone is the reader's time zone; nil means UTC.
	Zone *time.Location
	// Colour shows names in colour, with the SGR sequences of ECMA-48, section 8.3.117.
	Colour bool
	// Bell rings at a private message.
	Bell bool
	// Bare shows commands without a slash, for readers who type none.
	Bare bool
	// Encoding is the encoding of the output of Event and Day, which goes to the
	// client as it is.
	Encoding charset.Encoding
	// Wording is another language; nil means English.
	Wording *Wording
}

// Echo returns whether authors are shown their own messages: they have typed them.
func (f Format) Echo() bool { return false }

// Event appends e, as one whole line or as nothing. With colours, the parts bold
// of a message's text are bold: names of people who are there.
func (f Format) Event(dst []byte, e chat.Event, bold ...chat.Span) []byte {
	dst = f.line(dst, e)
	at := len(dst) - len("\r\n") - len(e.Body)
	if !f.Colour || len(bold) == 0 || at < 0 || string(dst[at:at+len(e.Body)]) != e.Body {
		return dst // also if something was left out or is in another charset
	}
	dst = dst[:at]
	last := 0
	for _, s := range bold {
		dst = append(append(append(dst, e.Body[last:s.From]...), "\x1b[1m"...), e.Body[s.From:s.To]...)
		dst = append(dst, "\x1b[0m"...)
		last = s.To
	}
	return append(append(dst, e.Body[last:]...), "\r\n"...)
}

// line appends an event, and each line of a message of several lines as one of its own.
func (f Format) line(dst []byte, e chat.Event) []byte {
	body := e.Body
	for {
		i := strings.IndexByte(body, '\n')
		if i < 0 {
			e.Body = body
			return f.one(dst, e)
		}
		e.Body, body = body[:i], body[i+1:]
		dst = f.one(dst, e)
	}
}

// one appends an event of one line.
func (f Format) one(dst []byte, e chat.Event) []byte {
	start := len(dst)
	if f.Times && !e.Time.IsZero() && e.Kind != chat.Mailed {
		dst = append(e.Time.In(f.zone()).AppendFormat(append(dst, '['), "15:04"), "] "...)
	}
	if f.Room && e.Room != "" {
		dst = append(safetext.Append(dst, e.Room), ' ')
	}
	dst, ok := f.event(dst, e)
	if !ok {
		return dst[:start]
	}
	return append(dst[:start+len(f.Encoding.Encode(dst[start:]))], "\r\n"...)
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
		return appendNotice(dst, f.Words(chat.NewNote("joined", "name", e.Name))), true
	case chat.Leave:
		return appendNotice(dst, f.Words(chat.NewNote("left", "name", e.Name, "why", e.Note))), true
	case chat.Rename:
		return appendNotice(dst, f.Words(chat.NewNote("is-called", "name", e.Name, "new", e.Body))), true
	case chat.Announcement: // readers who see the names of rooms see it without one in the current room
		return appendNotice(dst, f.Words(e.Note)), !f.Room
	case chat.Notice, chat.Refusal:
		return appendNotice(dst, f.Words(e.Note)), true
	case chat.Private, chat.Sent, chat.Mailed:
		dst = f.private(dst, e)
	case chat.Edited:
		dst = append(dst, "* "...)
		dst = f.name(dst, e.Name)
		return f.edited(safetext.Append(append(dst, ": "...), e.Body)), true
	default:
		return dst, false
	}
	dst = safetext.Append(dst, e.Body)
	if !e.Edited.IsZero() {
		dst = f.edited(dst)
	}
	return dst, true
}

// edited appends what stands behind a text that was edited.
func (f Format) edited(dst []byte) []byte {
	return append(append(append(dst, " ("...), f.wording().Edited...), ')')
}

// private appends the prefix of a private message. That of an action names its author, unless
// the reader has done it.
func (f Format) private(dst []byte, e chat.Event) []byte {
	if f.Bell && e.Kind != chat.Sent {
		dst = append(dst, '\a')
	}
	dst = append(dst, '[')
	if e.Kind == chat.Sent {
		dst = append(f.name(append(append(dst, f.wording().Me...), " -> "...), e.Name), "] "...)
		if e.Action {
			dst = append(dst, "* "...)
		}
		return dst
	}
	dst = append(append(f.name(dst, e.Name), " -> "...), f.wording().To...)
	if e.Kind == chat.Mailed {
		dst = append(append(append(dst, ", "...), f.wording().Sent...), ' ')
		dst = e.Time.In(f.zone()).AppendFormat(dst, "2006-01-02 15:04")
	}
	dst = append(dst, "] "...)
	if e.Action {
		dst = append(f.name(append(dst, "* "...), e.Name), ' ')
	}
	return dst
}

func (f Format) zone() *time.Location {
	if f.Zone == nil {
		return time.UTC
	}
	return f.Zone
}

// name appends a name, in its own colour if f has colours.
func (f Format) name(dst []byte, name string) []byte {
	if !f.Colour {
		return safetext.Append(dst, name)
	}
	sum := uint32(2166136261) // FNV-1a
	for i := range len(name) {
		sum = (sum ^ uint32(name[i])) * 16777619
	}
	dst = append(dst, "\x1b[3"...)
	dst = append(dst, byte('1'+sum%6), 'm') // neither black nor white, which may be the background
	return append(safetext.Append(dst, name), "\x1b[0m"...)
}

// noticeLine appends a line of the server.
func noticeLine(dst []byte, parts ...string) []byte {
	return append(appendNotice(dst, parts...), "\r\n"...)
}

// Notice appends a note of the server to one client.
func (f Format) Notice(dst []byte, what *chat.Note) []byte { return noticeLine(dst, f.Words(what)) }

// Bye appends why the connection is closed.
func (f Format) Bye(dst []byte, why *chat.Note) []byte { return f.Notice(dst, why) }

// Missed appends a notice that a reader was too slow and missed n lines, or an
// unknown number if n is 0.
func (f Format) Missed(dst []byte, _ string, n uint64) []byte { return f.Notice(dst, missed(n)) }

func missed(n uint64) *chat.Note { return chat.NewNote("missed", "lines", n) }

// Day appends a line with the date, if times are shown and the day of e is later than
// that of last. A clock that is set back begins no day. The line is for the current
// room only: it would otherwise be shown once for each room.
func (f Format) Day(dst []byte, last time.Time, e chat.Event) []byte {
	if !f.Times || f.Room || e.Time.IsZero() || dayOf(e.Time, f.zone()) <= dayOf(last, f.zone()) {
		return dst
	}
	start := len(dst)
	dst = appendNotice(dst, "--- ", f.wording().Day(e.Time.In(f.zone())), " ---")
	return append(dst[:start+len(f.Encoding.Encode(dst[start:]))], "\r\n"...)
}

// dayOf returns the number of a day; numbers increase with the days.
func dayOf(t time.Time, zone *time.Location) int {
	t = t.In(zone)
	return t.Year()*1000 + t.YearDay()
}

// Entered appends the latest messages of a room that the reader enters, and that they
// are in it now.
func (f Format) Entered(dst []byte, e chat.Entry, now time.Time) []byte {
	return f.Notice(f.History(dst, e.Recent, now), entered(e))
}

func entered(e chat.Entry) *chat.Note {
	return chat.NewNote("entered", "room", e.Room.Name(), "name", e.Name, "others", e.Others)
}

// History appends earlier messages, oldest first, between two marker lines, with
// a date line before each day that is not today, and before today if an earlier
// day precedes it. Without any events it appends nothing.
func (f Format) History(dst []byte, events []chat.Event, now time.Time) []byte {
	switch len(events) {
	case 0:
		return dst
	case 1:
		dst = f.marker(dst, chat.NewNote("recent-one"))
	default:
		dst = f.marker(dst, chat.NewNote("recent", "lines", len(events)))
	}
	day := f.wording().Day(now.In(f.zone()))
	for i := range events {
		if on := f.wording().Day(events[i].Time.In(f.zone())); on != day {
			day = on
			dst = noticeLine(dst, "--- ", day, " ---")
		}
		dst = f.line(dst, events[i])
	}
	return f.marker(dst, chat.NewNote("recent-end"))
}

// marker appends a line before or after past messages.
func (f Format) marker(dst []byte, what *chat.Note) []byte {
	return noticeLine(dst, "--- ", f.Words(what), " ---")
}

func appendNotice(dst []byte, parts ...string) []byte {
	dst = append(dst, "*** "...)
	for _, p := range parts {
		dst = safetext.Append(dst, p)
	}
	return dst
}
