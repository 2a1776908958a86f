package server_test

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sudoXpg/netloop/eventloop/sim"
	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/codec/json/jsontest"
	"github.com/sudoXpg/netloop/internal/server"
	"github.com/sudoXpg/netloop/internal/wordfilter"
)

// fields are the fields of an object.
type fields map[string]any

// A program is a client that speaks JSON.
type program struct {
	*peer
	schema jsontest.Schema
}

// speaksJSON is a change of the options: there is time to begin, and sessions need no TLS.
func speaksJSON(o *server.Options) { o.SniffWindow, o.ResumePlain = 150*time.Millisecond, true }

// program connects, says hello, and discards the welcome.
func (f *fixture) program() *program {
	f.t.Helper()
	p := &program{f.dial(), jsontest.Load(f.t, "../../docs/protocol.schema.json")}
	p.sends(`{"type":"hello","v":1,"client":"test"}` + "\n")
	if got := p.objects(); len(got) != 1 || got[0]["type"] != "welcome" {
		f.t.Fatalf("after the hello: %v", got)
	}
	return p
}

// programNamed is program for a guest.
func (f *fixture) programNamed(name string) *program {
	f.t.Helper()
	p := f.program()
	got := p.asks(fields{"type": "login", "name": name})
	if len(got) == 0 || got[0]["type"] != "joined" {
		f.t.Fatalf("after the login: %v", got)
	}
	return p
}

// objects returns all objects that are there to be read, each as the schema has it.
func (p *program) objects() (all []fields) {
	p.f.t.Helper()
	text := p.reads()
	if text != "" && !strings.HasSuffix(text, "\n") {
		p.f.t.Fatalf("an object without the end of its line: %q", text)
	}
	for line := range strings.Lines(text) {
		if err := p.schema.Server([]byte(line)); err != nil {
			p.f.t.Errorf("%s%v", line, err)
		}
		var o fields
		if err := json.Unmarshal([]byte(line), &o); err != nil {
			p.f.t.Fatalf("%q: %v", line, err)
		}
		all = append(all, o)
	}
	return all
}

// asks sends a request and returns what is received then.
func (p *program) asks(r fields) []fields {
	p.f.t.Helper()
	line, err := json.Marshal(r)
	if err != nil {
		p.f.t.Fatal(err)
	}
	if err := p.schema.Client(line); err != nil {
		p.f.t.Errorf("%s: %v", line, err)
	}
	p.sends(string(line) + "\n")
	return p.objects()
}

// only checks that there is one object, with at least the fields of want.
func only(t *testing.T, what string, got []fields, want fields) fields {
	t.Helper()
	if len(got) != 1 {
		t.Fatalf("%s: %d objects: %v", what, len(got), got)
	}
	has(t, what, got[0], want)
	return got[0]
}

// operates carries out a command of the server's operator.
func (f *fixture) operates(line string) {
	f.t.Helper()
	if answer, ok := f.srv.Operate("root", line, nil); !ok {
		f.t.Fatalf("%s: %s", line, answer)
	}
	f.settle()
}

func has(t *testing.T, what string, got, want fields) {
	t.Helper()
	part := fields{}
	for key := range want {
		if v, ok := got[key]; ok {
			part[key] = v
		}
	}
	if diff := cmp.Diff(want, part); diff != "" {
		t.Errorf("%s: %s\nin %v", what, diff, got)
	}
}

