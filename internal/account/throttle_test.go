package account_test

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/sudoXpg/netloop/internal/account"
)

var (
	epoch   = time.Unix(1_000_000, 0)
	home    = netip.MustParseAddr("192.0.2.1")
	abroad  = netip.MustParseAddr("198.51.100.7")
	enemy   = netip.MustParseAddr("203.0.113.66")
	nowhere = netip.Addr{} // a Unix socket
)

// host returns an address of the i-th of very many networks.
func host(i int) netip.Addr {
	b := [16]byte{0x20, 0x01}
	binary.BigEndian.PutUint32(b[4:], uint32(i)) // a /64 each
	return netip.AddrFrom16(b)
}

// guess tries a wrong password, when that is allowed.
func guess(t *account.Throttle, name string, addr netip.Addr, now time.Time) (tried bool) {
	if t.Delay(name, addr, now) > 0 {
		return false
	}
	t.Failed(name, addr, now)
	return true
}

// delays returns the delays of an attacker who tries as soon as they may.
func delays(t *account.Throttle, n int, try func(i int) (string, netip.Addr)) (all []time.Duration) {
	now := epoch
	for i := range n {
		name, addr := try(i)
		wait := t.Delay(name, addr, now)
		all = append(all, wait)
		if wait > 0 {
			now = now.Add(wait)
			if again := t.Delay(name, addr, now); again != 0 {
				all = append(all, -again)
			}
		}
		t.Failed(name, addr, now)
	}
	return all
}

