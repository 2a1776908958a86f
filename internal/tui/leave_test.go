//go:build !aix

package tui

import (
	"testing"

	tea "charm.land/bubbletea/v2"

	"github.com/sudoXpg/netloop/internal/client"
)

func TestADialogEndsWithItsConversation(t *testing.T) {
	for _, keys := range [][]string{{"enter"}, {"enter", "d"}, {"alt+m"}} {
		s := newScreen(t, 80, 24)
		s.joined("#tea")
		s.happen(s.message("alice", "mine"))
		s.press(append([]string{"shift+tab"}, keys...)...)
		if s.dialog == nil {
			t.Fatal("no dialog")
		}
		s.kicked("#lobby")
		if s.dialog != nil || s.active.Name != "#tea" {
			t.Errorf("%v: the dialog of a room that was left stays in %s", keys, s.active.Name)
		}
		s.press("r", "y", "enter")
		s.rows()
		for _, r := range s.session.sent {
			if r.Type == "redact" {
				t.Errorf("%+v", r)
			}
		}
		// Without any room, too.
		s.press("shift+tab")
		s.kicked("#tea")
		s.press("r", "d", "y", "enter", "up")
		s.rows()
	}
}

func TestAJoinedRoomEndsTheMenuOfAnother(t *testing.T) {
	s := newScreen(t, 80, 24)
	s.happen(s.message("alice", "mine"))
	s.press("'/join #tea", "enter", "shift+tab", "enter")
	s.happen(client.Joined{CID: s.session.last(t, "join").CID, Room: "#tea", Name: "alice", Place: s.place()})
	if s.dialog != nil || s.active.Name != "#tea" {
		t.Errorf("%T in %s", s.dialog, s.active.Name)
	}
}

func TestTheSwitcherDoesNotShowARoomThatWasLeft(t *testing.T) {
	s := newScreen(t, 80, 24)
	s.joined("#tea")
	s.press("ctrl+k", "'tea")
	s.kicked("#tea")
	s.press("enter")
	if s.active.Name != "#lobby" {
		t.Errorf("%s is shown", s.active.Name)
	}
}

func TestWhatWasTypedInARoomThatIsLeftCanBeRecalled(t *testing.T) {
	s := newScreen(t, 80, 24)
	s.joined("#tea")
	s.press("'a long text")
	s.kicked("#lobby")
	s.field("")
	s.press("ctrl+p")
	s.field("a long text")
}

func TestCommandsWorkWithoutARoom(t *testing.T) {
	s := newScreen(t, 80, 24)
	s.kicked("#lobby")
	s.shows("You are in no room")
	s.press("'hello", "enter")
	if s.input.Value() != "hello" || len(s.session.posts) != 0 {
		t.Errorf("%q, %v", s.input.Value(), s.session.posts)
	}
	s.compose("")
	for _, key := range allKeys {
		if key != "ctrl+c" && key != "ctrl+d" {
			s.press(key)
			s.rows()
			s.press("esc")
		}
	}
	s.compose("")
	s.press("'/rooms", "enter")
	if r := s.session.last(t, "command"); r.Line != "/rooms" || r.Room != "" {
		t.Errorf("%+v", r)
	}
	s.happen(client.Failure{Code: "x", Text: "that failed"})
	s.shows("that failed")
	s.press("'/join #tea", "enter")
	s.happen(client.Joined{CID: s.session.last(t, "join").CID, Room: "#tea", Name: "alice", Place: s.place()})
	if s.active == nil || s.active.Name != "#tea" {
		t.Error("#tea is not shown")
	}
}

func TestARoomThatTheServerNoLongerHasUsInCanBeEnteredOrClosed(t *testing.T) {
	s := newScreen(t, 80, 24)
	s.joined("#tea")
	s.happen(client.Connected{}, client.Joined{Room: "#lobby", Name: "alice", Place: s.place()})
	s.press("alt+down")
	s.shows("You are not in this room")
	s.press("'/join #tea", "enter")
	if r := s.session.last(t, "join"); r.Room != "#tea" {
		t.Errorf("%+v", r)
	}
	s.joined("#tea")
	s.hides("You are not in this room")
	s.happen(client.Connected{}, client.Joined{Room: "#lobby", Name: "alice", Place: s.place()})
	s.press("'/leave", "enter")
	if s.active.Name != "#lobby" || s.chat.Find("#tea") != nil {
		t.Error("#tea is not closed")
	}
}

func TestAPageOfARoomThatWasLeft(t *testing.T) {
	s := newScreen(t, 80, 24)
	s.joined("#tea")
	s.jump("#tea", 5)
	r := s.session.last(t, "history")
	s.kicked("#tea")
	s.happen(client.History{CID: r.CID, Room: "#tea", Events: []client.Message{s.message("bob", "x")}})
	if s.chat.Find("#tea") != nil || len(s.views) != 1 || len(s.loading) != 0 {
		t.Errorf("%d views, %d loading", len(s.views), len(s.loading))
	}
	s.jump("no room", 5)
	s.jump("#elsewhere", 5) // of a room that was left
	s.shows("You are not in this room")
}

func TestLeavingDoesNotWaitForASilentServer(t *testing.T) {
	s := newScreen(t, 80, 24)
	cmd, done := s.command("/quit bye")
	if cmd == nil || !done || s.session.last(t, "quit").Reason != "bye" {
		t.Error("/quit sets no time limit")
	}
	if cmd := s.event(client.Disconnected{Err: errLost}); cmd == nil {
		t.Error("it stays without a connection")
	} else if _, ok := cmd().(tea.QuitMsg); !ok {
		t.Error("it stays without a connection")
	}
}
