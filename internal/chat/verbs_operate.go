package chat

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sudoXpg/netloop/internal/duration"
)

func slow(c *Call) {
	r := c.Member.Room()
	c.changeRoom(r, func(s *RoomState) error { return setSlow(s, c.Args[0]) }, func(s *RoomState) (Act, *Note) {
		every := c.Hub.inWords(note("value", "value", s.Slow))
		return c.entry("slow", every, r.name, ""), note("slow-changed", "room", r.name, "every", s.Slow)
	})
}

func op(c *Call) { c.operators("op", with[uint64]) }

func deop(c *Call) { c.operators("deop", without[uint64]) }

// operators changes who runs the room.
func (c *Call) operators(verb string, change func([]uint64, uint64) []uint64) {
	m, r := c.Member, c.Member.Room()
	name, a, _, err := c.target(c.Args[0])
	state := r.look()
	switch {
	case verb == "op" && err != nil && a != nil:
		err = nil // c may act on no such account, but making it an operator does no harm
	case err == nil && a == nil:
		err = refusal("operator-without-account", "name", clip(c.Args[0]))
	}
	switch {
	case err != nil:
		m.refuse(Why(err))
		return
	case verb == "op" && len(state.Operators) >= maxInvited:
		m.refuse(note("too-many-operators", "room", r.name, "most", maxInvited))
		return
	case verb == "op" && state.runs(a.ID):
		m.refuse(note("operator-already", "name", name.Display, "room", r.name))
		return
	case verb == "deop" && !state.runs(a.ID):
		m.refuse(note("no-operator", "name", name.Display, "room", r.name))
		return
	case verb == "deop" && state.Founder == a.ID && m.role() < Moderator:
		m.refuse(note("has-founded", "name", name.Display, "room", r.name))
		return
	}
	c.changeRoom(r, func(s *RoomState) error {
		s.Operators = change(s.Operators, a.ID)
		if verb == "deop" && s.Founder == a.ID {
			s.Founder = 0
			if len(s.Operators) > 0 {
				s.Founder = s.Operators[0]
			}
		}
		return nil
	}, func(*RoomState) (Act, *Note) {
		said := note("op", "name", name.Display, "room", r.name)
		if verb == "deop" {
			said = note("deop", "name", name.Display, "room", r.name)
		}
		return c.entry(verb, name.Display, r.name, ""), said
	})
}

func voice(c *Call) { c.voices("voice", with[uint64]) }

func devoice(c *Call) { c.voices("devoice", without[uint64]) }

// voices changes who may speak while the room is moderated: an account as long as that
// exists, a guest until they leave.
func (c *Call) voices(verb string, change func([]uint64, uint64) []uint64) {
	yes := verb == "voice"
	m, r := c.Member, c.Member.Room()
	name, a, members, err := c.target(c.Args[0])
	members = r.among(members)
	switch {
	case err != nil && a == nil:
		m.refuse(Why(err))
		return
	case a == nil && len(members) == 0:
		m.refuse(note("nobody-here", "name", clip(c.Args[0])))
		return
	case a != nil && yes && len(r.look().Voiced) >= maxInvited:
		m.refuse(note("too-many-voices", "most", maxInvited, "room", r.name))
		return
	}
	c.changeRoom(r, func(s *RoomState) error {
		if a != nil {
			s.Voiced = change(s.Voiced, a.ID)
			return nil
		}
		for _, seat := range r.seats {
			if slices.Contains(members, seat.member) {
				seat.voiced = yes
			}
		}
		return nil
	}, func(*RoomState) (Act, *Note) {
		said := note("devoice", "name", name.Display, "room", r.name)
		if yes {
			said = note("voice", "name", name.Display, "room", r.name)
		}
		return c.entry(verb, name.Display, r.name, ""), said
	})
}

func redact(c *Call) {
	h, m, r := c.Hub, c.Member, c.Member.Room()
	if len(c.Args) == 0 {
		c.redactLast(r)
		return
	}
	text, number := strings.CutPrefix(c.Args[0], "#")
	if number || len(c.Args) == 1 && strings.Trim(text, "0123456789") == "" {
		c.redactOne(r, text)
		return
	}
	if !c.runs(r) {
		m.refuse(note("redact-own-only"))
		return
	}
	var since time.Time
	if len(c.Args) > 1 {
		d, err := duration.Parse(c.Args[1])
		if err != nil || d == 0 {
			m.refuse(note("redact-no-duration", "text", clip(c.Args[1]), "examples", duration.Examples))
			return
		}
		since = c.Now.Add(-d)
	}
	name, a, _, err := c.target(c.Args[0])
	if err != nil {
		m.refuse(Why(err))
		return
	}
	// The name may have been a guest's before it was registered.
	records := []Record{Redaction{Room: r.name, Key: name.Key, Since: since, Time: c.Now}, c.entry("redact", name.Display, r.name, "")}
	whose := Sanction{Key: name.Key}
	if a != nil {
		whose.Account = a.ID
		records = append(records, Redaction{Room: r.name, Account: a.ID, Since: since, Time: c.Now})
	}
	said := func(e *Event) bool { return whose.author(e) && !e.Time.Before(since) }
	h.withdraw(r, said)
	records = append(records, h.dropFlags(func(f *Flag) bool { return f.Event.Room == r.name && said(&f.Event) })...)
	r.mu.Lock()
	r.feed.SkipName(name.Key) // also messages that are no longer in memory
	r.mu.Unlock()
	c.announceSaved(r, note("redacted-all", "by", m.Name(), "name", name.Display), records...)
}

