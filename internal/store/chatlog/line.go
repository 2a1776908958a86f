package chatlog

import (
	"strings"
	"time"
	"unicode"

	"github.com/sudoXpg/netloop/internal/chat"
)

// dayForm is how a day is written, at the start of each line, too.
const dayForm = "2006-01-02"

func stamp(t time.Time) string { return t.UTC().Format(dayForm + " 15:04:05") }

// line returns an event as it is written.
func line(e chat.Event) string {
	name, body := clean(e.Name), clean(e.Body)
	var text string
	switch e.Kind {
	case chat.Say:
		text = "<" + name + "> " + body
	case chat.Action:
		text = "* " + name + " " + body
	case chat.Join:
		text = "-- " + name + " has joined"
	case chat.Leave:
		text = "-- " + name + " has left"
		if body != "" {
			text += " (" + body + ")"
		}
	case chat.Rename:
		text = "-- " + name + " is now " + body
	default:
		text = strings.TrimRight("-- "+strings.TrimLeft(name+" "+body, " "), " ")
	}
	return stamp(e.Time) + " " + text + "\n"
}

// clean makes text one line that does nothing to a terminal.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t' || r == '\u2028' || r == '\u2029':
			return ' '
		case unicode.Is(unicode.Cc, r) || unicode.Is(unicode.Bidi_Control, r):
			return unicode.ReplacementChar
		}
		return r
	}, strings.ToValidUTF8(s, string(unicode.ReplacementChar)))
}