func TestAProgramAndATelnetUserTalkInOneRoom(t *testing.T) {
	f := start(t, speaksJSON)
	alice := f.dial()
	alice.sends("alice\r\n")
	f.advance(time.Second)
	alice.reads()
	ada := f.programNamed("ada")
	alice.sees("*** ada joined\r\n")
	alice.sends("hello\r\n")
	heard := only(t, "heard", ada.objects(), fields{"type": "message", "room": "#lobby", "from": "alice", "text": "hello"})
	if heard["id"] == "" || heard["seq"] == 0.0 || heard["time"] == "" {
		t.Errorf("a message has no place or time: %v", heard)
	}
	got := ada.asks(fields{"type": "post", "room": "#lobby", "text": "hi\nthere"})
	only(t, "the author's own", got, fields{"type": "message", "room": "#lobby", "from": "ada", "text": "hi\nthere"})
	alice.sees("ada: hi\r\nada: there\r\n")
	ada.asks(fields{"type": "post", "text": "waves", "kind": "action"})
	alice.sees("* ada waves\r\n")
	got = ada.asks(fields{"type": "quit", "reason": "done"})
	only(t, "quit", got, fields{"type": "bye", "code": "goodbye"})
	ada.isClosed()
	alice.sees("*** ada left (done)\r\n")
}

// A program whose first bytes come after the greeting is understood all the same.
func TestAProgramMayBeSlowToBegin(t *testing.T) {
	f := start(t, speaksJSON)
	p := f.dial()
	f.advance(time.Second)
	p.sees(greeting)
	p.sends(`{"type":"hello","v":1}` + "\n" + `{"type":"login","name":"late"}` + "\n")
	got := (&program{p, jsontest.Load(t, "../../docs/protocol.schema.json")}).objects()
	if got = except(got, "session"); len(got) != 3 || got[0]["type"] != "welcome" || got[1]["type"] != "joined" || got[2]["what"] != "join" {
		t.Errorf("got %v", got)
	}
}

func TestRequestsInPiecesAndInOneAreTheSame(t *testing.T) {
	f := start(t, speaksJSON)
	text := `{"type":"hello","v":1}` + "\r\n" + `{"type":"login","name":"ada"}` + "\n\n" + `{"type":"ping","cid":"a"}` + "\n"
	p := f.dial()
	for i := range text {
		p.sends(text[i : i+1])
	}
	got := (&program{p, jsontest.Load(t, "../../docs/protocol.schema.json")}).objects()
	if got = except(got, "session"); len(got) != 4 || got[3]["type"] != "pong" || got[3]["cid"] != "a" {
		t.Errorf("got %v", got)
	}
}

// A message is acknowledged with its place when it is on disk, and once more if it is sent
// again; it is there once.
func TestAMessageThatIsSentTwiceIsThereOnce(t *testing.T) {
	f := startWithAccounts(t, speaksJSON)
	alice := f.join("alice")
	ada := f.programNamed("ada")
	alice.reads()
	post := fields{"type": "post", "room": "#lobby", "text": "once", "cid": "c-1"}
	got := ada.asks(post)
	if len(got) != 2 {
		t.Fatalf("got %v", got)
	}
	said, ack := got[0], got[1]
	has(t, "the message", said, fields{"type": "message", "text": "once"})
	has(t, "the ack", ack, fields{"type": "ack", "cid": "c-1", "room": "#lobby", "id": said["id"], "seq": said["seq"], "epoch": said["epoch"], "stored": true})
	only(t, "again", ada.asks(post), ack)
	alice.sees("ada: once\r\n")
	only(t, "another text with that cid", ada.asks(fields{"type": "post", "text": "twice", "cid": "c-1"}), ack)
	alice.sees("")

	ada.asks(fields{"type": "post", "to": "alice", "text": "psst", "cid": "c-2"})
	alice.sees("[ada -> you] psst\r\n")
	only(t, "a private message again", ada.asks(fields{"type": "post", "to": "alice", "text": "psst", "cid": "c-2"}),
		fields{"type": "ack", "cid": "c-2", "to": "alice"})
	alice.sees("")
}

// The window of recognized messages is bounded, and the newest are in it.
func TestTheLatestMessagesAreRecognized(t *testing.T) {
	f := startWithAccounts(t, speaksJSON)
	ada := f.programNamed("ada")
	var first, last string
	for i := range chat.CIDWindow + 1 {
		last = fmt.Sprintf("c-%d", i)
		got := ada.asks(fields{"type": "post", "text": "x", "cid": last})
		if len(got) != 2 {
			t.Fatalf("%s: %v", last, got)
		}
		if i == 0 {
			first = last
		}
	}
	if got := ada.asks(fields{"type": "post", "text": "x", "cid": last}); len(got) != 1 {
		t.Errorf("the latest again: %v", got)
	}
	if got := ada.asks(fields{"type": "post", "text": "x", "cid": "c-1"}); len(got) != 1 {
		t.Errorf("the oldest of the window again: %v", got)
	}
	if got := ada.asks(fields{"type": "post", "text": "x", "cid": first}); len(got) != 2 {
		t.Errorf("an older one again: %v", got)
	}
}

