package chat

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// DefaultEditWindow is the default of Options.EditWindow.
const DefaultEditWindow = 15 * time.Minute

func edit(c *Call) { c.Hub.change(c.Member, c.Member.Room(), 0, c.Args[0], c.Now) }

// Edit replaces the text of one of m's messages in a room that m is in; without an ID that
// of the last one. "" is the current room.
func (h *Hub) Edit(m *Member, room string, id uint64, text string, now time.Time) {
	if !h.request(m, now) {
		return
	}
	if strings.TrimSpace(text) == "" {
		m.refuse(note("no-text"))
		return
	}
	if r := h.place(m, room); r != nil {
		h.change(m, r, id, text, now)
	}
}

// change replaces the text of a message, when the new one is on disk.
func (h *Hub) change(m *Member, r *Room, id uint64, text string, now time.Time) {
	if h.options.EditWindow < 0 {
		m.refuse(note("no-edits"))
		return
	}
	h.ownMessage(m, r, id, func(e Event) {
		if late := cmp.Or(h.options.EditWindow, DefaultEditWindow); now.Sub(e.Time) > late {
			m.refuse(note("edit-too-late", "for", late))
			return
		}
		if why := h.silenced(m, now, r); why != nil {
			m.refuse(why)
			return
		}
		if !h.allow(m, saying, text, now) {
			return
		}
		body, to := h.conclude(m, h.weigh(m, text), now)
		e.Body, e.Edited = body, now
		switch {
		case to == nobody:
		case h.shades.replace(&e):
			h.pretendEdit(m, r, e)
		case to == author: // nobody else sees the new text, and everybody the old one
			h.pretendEdit(m, r, e)
		default:
			is, key := m.editOf(e), m.who.name.Key()
			h.persistAlways(m, func(err error) {
				if err == nil {
					r.edited(e, is, key)
				}
			}, func(err error) { m.toldOfEdit(e.ID, err) }, Edit{Room: r.name, ID: e.ID, Body: e.Body, Time: now})
		}
	})
}

// ownMessage calls then with m's message of that ID, or m's last one, in a room. Otherwise m is
// told why not.
func (h *Hub) ownMessage(m *Member, r *Room, id uint64, then func(Event)) {
	recent := h.withOwn(m, HistoryQuery{Room: r.name, Limit: len(r.lately()) + maxShades}, r.lately())
	for _, e := range slices.Backward(recent) {
		if e.ID == id || id == 0 && m.said(&e) {
			h.ifOwn(m, e, then)
			return
		}
	}
	switch {
	case id == 0:
		m.refuse(note("edit-nothing", "room", r.name))
		return
	case h.options.Archive == nil:
		m.refuse(note("no-message", "id", id, "room", r.name))
		return
	}
	var events []Event
	var err error
	h.work(m, Disk, m.claim().in(r), func() { events, err = h.options.Archive.History(HistoryQuery{Room: r.name, Before: id + 1, Limit: 1}) }, func() {
		switch {
		case err != nil:
			m.refuse(note("history-unreadable", "cause", err.Error()))
		case len(events) == 0 || events[0].ID != id:
			m.refuse(note("no-message", "id", id, "room", r.name))
		default:
			h.ifOwn(m, events[0], then)
		}
	})
}

// ifOwn calls then with a message if it is m's, and still there.
func (h *Hub) ifOwn(m *Member, e Event, then func(Event)) {
	withdrawn := h.withdrawn()
	switch {
	case withdrawn != nil && withdrawn(&e):
		m.refuse(note("no-message", "id", e.ID, "room", e.Room))
	case !m.said(&e):
		m.refuse(note("edit-not-yours", "id", e.ID))
	default:
		then(e)
	}
}

// edited shows the new text of a message, which is on disk, to the room: is is the event.
func (r *Room) edited(e, is Event, key string) {
	if withdrawn := r.hub.withdrawn(); withdrawn != nil && withdrawn(&e) { // deleted meanwhile
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.skip(&e) // a slow reader sees only the new text
	for i := range r.recent {
		if r.recent[i].ID == e.ID {
			r.recent[i].Body, r.recent[i].Edited = e.Body, e.Edited
		}
	}
	r.publishLocked(is, key)
}

// toldOfEdit tells m the outcome of an edit, unless it sees the event.
func (m *Member) toldOfEdit(id uint64, err error) {
	switch {
	case err != nil:
		m.refuse(note("that-not-saved", "why", Why(err)))
	case !m.out.Echoes():
		m.tell(note("edited", "id", id))
	}
}

// editOf returns the event that tells others of an edit.
func (m *Member) editOf(e Event) Event {
	return Event{Kind: Edited, Author: m.id, Account: m.account(), Name: e.Name, Body: e.Body, ReplyTo: e.ID, Time: e.Edited}
}

// pretendEdit shows m an edit that nobody else sees.
func (h *Hub) pretendEdit(m *Member, r *Room, e Event) {
	is := m.editOf(e)
	r.mu.Lock()
	r.place(&is)
	r.mu.Unlock()
	h.commit(func() {
		m.out.Post(func() {
			if m.out.Echoes() {
				m.out.Deliver(is)
			}
			m.toldOfEdit(e.ID, nil)
		})
	})
	h.pretendOthers(m, r, is)
}

// replace replaces a line that only its author sees, and reports whether there was one.
func (s *shades) replace(e *Event) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.lines {
		if l := &s.lines[i]; l.event.ID == e.ID {
			s.bytes += len(e.Body) - len(l.event.Body)
			l.event.Body, l.event.Edited = e.Body, e.Edited
			return true
		}
	}
	return false
}
