package server_test

import (
	"testing"
	"time"
)

// Programs are told who is away and who has which role; telnet users are sent nothing for that,
// not even the line of a new day.
func TestProgramsAreToldWhoIsAway(t *testing.T) {
	f := startWithAccounts(t, speaksJSON)
	alice := f.dial()
	alice.sends("/register alice\r\ncorrect horse battery\r\ncorrect horse battery\r\n")
	alice.sends("/set timestamps on\r\n/join #tea\r\n")
	ada, bob := f.programNamed("ada"), f.programNamed("bob")
	joined := ada.asks(fields{"type": "join", "room": "#tea"})
	if _, ok := joined[0]["role"]; ok {
		t.Errorf("ada's role: %v", joined[0])
	}
	bob.asks(fields{"type": "join", "room": "#tea"})
	ada.objects()
	f.advance(24 * time.Hour)
	alice.reads()
	only(t, "whoever asks", ada.asks(fields{"type": "who", "room": "#tea"}), fields{"type": "members", "people": 3.0, "list": []any{
		map[string]any{"name": "ada"}, map[string]any{"name": "alice", "role": "owner", "idle": 86400.0}, map[string]any{"name": "bob", "idle": 86400.0},
	}})
	got := except(bob.asks(fields{"type": "command", "line": "/away tea"}), "session")
	if len(got) != 3 {
		t.Fatalf("bob is told %v", got)
	}
	has(t, "bob's own", got[1], fields{"type": "event", "what": "away", "room": "#tea", "name": "bob", "why": "tea"})
	for _, o := range ada.objects() {
		has(t, "ada is told", o, fields{"type": "event", "what": "away", "name": "bob", "why": "tea"})
	}
	alice.sees("")
	alice.sends("/back\r\n")
	alice.reads()
	if got := ada.objects(); len(got) > 0 {
		t.Errorf("of one who was not away: %v", got)
	}
	alice.sends("/away\r\n/back\r\n")
	if got := ada.objects(); len(got) != 4 || got[0]["what"] != "away" || got[3]["what"] != "back" {
		t.Errorf("of a telnet user: %v", got)
	}
	alice.reads()
	alice.sends("/leave #tea\r\n/join #tea\r\n")
	for _, o := range ada.objects() {
		if o["what"] == "join" {
			has(t, "an owner joins", o, fields{"name": "alice", "role": "owner"})
		}
	}
}

// Also after a resume, and a shadow-muted user sees their own.
func TestJoinedHasTheTopic(t *testing.T) {
	f := startWithAccounts(t, speaksJSON)
	alice := f.program()
	alice.asks(fields{"type": "register", "name": "alice", "password": "correct horse battery"})
	got := alice.asks(fields{"type": "join", "room": "#tea"})
	if _, ok := got[0]["topic"]; ok {
		t.Errorf("a new room: %v", got[0])
	}
	alice.asks(fields{"type": "command", "line": "/topic Assam", "room": "#tea"})
	ada, key := f.resumable("ada")
	has(t, "joined", ada.asks(fields{"type": "join", "room": "#tea"})[0], fields{"type": "joined", "topic": "Assam", "others": 1.0})
	_ = ada.c.Close()
	f.operates("in #tea shadowmute alice")
	alice.asks(fields{"type": "command", "line": "/topic Darjeeling", "room": "#tea"})
	tea := func(got []fields) fields {
		for _, o := range got {
			if o["type"] == "joined" && o["room"] == "#tea" {
				return o
			}
		}
		t.Fatalf("not in #tea: %v", got)
		return nil
	}
	has(t, "ada resumes", tea(f.program().asks(fields{"type": "resume", "token": key, "rooms": fields{}})), fields{"topic": "Assam"})
	other := f.program().asks(fields{"type": "login", "name": "alice", "password": "correct horse battery"})
	has(t, "alice's other connection", tea(other), fields{"topic": "Darjeeling", "role": "owner"})
}
