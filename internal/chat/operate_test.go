package chat_test

import (
	"errors"
	"testing"

	"github.com/sudoXpg/netloop/internal/chat"
)

func TestAnOperatorIsToldCommandsAsHeTypesThem(t *testing.T) {
	f := newFixture(t)
	op := &person{}
	f.hub.Operate(&op.Member, op, "operator")
	for _, c := range []struct{ room, name, text, want string }{
		{"", "kick", "bob", "kick is about a room: in ROOM kick NAME [REASON]"},
		{"", "knick", "bob", "no command knick: did you mean kick?"},
		{"", "frobnicate", "", "no command frobnicate: help lists them"},
		{"", "role", "bob", "usage: role NAME ROLE"},
		{"", "me", "waves", "me is for people in the chat"},
		{"", "help", "list", "usage: list [#ROOM]: List who is here. (also who, names)"},
		{chat.Lobby, "kick", "bob", "nobody here is called bob"},
		{"#nosuch", "kick", "bob", "there is no room #nosuch"},
	} {
		f.hub.RunIn(&op.Member, c.room, chat.Command{Name: c.name, Text: c.text}, now)
		if got := op.lastTold().Body; got != c.want {
			t.Errorf("in %q %s %s: %q, want %q", c.room, c.name, c.text, got, c.want)
		}
	}
}

func TestWhereThereAreNoGuestsNewcomersAreToldWhatToDo(t *testing.T) {
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
