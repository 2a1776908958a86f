package text

import (
	"time"

	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/duration"
)

// A Wording is the language of a [Format]. All fields are needed.
type Wording struct {
	// Messages are templates in the form of the table of messages, whose words are used for
	// other codes. Numbers of things have their plural: {n|one|many}.
	Messages map[chat.Code]string
	// On is a setting that is on.
	On string
	// Edited stands behind a text that was edited.
	Edited string
	// Me is the reader as the author of a private message, To as its receiver, and Sent stands
	// before the time of one that was stored.
	Me, To, Sent string
	Duration     func(d time.Duration) string
	Time         func(t time.Time) string
	// Role names a role, with its article if that is asked for.
	Role func(r chat.Role, article bool) string
	// Day names the day of a time in its zone.
	Day func(t time.Time) string
}

var english = Wording{
	Messages: messages, On: "on", Edited: "edited", Me: "you", To: "you", Sent: "sent",
	Duration: duration.Words,
	Time:     func(t time.Time) string { return t.UTC().Format(time.DateTime) + " UTC" },
	Role:     role,
	Day:      func(t time.Time) string { return t.Format("Monday, 2006-01-02") },
}

func role(r chat.Role, article bool) string {
	switch {
	case !article:
		return r.String()
	case r == chat.Admin:
		return "an " + r.String()
	}
	return "a " + r.String()
}

// wording returns the language of f.
func (f Format) wording() *Wording {
	if f.Wording == nil {
		return &english
	}
	return f.Wording
}

// template returns the words for a code.
func (w *Wording) template(code chat.Code) (string, bool) {
	if template, ok := w.Messages[code]; ok {
		return template, true
	}
	template, ok := messages[code]
	return template, ok
}
