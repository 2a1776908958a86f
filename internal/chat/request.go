package chat

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// What programs ask for as data, without a command line.

// maxCompletions is how many words Complete answers with.
const maxCompletions = 20

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

// History shows m the messages of a room, one that m is in: the latest, or those before an ID.
// limit is how many, 0 means a page.
func (h *Hub) History(m *Member, room string, before uint64, limit int, now time.Time) {
	if !h.request(m, now) {
		return
	}
	switch r := h.place(m, room); {
	case r == nil:
	case limit < 0 || limit > maxPage:
		m.refuse(note("limit-range", "most", maxPage))
	default:
		h.pastOf(m, r, HistoryQuery{Room: r.name, Before: before, Limit: cmp.Or(limit, pageSize)})
	}
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
			entries, _ := h.entries(m, members, now)
			for _, e := range entries {
				list = append(list, e.Name)
			}
		}
	}
	begun := strings.ToLower(prefix)
	list = slices.DeleteFunc(list, func(s string) bool { return !strings.HasPrefix(strings.ToLower(s), begun) })
	slices.Sort(list)
	list = slices.Compact(list)
	m.out.Answer(Completions{Prefix: prefix, Words: list[:min(len(list), maxCompletions)]})
}
