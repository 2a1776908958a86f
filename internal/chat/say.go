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
		return
	case m.Room() == nil:
		m.refuse(note("in-no-room"))
		return
	case strings.TrimSpace(text) == "":
		return
	}
	r := m.Room()
	why := h.silenced(m, now) // this is judge, but with the limits of the room and of the user in between
	if why == nil {
		why = r.takes(m, now)
	}
	if why != nil {
		m.refuse(why)
		return
	}
	if !h.allow(m, saying, text, now) {
		return
	}
	j := h.weigh(m, text)
	e := Event{Kind: kind, Body: j.text, Time: now}
	switch {
	case j.to == nobody:
		h.refuseFor(m, j, now)
	case j.to == reviewers:
		h.flag(m, r, e, j.words)
	case j.to == everybody:
		r.publishOf(m, e)
	case j.words != "":
		m.tell(note("waits-for-review"))
	default:
		h.pretend(m, e)
	}
}
