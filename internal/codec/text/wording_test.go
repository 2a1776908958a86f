package text_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/codec/text"
)

func TestAnotherLanguage(t *testing.T) {
	f := text.Format{Wording: &text.Wording{
		Messages: map[chat.Code]string{
			"value": "[{value}|non]", "left": "{name} est parti[ ({why})]", "recent": "{lines|ligne|lignes}", "recent-end": "fin",
			"whois-gone": "{name}, {role|a}, {seen}", "kicked": "expulsé par {by}[, {until}]",
		},
		On: "oui", Edited: "modifié", Me: "moi", To: "toi", Sent: "envoyé",
		Duration: func(d time.Duration) string { return fmt.Sprintf("%g s", d.Seconds()) },
		Time:     func(t time.Time) string { return t.Format("à 15h04") },
		Role:     func(r chat.Role, article bool) string { return fmt.Sprintf("rôle %d %t", r, article) },
		Day:      func(t time.Time) string { return t.Format("2.1.") },
	}}
	at := time.Date(2026, 1, 31, 15, 4, 0, 0, time.UTC)
	said := chat.Event{Kind: chat.Say, Name: "bob", Body: "salut", Time: at, Edited: at}
	kicked := chat.NewNote("kicked", "by", "ann", "until", at)
	for what, c := range map[string]struct{ got, want string }{
		"a note in a note":  {string(f.Event(nil, chat.Event{Kind: chat.Leave, Name: "bob", Note: kicked})), "*** bob est parti (expulsé par ann, à 15h04)\r\n"},
		"other codes":       {string(f.Event(nil, chat.Event{Kind: chat.Join, Name: "bob"})), "*** bob joined\r\n"},
		"a setting":         {f.Words(chat.NewNote("value", "value", true)) + f.Words(chat.NewNote("value", "value", false)), "ouinon"},
		"an answer":         {string(f.Answer(nil, chat.Person{Name: "bob", Role: chat.User, Seen: time.Minute})), fmt.Sprintf("*** bob, rôle %d true, 60 s\r\n", chat.User)},
		"an edited message": {string(f.Event(nil, said)), "bob: salut (modifié)\r\n"},
		"a private message": {string(f.Event(nil, chat.Event{Kind: chat.Private, Name: "bob", Body: "x"})), "[bob -> toi] x\r\n"},
		"one of the reader": {string(f.Event(nil, chat.Event{Kind: chat.Sent, Name: "bob", Body: "x"})), "[moi -> bob] x\r\n"},
		"a stored one":      {string(f.Event(nil, chat.Event{Kind: chat.Mailed, Name: "bob", Body: "x", Time: at})), "[bob -> toi, envoyé 2026-01-31 15:04] x\r\n"},
		"earlier messages":  {string(f.History(nil, []chat.Event{said, said}, at.AddDate(0, 0, 1))), "*** --- 2 lignes ---\r\n*** --- 31.1. ---\r\nbob: salut (modifié)\r\nbob: salut (modifié)\r\n*** --- fin ---\r\n"},
	} {
		if c.got != c.want {
			t.Errorf("%s: %q, want %q", what, c.got, c.want)
		}
	}
}
