package json

import (
	"bytes"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/sudoXpg/netloop/filter/ws"
	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/codec/json/jsontest"
)

var (
	at    = time.Date(2030, 1, 2, 3, 4, 5, 678_900_000, time.UTC)
	hello = chat.Event{Room: "#tea", Epoch: 3, Seq: 9, ID: 18446744073709551615, Account: 5, Kind: chat.Say, Name: "bob", Body: "h\u00e9 \"x\"\n\\", Time: at}
)

// Every line is as the schema has it.
func TestFormat(t *testing.T) {
	schema := jsontest.Load(t, schemaFile)
	f := Format{CID: "c1"}
	for _, test := range []struct{ got, want string }{
		{string(f.Event(nil, hello)), `{"type":"message","room":"#tea","epoch":3,"seq":9,"id":"18446744073709551615","from":"bob","registered":true,"text":"hé \"x\"\n\\","time":"2030-01-02T03:04:05.678Z"}`},
		{string(f.Event(nil, chat.Event{Room: "#tea", Epoch: 3, Seq: 9, ID: 1, Kind: chat.Action, Name: "bob", Body: "waves", Time: at})), `{"type":"message","room":"#tea","epoch":3,"seq":9,"id":"1","from":"bob","kind":"action","text":"waves","time":"2030-01-02T03:04:05.678Z"}`},
		{string(f.Event(nil, chat.Event{Kind: chat.Sent, Name: "bob", Body: "psst", Time: at})), `{"type":"message","private":true,"cid":"c1","to":"bob","text":"psst","time":"2030-01-02T03:04:05.678Z"}`},
		{string(f.Event(nil, chat.Event{Kind: chat.Private, Name: "bob", Body: "psst", Time: at})), `{"type":"message","private":true,"from":"bob","text":"psst","time":"2030-01-02T03:04:05.678Z"}`},
		{string(f.Event(nil, chat.Event{Kind: chat.Private, Action: true, Name: "bob", Body: "waves", Time: at})), `{"type":"message","private":true,"from":"bob","kind":"action","text":"waves","time":"2030-01-02T03:04:05.678Z"}`},
		{string(f.Event(nil, chat.Event{Kind: chat.Mailed, Name: "bob", Body: "psst", Time: at})), `{"type":"message","private":true,"from":"bob","mailed":true,"text":"psst","time":"2030-01-02T03:04:05.678Z"}`},
		{string(f.Event(nil, chat.Event{Room: "#tea", Epoch: 3, Seq: 9, ID: 1, Kind: chat.Rename, Name: "bob", Body: "rob", Time: at})), `{"type":"event","what":"nick","room":"#tea","epoch":3,"seq":9,"id":"1","name":"bob","newName":"rob","time":"2030-01-02T03:04:05.678Z"}`},
		{string(f.Event(nil, chat.Event{Room: "#tea", Epoch: 3, Seq: 9, ID: 2, Kind: chat.Notice, Note: chat.NewNote("redacted", "by", "ann", "id", uint64(1)), Time: at})), `{"type":"event","what":"redact","room":"#tea","epoch":3,"seq":9,"id":"2","redacted":"1","time":"2030-01-02T03:04:05.678Z","code":"redacted","text":"ann deleted message #1","args":{"by":"ann","id":"1"}}`},
		{string(f.Event(nil, chat.Event{Kind: chat.Refusal, Note: chat.NewNote("usage", "command", "kick", "arguments", "NAME")})), `{"type":"error","cid":"c1","code":"usage","text":"usage: /kick NAME","args":{"command":"kick","arguments":"NAME"}}`},
		{string(f.Error(nil, chat.NewNote("json-missing", "field", "room"))), `{"type":"error","cid":"c1","field":"room","code":"json-missing","text":"this request needs this field"}`},
		{string(f.Bye(nil, chat.NewNote("too-many-new-connections", "wait", 1500*time.Millisecond))), `{"type":"bye","cid":"c1","retryAfter":1.5,"code":"too-many-new-connections","text":"too many new connections from your address: try again in 2 seconds","args":{"wait":1.5}}`},
		{string(f.Missed(nil, "#tea", 5)), `{"type":"gap","room":"#tea","missed":5}`},
		{string(f.Missed(nil, "#tea", 0)), `{"type":"gap","room":"#tea"}`},
		{string(f.Pong(nil)), `{"type":"pong","cid":"c1"}`},
		{string(f.Question(nil, chat.NewNote("wrong-password"), chat.NewNote("ask-password"), true)), `{"type":"error","cid":"c1","code":"wrong-password","text":"wrong name or password"}
{"type":"question","cid":"c1","hidden":true,"code":"ask-password","text":"Password: "}`},
		{string(f.Answer(nil, chat.Saved{CID: "own", Room: "#tea", Epoch: 3, Seq: 9, ID: 1, Stored: true})), `{"type":"ack","cid":"own","room":"#tea","epoch":3,"seq":9,"id":"1","stored":true}`},
		{string(f.Answer(nil, chat.Saved{CID: "own", Room: "#tea", Held: true})), `{"type":"held","cid":"own","room":"#tea","code":"waits-for-review","text":"your message is waiting for a moderator to review it"}`},
		{string(f.Answer(nil, chat.Saved{CID: "own", Why: chat.NewNote("disk-full")})), `{"type":"error","cid":"own","code":"line-not-saved","text":"your line was not saved: the disk is full","args":{"why":{"code":"disk-full","text":"the disk is full"}}}`},
		{string(f.Answer(nil, chat.Rooms{})), `{"type":"rooms","cid":"c1","list":[]}`},
		{string(f.Answer(nil, chat.Members{Room: "#tea", People: 2, List: []chat.MemberEntry{{Name: "bob", Away: true, Idle: 1234 * time.Millisecond}}})), `{"type":"members","cid":"c1","room":"#tea","people":2,"list":[{"name":"bob","away":true,"idle":1.234}]}`},
		{string(f.Answer(nil, chat.Person{Name: "bob", Role: chat.Moderator, Connections: []chat.Connection{{ID: 7, From: netip.MustParseAddr("203.0.113.7")}}})), `{"type":"whois","cid":"c1","name":"bob","role":"moderator","connections":[{"id":"7","from":"203.0.113.7"}]}`},
		{string(f.Answer(nil, chat.Sanctions{List: []chat.Sanction{{ID: 7, Kind: chat.Ban, Net: netip.MustParsePrefix("10.0.0.0/8"), Since: at}}})), `{"type":"sanctions","cid":"c1","list":[{"id":"7","kind":"ban","net":"10.0.0.0/8","since":"2030-01-02T03:04:05.678Z"}]}`},
		{string(f.Answer(nil, chat.Statistics{Names: 1, Server: &chat.ServerStatistics{Up: time.Hour}})), `{"type":"stats","cid":"c1","names":1,"server":{"up":3600}}`},
		{string(f.Answer(nil, chat.OwnSettings{List: []chat.SettingEntry{{Name: "zone", Value: "UTC"}, {Name: "keep", Value: 90 * time.Second}, {Name: "bell", Value: false}}})), `{"type":"settings","cid":"c1","list":[{"name":"zone","value":"UTC"},{"name":"keep","value":90},{"name":"bell"}]}`},
		{string(f.Answer(nil, chat.History{Room: "#tea", Events: []chat.Event{hello}, Older: true})), `{"type":"history","cid":"c1","room":"#tea","events":[` + strings.TrimSpace(string(Format{}.Event(nil, hello))) + `],"older":true}`},
	} {
		if test.got != test.want+"\n" {
			t.Errorf("got  %swant %s", test.got, test.want)
		}
		for line := range strings.Lines(test.got) {
			if err := schema.Server([]byte(line)); err != nil {
				t.Errorf("%s%v", line, err)
			}
		}
	}
}

