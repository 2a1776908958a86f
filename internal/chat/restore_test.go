package chat_test

import (
	"net/netip"
	"slices"
	"testing"

	"github.com/sudoXpg/netloop/internal/chat"
)

// An earlier version distinguished ς from σ, so two accounts may now have the same name.
// Both can be used, and the log of the start mentions them.
func TestAccountsWhoseNamesHaveBecomeTheSameBothLogIn(t *testing.T) {
	const first, second = "νικος", "ΝΙΚΟΣ"
	d := &disk{}
	state := &chat.State{LastID: 100, Accounts: []chat.Account{
		{ID: 1, Name: first, Role: chat.User, Hash: "=" + first},
		{ID: 2, Name: second, Role: chat.Moderator, Hash: "=" + second},
		{ID: 3, Name: "alice", Role: chat.User, Hash: "=alice"},
	}}
	if pairs := state.SameNames(); !slices.Equal(pairs, [][2]string{{first, second}}) {
		t.Errorf("told of %v", pairs)
	}
	f := newFixtureWith(t, func(o *chat.Options) { o.State, o.Journal, o.Passwords = state, d, plain{} })
	one, two, alice := f.logsIn(first), f.logsIn(second), f.logsIn("alice")
	if one.Name() != first || two.Name() != second {
		t.Errorf("logged in as %s and %s", one.Name(), two.Name())
	}
	f.run(alice, "msg", second+" hello")
	if len(two.told) == 0 || two.lastTold().Body != "hello" || one.lastTold().Body == "hello" {
		t.Errorf("a message to %s: %v, %v", second, two.told, one.told)
	}
	guest := f.admit()
	for _, name := range []string{first, second, "Νικος"} {
		if err := f.hub.Login(&guest.Member, name); err == nil {
			t.Errorf("a guest may be called %s", name)
		}
	}
}

// An earlier version stored a banned IPv4 network as it was typed, IPv4-mapped.
func TestABanOfAMappedNetworkHoldsAfterARestart(t *testing.T) {
	f := newFixtureWith(t, func(o *chat.Options) {
		o.State = &chat.State{LastID: 100, Sanctions: []chat.Sanction{
			{ID: 5, Kind: chat.Ban, Target: "::ffff:192.0.2.0/120", Net: netip.MustParsePrefix("::ffff:192.0.2.0/120")},
		}}
	})
	if got := f.hub.Banned(netip.MustParseAddr("192.0.2.7"), now); got == nil || got.Code != "you-are-banned" {
		t.Errorf("192.0.2.7: %+v", got)
	}
	if got := f.hub.Banned(netip.MustParseAddr("192.0.3.7"), now); got != nil {
		t.Errorf("192.0.3.7: %+v", got)
	}
}
