package chat

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	// pageSize is how many lines a list shows before /more is asked for.
	pageSize = 20
	// maxPage is how many /history can show at once.
	maxPage = 200
	// maxWords is how many words /search takes.
	maxWords = 16
)

// page tells m lines, a page at a time.
func (m *Member) page(lines []string) {
	n := min(pageSize, len(lines))
	for _, line := range lines[:n] {
		m.tell(line)
	}
	if rest := lines[n:]; len(rest) > 0 {
		m.rest().next = func() { m.page(rest) }
		m.tell("/more shows " + count(len(rest), "more line"))
	} else if m.more != nil {
		m.more.next = nil
	}
}

func moreOf(c *Call) {
	x := c.Member.more
	if x == nil || x.next == nil {
		c.Member.refuse("there is no more")
		return
	}
	next := x.next
	x.next = nil
	next()
}

func history(c *Call) {
	m := c.Member
	q := HistoryQuery{Room: m.room.name, Limit: pageSize}
	switch first := c.arg(0); {
	case first == "":
	case first == "since" && len(c.Args) == 2:
		at, ok := c.Hub.when(m, c.Args[1], c.Now)
		if !ok {
			m.refuse("a time is 10m (ago), 15:04 (today), 2026-01-31 or 2026-01-31T15:04")
			return
		}
		q.Since, q.Limit = at, maxPage
	default:
		n, err := strconv.Atoi(first)
		if err != nil || n < 1 || n > maxPage || len(c.Args) > 1 {
			m.refuse(fmt.Sprintf("usage: /history [N | since TIME], with N from 1 to %d", maxPage))
			return
		}
		q.Limit = n
	}
	c.Hub.pastOf(m, m.room, q)
}

// pastOf shows a page of a room's history, and goes on with /more.
func (h *Hub) pastOf(m *Member, r *Room, q HistoryQuery) {
	if created := r.look().Created; q.Since.Before(created) {
		q.Since = created // what was said in another room of that name is not for these people
	}
	show := func(events []Event) {
		full := len(events) == q.Limit
		shown := h.shown(m, events)
		end := "end of the history"
		if full {
			older := q
			older.Before = events[0].ID
			m.rest().next = func() { h.pastOf(m, r, older) }
			end = "/more shows older ones"
		}
		m.out.Replay(Replay{Title: count(len(shown), "line") + " of " + r.name, Events: shown, End: end, Dated: true})
	}
	recent := r.since(q)
	if h.options.Archive == nil {
		show(recent)
		return
	}
	var events []Event
	var err error
	h.work(m, Disk, func() { events, err = h.options.Archive.History(q) }, func() {
		if err != nil {
			m.refuse("the history can't be read: " + err.Error())
			return
		}
		show(merge(events, recent, q.Limit))
	})
}

// since returns what a room still has in memory of a query's answer.
func (r *Room) since(q HistoryQuery) []Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	var found []Event
	for _, e := range r.recent {
		if (q.Before == 0 || e.ID < q.Before) && !e.Time.Before(q.Since) {
			found = append(found, e)
		}
	}
	return found[max(0, len(found)-q.Limit):]
}

// merge adds to what is on disk what may not be yet, and returns the last limit.
func merge(disk, recent []Event, limit int) []Event {
	last := uint64(0)
	if len(disk) > 0 {
		last = disk[len(disk)-1].ID
	}
	for _, e := range recent {
		if e.ID > last {
			disk = append(disk, e)
		}
	}
	return disk[max(0, len(disk)-limit):]
}

// shown leaves out what m is not to see: of those who are banned, or ignored.
func (h *Hub) shown(m *Member, events []Event) []Event {
	hidden := h.hidden(m.out.Now())
	if hidden == nil && len(m.ignored()) == 0 {
		return events
	}
	kept := make([]Event, 0, len(events))
	for i := range events {
		if hidden != nil && hidden(&events[i]) || len(m.ignored()) > 0 && m.ignores(fold(events[i].Name)) {
			continue
		}
		kept = append(kept, events[i])
	}
	return kept
}

