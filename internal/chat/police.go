package chat

import (
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/sudoXpg/netloop/internal/customer"
	"github.com/sudoXpg/netloop/internal/flood"
	"github.com/sudoXpg/netloop/internal/wordfilter"
)

// server is who acts when nobody in particular does.
const server = "the server"

// maxStrikes is of how many people it is remembered what they have done wrong.
// Beyond, those whose record is clean again are forgotten first, then all.
const maxStrikes = 1 << 14

// A meter says how much a person does: one for all connections of an account.
type meter struct {
	mu    sync.Mutex // guards what follows; connections are on different loops
	state flood.State
	since time.Time // of the account, or of the first message of a guest
}

// records are the strikes of people who may have gone. They belong to Hub.mu.
type records map[string]*flood.Strikes

// SetWords changes what may not be said; nil: nothing.
func (h *Hub) SetWords(l *wordfilter.List) { h.words.Store(l) }

// filter looks for unwanted words in what m is about to say: it returns what may
// be said of it, or false if nothing may, and has acted then. Staff may say all.
func (h *Hub) filter(m *Member, r *Room, e *Event) bool {
	l := h.words.Load()
	if l == nil || m.role() >= Moderator {
		return true
	}
	v := l.Check(e.Body)
	switch v.Action {
	case wordfilter.None:
		return true
	case wordfilter.Mask:
		e.Body = v.Text
		return true
	case wordfilter.Flag:
		e.Body = v.Text
		h.flag(m, r, *e, strings.Join(v.Words, ", "))
	case wordfilter.Refuse:
		m.refuse("that has words in it that are not wanted here: say it in others")
	case wordfilter.Strike:
		h.strike(m, "that has words in it that are not wanted here", e.Time)
	}
	return false
}

// flag has a message wait until a moderator has looked at it.
func (h *Hub) flag(m *Member, r *Room, e Event, why string) {
	e.Author, e.Account, e.Name, e.Room, e.ID = m.id, m.account(), m.Name(), r.name, h.nextID()
	f := Flag{ID: e.ID, Event: e, Key: m.who.name.Key, Held: true, Why: why}
	h.mu.Lock()
	full := len(h.flags) >= MaxFlags
	if !full {
		h.flags = append(h.flags, f)
	}
	h.mu.Unlock()
	if full {
		m.refuse("too much waits for the moderators already: try again later")
		return
	}
	h.kept(m, func(err error) {
		if err != nil {
			m.refuse("your line was not saved: " + Reason(err))
			return
		}
		m.tell("your line waits until a moderator has looked at it")
	}, f)
	h.Alert("message #" + strconv.FormatUint(e.ID, 10) + " of " + e.Name + " in " + e.Room + " waits for review: /flags")
}

// Alert tells all moderators and admins something. It may be called from any
// goroutine.
func (h *Hub) Alert(text string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, p := range h.names {
		if p.account == nil || p.account.Role < Moderator {
			continue
		}
		for _, m := range p.members {
			m.out.Post(func() { m.tell(text) })
		}
	}
}

// SetLimits changes how much one person may do; nil: as much as he wants.
func (h *Hub) SetLimits(l *flood.Limits) { h.limits.Store(l) }

// meterOf returns that of m.
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

// lets tells whether m may do what judge judges, and acts if not.
func (h *Hub) lets(m *Member, now time.Time, judge func(s *flood.State, l *flood.Limits, newcomer bool) flood.Verdict) bool {
	l := h.limits.Load()
	if l == nil || m.role() >= Moderator {
		return true
	}
	w := h.meterOf(m, now)
	w.mu.Lock()
	v := judge(&w.state, l, l.Newcomer(now.Sub(w.since)))
	w.mu.Unlock()
	switch v.Action {
	case flood.OK:
		return true
	case flood.Refused:
		m.refuse(v.Reason)
	case flood.Strike:
		h.strike(m, v.Reason, now)
	}
	return false
}

// strike counts one against m, and does what it leads to.
func (h *Hub) strike(m *Member, why string, now time.Time) {
	h.mu.Lock()
	out := h.recordOf(m, now).Add(now)
	h.mu.Unlock()
	name := m.Name()
	switch out.Sanction {
	case flood.Warned:
		m.refuse(why + " (" + out.Reason + ")")
	case flood.Kicked:
		h.keep(Act{Time: now, By: server, Verb: "kick", Target: name, Why: why})
		h.expel(m, nil, "kicked by "+server+": "+why)
	case flood.Banned:
		s := Sanction{Kind: Ban, Target: name, Reason: why, By: server, Since: now, Until: now.Add(out.Ban)}
		list := []Sanction{s.of(m.who.name, m.account())}
		if p, ok := peer(m.out.Addr()); ok {
			s.Net = p
			list = append(list, s)
		}
		if err := h.impose(list, now); err != nil {
			h.expel(m, nil, "kicked by "+server+": "+why) // there is no room for one more ban
			return
		}
		kept := []Record{Act{Time: now, By: server, Verb: "ban", Target: name, Why: why}}
		for _, each := range list {
			kept = append(kept, each)
		}
		h.keep(kept...)
		out := h.meant(list, now)
		h.silence(out, list, "")
		for _, t := range out {
			t.out.Post(func() { h.expel(t, nil, "banned"+s.words(now)) })
		}
	}
}

// recordOf returns what m has done wrong. h.mu is held.
func (h *Hub) recordOf(m *Member, now time.Time) *flood.Strikes {
	key := "name " + m.who.name.Key
	if id := m.account(); id != 0 {
		key = "account " + strconv.FormatUint(id, 10)
	} else if addr, counted := customer.Of(m.out.Addr()); counted {
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
