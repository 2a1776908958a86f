package chatlog

import (
	"time"

	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/safetext"
)

// dayForm is the form of a day, also at the start of each line.
const dayForm = "2006-01-02"

func stamp(t time.Time) string { return t.UTC().Format(dayForm + " 15:04:05") }

// line returns a message as one line, whatever it contains.
func line(e chat.Event) string {
	before, after := "<", "> "
	if e.Kind == chat.Action {
		before, after = "* ", " "
	}
	dst := safetext.Append([]byte(stamp(e.Time)+" "+before), e.Name)
	dst = safetext.Append(append(dst, after...), e.Body)
	return string(append(dst, '\n'))
}