// A shadow-muted user sees what a user sees whose messages arrive.
func TestAShadowMutedProgramNoticesNothing(t *testing.T) {
	f := startWithAccounts(t, speaksJSON)
	alice := f.join("alice")
	ada := f.programNamed("ada")
	f.operates("in #lobby shadowmute ada")
	alice.reads()
	ada.objects()
	got := ada.asks(fields{"type": "post", "text": "unheard", "cid": "c-1"})
	if len(got) != 2 {
		t.Fatalf("got %v", got)
	}
	has(t, "the message", got[0], fields{"type": "message", "room": "#lobby", "from": "ada", "text": "unheard"})
	has(t, "the ack", got[1], fields{"type": "ack", "cid": "c-1", "id": got[0]["id"], "seq": got[0]["seq"], "epoch": got[0]["epoch"], "stored": true})
	alice.sees("")
	only(t, "again", ada.asks(fields{"type": "post", "text": "unheard", "cid": "c-1"}), got[1])
	f.operates("in #lobby unmute ada")
	after := ada.asks(fields{"type": "post", "text": "heard"})
	if seq, before := after[len(after)-1]["seq"].(float64), got[0]["seq"].(float64); seq <= before {
		t.Errorf("the next message has the place %v, after %v", seq, before)
	}
}

// Not even by the events of its own: they have the name that it believes to have, also
// afterwards.
func TestAShadowMutedProgramBelievesItsName(t *testing.T) {
	f := startWithAccounts(t, speaksJSON)
	alice := f.join("alice")
	ada := f.programNamed("ada")
	f.operates("in #lobby shadowmute ada")
	alice.reads()
	ada.objects()
	got := ada.asks(fields{"type": "command", "line": "/nick eve"})
	if len(got) != 2 {
		t.Fatalf("after /nick: %v", got)
	}
	has(t, "the event", got[0], fields{"type": "event", "what": "nick", "room": "#lobby", "name": "ada", "newName": "eve"})
	has(t, "the notice", got[1], fields{"type": "notice", "code": "renamed"})
	got = ada.asks(fields{"type": "join", "room": "#tea"})
	if len(got) != 2 {
		t.Fatalf("after /join: %v", got)
	}
	has(t, "the event", got[1], fields{"type": "event", "what": "join", "room": "#tea", "name": "eve"})
	alice.sees("")
	f.operates("in #lobby unmute ada")
	got = ada.asks(fields{"type": "post", "room": "#lobby", "text": "hello"})
	only(t, "a message", got, fields{"type": "message", "from": "eve", "text": "hello"})
	alice.sees("*** ada is now known as eve\r\neve: hello\r\n")
}

// A message that is refused is not acknowledged, and may be sent again.
func TestARefusedMessageHasItsCID(t *testing.T) {
	f := startWithAccounts(t, speaksJSON)
	words, err := wordfilter.Parse([]byte("refuse: grog\n"))
	if err != nil {
		t.Fatal(err)
	}
	f.srv.SetWords(words)
	ada := f.programNamed("ada")
	only(t, "an unwanted word", ada.asks(fields{"type": "post", "text": "grog", "cid": "c-1"}),
		fields{"type": "error", "code": "unwanted-words-say-others", "cid": "c-1"})
	if got := ada.asks(fields{"type": "post", "text": "tea", "cid": "c-1"}); len(got) != 2 {
		t.Errorf("with another word: %v", got)
	}
}

