package account

import (
	"crypto/sha256"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sudoXpg/netloop/internal/clientaddr"
)

// ThrottleOptions are the limits of a Throttle. Zero means the default.
type ThrottleOptions struct {
	// AccountFree is how many failures for one account, and AddressFree how many
	// from one address, cause no delay: 5 and 20. Many people may share an
	// address.
	AccountFree, AddressFree int
	// AddressTries is how many tries from one address may be in progress at the
	// same time while it has free failures left: 64.
	AddressTries int
	// AccountMax and AddressMax are the longest delays: 15 seconds and 5
	// minutes. The one for an account is short because somebody else may have
	// caused it.
	AccountMax, AddressMax time.Duration
	// Quiet is the time without a try after which failures are forgotten: an hour.
	Quiet time.Duration
	// Known is how long an address is known to be the account's after a login:
	// 30 days.
	Known time.Duration
	// Entries is how many accounts, addresses, pairs of both and accounts with
	// known addresses are remembered, of each: 16,384.
	Entries int
}

func (o *ThrottleOptions) setDefaults() {
	orDefault(&o.AccountFree, 5)
	orDefault(&o.AddressFree, 20)
	orDefault(&o.AddressTries, 64)
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
	// firstDelay is the first delay; each further one is twice as long.
	firstDelay = time.Second
	// pendingFor is how long after the last one began tries count as in progress: the
	// result of a try may never be reported.
	pendingFor = 2 * time.Minute
	// maxKnown is how many known addresses an account has. The one with the
	// oldest login is dropped.
	maxKnown = 8
)

// A Throttle makes guessing passwords slow, without locking anybody out. After
// some free failures the next tries have to wait for 1, 2, 4 … seconds:
//
//   - those from the same address, whatever the account, up to AddressMax since its
//     last try. An address is what clientaddr.Of returns; loopback and Unix
//     sockets, where one address is many people, have no such delay;
//   - those for the same account, from whatever address, up to AccountMax.
//
// An attacker who fails on purpose can't lock a user out of their account:
//
//   - from an address from which the user has logged in before, nothing changes for
//     them. Such a pair of account and address has a count of its own, with the
//     delays of an account. Only attackers at the same address can make them wait,
//     for AccountMax at most;
//   - from any other address the user waits once for the account's delay, AccountMax
//     at most, counted from their first request. Others can neither extend that nor
//     take their turn. So an attacker with very many addresses has one guess for
//     each of them every AccountMax;
//   - a login undoes only the failures of its own account and address. An attacker
//     can't undo others by logging in to an own account.
//
// Accounts that don't exist are counted like others, so that delays reveal nothing.
//
// The tables are bounded. A new entry evicts the least recently used one, in a
// table of its own kind: tries of invented accounts evict no addresses, and
// neither failures nor logins to one account from thousands of addresses evict
// known pairs. To be forgotten before the quiet time has passed takes tries from
// thousands of addresses, and gains AccountFree and AddressFree tries; a user who
// waits and is evicted waits from the beginning. A new process remembers nothing.
//
// Its methods may be called from any goroutine, with a clock that does not go back.
type Throttle struct {
	opts     ThrottleOptions
	failures atomic.Uint64

	mu        sync.Mutex // guards the tables
	addresses *table[netip.Addr, tally]
	accounts  *table[string, tally]
	pairs     *table[pair, try]
	known     *table[string, []acquaintance]
}

// A pair is an account and an address, as returned by clientaddr.Of.
type pair struct {
	account string
	addr    netip.Addr
}

// A tally counts failures.
type tally struct {
	failed  int
	pending int // tries in progress
	last    time.Time
}

// A try is the state of an account and one unknown address.
type try struct {
	tally
	until time.Time // when the account's delay ends, if it has begun
}

// An acquaintance is a known address of an account.
type acquaintance struct {
	tally
	addr netip.Addr
	seen time.Time
}

