package server

import (
	"maps"
	"math"
	"net/netip"
	"sync"
	"time"

	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/clientaddr"
)

// sweepAt is how many addresses the admission table holds before it first
// forgets those that no longer matter.
const sweepAt = 1 << 14

// The reasons for a denial that are limits, as the log and the metrics name
// them. With dashes they are the flags.
const (
	maxClients = "max_clients"
	maxPerIP   = "max_per_ip"
	newPerIP   = "new_per_ip"
)

// The other reasons.
const (
	maxPending     = "max_pending_per_ip"
	strangeProxy   = "not_a_proxy"
	badProxyHeader = "bad_proxy_header"
)

// remedies are the reasons that are counted from the start, with the hint for the log.
var remedies = map[string]string{
	maxClients:     "raise --max-clients if they are welcome",
	maxPerIP:       "raise --max-per-ip if they are welcome",
	newPerIP:       "raise --new-per-ip if they are welcome",
	maxPending:     "raise --max-per-ip if they are welcome",
	strangeProxy:   "add the address to proxy= of --listen if it is a proxy",
	badProxyHeader: "have the proxy send the PROXY protocol (send-proxy-v2), or remove proxy= from --listen",
}

const (
	// defaultPending is how many connections of an address may have no session at a time,
	// unless Limits say otherwise: those whose protocol is not known yet, and HTTP.
	defaultPending = 64
	// pendingFactor is how many times NewPerIP of them there may be in NewPerIPWindow.
	pendingFactor = 16
	// pendingRetry is when a client that has too many of them may try again: they have
	// ended by then.
	pendingRetry = 10 * time.Second
)

// A denial is the reason why a connection is refused.
type denial struct {
	// reason is the reason in the log.
	reason string
	// note tells the peer.
	note *chat.Note
	// wait is when it may try again; 0: nobody knows.
	wait time.Duration
}

// admission counts connections by clientaddr.Of: first as pending, with arrive, and
// then, when a session begins, with join. Addresses that clientaddr.Of does not count
// are exempt from every limit but the total.
//
// Its memory is bounded by the number of open connections and sweepAt: when the
// table is full, addresses without connections are forgotten, first those whose
// window has ended, then all, so that a client that keeps using new addresses
// only pushes out addresses without connections.
type admission struct {
	mu      sync.Mutex // guards what follows; used by all loops
	limits  Limits
	total   int
	peers   map[netip.Addr]*visits
	limit   int               // of peers, before the next sweep
	refused map[string]uint64 // by reason
	logged  refusalLog
}

const (
	// refusalWindow is the time in which refusals of one address for one reason are
	// logged once, and maxRefusalLines is how many are logged in it for all
	// addresses.
	refusalWindow   = 10 * time.Minute
	maxRefusalLines = 100
)

// A refusalLog limits the lines about refusals, so that refused clients can't fill
// the log.
type refusalLog struct {
	since  time.Time
	lines  map[refusalLine]struct{} // of this window
	silent uint64                   // refusals without a line since the last one
}

type refusalLine struct {
	addr   netip.Addr
	reason string
}

// add reports whether a refusal is to be logged, and how many before it were not.
func (r *refusalLog) add(line refusalLine, now time.Time) (silent uint64, log bool) {
	if passed := now.Sub(r.since); r.lines == nil || passed < 0 || passed >= refusalWindow {
		r.since, r.lines = now, make(map[refusalLine]struct{})
	}
	if _, is := r.lines[line]; is || len(r.lines) >= maxRefusalLines {
		r.silent++
		return 0, false
	}
	r.lines[line] = struct{}{}
	silent, r.silent = r.silent, 0
	return silent, true
}

// report reports whether the refusal of an address is to be logged, and how
// many before it were not.
func (a *admission) report(addr netip.Addr, reason string, now time.Time) (silent uint64, log bool) {
	key, counted := clientaddr.Of(addr)
	if !counted { // this machine
		key = netip.Addr{}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.logged.add(refusalLine{key, reason}, now)
}

// visits counts the connections of one address.
type visits struct {
	open    int32
	extra   int32 // of them, let in beyond the limit to take over another one
	fresh   int32 // new ones in the window
	pending int32 // without a session
	came    int32 // pending or not, in the window
	since   time.Time
}

// idle reports whether no connection is open.
func (v *visits) idle() bool { return v.open == 0 && v.pending == 0 }

func newAdmission(l Limits) *admission {
	a := &admission{limits: l, peers: make(map[netip.Addr]*visits), limit: sweepAt, refused: make(map[string]uint64)}
	for reason := range remedies {
		a.refused[reason] = 0
	}
	return a
}

// reconfigure changes the limits. Open connections stay open.
func (a *admission) reconfigure(l Limits) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.limits = l
}

// count counts a refusal, whatever the reason.
func (a *admission) count(reason string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.refused[reason]++
}

// refusals returns how many were refused, by reason.
func (a *admission) refusals() map[string]uint64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	return maps.Clone(a.refused)
}

