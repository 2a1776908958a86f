package chat

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// What programs ask for as data, without a command line.

// MaxCompletions is how many words Complete answers with at most.
const MaxCompletions = 20

// request reports whether m may ask for something now, and tells m why not.
func (h *Hub) request(m *Member, now time.Time) bool {
	h.heard(m, now)
	if m.who == nil {
		m.refuse(note("no-name"))
		return false
	}
	return h.allow(m, commanding, "", now)
}

// place returns the room of that name that m is in; "" is the current one. Otherwise m is told.
func (h *Hub) place(m *Member, room string) *Room {
	r := m.Room()
	if room != "" {
		r = h.Room(room)
	}
	switch {
	case r == nil && room == "":
		m.refuse(note("in-no-room"))
		return nil
	case r == nil || m.in(r) == nil:
		m.refuse(note("not-in-room", "room", clip(room)))
		return nil
	}
	return r
}

// A Page says which messages of a room are asked for: the latest, or those before, after or
// around an ID. Limit is how many, 0 means a page.
type Page struct {
	Before, After, Around uint64
	Limit                 int
}

// History shows m messages of a room that m is in; "" is the current one.
func (h *Hub) History(m *Member, room string, p Page, now time.Time) {
	if !h.request(m, now) {
		return
	}
	r := h.place(m, room)
	switch {
	case r == nil:
		return
	case p.Limit < 0 || p.Limit > maxPage:
		m.refuse(note("limit-range", "most", maxPage))
		return
	case p.Before != 0 && p.After != 0 || p.Around != 0 && (p.Before != 0 || p.After != 0):
		m.refuse(note("one-bound"))
		return
	}
	q := HistoryQuery{Room: r.name, Before: p.Before, After: p.After, Limit: cmp.Or(p.Limit, pageSize)}
	if p.Around == 0 {
		h.pastOf(m, r, q)
		return
	}
	newer := q
	q.Before, q.Limit = p.Around+1, (q.Limit+1)/2
	newer.After, newer.Limit = p.Around, max(newer.Limit/2, 1)
	h.messages(m, r, q, func(before []Event) {
		h.messages(m, r, newer, func(after []Event) {
			m.out.Answer(History{
				Room: r.name, Events: h.shown(m, append(before, after...)),
				Older: len(before) == q.Limit, Newer: len(after) == newer.Limit,
			})
		})
	})
}

// Search shows m the messages that a search finds, the newest, or those before an ID. text is as
// /search takes it.
func (h *Hub) Search(m *Member, text string, before uint64, now time.Time) {
	if !h.request(m, now) {
		return
	}
	if h.options.Archive == nil {
		m.refuse(note("no-history"))
		return
	}
	q, err := (&Call{Hub: h, Member: m, Now: now}).query(terms(text))
	if err != nil {
		m.refuse(Why(err))
		return
	}
	q.BeforeID = before
	h.seek(m, q, text)
}

// TalkIn makes a room that m is in the current one, which commands are about, and reports
// whether it is. Otherwise m is told why not.
func (h *Hub) TalkIn(m *Member, room string) bool {
	r := h.place(m, room)
	if r == nil {
		return false
	}
	if r != m.Room() {
		m.talkIn(r)
		h.focus(m)
	}
	return true
}

// Complete shows m which words begin with some text: commands after a slash, rooms after a
// hash, otherwise names of people in m's rooms.
func (h *Hub) Complete(m *Member, prefix string, now time.Time) {
	if !h.request(m, now) {
		return
	}
	var list []string
	switch {
	case strings.HasPrefix(prefix, "/"):
		usages, _ := h.helpOn(m, "")
		for _, u := range usages {
			list = append(list, "/"+u.Name)
		}
	case strings.HasPrefix(prefix, "#"):
		shadows := h.shadowMuted(now)
		for _, r := range h.allRooms() {
			if !r.concealed(m, shadows) {
				list = append(list, r.name)
			}
		}
	default:
		for _, r := range m.everywhere() {
			members, _ := r.some(maxListed)
			entries, _ := h.entries(m, members, roster{}, now)
			for _, e := range entries {
				list = append(list, e.Name)
			}
		}
	}
	begun := strings.ToLower(prefix)
	list = slices.DeleteFunc(list, func(s string) bool { return !strings.HasPrefix(strings.ToLower(s), begun) })
	slices.Sort(list)
	list = slices.Compact(list)
	m.out.Answer(Completions{Prefix: prefix, Words: list[:min(len(list), MaxCompletions)]})
}