func TestNamesOfFields(t *testing.T) {
	for name, want := range map[string]string{
		"MembersOnly": "membersOnly", "ID": "id", "CID": "cid", "IDOf": "idOf", "Why": "why", "own-name": "ownName", "name": "name", "": "",
	} {
		if got := camel(name); got != want {
			t.Errorf("camel(%q) = %q, want %q", name, got, want)
		}
	}
}

// Nothing that a client sends makes Parse panic, and what it accepts is clean.
func FuzzParse(f *testing.F) {
	for _, line := range []string{`{"type":"post","text":"a\nb","cid":"x"}`, `{"type":"history","before":"1","limit":3}`, `{`, `{"a":[[[[[[[[[]]]]]]]]]}`, `{"type":"x","type":"y"}`, `{"type":"resume","token":"t","rooms":{"#a":{"epoch":18446744073709551615,"seq":1e3}}}`, `{"type":"resume","token":"\ud800","cid":"` + strings.Repeat("c", 65) + `"}`} {
		f.Add([]byte(line))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		r, err := Parse(line)
		if len(r.CID) > chat.MaxCID {
			t.Errorf("a CID of %d bytes", len(r.CID))
		}
		if err != nil {
			return
		}
		for _, text := range []string{r.Name, r.Room, r.To, r.Line, r.Query} {
			if strings.ContainsAny(text, "\n\r\x1b\x00") {
				t.Errorf("%q is not clean", text)
			}
		}
		if strings.Count(r.Text, "\n") >= MaxLines || strings.ContainsAny(r.Text, "\r\x1b\x00") {
			t.Errorf("%q is not clean", r.Text)
		}
	})
}

