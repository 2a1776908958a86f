package account

import (
	"crypto/sha256"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/sudoXpg/netloop/internal/customer"
)

// ThrottleOptions are the limits of a Throttle. Zero means the default of each.
type ThrottleOptions struct {
	// AccountFree is how many failures for one account, and AddressFree how many
	// from one address, cost nothing: 5 and 20. Many people may share an address.
	AccountFree, AddressFree int
	// AccountMax and AddressMax are the longest that somebody is told to wait:
	// 15 seconds and 5 minutes. The one for an account is short because somebody
	// else may have caused it.
	AccountMax, AddressMax time.Duration
	// Quiet is after how long without a try failures are forgotten: an hour.
	Quiet time.Duration
	// Known is how long an address is known to be the account's after a log-in:
	// 30 days.
	Known time.Duration
	// Entries is how many accounts, addresses, pairs of both and accounts with
	// known addresses are remembered, of each: 16,384.
	Entries int
}

func (o *ThrottleOptions) setDefaults() {
	orDefault(&o.AccountFree, 5)
	orDefault(&o.AddressFree, 20)
	orDefault(&o.AccountMax, 15*time.Second)
	orDefault(&o.AddressMax, 5*time.Minute)
	orDefault(&o.Quiet, time.Hour)
	orDefault(&o.Known, 30*24*time.Hour)
	orDefault(&o.Entries, 1<<14)
}

func orDefault[T int | time.Duration](v *T, d T) {
	if *v <= 0 {
		*v = d
	}
}

const (
	// firstDelay is the first that somebody waits for; each other is twice as long.
	firstDelay = time.Second
	// maxKnown is how many addresses an account has that are known. The one from
	// which nobody has logged in for longest goes.
	maxKnown = 8
)

// A Throttle makes guessing passwords slow, and keeps nobody out for ever. After
// some failures that are free the next tries wait for 1, 2, 4 … seconds:
//
//   - those from the same address, whatever the account, up to AddressMax since its
//     last try. An address is what customer.Of says; loopback and Unix sockets,
//     where one address is many people, have no such delay;
//   - those for the same account, from whatever address, up to AccountMax.
//
// Somebody who fails on purpose for somebody else's account can't lock her out:
//
//   - from an address from which she has logged in before she notices nothing. Such
//     a pair of account and address has a count of its own, with the delays of an
//     account. Only who shares the address with her can make her wait, for
//     AccountMax at most;
//   - from any other address she waits once for what the account's delay is,
//     AccountMax at most, counted from when she first asks. What others do in the
//     meantime makes that no longer, and nobody can take her turn. So a guesser with
//     very many addresses has one guess for each of them every AccountMax;
//   - a log-in takes back only the failures of its own account and address. A guesser
//     does not get rid of others by logging in to an account of her own.
//
// Accounts that don't exist are counted like others, so that delays tell nothing.
//
// The tables are bounded. What is new pushes out what was used least recently, in
// a table of its own kind: whoever invents accounts pushes out no address, and
// nobody's failures push out who is known, and neither do log-ins to one account
// from thousands of addresses. To be forgotten before the quiet time
// is over takes tries from thousands of addresses, and lasts for AccountFree and
// AddressFree tries; somebody who waits and is pushed out waits from the
// beginning. A new process remembers nothing.
//
// Its methods may be called from anywhere, with a clock that does not go back.
type Throttle struct {
	opts ThrottleOptions

	mu        sync.Mutex // guards the tables
	addresses *table[netip.Addr, tally]
	accounts  *table[string, tally]
	pairs     *table[pair, try]
	known     *table[string, []acquaintance]
}

// A pair is an account and whom an address stands for.
type pair struct {
	account string
	addr    netip.Addr
}

// A tally counts failures.
type tally struct {
	failed  int
	pending int // tries that may still succeed, and count as failures until then
	last    time.Time
}

// A try is what is known of an account from one address that is not known.
type try struct {
	tally
	until time.Time // when the account's delay is over, if it has begun
}

// An acquaintance is an address that is known to be the account's.
type acquaintance struct {
	tally
	addr netip.Addr
	seen time.Time
}

// NewThrottle returns a Throttle that remembers nobody.
func NewThrottle(o ThrottleOptions) *Throttle {
	o.setDefaults()
	return &Throttle{
		opts:      o,
		addresses: newTable[netip.Addr, tally](o.Entries),
		accounts:  newTable[string, tally](o.Entries),
		pairs:     newTable[pair, try](o.Entries),
		known:     newTable[string, []acquaintance](o.Entries),
	}
}