// NewThrottle returns an empty Throttle.
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

// Wait asks for permission to try a password once. It returns 0, or how long to wait
// before asking again, and whether failures are the reason, and not that too many
// tries are in progress. With 0 the try is in progress until Failed or Succeeded is
// called.
//
// Simultaneous tries do not evade the delays: tries in progress count as failures
// for the account, and for an address that has used up its free failures. Before
// that an address may have AddressTries in progress, so that a class behind one
// address can log in at once. account is the name as it is compared.
func (t *Throttle) Wait(account string, addr netip.Addr, now time.Time) (wait time.Duration, failed bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	who, counted := t.who(account, addr)
	if k := t.acquainted(who, now); k != nil {
		if wait = since(k.last, t.accountDelay(k.tally), now); wait == 0 {
			k.begin(now)
		}
		return wait, k.failed >= t.opts.AccountFree
	}
	e := t.entries(who, counted, now)
	wait, failed = t.addressWait(e.address, now), max(e.address.failed-t.opts.AddressFree, e.account.failed-t.opts.AccountFree) >= 0
	if d := t.accountDelay(*e.account); d > 0 {
		if e.pair.until.IsZero() {
			e.pair.until = now.Add(d)
		}
		wait = max(wait, min(e.pair.until.Sub(now), t.opts.AccountMax))
	}
	if wait > 0 {
		return wait, failed
	}
	for _, c := range e.tallies() {
		c.begin(now)
	}
	t.delayPair(e, now)
	return 0, false
}

// addressWait returns how long an address has to wait.
func (t *Throttle) addressWait(c *tally, now time.Time) time.Duration {
	switch {
	case c.failed >= t.opts.AddressFree:
		return since(c.last, delay(c.count(), t.opts.AddressFree, t.opts.AddressMax), now)
	case c.pending >= t.opts.AddressTries:
		return firstDelay
	}
	return 0
}

// Failures returns how many tries have failed in all.
func (t *Throttle) Failures() uint64 { return t.failures.Load() }

// Failed reports that a try had the wrong password. The delays begin again.
func (t *Throttle) Failed(account string, addr netip.Addr, now time.Time) {
	t.failures.Add(1)
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

// Succeeded reports that a try had the right password: the address is now a
// known one of the account, and its failures for this account are forgiven.
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
	key, counted := clientaddr.Of(addr)
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

// entries are the entries that concern one try.
type entries struct {
	address *tally
	account *tally
	pair    *try
}

func (e entries) tallies() [3]*tally { return [...]*tally{e.address, e.account, &e.pair.tally} }

// entries returns the entries of who, and creates missing ones. Without
// counting by address the address's entry is a temporary one.
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

// delayPair starts the account's delay after a try.
func (t *Throttle) delayPair(e entries, now time.Time) {
	e.pair.until = time.Time{}
	if d := t.accountDelay(*e.account); d > 0 {
		e.pair.until = now.Add(d)
	}
}

func (t *Throttle) accountDelay(c tally) time.Duration {
	return delay(c.count(), t.opts.AccountFree, t.opts.AccountMax)
}

// delay returns how long to wait after the given number of failures.
func delay(failures, free int, most time.Duration) time.Duration {
	if failures < free {
		return 0
	}
	return min(firstDelay<<min(failures-free, 30), most)
}

// since returns the rest of a delay that began at start.
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

// forgive undoes n failures.
func (c *tally) forgive(n int) {
	pending := min(c.pending, n)
	c.pending -= pending
	c.failed = max(c.failed-(n-pending), 0)
}

// expire forgets everything after a quiet time. Tries that have not ended for
// long were dropped before they were made.
func (c *tally) expire(now time.Time, quiet time.Duration) {
	switch ago := now.Sub(c.last); {
	case ago >= quiet:
		*c = tally{}
	case ago >= pendingFor:
		c.pending = 0
	}
}