func TestFailuresForAnAccountCostMoreAndMore(t *testing.T) {
	const s = time.Second
	want := []time.Duration{0, 0, 0, 0, 0, s, 2 * s, 4 * s, 8 * s, 15 * s, 15 * s, 15 * s}
	for name, try := range map[string]func(int) (string, netip.Addr){
		"from one address":    func(int) (string, netip.Addr) { return "alice", home },
		"from many addresses": func(i int) (string, netip.Addr) { return "alice", host(i) },
		"from a Unix socket":  func(int) (string, netip.Addr) { return "alice", nowhere },
	} {
		if got := delays(account.NewThrottle(account.ThrottleOptions{}), len(want), try); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}

func TestFailuresFromAnAddressCostMoreAndMore(t *testing.T) {
	const s, m = time.Second, time.Minute
	want := append(make([]time.Duration, 20), s, 2*s, 4*s, 8*s, 16*s, 32*s, 64*s, 128*s, 256*s, 5*m, 5*m)
	for name, addr := range map[string]func(i int) netip.Addr{
		"an address": func(int) netip.Addr { return home },
		"a /64": func(i int) netip.Addr {
			b := host(1).As16()
			b[15] = byte(i)
			return netip.AddrFrom16(b)
		},
	} {
		got := delays(account.NewThrottle(account.ThrottleOptions{}), len(want), func(i int) (string, netip.Addr) {
			return fmt.Sprint("user", i), addr(i)
		})
		if !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}

// Clients of a proxy on this machine, or of a Unix socket, share one address.
func TestLoopbackHasNoDelayOfItsOwn(t *testing.T) {
	th := account.NewThrottle(account.ThrottleOptions{})
	for _, addr := range []netip.Addr{nowhere, netip.MustParseAddr("127.0.0.1"), netip.IPv6Loopback()} {
		for i := range 1000 {
			if !guess(th, fmt.Sprint(addr, i), addr, epoch) {
				t.Fatalf("try %d from %v has to wait", i, addr)
			}
		}
	}
}

func TestSimultaneousTriesDoNotEvadeTheDelays(t *testing.T) {
	th := account.NewThrottle(account.ThrottleOptions{})
	granted := 0
	for range 1000 {
		if th.Delay("alice", enemy, epoch) == 0 {
			granted++
		}
	}
	if granted != 5 {
		t.Errorf("%d tries at the same time, want 5", granted)
	}
	for range granted {
		th.Failed("alice", enemy, epoch.Add(time.Second))
	}
	if wait := th.Delay("alice", enemy, epoch.Add(time.Second)); wait != time.Second {
		t.Errorf("when they have failed, the next waits %v; want 1s", wait)
	}
}

// A client that hangs up before the answer has tried, too.
func TestTriesThatNeverEndCountAsFailures(t *testing.T) {
	th := account.NewThrottle(account.ThrottleOptions{})
	for range 5 {
		th.Delay("alice", enemy, epoch)
	}
	if wait := th.Delay("alice", enemy, epoch.Add(time.Second/2)); wait != time.Second/2 {
		t.Errorf("the next waits %v; want 500ms", wait)
	}
}

func TestFailuresAreForgottenAfterAQuietTime(t *testing.T) {
	th := account.NewThrottle(account.ThrottleOptions{})
	now := epoch
	for range 100 {
		now = now.Add(th.Delay("alice", home, now))
		guess(th, "alice", home, now)
	}
	if th.Delay("alice", home, now) == 0 {
		t.Fatal("a hundred failures cost nothing")
	}
	now = now.Add(time.Hour)
	for i := range 5 {
		if !guess(th, "alice", home, now) {
			t.Errorf("an hour later, try %d has to wait", i)
		}
	}
}

// A class behind one address: everybody gets in, though at first a few at a time.
func TestPeopleWhoShareAnAddressCanLogIn(t *testing.T) {
	th := account.NewThrottle(account.ThrottleOptions{})
	now := epoch
	for i := range 500 {
		name := fmt.Sprint("user", i)
		if wait := th.Delay(name, home, now); wait != 0 {
			t.Fatalf("%s has to wait %v, though nobody has failed", name, wait)
		}
		th.Succeeded(name, home, now)
	}
}

func TestALogInForgivesItsOwnFailures(t *testing.T) {
	th := account.NewThrottle(account.ThrottleOptions{})
	for range 4 {
		guess(th, "alice", home, epoch)
	}
	th.Delay("alice", home, epoch)
	th.Succeeded("alice", home, epoch)
	for _, addr := range []netip.Addr{home, abroad} {
		for i := range 5 {
			if !guess(th, "alice", addr, epoch) {
				t.Errorf("from %v, try %d after a login has to wait", addr, i)
			}
		}
	}
}

func TestLoggingInToAnOwnAccountDoesNotHelpAGuesser(t *testing.T) {
	th := account.NewThrottle(account.ThrottleOptions{})
	now, guesses := epoch, 0
	for i := range 1000 {
		if th.Delay("mallory", enemy, now) == 0 {
			th.Succeeded("mallory", enemy, now)
		}
		if guess(th, fmt.Sprint("user", i), enemy, now) {
			guesses++
		}
	}
	if guesses != 20 {
		t.Errorf("%d guesses at once, want 20", guesses)
	}
}

func TestAUserCanLogInFromAKnownAddressDuringAnAttack(t *testing.T) {
	th := account.NewThrottle(account.ThrottleOptions{})
	th.Delay("alice", home, epoch)
	th.Succeeded("alice", home, epoch)
	now := epoch
	for i := range 24 * 60 {
		now = now.Add(time.Minute)
		for j := range 10 {
			guess(th, "alice", host(10*i+j), now)
		}
		for j := range 30 { // the neighbours, at the same address
			guess(th, fmt.Sprint("user", j), home, now)
		}
	}
	if wait := th.Delay("alice", home, now); wait != 0 {
		t.Errorf("alice has to wait %v at home", wait)
	}
}

func TestAUserCanLogInFromANewAddressDuringAnAttack(t *testing.T) {
	th := account.NewThrottle(account.ThrottleOptions{})
	now := epoch
	attack := func() {
		for j := range 100 {
			guess(th, "alice", host(j), now)
		}
	}
	for range 100 {
		attack()
		now = now.Add(time.Second)
	}
	wait := th.Delay("alice", abroad, now)
	if wait != 15*time.Second {
		t.Fatalf("alice is to wait %v, want 15s", wait)
	}
	asked := now
	for range 100 {
		attack()
		now = now.Add(100 * time.Millisecond)
		if left := th.Delay("alice", abroad, now); now.Sub(asked)+left > wait && left > 0 {
			t.Fatalf("after %v alice is to wait for %v more; she was told %v", now.Sub(asked), left, wait)
		}
	}
	if got := th.Delay("alice", abroad, asked.Add(wait)); got != 0 {
		t.Errorf("after %v alice is to wait for %v more", wait, got)
	}
}

func TestAnAddressIsKnownForThirtyDays(t *testing.T) {
	const day = 24 * time.Hour
	th := account.NewThrottle(account.ThrottleOptions{})
	th.Delay("alice", home, epoch)
	th.Succeeded("alice", home, epoch)
	for _, c := range []struct {
		after time.Duration
		waits bool
	}{{29 * day, false}, {30 * day, true}} {
		now := epoch.Add(c.after)
		for i := range 100 {
			guess(th, "alice", host(i), now)
		}
		if wait := th.Delay("alice", home, now); (wait > 0) != c.waits {
			t.Errorf("after %v alice has to wait %v at home", c.after, wait)
		}
	}
}

func TestTheTablesAreBoundedAndKnownPairsStay(t *testing.T) {
	th := account.NewThrottle(account.ThrottleOptions{Entries: 100})
	th.Delay("alice", home, epoch)
	th.Succeeded("alice", home, epoch)
	for range 30 {
		guess(th, "alice", enemy, epoch)
	}
	for i := range 10_000 {
		guess(th, fmt.Sprint("user", i, strings.Repeat("x", i)), host(i), epoch)
	}
	for _, n := range account.Sizes(th) {
		if n > 100 {
			t.Errorf("tables of %d entries, want at most 100", account.Sizes(th))
		}
	}
	for i := range 100 {
		guess(th, "alice", host(i), epoch)
	}
	if wait := th.Delay("alice", home, epoch); wait != 0 {
		t.Errorf("who was known has to wait %v", wait)
	}
}

func TestTriesOfInventedAccountsDoNotEvictAddresses(t *testing.T) {
	th := account.NewThrottle(account.ThrottleOptions{Entries: 100})
	guesses := 0
	for i := range 10_000 {
		if guess(th, fmt.Sprint("user", i), enemy, epoch) {
			guesses++
		}
	}
	if guesses != 20 {
		t.Errorf("%d guesses at once, want 20", guesses)
	}
}

func TestTriesOfOneAccountDoNotEvictKnownPairs(t *testing.T) {
	th := account.NewThrottle(account.ThrottleOptions{Entries: 100})
	th.Delay("alice", home, epoch)
	th.Succeeded("alice", home, epoch)
	now := epoch
	for i := range 10_000 {
		now = now.Add(time.Second)
		th.Delay("mallory", host(i), now)
		th.Succeeded("mallory", host(i), now)
	}
	for i := range 100 {
		guess(th, "alice", host(i), now)
		guess(th, "mallory", host(i), now)
	}
	if wait := th.Delay("alice", home, now); wait != 0 {
		t.Errorf("who was known has to wait %v", wait)
	}
	for addr, waits := range map[netip.Addr]bool{host(9_999): false, host(9_992): false, host(9_991): true} {
		if wait := th.Delay("mallory", addr, now); (wait > 0) != waits {
			t.Errorf("from %v mallory has to wait %v, though only the last 8 addresses are known", addr, wait)
		}
	}
}

// Waits are always bounded, and a client that waits as long as told, and asks
// again, may try, unless another one at the same address was faster.
func TestAWaitIsBoundedAndHasAnEnd(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		th := account.NewThrottle(account.ThrottleOptions{})
		now := epoch
		names := rapid.SampledFrom([]string{"alice", "bob", "carol"})
		addrs := rapid.SampledFrom([]netip.Addr{home, abroad, enemy, nowhere, host(1), host(2), host(3)})
		t.Repeat(map[string]func(*rapid.T){
			"time": func(t *rapid.T) {
				now = now.Add(time.Duration(rapid.Int64Range(0, int64(10*time.Minute)).Draw(t, "passes")))
			},
			"try": func(t *rapid.T) {
				name, addr := names.Draw(t, "name"), addrs.Draw(t, "addr")
				wait := th.Delay(name, addr, now)
				if wait < 0 || wait > 5*time.Minute {
					t.Fatalf("%s at %v is to wait %v", name, addr, wait)
				}
				if wait > 0 {
					return
				}
				switch rapid.IntRange(0, 4).Draw(t, "ends") {
				case 0:
					th.Succeeded(name, addr, now)
				case 1: // never
				default:
					th.Failed(name, addr, now)
				}
			},
			"patience": func(t *rapid.T) {
				name, addr := names.Draw(t, "name"), addrs.Draw(t, "addr")
				told := th.Delay(name, addr, now)
				now = now.Add(told)
				if wait := th.Delay(name, addr, now); told > 0 && wait != 0 {
					t.Fatalf("%s at %v waited %v and is to wait %v more", name, addr, told, wait)
				}
			},
		})
	})
}

