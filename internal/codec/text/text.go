// Package text is the wire format for people at a terminal: lines in, lines
// out. It is pure: it knows neither sockets nor telnet. What comes in has been
// cleaned by the telnet filter; what goes out is guarded once more, so that no
// event, wherever it came from, becomes a second line or speaks to a terminal.
package text

import (
	"strconv"
	"strings"
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

// Append appends e, as one whole line or as nothing.
func (s Style) Append(dst []byte, e chat.Event) []byte {
	if s == Classic {
		return appendClassic(dst, e)
	}
	switch e.Kind {
	case chat.Say:
		dst = appendSafe(dst, e.Name)
		dst = append(dst, ": "...)
		dst = appendSafe(dst, e.Body)
	case chat.Action:
		dst = append(dst, "* "...)
		dst = appendSafe(dst, e.Name)
		dst = append(dst, ' ')
		dst = appendSafe(dst, e.Body)
	case chat.Join:
		dst = appendNotice(dst, e.Name, " joined")
	case chat.Leave:
		dst = appendNotice(dst, e.Name, " left")
		if e.Body != "" {
			dst = append(dst, " ("...)
			dst = appendSafe(dst, e.Body)
			dst = append(dst, ')')
		}
	case chat.Rename:
		dst = appendNotice(dst, e.Name, " is now known as ", e.Body)
	case chat.Notice, chat.Refusal:
		dst = appendNotice(dst, e.Body)
	default:
		return dst
	}
	return append(dst, "\r\n"...)
}

// Notice appends a line of the server, in the Default style.
func Notice(dst []byte, parts ...string) []byte {
	return append(appendNotice(dst, parts...), "\r\n"...)
}

// History appends what was said before, oldest first, between two marker
// lines, in the Default style. Without any events it appends nothing.
func History(dst []byte, events []chat.Event) []byte {
	switch len(events) {
	case 0:
		return dst
	case 1:
		dst = Notice(dst, "--- the last line ---")
	default:
		dst = Notice(dst, "--- the last ", strconv.Itoa(len(events)), " lines ---")
	}
	for i := range events {
		dst = Default.Append(dst, events[i])
	}
	return Notice(dst, "--- end of the last lines ---")
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
