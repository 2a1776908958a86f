package chatclient

import (
	"time"

	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/codec/text"
	"github.com/sudoXpg/netloop/internal/texts"
)

// english returns a language, or English for nil.
func english(l *texts.Language) *texts.Language {
	if l == nil {
		return texts.Choose()
	}
	return l
}

// wording returns the language of the lines that internal/codec/text writes.
func (l *Lines) wording() *text.Wording {
	if l.made == nil {
		l.made = Wording(l.Language, l.Zone)
	}
	return l.made
}

// Wording returns a language for internal/codec/text, with the times of a zone. It is nil for
// English, which that package has.
func Wording(l *texts.Language, zone *time.Location) *text.Wording {
	answers := english(l).Answers()
	if answers == nil {
		return nil
	}
	messages := make(map[chat.Code]string, len(answers))
	for code, words := range answers {
		messages[chat.Code(code)] = words
	}
	l = l.In(zone)
	return &text.Wording{
		Messages: messages, On: l.T("on"), Edited: l.T("chat.edited"), Me: l.T("chat.writesMe"), To: l.T("chat.toMe"), Sent: l.T("chat.sentAt"),
		Duration: l.ExactDuration, Time: l.DateTime,
		Role: func(r chat.Role, _ bool) string { return l.Role(r.String()) },
		Day:  func(t time.Time) string { return l.In(t.Location()).Date(t) },
	}
}