// In WebSocket, each line is a message, compressed if it is large and that was agreed on.
func TestFramedObjectsAreMessages(t *testing.T) {
	long := chat.Event{Room: "#tea", Kind: chat.Say, Name: "bob", Body: strings.Repeat("long ", 500), Time: at}
	why := chat.NewNote("json-missing", "field", "room")
	for what, write := range map[string]func(Format) []byte{
		"short":    func(f Format) []byte { return f.Event(nil, hello) },
		"behind":   func(f Format) []byte { return f.Event(f.Event(nil, hello), hello) },
		"long":     func(f Format) []byte { return f.Event(nil, long) },
		"two":      func(f Format) []byte { return f.Question(nil, why, why, true) },
		"welcome":  func(f Format) []byte { return f.Welcome(nil, Welcome{}) },
		"nothing":  func(f Format) []byte { return f.Day(nil, at, hello) },
		"answer":   func(f Format) []byte { return f.Answer(nil, chat.Rooms{}) },
		"read":     func(f Format) []byte { return f.Answer(nil, chat.ReadMark{Room: "#tea"}) },
		"saved":    func(f Format) []byte { return f.Answer(nil, chat.Saved{}) },
		"notSaved": func(f Format) []byte { return f.Answer(nil, chat.Saved{Why: why}) },
		"missed":   func(f Format) []byte { return f.Missed(nil, "#tea", 3) },
		"pong":     func(f Format) []byte { return f.Pong(nil) },
		"notice":   func(f Format) []byte { return f.Notice(nil, why) },
	} {
		for _, deflate := range []bool{false, true} {
			var want []byte
			for line := range bytes.Lines(write(Format{})) {
				if line = bytes.TrimSuffix(line, []byte("\n")); deflate {
					want = ws.AppendCompressed(want, ws.Text, line)
				} else {
					want = ws.AppendFrame(want, ws.Text, line)
				}
			}
			if got := write(Format{Framed: true, Deflate: deflate}); !bytes.Equal(got, want) {
				t.Errorf("%s, compressed %v: %q, want %q", what, deflate, got, want)
			}
		}
	}
	line := Format{}.Bye(nil, why)
	want := ws.AppendClose(ws.AppendFrame(nil, ws.Text, line[:len(line)-1]), ws.CodeGoingAway, "")
	if got := (Format{Framed: true}).Bye(nil, why); !bytes.Equal(got, want) {
		t.Errorf("bye: %q, want %q", got, want)
	}
}
