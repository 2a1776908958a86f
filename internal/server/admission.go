package server

import (
	"maps"
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

var reasons = []string{maxClients, maxPerIP, newPerIP}

// A denial is the reason why a connection is refused.
type denial struct {
	// reason is the reason in the log.
	reason string
	// note tells the peer.
	note *chat.Note
}

// admission counts connections by clientaddr.Of. Addresses that this does not
// count are exempt from every limit but the total.
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
	open  int32
	extra int32 // of them, let in beyond the limit to take over another one
	fresh int32 // new connections in the window
	since time.Time
}

func newAdmission(l Limits) *admission {
	a := &admission{limits: l, peers: make(map[netip.Addr]*visits), limit: sweepAt, refused: make(map[string]uint64)}
	for _, reason := range reasons {
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
func (a *admission) count(why *denial) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.refused[why.reason]++
}

// refusals returns how many were refused, by reason.
func (a *admission) refusals() map[string]uint64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	return maps.Clone(a.refused)
}

// admit counts a new connection, or returns why it is refused. Each admitted
// connection must be passed to release once.
func (a *admission) admit(addr netip.Addr, now time.Time) (why *denial) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if l := &a.limits; l.MaxClients > 0 && a.total >= l.MaxClients {
		why = &denial{reason: maxClients, note: chat.NewNote("server-full")}
	}
	key, counted := clientaddr.Of(addr)
	if !counted {
		if why == nil {
			a.total++
		}
		return why
	}
	v := a.visits(key, now)
	if why == nil {
		why = a.tooMany(v, now)
	}
	if why != nil {
		return why
	}
	v.open++
	v.fresh++
	a.total++
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
		wait := v.since.Add(l.NewPerIPWindow).Sub(now)
		return &denial{
			reason: newPerIP,
			note:   chat.NewNote("too-many-new-connections", "wait", wait),
		}
	}
	return nil
}

// maxExtra is how many connections of one address may be open beyond its limit, so
// that users can log in and take over one of their own connections that is dead.
const maxExtra = 2

// admitExtra admits a connection, if possible, that was refused because its address
// has too many. An admitted one must be passed to settle, or to release as an extra
// one.
func (a *admission) admitExtra(addr netip.Addr, now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	key, counted := clientaddr.Of(addr)
	if l := &a.limits; !counted || l.MaxClients > 0 && a.total >= l.MaxClients {
		return false
	}
	v := a.visits(key, now)
	if v.extra >= maxExtra || a.limits.NewPerIP > 0 && int(v.fresh) >= a.limits.NewPerIP {
		return false
	}
	v.open++
	v.extra++
	v.fresh++
	a.total++
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

// release uncounts a connection.
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
		v.since, v.fresh = now, 0
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
		if v.open == 0 && now.Sub(v.since) >= a.limits.NewPerIPWindow {
			delete(a.peers, key)
		}
	}
	if len(a.peers) > a.limit/2 {
		for key, v := range a.peers {
			if v.open == 0 {
				delete(a.peers, key)
			}
		}
	}
	a.limit = max(sweepAt, 2*len(a.peers))
}
