package server

import (
	"maps"
	"net/netip"
	"strconv"
	"sync"
	"time"

	"github.com/sudoXpg/netloop/internal/customer"
)

// sweepAt is how many addresses the admission table holds before it first
// forgets those that don't matter any more.
const sweepAt = 1 << 14

// The reasons for a denial that are limits, in the words of the log and the
// metrics. With dashes they are the flags.
const (
	maxClients = "max_clients"
	maxPerIP   = "max_per_ip"
	newPerIP   = "new_per_ip"
)

var reasons = []string{maxClients, maxPerIP, newPerIP}

// A denial is why a connection is not let in.
type denial struct {
	// reason is what the log says.
	reason string
	// text is what the peer is told.
	text string
}

// admission counts connections by customer.Of; who is not counted by it is
// exempt from all but the total.
//
// Its memory is bounded by the number of open connections and sweepAt: when the
// table is full, addresses without connections are forgotten, first those whose
// window is over, then all, so that whoever comes from ever new addresses only
// ever pushes out addresses without connections.
type admission struct {
	mu      sync.Mutex // guards what follows; any loop comes here
	limits  Limits
	total   int
	peers   map[netip.Addr]*visits
	limit   int               // of peers, before the next sweep
	refused map[string]uint64 // by reason
}

// visits is what is known of one address.
type visits struct {
	open  int32
	fresh int32 // new connections in the window
	since time.Time
	told  bool // a denial in this window is in the log
}

func newAdmission(l Limits) *admission {
	a := &admission{limits: l, peers: make(map[netip.Addr]*visits), limit: sweepAt, refused: make(map[string]uint64)}
	for _, reason := range reasons {
		a.refused[reason] = 0
	}
	return a
}

// reconfigure changes the limits. Who is in stays in.
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

// admit counts a new connection in, or says why not. report tells whether that
// is worth a line in the log: the first of an address in its window is. Who was
// let in must be given to release once.
func (a *admission) admit(addr netip.Addr, now time.Time) (why *denial, report bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if l := &a.limits; l.MaxClients > 0 && a.total >= l.MaxClients {
		why = &denial{reason: maxClients, text: "the server is full, try again later"}
	}
	key, counted := customer.Of(addr)
	if !counted {
		if why == nil {
			a.total++
		}
		return why, true
	}
	v := a.visits(key, now)
	if why == nil {
		why = a.tooMany(v, now)
	}
	if why != nil {
		report = !v.told
		v.told = true
		return why, report
	}
	v.open++
	v.fresh++
	a.total++
	return nil, false
}

// tooMany checks the limits of one address.
func (a *admission) tooMany(v *visits, now time.Time) *denial {
	l := &a.limits
	switch {
	case l.MaxPerIP > 0 && int(v.open) >= l.MaxPerIP:
		return &denial{
			reason: maxPerIP,
			text:   "your address has " + counted(l.MaxPerIP, "connection") + " already, which is the most allowed",
		}
	case l.NewPerIP > 0 && int(v.fresh) >= l.NewPerIP:
		wait := v.since.Add(l.NewPerIPWindow).Sub(now)
		return &denial{
			reason: newPerIP,
			text:   "too many new connections from your address, try again in " + inWords(wait),
		}
	}
	return nil
}

// inWords rounds up to whole seconds or minutes.
func inWords(d time.Duration) string {
	unit, n := "second", int((d+time.Second-1)/time.Second)
	if n > 90 {
		unit, n = "minute", int((d+time.Minute-1)/time.Minute)
	}
	return counted(n, unit)
}

// counted is a number of things, such as "2 lines".
func counted(n int, thing string) string {
	if n != 1 {
		thing += "s"
	}
	return strconv.Itoa(n) + " " + thing
}

// release counts a connection out.
func (a *admission) release(addr netip.Addr) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.total--
	if key, counted := customer.Of(addr); counted {
		if v := a.peers[key]; v != nil {
			v.open--
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
		v.since, v.fresh, v.told = now, 0, false
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
