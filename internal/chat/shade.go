package chat

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"
)

// Lines of shadow-muted users are kept for their authors, so that their own
// /history and /search show them. They are lost when the server stops; beyond
// these bounds the oldest are dropped.
const (
	maxShades     = 4096
	maxShadeBytes = 1 << 20
)

// shades are lines that only their authors see.
type shades struct {
	mu    sync.Mutex // guards what follows; nothing else is locked in it
	lines []shade    // in the order of their IDs
	bytes int
}

type shade struct {
	event Event
	key   string
	addr  netip.Addr
}

func (s *shades) add(l shade) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lines = append(s.lines, l)
	s.bytes += len(l.event.Body)
	n := 0
	for ; len(s.lines)-n > maxShades || s.bytes > maxShadeBytes; n++ {
		s.bytes -= len(s.lines[n].event.Body)
	}
	s.lines = slices.Delete(s.lines, 0, n)
}

// of returns the lines of m that match, oldest first. A guest who has come back is
// known by name and address.
func (s *shades) of(m *Member, which func(*Event) bool) []Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	var own []Event
	for i := range s.lines {
		l := &s.lines[i]
		switch {
		case !which(&l.event):
		case l.event.Account != 0 || m.account() != 0:
			if l.event.Account == m.account() {
				own = append(own, l.event)
			}
		case l.event.Author == m.id, m.who != nil && m.marked(shadowed) && l.key == m.who.name.Key() && l.addr == m.out.Addr():
			own = append(own, l.event)
		}
	}
	return own
}

// redact deletes a line that only m sees, and reports whether there was one.
func (s *shades) redact(m *Member, room string, id uint64) bool {
	if len(s.of(m, func(e *Event) bool { return e.ID == id && e.Room == room })) == 0 {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lines = slices.DeleteFunc(s.lines, func(l shade) bool {
		if l.event.ID != id {
			return false
		}
		s.bytes -= len(l.event.Body)
		return true
	})
	return true
}

// pretend shows m, who is shadow-muted, what it would see if its line was published: the
// line, if authors are shown theirs, the line at its other connections, and that it was
// saved. It takes a place in the room's order.
func (h *Hub) pretend(m *Member, r *Room, e Event, p *pendingPost) {
	e.Author, e.Account, e.Name = m.id, m.account(), m.OwnName()
	r.mu.Lock()
	r.place(&e)
	r.mu.Unlock()
	h.shades.add(shade{event: e, key: m.who.name.Key(), addr: m.out.Addr()})
	if m.out.Echoes() {
		m.out.Deliver(e)
	}
	h.pretendOthers(m, r, e)
	s := savedAt(&e, h.options.Journal != nil)
	switch {
	case p != nil:
		p.pretended = true
		h.commit(func() { p.end(s) })
	case m.Settings().Receipts && s.Stored:
		h.commit(func() { m.acknowledge(s) })
	}
}

// pretendOthers shows an event of a room to m's other connections there.
func (h *Hub) pretendOthers(m *Member, r *Room, e Event) {
	h.toOthers(m, func(o *Member) {
		if o.in(r) != nil {
			o.out.Deliver(e)
		}
	})
}

// pretendNotice is inform for a notice that only m is to see.
func (h *Hub) pretendNotice(m *Member, r *Room, what *Note, now time.Time) {
	e := Event{Kind: Notice, Note: what, Time: now, Room: r.name}
	m.out.Deliver(e)
	h.pretendOthers(m, r, e)
}

// withOwn adds lines of m that nobody else sees to a page of history.
func (h *Hub) withOwn(m *Member, q HistoryQuery, events []Event) []Event {
	own := h.shades.of(m, func(e *Event) bool { return e.Room == q.Room && q.includes(e) })
	if len(own) == 0 {
		return events
	}
	all := append(own, events...)
	slices.SortFunc(all, byID)
	return q.cut(all)
}

// withOwnFound is withOwn for a page of search results, newest first.
func (h *Hub) withOwnFound(m *Member, q SearchQuery, events []Event) []Event {
	own := h.shades.of(m, func(e *Event) bool { return q.matches(e) })
	if len(own) == 0 {
		return events
	}
	all := append(own, events...)
	slices.SortFunc(all, func(a, b Event) int { return byID(b, a) })
	return all[:min(len(all), q.Limit)]
}

func byID(a, b Event) int { return cmp.Compare(a.ID, b.ID) }

// matches reports approximately whether a search finds e: words are substrings of the text
// here.
func (q *SearchQuery) matches(e *Event) bool {
	body := strings.ToLower(e.Body)
	for _, w := range q.Words {
		if !strings.Contains(body, strings.ToLower(strings.Trim(w, `"*`))) {
			return false
		}
	}
	return slices.Contains(q.Rooms, e.Room) && (q.Key == "" || fold(e.Name) == q.Key) && (q.BeforeID == 0 || e.ID < q.BeforeID) &&
		!e.Time.Before(q.After) && (q.Before.IsZero() || e.Time.Before(q.Before))
}

// OwnName returns the name that m believes it has: nobody else sees the new name of
// a shadow-muted guest.
func (m *Member) OwnName() string {
	if x := m.extras(); x != nil && x.alias != "" {
		return x.alias
	}
	return m.Name()
}

// pretendName lets m believe that it has another name. Events under its name that authors
// are shown, too, are hidden from it from now on, and pretended.
func (h *Hub) pretendName(m *Member, alias string, now time.Time) {
	e := Event{Kind: Rename, Author: m.id, Name: m.OwnName(), Body: alias, Time: now}
	x := m.withExtras()
	x.alias, x.concealed = alias, m.who.name.Key()
	for _, s := range m.seats() {
		m.out.Ignore(s.room, x.concealed, true)
		if m.out.Echoes() && e.Name != alias {
			s.room.mu.Lock()
			s.room.place(&e)
			s.room.mu.Unlock()
			m.out.Deliver(e)
		}
	}
}

// known returns the name by which others know the person that m names.
func (m *Member) known(text string) string {
	x := m.extras()
	if x == nil || x.alias == "" {
		return text
	}
	switch alias := x.alias; fold(text) {
	case fold(alias):
		return m.Name()
	case m.who.name.Key():
		return alias
	}
	return text
}

// ownTopic returns the topic of a room as m sees it.
func (h *Hub) ownTopic(m *Member, r *Room) string {
	return h.shadeTopic(m, r).seen(r.look().Topic)
}

// shadeTopic returns the topic of a room that only m sees, nil for none.
func (h *Hub) shadeTopic(m *Member, r *Room) *shadeTopic {
	h.mu.Lock()
	defer h.mu.Unlock()
	if a := h.byID[m.account()]; a != nil {
		if own, ok := a.topics[r.name]; ok {
			return &own
		}
	}
	return nil
}

// shadowMuted returns the accounts that are shadow-muted.
func (h *Hub) shadowMuted(now time.Time) map[uint64]bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	var found map[uint64]bool
	for i := range h.sanctions {
		if s := &h.sanctions[i]; s.Kind == ShadowMute && s.Account != 0 && (s.Until.IsZero() || now.Before(s.Until)) {
			if found == nil {
				found = make(map[uint64]bool)
			}
			found[s.Account] = true
		}
	}
	return found
}