// unignored is shown for the history of a room: those who are banned are not in
// it any more.
func (h *Hub) unignored(m *Member, events []Event) []Event {
	if len(m.ignored()) == 0 {
		return events
	}
	return slices.DeleteFunc(slices.Clone(events), func(e Event) bool { return m.ignores(fold(e.Name)) })
}

// when reads a point in time in the past, in m's time zone.
func (h *Hub) when(m *Member, text string, now time.Time) (time.Time, bool) {
	if d, ok := parseDuration(text); ok {
		return now.Add(-d), true
	}
	zone := time.UTC
	if h.options.Zone != nil {
		if own := h.options.Zone(m.Settings().Zone); own != nil {
			zone = own
		}
	}
	for _, layout := range []string{"2006-01-02", "2006-01-02T15:04", "2006-01-02T15:04:05"} {
		if t, err := time.ParseInLocation(layout, text, zone); err == nil {
			return t, true
		}
	}
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return t, true
	}
	if t, err := time.ParseInLocation("15:04", text, zone); err == nil {
		y, mon, d := now.In(zone).Date()
		return time.Date(y, mon, d, t.Hour(), t.Minute(), 0, 0, zone), true
	}
	return time.Time{}, false
}

func search(c *Call) {
	h, m := c.Hub, c.Member
	if h.options.Archive == nil {
		m.refuse("this server keeps no history to search")
		return
	}
	q, err := c.query(strings.Fields(c.Args[0]))
	if err != nil {
		m.refuse(Reason(err))
		return
	}
	h.seek(m, q, c.Args[0])
}

// query reads what is searched for.
func (c *Call) query(words []string) (SearchQuery, error) {
	m := c.Member
	q := SearchQuery{Limit: pageSize}
	for _, s := range m.seats() {
		q.Rooms = append(q.Rooms, s.room.name)
	}
	for _, w := range words {
		key, value, ok := strings.Cut(w, ":")
		if !ok || value == "" {
			q.Words = append(q.Words, w)
			continue
		}
		var good bool
		switch key {
		case "from":
			q.Key, good = fold(value), true
		case "in":
			r := c.Hub.Room(value)
			if r == nil || m.in(r) == nil {
				return q, refusal("you are not in %s: you can search the rooms that you are in", clip(value))
			}
			q.Rooms, good = []string{r.name}, true
		case "before":
			q.Before, good = c.Hub.when(m, value, c.Now)
		case "after":
			q.After, good = c.Hub.when(m, value, c.Now)
		default:
			q.Words, good = append(q.Words, w), true
		}
		if !good {
			return q, refusal("%s is no time: 2026-01-31 is one, and 2d is two days ago", clip(value))
		}
	}
	switch {
	case len(q.Words) == 0:
		return q, refusal("search for at least one word")
	case len(q.Words) > maxWords:
		return q, refusal("search for at most %d words", maxWords)
	}
	return q, nil
}

// seek shows one page of what a search finds, newest first.
func (h *Hub) seek(m *Member, q SearchQuery, what string) {
	created := make(map[string]time.Time, len(q.Rooms))
	for _, name := range q.Rooms {
		r := h.Room(name)
		if r == nil || m.in(r) == nil {
			m.refuse("you are not in " + name + " any more")
			return
		}
		created[name] = r.look().Created
	}
	var events []Event
	var err error
	h.work(m, Disk, func() { events, err = h.options.Archive.Search(q) }, func() {
		if err != nil {
			m.refuse("the search has failed: " + err.Error())
			return
		}
		var own []Event
		for _, e := range events {
			if !e.Time.Before(created[e.Room]) {
				own = append(own, e)
			}
		}
		shown := h.shown(m, own)
		end := "end of what was found"
		if len(events) == q.Limit {
			older := q
			older.BeforeID = events[len(events)-1].ID
			m.rest().next = func() { h.seek(m, older, what) }
			end = "/more shows older ones"
		}
		m.out.Replay(Replay{
			Title: count(len(shown), "line") + " with " + what, Events: shown, End: end, Dated: true, Roomy: len(q.Rooms) > 1,
		})
	})
}
