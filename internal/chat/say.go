package chat

import (
	"strings"
	"time"

	"github.com/sudoXpg/netloop/internal/flood"
)

// say has m say something in its current room: Say or Action.
func (h *Hub) say(m *Member, kind Kind, text string, now time.Time) {
	switch {
	case m.who == nil:
		m.refuse("you have no name yet")
		return
	case m.room == nil:
		m.refuse("you are in no room: /join #ROOM enters one")
		return
	case strings.TrimSpace(text) == "":
		return
	}
	r := m.room
	if why := h.unheard(m, r, now); why != "" {
		m.refuse(why)
		return
	}
	if !h.lets(m, now, func(s *flood.State, l *flood.Limits, newcomer bool) flood.Verdict {
		return s.Message(now, text, l, newcomer)
	}) {
		return
	}
	e := Event{Kind: kind, Body: text, Time: now}
	if !h.filter(m, r, &e) {
		return
	}
	if m.marked(shadowed) {
		h.pretend(m, e)
		return
	}
	r.publishOf(m, e)
}

// pretend has m, whom nobody is to see, see what he would see: his line at his
// other connections, and that it was saved.
func (h *Hub) pretend(m *Member, e Event) {
	e.Author, e.Account, e.Name, e.Room, e.ID = m.id, m.account(), m.Name(), m.room.name, h.nextID()
	room := m.room
	for _, o := range h.others(m) {
		o.out.Post(func() {
			if o.in(room) != nil {
				o.out.Deliver(e)
			}
		})
	}
	if m.Settings().Receipts {
		h.kept(m, func(error) { m.saved(e.ID, nil) })
	}
}
