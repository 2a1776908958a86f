package chat_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/codec/text"
)

// joinFrom admits a guest from an address, or returns why not.
func (f *fixture) joinFrom(name, addr string) (*person, error) {
	p := f.admit()
	p.addr = netip.MustParseAddr(addr)
	err := f.hub.Login(&p.Member, name)
	if err == nil {
		f.hub.Arrive(&p.Member, now)
	}
	return p, err
}

func TestNoAddressOfThisMachineIsBanned(t *testing.T) {
	own := netip.MustParseAddr("192.0.2.7")
	f := newFixtureWith(t, func(o *chat.Options) {
		o.State = &chat.State{LastID: 100, Accounts: []chat.Account{{ID: 1, Name: "modo", Role: chat.Moderator, Hash: "=modo"}}}
		o.Journal, o.Passwords = nowhere{}, plain{}
		o.Local = func(a netip.Addr) bool { return a == own }
	})
	mod := f.logsIn("modo")
	for text, want := range map[string]string{
		"192.0.2.7": "192.0.2.7 is this machine", "::ffff:192.0.2.7": "::ffff:192.0.2.7 is this machine", "127.0.0.1": "127.0.0.1 is this machine",
		"192.0.2.0/24": "192.0.2.0/24 is banned permanently",
	} {
		f.run(mod, "ban", text)
		mod.resume()
		if got := mod.lastTold().Body; got != want {
			t.Errorf("told %q, want %q", got, want)
		}
	}
	bob, err := f.joinFrom("bob", "192.0.2.7")
	if err != nil {
		t.Fatalf("the machine itself is banned: %v", err)
	}
	if _, err := f.joinFrom("eve", "192.0.2.8"); err == nil {
		t.Error("its neighbour is not")
	}
	f.run(mod, "ban", "bob")
	mod.resume()
	if len(bob.closed) == 0 {
		t.Error("bob is not banned")
	}
	if _, err := f.joinFrom("carol", "192.0.2.7"); err != nil {
		t.Errorf("the ban of bob is one of the machine: %v", err)
	}
	if why := f.hub.Banned(own, now); why != nil {
		t.Error(text.Words(why))
	}
}

// A kicked guest can't come back under another name; users at the same address
// can.
func TestAKickedGuestCannotComeBackUnderAnotherName(t *testing.T) {
	f, _ := withAccounts(t)
	mod := f.logsIn("modo")
	bob, err := f.joinFrom("bob", "192.0.2.7")
	if err != nil {
		t.Fatal(err)
	}
	f.run(mod, "kick", "bob")
	mod.resume()
	f.hub.Leave(&bob.Member, nil, now)
	for name, addr := range map[string]string{"bob": "192.0.2.9", "b0b": "192.0.2.9", "rob": "192.0.2.7"} {
		_, err := f.joinFrom(name, addr)
		if want := "you were kicked from #lobby: you may come back in 60 seconds"; err == nil || text.Words(chat.Why(err)) != want {
			t.Errorf("%s from %s: %v", name, addr, err)
		}
	}
	if _, err := f.joinFrom("carol", "192.0.2.9"); err != nil {
		t.Error(err)
	}
	alice := f.admit()
	alice.addr = netip.MustParseAddr("192.0.2.7")
	f.hub.Authenticate(&alice.Member, "alice")
	f.says(alice, "alice")
	alice.resume()
	if alice.Name() != "alice" {
		t.Errorf("told %v", alice.told)
	}
}

func TestAKickedUserMayReturnIfKickTimeIsOff(t *testing.T) {
	f := newFixtureWith(t, func(o *chat.Options) { o.KickTime = -time.Second })
	op := &person{}
	f.hub.Operate(&op.Member, op, "operator")
	bob := f.join("bob")
	f.hub.RunIn(&op.Member, chat.Lobby, chat.Command{Name: "kick", Text: "bob"}, now)
	f.hub.Leave(&bob.Member, nil, now)
	f.join("bob")
}
