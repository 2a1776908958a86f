package server_test

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/sudoXpg/netloop/internal/server"
)

// A user whose dead connections have used up the limit of their address logs in and
// takes over the one that has been silent for longest. Other clients are refused.
func TestAUserTakesOverTheirDeadConnection(t *testing.T) {
	home, abroad := netip.MustParseAddr("203.0.113.7"), netip.MustParseAddr("203.0.113.8")
	f := startWithAccounts(t, func(o *server.Options) { o.MaxPerIP, o.NewPerIP = 2, 0 })
	logIn := func(from netip.Addr) *peer {
		t.Helper()
		p := f.dialFrom(from)
		p.sends("alice\r\n" + goodPassword + "\r\n")
		return p
	}
	first := f.dialFrom(home)
	first.sends("alice\r\n/register\r\n" + goodPassword + "\r\n" + goodPassword + "\r\n")
	f.advance(time.Minute)
	second := logIn(home)
	f.advance(time.Minute)
	first.sends("/whoami\r\n")
	f.advance(time.Minute)
	third := logIn(abroad) // no limit applies to it
	for _, p := range []*peer{first, second, third} {
		p.reads()
	}

	guest := f.dialFrom(home)
	guest.sees(negotiation + "*** your address already has 2 connections, the limit: log in to take over one of yours\r\n" + greeting[len(negotiation):])
	guest.sends("bob\r\n")
	guest.sends("/register bob\r\n")
	got := guest.reads()
	if strings.Count(got, "*** your address has too many connections: only a login") != 2 {
		t.Errorf("a guest: %q", got)
	}
	if err := guest.c.Close(); err != nil {
		t.Fatal(err)
	}
	f.settle()

	again := logIn(home)
	if got := again.reads(); !strings.Contains(got, "*** you are logged in as alice\r\n") {
		t.Fatalf("%q", got)
	}
	second.sees("*** you are replaced by a newer login to your account\r\n*** goodbye\r\n")
	second.isClosed()
	for _, p := range []*peer{first, third, again} {
		p.reads()
		p.sends("/whoami\r\n")
		if got := p.reads(); !strings.Contains(got, "*** you are alice (registered, user)") {
			t.Errorf("%q", got)
		}
	}
	f.logged("msg=leave", "conn=2", "replaced by a newer login")
}

// Extra connections are few, and are released however they end.
func TestFewExtraConnectionsAreAdmittedBeyondTheLimit(t *testing.T) {
	f := startWithAccounts(t, func(o *server.Options) { o.MaxPerIP, o.NewPerIP = 1, 0 })
	home := netip.MustParseAddr("203.0.113.7")
	f.dialFrom(home).sends("bob\r\n")
	for range 3 {
		extra := []*peer{f.dialFrom(home), f.dialFrom(home)}
		for _, p := range extra {
			if got := p.reads(); !strings.HasSuffix(got, prompt) {
				t.Errorf("%q", got)
			}
		}
		refused := f.dialFrom(home)
		refused.sees("*** your address already has 1 connection, the limit\r\n")
		refused.isClosed()
		for _, p := range extra {
			if err := p.c.Close(); err != nil {
				t.Fatal(err)
			}
			f.settle()
		}
	}
}

func TestAnAccountHasABoundedNumberOfConnections(t *testing.T) {
	f := startWithAccounts(t, func(o *server.Options) { o.MaxPerIP, o.NewPerIP = 0, 0 })
	first := f.dial()
	first.sends("alice\r\n/register\r\n" + goodPassword + "\r\n" + goodPassword + "\r\n")
	var all []*peer
	for range 16 {
		f.advance(time.Second)
		p := f.dial()
		p.sends("alice\r\n" + goodPassword + "\r\n")
		all = append(all, p)
	}
	if got := first.reads(); !strings.HasSuffix(got, "*** you are replaced by a newer login to your account\r\n*** goodbye\r\n") {
		t.Errorf("the first: %q", got)
	}
	first.isClosed()
	for i, p := range all {
		p.reads()
		p.sends("/whoami\r\n")
		if got := p.reads(); !strings.Contains(got, "you are alice") {
			t.Errorf("connection %d: %q", i, got)
		}
	}
}
