package chat

import (
	"strings"
	"time"
)

// say makes m say something in its current room: Say or Action.
func (h *Hub) say(m *Member, kind Kind, text string, now time.Time) {
	switch {
	case m.who == nil:
		m.refuse(note("no-name"))
	case m.Room() == nil:
		m.refuse(note("in-no-room"))
	case strings.TrimSpace(text) != "":
		h.speak(m, m.Room(), Event{Kind: kind, Body: text, Time: now}, nil)
	}
}

// speak publishes a message of m in a room, as far as that is allowed. p is nil for one
// without a CID.
func (h *Hub) speak(m *Member, r *Room, e Event, p *pendingPost) {
	now := e.Time
	why := h.silenced(m, now) // this is judge, but with the limits of the room and of the user in between
	if why == nil {
		why = r.takes(m, now)
	}
	if why != nil {
		m.refuse(why)
		p.drop()
		return
	}
	if !h.allow(m, saying, e.Body, now) {
		p.drop()
		return
	}
	j := h.weigh(m, e.Body)
	e.Body = j.text
	switch {
	case j.to == everybody:
		if why := r.publishOf(m, e, p); why != nil {
			m.refuse(why)
		}
		return
	case j.to == author && j.words == "":
		h.pretend(m, r, e, p)
		return
	case j.to == nobody:
		h.refuseFor(m, j, now)
	case j.to == reviewers:
		h.flag(m, r, e, j.words, p)
		return
	default: // the author is shadow-muted, and must not notice
		h.await(m, r, p, nil)
		return
	}
	p.drop()
}