// arrive counts a new connection as pending, or returns why it is refused. Each one
// that is counted must be passed to depart once, or to join.
func (a *admission) arrive(addr netip.Addr, now time.Time) *denial {
	a.mu.Lock()
	defer a.mu.Unlock()
	if l := &a.limits; l.MaxClients > 0 && a.total >= l.MaxClients {
		return &denial{reason: maxClients, note: chat.NewNote("server-full")}
	}
	if key, counted := clientaddr.Of(addr); counted {
		v := a.visits(key, now)
		if why := a.tooManyPending(v, now); why != nil {
			return why
		}
		v.pending++
		v.came++
	}
	a.total++
	return nil
}

// tooManyPending checks the limits of one address for pending connections.
func (a *admission) tooManyPending(v *visits, now time.Time) *denial {
	l := &a.limits
	switch {
	case int(v.pending) >= l.mostPending():
		return &denial{reason: maxPending, note: chat.NewNote("too-many-new-connections", "wait", pendingRetry), wait: pendingRetry}
	case l.NewPerIP > 0 && int(v.came) >= pendingFactor*l.NewPerIP:
		return a.tooManyNew(v, now)
	}
	return nil
}

// mostPending returns how many connections of an address may be pending: as many as may have
// a session, at least.
func (l *Limits) mostPending() int {
	switch {
	case l.MaxPending > 0:
		return l.MaxPending
	case l.MaxPerIP == 0:
		return math.MaxInt
	}
	return max(defaultPending, l.MaxPerIP)
}

// tooManyNew refuses a connection until the window of its address has ended.
func (a *admission) tooManyNew(v *visits, now time.Time) *denial {
	wait := v.since.Add(a.limits.NewPerIPWindow).Sub(now)
	return &denial{reason: newPerIP, note: chat.NewNote("too-many-new-connections", "wait", wait), wait: wait}
}

// depart uncounts a pending connection.
func (a *admission) depart(addr netip.Addr) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.total--
	if key, counted := clientaddr.Of(addr); counted {
		a.peers[key].pending--
	}
}

// forget has a connection that has departed not count as a new one either.
func (a *admission) forget(addr netip.Addr) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if key, counted := clientaddr.Of(addr); counted {
		if v := a.peers[key]; v != nil && v.came > 0 {
			v.came--
		}
	}
}

// join counts a pending connection as a session, or returns why it is refused and
// stays pending. Each one that is counted must be passed to release once.
func (a *admission) join(addr netip.Addr, now time.Time) *denial {
	a.mu.Lock()
	defer a.mu.Unlock()
	key, counted := clientaddr.Of(addr)
	if !counted {
		return nil
	}
	v := a.visits(key, now)
	if why := a.tooMany(v, now); why != nil {
		return why
	}
	v.pending--
	v.open++
	v.fresh++
	return nil
}

// tooMany checks the limits of one address.
func (a *admission) tooMany(v *visits, now time.Time) *denial {
	l := &a.limits
	switch {
	case l.MaxPerIP > 0 && int(v.open) >= l.MaxPerIP:
		return &denial{
			reason: maxPerIP,
			note:   chat.NewNote("too-many-connections", "connections", l.MaxPerIP),
		}
	case l.NewPerIP > 0 && int(v.fresh) >= l.NewPerIP:
		return a.tooManyNew(v, now)
	}
	return nil
}

// maxExtra is how many connections of one address may be open beyond its limit, so
// that users can log in and take over one of their own connections that is dead.
const maxExtra = 2

// joinExtra is join, if possible, for a connection that join has refused because its
// address has too many. One that is counted must be passed to settle, or to release as
// an extra one.
func (a *admission) joinExtra(addr netip.Addr, now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	key, counted := clientaddr.Of(addr)
	if !counted {
		return false
	}
	v := a.visits(key, now)
	if v.extra >= maxExtra || a.limits.NewPerIP > 0 && int(v.fresh) >= a.limits.NewPerIP {
		return false
	}
	v.pending--
	v.open++
	v.extra++
	v.fresh++
	return true
}

// settle turns an extra connection into an ordinary one.
func (a *admission) settle(addr netip.Addr) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if key, counted := clientaddr.Of(addr); counted {
		a.peers[key].extra--
	}
}

// release uncounts the connection of a session.
func (a *admission) release(addr netip.Addr, extra bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.total--
	if key, counted := clientaddr.Of(addr); counted {
		if v := a.peers[key]; v != nil {
			v.open--
			if extra {
				v.extra--
			}
		}
	}
}

// visits returns the entry of key, with its window brought up to now.
func (a *admission) visits(key netip.Addr, now time.Time) *visits {
	v := a.peers[key]
	if v == nil {
		a.sweep(now)
		v = &visits{since: now}
		a.peers[key] = v
	}
	if now.Sub(v.since) >= a.limits.NewPerIPWindow {
		v.since, v.fresh, v.came = now, 0, 0
	}
	return v
}

// sweep makes room for one more address. Each sweep is paid for by as many new
// addresses as it leaves in the table.
func (a *admission) sweep(now time.Time) {
	if len(a.peers) < a.limit {
		return
	}
	for key, v := range a.peers {
		if v.idle() && now.Sub(v.since) >= a.limits.NewPerIPWindow {
			delete(a.peers, key)
		}
	}
	if len(a.peers) > a.limit/2 {
		for key, v := range a.peers {
			if v.idle() {
				delete(a.peers, key)
			}
		}
	}
	a.limit = max(sweepAt, 2*len(a.peers))
}