// Wait asks for leave to try a password once and returns 0, or after how long to
// ask again. With 0 the try is under way, and counts as a failure until Succeeded
// says otherwise: so hundreds of tries at the same time are no way around the
// delays, and neither is going away before the answer. account is the name in the
// one form in which it is compared.
func (t *Throttle) Wait(account string, addr netip.Addr, now time.Time) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	who, counted := t.who(account, addr)
	if k := t.acquainted(who, now); k != nil {
		wait := since(k.last, t.accountDelay(k.tally), now)
		if wait == 0 {
			k.begin(now)
		}
		return wait
	}
	e := t.entries(who, counted, now)
	wait := since(e.address.last, delay(e.address.count(), t.opts.AddressFree, t.opts.AddressMax), now)
	if d := t.accountDelay(*e.account); d > 0 {
		if e.pair.until.IsZero() {
			e.pair.until = now.Add(d)
		}
		wait = max(wait, min(e.pair.until.Sub(now), t.opts.AccountMax))
	}
	if wait > 0 {
		return wait
	}
	for _, c := range e.tallies() {
		c.begin(now)
	}
	t.delayPair(e, now)
	return 0
}

// Failed says that a try had the wrong password. The delays begin again.
func (t *Throttle) Failed(account string, addr netip.Addr, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	who, counted := t.who(account, addr)
	if k := t.acquainted(who, now); k != nil {
		k.fail(now)
		return
	}
	e := t.entries(who, counted, now)
	for _, c := range e.tallies() {
		c.fail(now)
	}
	t.delayPair(e, now)
}

// Succeeded says that a try had the right password: the address is the account's
// from now on, and what it has failed for this account is forgiven.
func (t *Throttle) Succeeded(account string, addr netip.Addr, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	who, counted := t.who(account, addr)
	if k := t.acquainted(who, now); k != nil {
		*k = acquaintance{addr: who.addr, seen: now}
		return
	}
	e := t.entries(who, counted, now)
	own := e.pair.count()
	for _, c := range e.tallies() {
		c.forgive(own)
	}
	t.pairs.remove(who)
	known := t.known.put(who.account)
	if len(*known) == maxKnown {
		longest := slices.MinFunc(*known, func(a, b acquaintance) int { return a.seen.Compare(b.seen) })
		*known = slices.DeleteFunc(*known, func(a acquaintance) bool { return a.addr == longest.addr })
	}
	*known = append(*known, acquaintance{addr: who.addr, seen: now})
}

func (t *Throttle) who(account string, addr netip.Addr) (who pair, counted bool) {
	if len(account) > sha256.Size {
		sum := sha256.Sum256([]byte(account)) // an entry has a bounded size
		account = string(sum[:])
	}
	key, counted := customer.Of(addr)
	if !counted {
		key = netip.Addr{}
	}
	return pair{account, key}, counted
}

// acquainted returns the entry of a known pair, or nil.
func (t *Throttle) acquainted(who pair, now time.Time) *acquaintance {
	known := t.known.get(who.account)
	if known == nil {
		return nil
	}
	i := slices.IndexFunc(*known, func(a acquaintance) bool { return a.addr == who.addr })
	if i < 0 {
		return nil
	}
	k := &(*known)[i]
	if now.Sub(k.seen) >= t.opts.Known {
		*known = slices.Delete(*known, i, i+1)
		return nil
	}
	k.expire(now, t.opts.Quiet)
	return k
}

// entries are what concerns one try.
type entries struct {
	address *tally
	account *tally
	pair    *try
}

func (e entries) tallies() [3]*tally { return [...]*tally{e.address, e.account, &e.pair.tally} }

// entries returns the entries of who, made if need be. What is not counted by
// address has one that is thrown away.
func (t *Throttle) entries(who pair, counted bool, now time.Time) entries {
	e := entries{address: &tally{}, account: t.accounts.put(who.account), pair: t.pairs.put(who)}
	if counted {
		e.address = t.addresses.put(who.addr)
	}
	for _, c := range e.tallies() {
		c.expire(now, t.opts.Quiet)
	}
	if now.Sub(e.pair.until) >= t.opts.Quiet {
		e.pair.until = time.Time{}
	}
	return e
}

// delayPair lets the account's delay begin after a try.
func (t *Throttle) delayPair(e entries, now time.Time) {
	e.pair.until = time.Time{}
	if d := t.accountDelay(*e.account); d > 0 {
		e.pair.until = now.Add(d)
	}
}

func (t *Throttle) accountDelay(c tally) time.Duration {
	return delay(c.count(), t.opts.AccountFree, t.opts.AccountMax)
}

// delay returns how long to wait after so many failures.
func delay(failures, free int, most time.Duration) time.Duration {
	if failures < free {
		return 0
	}
	return min(firstDelay<<min(failures-free, 30), most)
}

// since returns what is left of a delay that began at start.
func since(start time.Time, delay time.Duration, now time.Time) time.Duration {
	return min(max(delay-now.Sub(start), 0), delay)
}

func (c *tally) count() int { return c.failed + c.pending }

func (c *tally) begin(now time.Time) {
	c.pending++
	c.last = now
}

func (c *tally) fail(now time.Time) {
	c.pending = max(c.pending-1, 0)
	c.failed++
	c.last = now
}

// forgive takes back n failures.
func (c *tally) forgive(n int) {
	pending := min(c.pending, n)
	c.pending -= pending
	c.failed = max(c.failed-(n-pending), 0)
}

// expire forgets everything after a quiet time.
func (c *tally) expire(now time.Time, quiet time.Duration) {
	if now.Sub(c.last) >= quiet {
		*c = tally{}
	}
}
