package chat

import (
	"strconv"
	"sync"
	"time"

	"github.com/sudoXpg/netloop/internal/clientaddr"
	"github.com/sudoXpg/netloop/internal/flood"
	"github.com/sudoXpg/netloop/internal/wordfilter"
)

// server is the actor of the server's own acts.
const server = "the server"

// maxStrikes is how many people's strikes are remembered. Beyond that, people
// whose record is clean again are forgotten first, then all.
const maxStrikes = 1 << 14

// A meter measures the activity of a person: one for all connections of an account.
type meter struct {
	mu    sync.Mutex // guards what follows; connections are on different loops
	state flood.State
	since time.Time // of the account, or of the first message of a guest
}

// records are the strikes of people, who may have gone. Hub.mu guards them.
type records map[string]*flood.Strikes

// SetWords changes the list of forbidden words; nil: none.
func (h *Hub) SetWords(l *wordfilter.List) { h.words.Store(l) }

// Alert shows a note to all moderators and admins. It may be called from any
// goroutine.
func (h *Hub) Alert(what *Note) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, p := range h.names {
		if p.account == nil || p.account.Role < Moderator {
			continue
		}
		for m := range p.members.all() {
			m.out.Post(func() { m.tell(what) })
		}
	}
}

// SetLimits changes the flood limits of one person; nil: no limits.
func (h *Hub) SetLimits(l *flood.Limits) {
	if l == nil {
		h.limits.Store(nil)
		return
	}
	h.limits.Store(l.Rules())
}

// meterOf returns the meter of m.
func (h *Hub) meterOf(m *Member, now time.Time) *meter {
	if m.more != nil && m.more.meter != nil {
		return m.more.meter
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	p := m.who
	if p.meter == nil {
		p.meter = &meter{since: now}
		if p.account != nil {
			p.meter.since = p.account.Created
		}
	}
	m.rest().meter = p.meter
	return p.meter
}

// An activity is something that a person may do only so often.
type activity uint8

const (
	saying activity = iota
	sayingInPrivate
	commanding
	joining
)

// judge judges an activity, and the text if there is one. now is a steady time.
func (w *meter) judge(a activity, text string, r *flood.Rules, newcomer bool, now time.Time) flood.Verdict {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch a {
	case saying:
		return w.state.Message(now, text, r, newcomer)
	case sayingInPrivate:
		return w.state.Private(now, text, r, newcomer)
	case joining:
		return w.state.Join(now, r)
	case commanding:
	}
	return w.state.Command(now, r)
}

// allow reports whether the flood limits let m do something now, and acts if not. text is
// what m says, if anything.
func (h *Hub) allow(m *Member, a activity, text string, now time.Time) bool {
	rules := h.limits.Load()
	if rules == nil || m.role() >= Moderator {
		return true
	}
	w := h.meterOf(m, now)
	v := w.judge(a, text, rules, rules.Newcomer(now.Sub(w.since)), h.steady(now))
	switch v.Action {
	case flood.OK:
		return true
	case flood.Refused:
		m.refuse(note(Code(v.Reason), "wait", v.Wait))
	case flood.Strike:
		h.strike(m, note(Code(v.Reason), "wait", v.Wait), now)
	}
	return false
}

// strike counts a strike against m, and applies the consequence.
func (h *Hub) strike(m *Member, why *Note, now time.Time) {
	h.mu.Lock()
	steady := h.steady(now)
	out := h.recordOf(m, steady).Add(steady)
	h.mu.Unlock()
	name := m.Name()
	switch out.Sanction {
	case flood.Warned:
		m.refuse(note("strike", "why", why, "next", note(Code(out.Reason))))
	case flood.Kicked:
		h.hold([]*Member{m}, nil)
		h.keepOut(m.who.name.Name(), m.account(), []*Member{m}, nil, now)
		h.commit(func() { m.out.Post(func() { h.expel(m, nil, note("kicked-by-server", "why", why)) }) },
			Act{Time: now, By: server, Verb: "kick", Target: name, Why: h.inWords(why)})
	case flood.Banned:
		s := Sanction{Kind: Ban, Target: name, Reason: h.inWords(why), By: server, Since: now, Until: now.Add(out.Ban)}
		list := []Sanction{s.of(m.who.name.Name(), m.account())}
		if p, ok := h.peer(m.out.Addr()); ok {
			s.Net = p
			list = append(list, s)
		}
		if err := h.impose(list, now); err != nil {
			h.expel(m, nil, note("kicked-by-server", "why", why)) // no more bans can be stored
			return
		}
		kept := []Record{Act{Time: now, By: server, Verb: "ban", Target: name, Why: h.inWords(s.lasts())}}
		for _, each := range list {
			kept = append(kept, each)
		}
		out := h.meant(list, now)
		h.silence(out, list, "")
		h.commit(func() {
			for _, t := range out {
				t.out.Post(func() { h.expel(t, nil, s.note("banned", now)) })
			}
		}, append(kept, h.dropFlagsOf(list)...)...)
	}
}

// recordOf returns the strikes of m. h.mu is held.
func (h *Hub) recordOf(m *Member, now time.Time) *flood.Strikes {
	key := "name " + m.who.name.Key()
	if id := m.account(); id != 0 {
		key = "account " + strconv.FormatUint(id, 10)
	} else if addr, counted := clientaddr.Of(m.out.Addr()); counted {
		key = addr.String()
	}
	if s := h.strikes[key]; s != nil {
		return s
	}
	if len(h.strikes) >= maxStrikes {
		for k, s := range h.strikes {
			if s.Spent(now) {
				delete(h.strikes, k)
			}
		}
	}
	if len(h.strikes) >= maxStrikes {
		clear(h.strikes)
	}
	s := &flood.Strikes{}
	h.strikes[key] = s
	return s
}