func TestAccountsInJSON(t *testing.T) {
	f := startWithAccounts(t, speaksJSON)
	ada := f.program()
	only(t, "no password", ada.asks(fields{"type": "register", "name": "ada", "password": "", "cid": "r"}),
		fields{"type": "error", "cid": "r", "code": "json-missing", "field": "password"})
	got := ada.asks(fields{"type": "register", "name": "ada", "password": "correct horse battery"})
	if got = except(got, "session"); len(got) != 3 || got[0]["code"] != "registered" || got[1]["type"] != "joined" {
		t.Fatalf("after the registration: %v", got)
	}
	other := f.program()
	only(t, "the name without a password", other.asks(fields{"type": "login", "name": "ada"}), fields{"type": "error", "code": "name-registered"})
	only(t, "a wrong password", other.asks(fields{"type": "login", "name": "ada", "password": "wrong", "cid": "l"}),
		fields{"type": "error", "code": "wrong-password", "cid": "l"})
	only(t, "an unknown name", other.asks(fields{"type": "login", "name": "nobody", "password": "wrong", "cid": "l"}),
		fields{"type": "error", "code": "wrong-password", "cid": "l"})
	got = other.asks(fields{"type": "login", "name": "ada", "password": "correct horse battery", "cid": "l"})
	if got = except(got, "session"); len(got) != 2 || got[1]["type"] != "joined" || got[1]["cid"] != "l" {
		t.Fatalf("after the login: %v", got)
	}
	ada.objects()
	got = other.asks(fields{"type": "post", "text": "from one", "cid": "same"})
	if len(got) != 2 {
		t.Fatalf("a message: %v", got)
	}
	ada.objects()
	only(t, "the same from another connection", ada.asks(fields{"type": "post", "text": "from one", "cid": "same"}), got[1])

	question := only(t, "a command that asks", ada.asks(fields{"type": "command", "line": "/passwd"}), fields{"type": "question", "hidden": true})
	if question["text"] == "" {
		t.Errorf("the question has no words: %v", question)
	}
	only(t, "an answer", ada.asks(fields{"type": "answer", "text": "correct horse battery"}), fields{"type": "question", "hidden": true})
}

func TestRoomsHistoryAndSearchInJSON(t *testing.T) {
	f := startWithAccounts(t, speaksJSON)
	ada := f.programNamed("ada")
	got := ada.asks(fields{"type": "join", "room": "#tea"})
	has(t, "join", got[0], fields{"type": "joined", "room": "#tea", "name": "ada"})
	for i := range 5 {
		ada.asks(fields{"type": "post", "room": "#tea", "text": "line " + strconv.Itoa(i)})
	}
	page := only(t, "history", ada.asks(fields{"type": "history", "room": "#tea", "limit": 2, "cid": "h"}), fields{"type": "history", "room": "#tea", "older": true, "cid": "h"})
	events, ok := page["events"].([]any)
	if !ok || len(events) != 2 {
		t.Fatalf("the page is %v", page)
	}
	oldest, ok := events[0].(map[string]any)
	if !ok || oldest["text"] != "line 3" {
		t.Fatalf("the oldest is %v", events[0])
	}
	page = only(t, "the page before", ada.asks(fields{"type": "history", "room": "#tea", "before": oldest["id"], "limit": 3}), fields{"type": "history"})
	if events, ok := page["events"].([]any); !ok || len(events) != 3 {
		t.Errorf("the page before is %v", page)
	}
	texts := func(page fields) (all string) {
		events, _ := page["events"].([]any)
		for _, e := range events {
			text, _ := e.(map[string]any)["text"].(string)
			all += strings.TrimPrefix(text, "line ")
		}
		return all
	}
	page = only(t, "after", ada.asks(fields{"type": "history", "room": "#tea", "after": oldest["id"], "limit": 1}), fields{"type": "history", "newer": true})
	if got := texts(page); got != "4" {
		t.Errorf("after line 3 comes %q", got)
	}
	page = only(t, "around", ada.asks(fields{"type": "history", "room": "#tea", "around": oldest["id"], "limit": 3}), fields{"type": "history", "older": true, "newer": true})
	if got := texts(page); got != "234" {
		t.Errorf("around line 3 is %q", got)
	}
	only(t, "two bounds", ada.asks(fields{"type": "history", "before": "1", "after": "1"}), fields{"type": "error", "code": "one-bound"})
	found := only(t, "search", ada.asks(fields{"type": "search", "query": "line in:#tea"}), fields{"type": "results", "query": "line in:#tea"})
	if events, ok := found["events"].([]any); !ok || len(events) != 5 {
		t.Errorf("found %v", found)
	}
	only(t, "who", ada.asks(fields{"type": "who", "room": "#tea"}), fields{"type": "members", "room": "#tea", "people": 1.0})
	only(t, "rooms", ada.asks(fields{"type": "rooms"}), fields{"type": "rooms"})
	only(t, "whois", ada.asks(fields{"type": "whois", "name": "ada"}), fields{"type": "whois", "name": "ada"})
	only(t, "settings", ada.asks(fields{"type": "settings"}), fields{"type": "settings"})
	only(t, "complete", ada.asks(fields{"type": "complete", "prefix": "#t"}), fields{"type": "completions", "words": []any{"#tea"}})
	only(t, "complete a name", ada.asks(fields{"type": "complete", "prefix": "A"}), fields{"type": "completions", "words": []any{"ada"}})
	only(t, "complete a command", ada.asks(fields{"type": "complete", "prefix": "/who"}), fields{"type": "completions", "words": []any{"/whoami", "/whois"}})
	only(t, "a command", ada.asks(fields{"type": "command", "line": "topic", "room": "#lobby"}), fields{"type": "topic", "room": "#lobby"})
}