// ownRedaction is how long users can delete their own messages.
const ownRedaction = 15 * time.Minute

// mayRedact returns why c's member can't delete a message; nil if they can.
func (c *Call) mayRedact(r *Room, e *Event) error {
	m := c.Member
	switch {
	case c.runs(r):
		return nil
	case !m.said(e):
		return refusal("redact-not-yours", "id", e.ID)
	case c.Now.Sub(e.Time) > ownRedaction:
		return refusal("redact-too-late", "for", ownRedaction)
	}
	return nil
}

// said reports whether a message is m's: by m's account, or by m without one.
func (m *Member) said(e *Event) bool {
	if e.Account != 0 {
		return e.Account == m.account()
	}
	x := m.extras()
	return e.Author == m.id || e.Author != 0 && x != nil && slices.Contains(x.was, e.Author)
}

// runs reports whether c's member may delete messages of others in a room.
func (c *Call) runs(r *Room) bool { return c.Member.role() >= Moderator || r.operator(c.Member) }

// redactLast deletes the last message of c's member in a room.
func (c *Call) redactLast(r *Room) {
	var last uint64
	for _, e := range c.Hub.withOwn(c.Member, HistoryQuery{Room: r.name, Limit: math.MaxInt}, r.lately()) {
		if c.Member.said(&e) {
			last = e.ID
		}
	}
	if last == 0 {
		c.Member.refuse(note("redact-nothing", "room", r.name))
		return
	}
	c.redactOne(r, strconv.FormatUint(last, 10))
}

// redactOne deletes one message, in memory and on disk.
func (c *Call) redactOne(r *Room, text string) {
	h, m := c.Hub, c.Member
	missing := note("no-message", "id", clip(text), "room", r.name)
	id, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		m.refuse(missing)
		return
	}
	number := "#" + strconv.FormatUint(id, 10)
	if h.shades.redact(m, r.name, id) {
		h.pretendNotice(m, r, note("redacted", "by", m.OwnName(), "id", id), c.Now)
		return
	}
	this := func(e Event) bool { return e.ID == id }
	done := func(e *Event) {
		withhold := func(e *Event) bool { return this(*e) }
		if err := c.mayRedact(r, e); err != nil {
			m.refuse(Why(err))
			return
		}
		r.mu.Lock()
		r.skip(e) // a slow reader may not have been sent it, though it is no longer in memory
		r.withholdLocked(withhold)
		r.mu.Unlock()
		h.withdraw(r, withhold)
		records := []Record{Redaction{Room: r.name, IDs: []uint64{id}, Time: c.Now}}
		if c.runs(r) {
			records = append(records, c.entry("redact", number, r.name, ""))
		}
		c.announceSaved(r, note("redacted", "by", m.Name(), "id", id), records...)
	}
	recent := r.lately()
	i := slices.IndexFunc(recent, this)
	switch {
	case i >= 0:
		done(&recent[i])
		return
	case h.options.Archive == nil:
		m.refuse(missing)
		return
	}
	var events []Event
	who := c.claim().in(r)
	who.runs = c.runs(r)
	h.work(m, Disk, who, func() { events, err = h.options.Archive.History(HistoryQuery{Room: r.name, Before: id + 1, Limit: 1}) }, func() {
		switch {
		case err != nil:
			m.refuse(note("history-unreadable", "cause", err.Error()))
		case len(events) == 0 || events[0].ID != id:
			m.refuse(missing)
		default:
			done(&events[0])
		}
	})
}

// maxRedacted is how many redactions are remembered: as many as may be waiting
// to be written.
const maxRedacted = 64

// A redacted is a redaction of messages.
type redacted struct {
	room   string
	before uint64 // above all IDs at that time
	which  func(*Event) bool
}

// withdraw withholds the messages that match: from readers that have not been
// sent them, from new members, and from queries that are reading them from
// disk.
func (h *Hub) withdraw(r *Room, which func(*Event) bool) {
	h.mu.Lock()
	if len(h.redacted) >= maxRedacted {
		h.redacted = h.redacted[1:]
	}
	h.redacted = append(h.redacted, redacted{r.name, h.ids.Load() + 1, which})
	h.mu.Unlock()
	r.withhold(which)
}

// withdrawn returns a function that reports whether a message was withdrawn recently; nil:
// none was.
func (h *Hub) withdrawn() func(*Event) bool {
	h.mu.Lock()
	list := slices.Clone(h.redacted)
	h.mu.Unlock()
	if len(list) == 0 {
		return nil
	}
	return func(e *Event) bool {
		return slices.ContainsFunc(list, func(b redacted) bool { return e.Room == b.room && e.ID < b.before && b.which(e) })
	}
}
