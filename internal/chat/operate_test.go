package chat_test

import (
	"errors"
	"testing"

	"github.com/sudoXpg/netloop/internal/chat"
)

func TestAnOperatorIsShownCommandsAsTheyTypeThem(t *testing.T) {
	f := newFixture(t)
	op := &person{bare: true}
	f.hub.Operate(&op.Member, op, "operator")
	for _, c := range []struct{ room, name, text, want string }{
		{"", "kick", "bob", "kick needs a room: in ROOM kick NAME [REASON]"},
		{"", "knick", "bob", "unknown command knick: did you mean kick?"},
		{"", "frobnicate", "", "unknown command frobnicate: help lists the commands"},
		{"", "role", "bob", "usage: role NAME ROLE"},
		{"", "me", "waves", "me is for people in the chat"},
		{chat.Lobby, "kick", "bob", "there is no user bob here"},
		{"#nosuch", "kick", "bob", "there is no room #nosuch"},
	} {
		f.hub.RunIn(&op.Member, c.room, chat.Command{Name: c.name, Text: c.text}, now)
		if got := op.lastTold().Body; got != c.want {
			t.Errorf("in %q %s %s: %q, want %q", c.room, c.name, c.text, got, c.want)
		}
	}
}

func TestWithoutGuestsNewUsersAreToldToRegister(t *testing.T) {
	hub := chat.New(chat.Options{NewFeed: func(string) chat.Feed { return &log{} }, NoGuests: true})
	bob, op := &person{}, &person{}
	hub.Admit(&bob.Member, bob)
	hub.Operate(&op.Member, op, "operator")
	if err := hub.Login(&bob.Member, "bob"); !errors.Is(err, chat.ErrRegister) {
		t.Errorf("registrations are open: %v", err)
	}
	hub.RunIn(&op.Member, "", chat.Command{Name: "lock", Text: "register"}, now)
	if err := hub.Login(&bob.Member, "bob"); !errors.Is(err, chat.ErrNoGuests) {
		t.Errorf("registrations are closed: %v", err)
	}
}

func TestALogOfCommandsHasNoSecrets(t *testing.T) {
	hub := chat.New(chat.Options{NewFeed: func(string) chat.Feed { return &log{} }})
	for line, want := range map[[2]string]string{
		{"room", "key open sesame"}: "room key ***", {"Room", "KEY sesame"}: "Room KEY ***", {"room", "keyy sesame"}: "room keyy ***",
		{"room", "moderated on"}: "room moderated on", {"room", "delete #tea"}: "room delete #tea", {"room", ""}: "room",
		{"useradd", "alice sesame"}: "useradd alice ***", {"passwd", "alice"}: "passwd alice", {"passwd", "alice sesame"}: "passwd alice ***",
		{"useradduser", "alice sesame"}: "useradduser ***", {"join", "#tea sesame"}: "join ***", {"msg", "bob sesame"}: "msg ***",
		{"login", "sesame"}: "login ***", {"ban", "bob 1d spam"}: "ban bob 1d spam", {"announce", "tea is ready"}: "announce tea is ready",
	} {
		if got := hub.Loggable(chat.Command{Name: line[0], Text: line[1]}); got != want {
			t.Errorf("%q is logged as %q, want %q", line, got, want)
		}
	}
}