// An attacker at one address has few guesses, whatever they do.
func TestGuessesFromOneAddressAreFew(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		th := account.NewThrottle(account.ThrottleOptions{})
		now, guesses := epoch, 0
		names := rapid.SampledFrom([]string{"alice", "bob", "carol", "dave", "eve", "frank"})
		for range rapid.IntRange(1, 300).Draw(t, "tries") {
			now = now.Add(time.Duration(rapid.Int64Range(0, int64(2*time.Minute)).Draw(t, "passes")))
			if th.Delay("mallory", enemy, now) == 0 {
				th.Succeeded("mallory", enemy, now)
			}
			if guess(th, names.Draw(t, "name"), enemy, now) {
				guesses++
			}
		}
		// 20 are free, nine have a delay that still grows, the others wait the most.
		if most := 20 + 10 + int(now.Sub(epoch)/(5*time.Minute)); guesses > most {
			t.Fatalf("%d guesses in %v, want at most %d", guesses, now.Sub(epoch), most)
		}
	})
}

// A class behind one address logs in at once, each to an account of their own.
func TestTriesInProgressDoNotCountAsFailuresOfTheirAddress(t *testing.T) {
	th := account.NewThrottle(account.ThrottleOptions{})
	pupil := func(i int) string { return fmt.Sprint("pupil-", i) }
	for i := range 64 {
		if wait, failed := th.Wait(pupil(i), enemy, epoch); wait != 0 {
			t.Fatalf("pupil %d waits %v, because of failures: %v", i, wait, failed)
		}
	}
	if wait, failed := th.Wait("one-more", enemy, epoch); wait != time.Second || failed {
		t.Errorf("beyond the limit: %v, because of failures: %v", wait, failed)
	}
	for i := range 64 {
		th.Succeeded(pupil(i), enemy, epoch)
	}
	for i := range 40 {
		if wait, _ := th.Wait(pupil(100+i), enemy, epoch); wait != 0 {
			t.Fatalf("pupil %d of the next class waits %v", i, wait)
		}
	}
}

// But simultaneous failures are slowed down like successive ones.
func TestSimultaneousWrongTriesSlowTheirAddressDown(t *testing.T) {
	th := account.NewThrottle(account.ThrottleOptions{})
	for i := range 64 {
		th.Wait(fmt.Sprint("account-", i), enemy, epoch)
	}
	for i := range 64 {
		th.Failed(fmt.Sprint("account-", i), enemy, epoch)
	}
	if wait, failed := th.Wait("another", enemy, epoch); wait != 5*time.Minute || !failed {
		t.Errorf("waits %v, because of failures: %v", wait, failed)
	}
}

// Tries that were dropped do not delay others for long.
func TestTriesThatWereNeverMadeAreForgotten(t *testing.T) {
	th := account.NewThrottle(account.ThrottleOptions{})
	for i := range 64 {
		th.Wait(fmt.Sprint("account-", i), enemy, epoch)
	}
	if wait, _ := th.Wait("another", enemy, epoch.Add(2*time.Minute)); wait != 0 {
		t.Errorf("waits %v", wait)
	}
}
