package chat_test

import (
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/sudoXpg/netloop/internal/chat"
)

// presences summarizes the away and back events that the room got since the last call.
func (l *log) presences() (all []string) {
	for _, e := range l.events {
		switch e.Kind {
		case chat.Away:
			all = append(all, e.Name+" away "+e.Body)
		case chat.Back:
			all = append(all, e.Name+" back")
		default:
		}
	}
	l.events = nil
	return all
}

// presencesTold is presences for what only p has seen.
func (p *person) presencesTold() []string {
	all := (&log{events: p.told}).presences()
	p.told = nil
	return all
}

func TestARoomIsToldWhoIsAway(t *testing.T) {
	f, _ := withAccounts(t)
	bob, modo := f.join("bob"), f.logsIn("modo")
	modo.resume()
	for _, step := range []struct {
		by         *person
		name, text string
		want       []string
	}{
		{bob, "away", "tea", []string{"bob away tea"}},
		{bob, "away", "tea", nil},
		{bob, "away", "", []string{"bob away "}},
		{bob, "nick", "rob", nil},
		{bob, "back", "", []string{"rob back"}},
		{bob, "back", "", nil},
		{modo, "room", "moderated on", nil},
		{bob, "away", "", nil},
		{bob, "back", "", []string{"rob back"}},
		{bob, "away", "", nil},
		{modo, "away", "lunch", []string{"modo away lunch"}},
		{modo, "voice", "rob", nil},
		{bob, "back", "", []string{"rob back"}},
		{modo, "mute", "rob", nil},
		{bob, "away", "", nil},
		{bob, "back", "", []string{"rob back"}},
		{modo, "room", "moderated off", nil},
		{modo, "logout", "", []string{"visitor-3 back"}},
	} {
		f.run(step.by, step.name, step.text)
		step.by.resume()
		if got := f.feed.presences(); !slices.Equal(got, step.want) {
			t.Errorf("%s /%s %s: %q, want %q", step.by.Name(), step.name, step.text, got, step.want)
		}
	}
}

// Also of a person who enters, and by one connection in the rooms of another.
func TestEachRoomIsToldWhoIsAway(t *testing.T) {
	f, _ := withAccounts(t)
	one, two := f.logsIn("alice"), f.logsIn("alice")
	f.run(one, "join", "#tea")
	f.run(one, "join", "#cake")
	f.run(two, "away", "tea")
	want := []string{"alice away tea"}
	for _, room := range []string{chat.Lobby, "#tea", "#cake"} {
		if got := f.logs[room].presences(); !slices.Equal(got, want) {
			t.Errorf("%s: %q", room, got)
		}
	}
	f.run(two, "join", "#milk")
	if got := f.logs["#milk"].presences(); !slices.Equal(got, want) {
		t.Errorf("#milk: %q", got)
	}
	f.run(one, "join", "#milk")
	if got := f.logs["#milk"].presences(); len(got) > 0 {
		t.Errorf("the other connection: %q", got)
	}
}

// A shadow-muted user is told what others are not.
func TestNobodyIsToldThatAShadowMutedUserIsAway(t *testing.T) {
	f, _ := withAccounts(t)
	modo, alice, other := f.logsIn("modo"), f.logsIn("alice"), f.logsIn("alice")
	alice.echoes, other.echoes = true, true
	text := f.logsIn("alice")
	f.run(modo, "shadowmute", "alice")
	modo.resume()
	f.feed.presences()
	for _, step := range []struct{ name, text, want string }{
		{"away", "read this", "alice away read this"}, {"back", "", "alice back"}, {"away", "", "alice away "},
	} {
		alice.presencesTold()
		other.presencesTold()
		f.run(alice, step.name, step.text)
		if got := f.feed.presences(); len(got) > 0 {
			t.Errorf("others see %q", got)
		}
		for _, p := range []*person{alice, other} {
			if got := p.presencesTold(); !slices.Equal(got, []string{step.want}) {
				t.Errorf("told %q, want %q", got, step.want)
			}
		}
	}
	if got := text.presencesTold(); len(got) > 0 {
		t.Errorf("a connection whose feed shows nobody their own events is told %q", got)
	}
	f.run(alice, "join", "#tea")
	if got := f.logs["#tea"].presences(); len(got) > 0 {
		t.Errorf("others see %q", got)
	}
	if got := alice.presencesTold(); !slices.Equal(got, []string{"alice away "}) {
		t.Errorf("in the new room: told %q", got)
	}
}

func TestMembersHaveTheirRolesInTheRoom(t *testing.T) {
	f, _ := withAccounts(t)
	alice, bobby, eve, carol := f.logsIn("alice"), f.logsIn("bobby"), f.join("eve"), f.join("carol")
	for _, p := range []*person{alice, bobby, eve} {
		f.run(p, "join", "#tea")
		p.resume()
	}
	f.run(alice, "op", "bobby")
	alice.resume()
	f.run(alice, "voice", "eve")
	alice.resume()
	f.run(carol, "join", "#cake")
	f.run(bobby, "join", "#cake")
	for _, c := range []struct {
		by   *person
		room string
		want []chat.MemberEntry
	}{
		{eve, "#tea", []chat.MemberEntry{{Name: "alice", Role: chat.RoomOwner}, {Name: "bobby", Role: chat.RoomOperator}, {Name: "eve", Role: chat.RoomVoiced}}},
		{carol, "#tea", []chat.MemberEntry{{Name: "alice"}, {Name: "bobby"}, {Name: "eve"}}},
		{bobby, "#cake", []chat.MemberEntry{{Name: "bobby"}, {Name: "carol", Role: chat.RoomOperator}}},
	} {
		f.run(c.by, "list", c.room)
		if got := lastAnswer[chat.Members](c.by).List; !slices.Equal(got, c.want) {
			t.Errorf("%s lists %s: %+v", c.by.Name(), c.room, got)
		}
	}
	f.run(bobby, "leave", "#tea")
	f.logs["#tea"].events = nil
	f.run(bobby, "join", "#tea")
	if got := f.logs["#tea"].events; len(got) != 1 || got[0].Body != "operator" || bobby.role != chat.RoomOperator {
		t.Errorf("an operator joins: %+v, as %q", got, bobby.role)
	}
}

// Two connections of one account change it at the same time.
func TestWhatARoomIsToldLastIsWhetherAUserIsAway(t *testing.T) {
	f, _ := withAccounts(t)
	bob, one, two := f.join("bob"), f.logsIn("alice"), f.logsIn("alice")
	for range 50 {
		var both sync.WaitGroup
		for reason, p := range map[string]*person{"one": one, "two": two} {
			both.Go(func() {
				for i := range 20 {
					f.run(p, "away", strconv.Itoa(i))
					f.run(p, "back", "")
				}
				f.run(p, "away", reason)
			})
		}
		both.Wait()
		f.run(bob, "whois", "alice")
		want := "alice away " + lastAnswer[chat.Person](bob).Why
		if got := f.feed.presences(); len(got) == 0 || got[len(got)-1] != want {
			t.Fatalf("the room was told %q last, want %q", got[max(0, len(got)-1):], want)
		}
	}
}