// concealed reports whether the room is hidden from m: it is for its members only,
// or its name is a text of shadow-muted users, who own it and are alone in it.
func (r *Room) concealed(m *Member, shadows map[uint64]bool) bool {
	if m.in(r) != nil || m.role() >= Moderator || r.name == Lobby {
		return false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.state.MembersOnly:
		return true
	case r.state.Founder != 0 && (r.state.Founder == m.account() || !shadows[r.state.Founder]):
		return false
	}
	return !slices.ContainsFunc(r.seats, func(s *seat) bool { return !s.member.marked(shadowed) })
}

// A shadeTopic is a topic that only its author sees, until the real topic changes.
type shadeTopic struct{ over, text string }

// seen returns what is seen of a topic.
func (t *shadeTopic) seen(topic string) string {
	if t != nil && t.over == topic {
		return t.text
	}
	return topic
}

// pretendTopic shows m a topic that nobody else sees.
func (h *Hub) pretendTopic(m *Member, r *Room, text string, said *Note, now time.Time) {
	over := r.look().Topic
	h.mu.Lock()
	if a := h.byID[m.account()]; a != nil {
		if a.topics == nil || len(a.topics) >= MaxRooms {
			a.topics = make(map[string]shadeTopic)
		}
		a.topics[r.name] = shadeTopic{over, text}
	}
	h.mu.Unlock()
	h.pretendNotice(m, r, said, now)
}

// reveal gives a guest who is no longer shadow-muted the name that they believe
// they have.
func (h *Hub) reveal(m *Member, now time.Time) {
	x := m.extras()
	if x == nil || x.alias == "" || m.account() == 0 && m.marked(shadowed) {
		return
	}
	alias := x.alias
	x.alias = ""
	if m.account() == 0 { // otherwise they have logged in since
		_ = h.rename(m, alias, now) // unless somebody else has it by now
	}
	key := x.concealed
	x.concealed = ""
	for _, s := range m.seats() {
		if !m.ignores(key) {
			m.out.Ignore(s.room, key, false)
		}
	}
}