// Each mistake has its own code, names the field, and closes nothing.
func TestMistakesInJSON(t *testing.T) {
	f := startIn(t, sim.New(sim.Options{}), speaksJSON, func(o *server.Options) { o.MaxLine = 100 })
	deep := strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000)
	for _, test := range []struct{ line, code, field string }{
		{`{`, "json-syntax", ""},
		{`{"type":"ping"`, "json-syntax", ""},
		{`{"type":"ping"} x`, "json-syntax", ""},
		{`[1]`, "json-no-object", ""},
		{`"ping"`, "json-no-object", ""},
		{`null`, "json-no-object", ""},
		{`{"type":"ping","x":` + strings.Repeat("[", 9) + strings.Repeat("]", 9) + `}`, "json-too-deep", ""},
		{`{"type":"ping","x":` + deep[5000:15000] + `}`, "json-too-deep", ""},
		{`{"type":"ping","type":"post"}`, "json-duplicate", "type"},
		{`{"type":"ping","x":"\ud800"}`, "json-syntax", ""},
		{"{\"type\":\"ping\",\"x\":\"\xff\"}", "json-syntax", ""},
		{`{"type":1}`, "json-bad-value", "type"},
		{`{"type":"history","limit":1e99}`, "json-bad-value", "limit"},
		{`{"type":"history","limit":201}`, "limit-range", ""},
		{`{"type":"history","limit":-1}`, "limit-range", ""},
		{`{"type":"history","before":-1}`, "json-bad-value", "before"},
		{`{"type":"history","before":"18446744073709551616"}`, "json-bad-value", "before"},
		{`{}`, "json-no-type", "type"},
		{`{"type":"frobnicate"}`, "json-unknown-type", "type"},
		{`{"type":"post","text":"x","cid":"` + strings.Repeat("c", 65) + `"}`, "cid-too-long", "cid"},
		{`{"type":"post","text":"` + strings.Repeat("x", 101) + `"}`, "text-too-long", "text"},
		{`{"type":"post","text":"` + strings.Repeat(`x\n`, 64) + `x"}`, "too-many-lines", "text"},
		{`{"type":"post"}`, "no-text", ""},
		{`{"type":"post","text":"x","kind":"shout"}`, "json-kind", "kind"},
		{`{"type":"post","text":"x","room":"#tea","to":"ada"}`, "room-and-person", ""},
		{`{"type":"post","text":"x","room":"#tea"}`, "not-in-room", ""},
		{`{"type":"join","room":"#a b"}`, "json-spaces", "room"},
		{`{"type":"login","name":"else"}`, "json-missing", "password"},
		{`{"type":"redact"}`, "json-missing", "id"},
		{`{"type":"answer","text":"x"}`, "json-no-question", ""},
		{`{"type":"command"}`, "json-missing", "line"},
		{`{"type":"hello","v":2}`, "json-version", "v"},
	} {
		ada := f.programNamed("ada")
		ada.sends(test.line + "\n")
		want := fields{"type": "error", "code": test.code}
		if test.field != "" {
			want["field"] = test.field
		}
		only(t, test.line[:min(len(test.line), 60)], ada.objects(), want)
		only(t, "ping", ada.asks(fields{"type": "ping"}), fields{"type": "pong"})
		ada.asks(fields{"type": "quit"})
		ada.isClosed()
		f.advance(time.Hour)
	}
}

