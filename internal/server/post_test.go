package server_test

import (
	"strings"
	"testing"
	"time"

	"github.com/sudoXpg/netloop/internal/flood"
	"github.com/sudoXpg/netloop/internal/server"
	"github.com/sudoXpg/netloop/internal/wordfilter"
)

// minds sets the list of unwanted words.
func (f *fixture) minds(lines ...string) {
	f.t.Helper()
	words, err := wordfilter.Parse([]byte(strings.Join(lines, "\n") + "\n"))
	if err != nil {
		f.t.Fatal(err)
	}
	f.srv.SetWords(words)
}

// Whatever the reason is, the answer has the cid of the message.
func TestEachRefusalOfAMessageHasItsCID(t *testing.T) {
	type setup = func(f *fixture, ada *program)
	operates := func(line string) setup { return func(f *fixture, _ *program) { f.operates(line) } }
	nothing := func(*fixture, *program) {}
	for code, test := range map[string]struct {
		before setup
		post   fields
	}{
		"muted":     {operates("in #lobby mute ada"), fields{"text": "x"}},
		"moderated": {operates("in #lobby room moderated on"), fields{"text": "x"}},
		"slow": {func(f *fixture, ada *program) {
			f.operates("in #lobby slow 10")
			ada.asks(fields{"type": "post", "text": "one"})
		}, fields{"text": "x"}},
		"unwanted-words-say-others": {nothing, fields{"text": "grog"}},
		"strike":                    {nothing, fields{"text": "rum"}},
		"too-fast": {func(f *fixture, ada *program) {
			limits := flood.Defaults()
			limits.Messages = flood.Rate{Per: time.Hour, Burst: 1}
			f.srv.SetFlood(&limits)
			ada.asks(fields{"type": "post", "text": "one"})
		}, fields{"text": "x"}},
		"text-too-long":   {nothing, fields{"text": strings.Repeat("x", 5000)}},
		"too-many-lines":  {nothing, fields{"text": strings.Repeat("x\n", 65)}},
		"no-text":         {nothing, fields{"text": "  "}},
		"not-in-room":     {nothing, fields{"text": "x", "room": "#tea"}},
		"room-and-person": {nothing, fields{"text": "x", "room": "#lobby", "to": "bob"}},
		"json-spaces":     {nothing, fields{"text": "x", "to": "a b"}},
		"nobody-here":     {nothing, fields{"text": "x", "to": "nobody"}},
		"too-many-of-yours-wait": {func(_ *fixture, ada *program) {
			for range 20 {
				ada.asks(fields{"type": "post", "text": "gin"})
			}
		}, fields{"text": "gin"}},
		"mail-of-yours-full": {func(f *fixture, ada *program) {
			f.dial().sends("/register carol\r\ncorrect horse battery\r\ncorrect horse battery\r\n/quit\r\n")
			for range 20 {
				ada.asks(fields{"type": "post", "to": "carol", "text": "x"})
			}
		}, fields{"text": "x", "to": "carol"}},
	} {
		f := startWithAccounts(t, speaksJSON, func(o *server.Options) { o.MaxLine = 4096 })
		f.minds("refuse: grog", "strike: rum", "flag: gin")
		ada := f.programNamed("ada")
		test.before(f, ada)
		ada.objects()
		test.post["type"], test.post["cid"] = "post", "c-1"
		only(t, code, ada.asks(test.post), fields{"type": "error", "code": code, "cid": "c-1"})
	}
}

// A message for a review is answered with its cid, waits only once however often it is sent, and
// a shadow-muted user is told the same.
func TestAMessageForAReviewIsAnsweredWithItsCID(t *testing.T) {
	f := startWithAccounts(t, speaksJSON)
	f.minds("flag: gin")
	ada, key := f.resumable("ada")
	eve := f.programNamed("eve")
	f.operates("in #lobby shadowmute eve")
	ada.objects()
	held := fields{"type": "held", "cid": "c-1", "room": "#lobby", "code": "waits-for-review"}
	post := fields{"type": "post", "room": "#lobby", "text": "gin", "cid": "c-1"}
	for _, p := range []*program{ada, eve} {
		only(t, "a message for a review", p.asks(post), held)
		only(t, "the same again", p.asks(post), held)
		delete(held, "cid")
		only(t, "without a cid", p.asks(fields{"type": "post", "text": "gin"}), held)
		held["cid"] = "c-1"
	}
	_ = ada.c.Close()
	f.settle()
	back := f.program()
	back.asks(fields{"type": "resume", "token": key, "rooms": fields{}})
	only(t, "again after a resume", back.asks(post), held)
	answer, _ := f.srv.Operate("root", "flags", nil)
	if n := strings.Count(answer, "ada: gin"); n != 2 || strings.Contains(answer, "eve") {
		t.Errorf("the queue is %s", answer)
	}
}

// In a private message an action stays one, also in mail.
func TestAPrivateActionIsShownAsOne(t *testing.T) {
	f := startWithAccounts(t, speaksJSON)
	alice := f.dial()
	alice.sends("/register alice\r\ncorrect horse battery\r\ncorrect horse battery\r\n")
	ada, bob := f.programNamed("ada"), f.programNamed("bob")
	alice.reads()
	ada.objects()
	waves := func(to string) fields {
		return fields{"type": "post", "to": to, "kind": "action", "text": "waves", "cid": "to " + to}
	}
	has(t, "to bob", ada.asks(waves("bob"))[0], fields{"type": "message", "to": "bob", "kind": "action", "text": "waves"})
	only(t, "from ada", bob.objects(), fields{"type": "message", "from": "ada", "kind": "action", "text": "waves"})
	ada.asks(waves("alice"))
	alice.sees("[ada -> you] * ada waves\r\n")
	alice.sends("/quit\r\n")
	f.settle()
	ada.asks(fields{"type": "post", "to": "alice", "kind": "action", "text": "nods"})
	again := f.dial()
	again.sends("/login alice\r\ncorrect horse battery\r\n")
	if got := again.reads(); !strings.Contains(got, "[ada -> you, sent ") || !strings.Contains(got, "] * ada nods\r\n") {
		t.Errorf("after the login: %q", got)
	}
}
