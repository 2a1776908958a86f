package chat_test

import (
	"fmt"
	"net/netip"
	"testing"
	"time"
	"unsafe"

	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/flood"
)

// setBack returns what time.Now would return if the system's clock had been set
// back by whole seconds before: the monotonic reading stays. There is no other way
// to make such a time (see package time, "Monotonic Clocks", and the comment at
// Time.wall).
func setBack(t time.Time, by time.Duration) time.Time {
	wall := (*uint64)(unsafe.Pointer(&t)) //nolint:gosec // the first field of time.Time
	const seconds, hasMonotonic = 30, 1 << 63
	if *wall&hasMonotonic == 0 {
		panic("no monotonic reading")
	}
	*wall -= uint64(by/time.Second) << seconds
	return t
}

func TestSettingTheClockBackDoesNotSlowMembersDown(t *testing.T) {
	start := time.Now()
	later := setBack(start.Add(10*time.Minute), 2*time.Hour)
	if d := later.Round(0).Sub(start.Round(0)); d > 0 || later.Sub(start) != 10*time.Minute {
		t.Fatalf("the clock was not set back: %v, %v", d, later.Sub(start))
	}
	f := newFixtureWith(t, func(o *chat.Options) { o.Now = start })
	limits := flood.Defaults()
	f.hub.SetLimits(&limits)
	bob := f.join("bob")
	say := func(text string, at time.Time) { f.hub.Run(&bob.Member, chat.Command{Text: text}, at) }
	say("one", start)
	say("two", later)
	if len(bob.told) != 0 {
		t.Errorf("refused: %v", bob.told)
	}
	eve := f.join("eve")
	f.hub.Run(&eve.Member, chat.Command{Name: "list"}, setBack(start.Add(30*time.Minute), 2*time.Hour))
	if got := lastAnswer[chat.Members](eve).List; len(got) != 2 || got[0].Name != "bob" || got[0].Idle != 20*time.Minute {
		t.Errorf("%+v", got)
	}
}

// The limits of one person use the time that passed, not the difference of two clock
// readings.
func TestAClockThatIsSetBackAndForthCountsAsTimePasses(t *testing.T) {
	start := time.Now()
	f := newFixtureWith(t, func(o *chat.Options) { o.Now = start })
	limits := flood.Defaults()
	f.hub.SetLimits(&limits)
	bob := f.join("bob")
	for i := range 100 {
		at := start.Add(time.Duration(i) * 10 * time.Second)
		if i%2 == 1 {
			at = setBack(at, time.Hour)
		}
		f.hub.Run(&bob.Member, chat.Command{Text: fmt.Sprint("line ", i)}, at)
	}
	if len(bob.told) != 0 {
		t.Errorf("refused: %v", bob.told)
	}
}

// A ban of an address is found whatever the length of its prefix, and ends.
func TestABannedAddressIsLookedUp(t *testing.T) {
	f := newFixture(t)
	op := &person{}
	f.hub.Operate(&op.Member, op, "operator")
	ban := func(what string) { f.hub.RunIn(&op.Member, "", chat.Command{Name: "ban", Text: what}, now) }
	for i := range 200 {
		ban(fmt.Sprintf("203.0.113.%d", i))
	}
	ban("198.51.0.0/16")
	ban("198.51.100.7 1h")
	ban("2001:db8::/32")
	check := func(at time.Time, addr string, want bool) {
		t.Helper()
		if why := f.hub.Banned(netip.MustParseAddr(addr), at); (why != nil) != want {
			t.Errorf("%s: %q, banned should be %v", addr, why, want)
		}
	}
	for addr, want := range map[string]bool{
		"203.0.113.7": true, "203.0.113.199": true, "203.0.113.200": false, "198.51.100.7": true, "198.51.1.1": true,
		"198.52.1.1": false, "2001:db8:1::1": true, "2001:db9::1": false, "::ffff:203.0.113.7": true, "fe80::1%eth0": false,
	} {
		check(now, addr, want)
	}
	f.hub.RunIn(&op.Member, "", chat.Command{Name: "unban", Text: "198.51.0.0/16"}, now)
	check(now, "198.51.100.7", true)
	check(now.Add(2*time.Hour), "198.51.100.7", false)
	check(now, "198.51.1.1", false)
	if f.hub.Banned(netip.Addr{}, now) != nil {
		t.Error("who has no address is banned")
	}
}

// While there is any staff, connections from a banned address get as far as the
// password, so that staff can log in.
func TestABannedAddressMayConnectOnlyWhileThereIsStaff(t *testing.T) {
	d := &disk{}
	f := newFixtureWith(t, func(o *chat.Options) {
		o.State = &chat.State{Accounts: []chat.Account{{ID: 1, Name: "alice", Role: chat.User, Hash: "=alice"}, {ID: 2, Name: "modo", Role: chat.Moderator, Hash: "=modo"}}}
		o.Journal, o.Archive, o.Passwords = d, d, plain{}
	})
	op := &person{}
	f.hub.Operate(&op.Member, op, "operator")
	run := func(name, text string) {
		f.hub.RunIn(&op.Member, "", chat.Command{Name: name, Text: text}, now)
		op.resume()
	}
	banned := func() bool { return f.hub.Banned(netip.MustParseAddr("203.0.113.7"), now) != nil }
	run("ban", "203.0.113.7")
	for _, step := range []struct {
		name, text string
		banned     bool
	}{
		{"whois", "alice", false},
		{"role", "modo user", true},
		{"role", "alice admin", false},
		{"role", "alice moderator", false},
		{"userdel", "alice", true},
	} {
		if run(step.name, step.text); banned() != step.banned {
			t.Errorf("after %s %s banned is %v", step.name, step.text, !step.banned)
		}
	}
}

// With 100,000 accounts and 10,000 bans an attempt from a banned address costs a look-up.
func BenchmarkABannedAddress(b *testing.B) {
	state := &chat.State{}
	for i := range uint64(100_000) {
		state.Accounts = append(state.Accounts, chat.Account{ID: i + 1, Name: fmt.Sprint("user-", i), Role: chat.User, Hash: "="})
	}
	for i := range 10_000 {
		addr := netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)})
		state.Sanctions = append(state.Sanctions, chat.Sanction{ID: uint64(i + 1), Kind: chat.Ban, Net: netip.PrefixFrom(addr, 32)})
	}
	h := chat.New(chat.Options{NewFeed: func(string) chat.Feed { return &log{} }, State: state, Now: now})
	addr := netip.MustParseAddr("10.0.39.15")
	for b.Loop() {
		if h.Banned(addr, now) == nil {
			b.Fatal("not banned")
		}
	}
}