func TestAnObjectThatIsTooLongIsNotKept(t *testing.T) {
	f := start(t, speaksJSON)
	ada := f.programNamed("ada")
	ada.sends(`{"type":"post","text":"` + strings.Repeat("x", 1<<20))
	only(t, "1 MiB without an end", ada.objects(), fields{"type": "error", "code": "object-too-long"})
	ada.sends("\"}\n")
	only(t, "afterwards", ada.asks(fields{"type": "ping"}), fields{"type": "pong"})
	ada.sends(strings.Repeat("y", 17<<10) + "\n" + strings.Repeat("z", 17<<10) + "\n")
	got := ada.objects()
	if len(got) != 2 || got[1]["type"] != "bye" || got[1]["code"] != "line-too-long-again" {
		t.Errorf("after the third: %v", got)
	}
	ada.isClosed()
}

func TestTheFirstRequestIsHello(t *testing.T) {
	f := start(t, speaksJSON)
	p := &program{f.dial(), jsontest.Load(t, "../../docs/protocol.schema.json")}
	only(t, "login first", p.asks(fields{"type": "login", "name": "ada"}), fields{"type": "error", "code": "json-hello-first"})
	f.advance(2 * time.Minute)
	got := p.objects()
	only(t, "without a login", got, fields{"type": "bye", "code": "no-name-in-time"})
	p.isClosed()
}

// A program that does not read misses whole objects, is told so, and where.
func TestAProgramThatIsTooSlowIsToldOfTheGap(t *testing.T) {
	f := startIn(t, sim.New(sim.Options{}), speaksJSON, func(o *server.Options) { o.MaxLag = 16 << 10 })
	alice := f.join("alice")
	ada := f.programNamed("ada")
	alice.reads()
	line := strings.Repeat("x", 1000) + "\r\n"
	for range 300 {
		alice.sends(line)
	}
	got := ada.objects()
	gaps, said := 0, 0
	for _, o := range got {
		switch o["type"] {
		case "gap":
			gaps++
			has(t, "the gap", o, fields{"room": "#lobby"})
			missed, _ := o["missed"].(float64)
			said += int(missed)
		case "message":
			said++
		}
	}
	if gaps == 0 || said != 300 {
		t.Errorf("%d gaps; %d messages were sent or counted as missed, of 300", gaps, said)
	}
}

// Requests of a program that does not read its answers wait.
func TestAProgramThatDoesNotReadItsAnswersIsReadNoFurther(t *testing.T) {
	f := startIn(t, sim.New(sim.Options{}), speaksJSON)
	ada := f.programNamed("ada")
	sent, ask := 0, []byte(`{"type":"complete","prefix":"/","cid":"0123456789"}`+"\n")
	for sent < 1<<20 {
		n, err := ada.c.Write(ask)
		f.settle()
		if sent += n; err != nil {
			break
		}
	}
	if sent >= 1<<20 {
		t.Error("1 MiB of requests were read without an answer being read")
	}
	_ = ada.objects()
}
