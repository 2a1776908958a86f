package chat

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sudoXpg/netloop/internal/duration"
)

const (
	// pageSize is how many lines of a list are shown before /more.
	pageSize = 20
	// maxPage is how many /history can show at once.
	maxPage = 200
	// maxWords is how many words /search takes.
	maxWords = 16
	// minBeginning is the least number of characters before a *.
	minBeginning = 2
)

// pages shows m a list, a page at a time; an operator of the server gets all of it at once.
func pages[T any](m *Member, list []T, answer func(page []T, more int) Answer) {
	n := min(pageSize, len(list))
	if m.operates() {
		n = len(list)
	}
	if x := m.extras(); x != nil {
		x.next = nil
	}
	rest := list[n:]
	if len(rest) > 0 {
		m.withExtras().next = func() { pages(m, rest, answer) }
	}
	m.out.Answer(answer(list[:n], len(rest)))
}

func moreOf(c *Call) {
	x := c.Member.extras()
	if x == nil || x.next == nil {
		c.Member.refuse(note("no-more"))
		return
	}
	next := x.next
	x.next = nil
	next()
}

func history(c *Call) {
	m := c.Member
	q := HistoryQuery{Room: m.Room().name, Limit: pageSize}
	switch first := c.arg(0); {
	case first == "":
	case first == "since" && len(c.Args) == 2:
		at, ok := c.Hub.when(m, c.Args[1], c.Now)
		if !ok {
			m.refuse(note("no-time"))
			return
		}
		q.Since, q.Limit = at, maxPage
	default:
		n, err := strconv.Atoi(first)
		if err != nil || n < 1 || n > maxPage || len(c.Args) > 1 {
			m.refuse(note("usage-history", "most", maxPage))
			return
		}
		q.Limit = n
	}
	c.Hub.pastOf(m, m.Room(), q)
}

// pastOf shows a page of a room's history, and the next one on /more.
func (h *Hub) pastOf(m *Member, r *Room, q HistoryQuery) {
	h.messages(m, r, q, func(events []Event) {
		full := len(events) == q.Limit
		if full && q.After == 0 {
			older := q
			older.Before = events[0].ID
			m.withExtras().next = func() { h.pastOf(m, r, older) }
		}
		m.out.Answer(History{Room: r.name, Events: h.shown(m, events), Older: full && q.After == 0, Newer: full && q.After != 0})
	})
}

// messages calls then with those of a query, among them those that only m sees. Otherwise m
// is told why not.
func (h *Hub) messages(m *Member, r *Room, q HistoryQuery, then func([]Event)) {
	here := m.claim().in(r)
	if err := h.valid(m, here); err != nil { // it may have changed since /more was offered
		m.refuse(Why(err))
		return
	}
	if created := r.look().Created; q.Since.Before(created) {
		q.Since = created // messages of an earlier room with that name are not for these members
	}
	recent := r.since(q)
	if h.options.Archive == nil {
		then(h.withOwn(m, q, recent))
		return
	}
	var events []Event
	var err error
	h.work(m, Disk, here, func() { events, err = h.options.Archive.History(q) }, func() {
		if err != nil {
			m.refuse(note("history-unreadable", "cause", err.Error()))
			return
		}
		then(h.withOwn(m, q, merge(events, recent, q)))
	})
}

// since returns the messages of a query that a room still has in memory.
func (r *Room) since(q HistoryQuery) []Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	var found []Event
	for _, e := range r.recent {
		if q.includes(&e) {
			found = append(found, e)
		}
	}
	return q.cut(found)
}

// includes reports whether a message of the room is within the bounds of a query.
func (q *HistoryQuery) includes(e *Event) bool {
	return (q.Before == 0 || e.ID < q.Before) && e.ID > q.After && !e.Time.Before(q.Since)
}

// cut returns the part of a list, oldest first, that a query asks for: its end, or its
// beginning if it is what follows a message.
func (q *HistoryQuery) cut(list []Event) []Event {
	if q.After != 0 && q.Before == 0 {
		return list[:min(len(list), q.Limit)]
	}
	return list[max(0, len(list)-q.Limit):]
}

// merge adds recent messages, which may not be on disk yet, to those from disk, and returns
// those of them that a query asks for. If the disk has more than that, the recent ones are
// not next.
func merge(disk, recent []Event, q HistoryQuery) []Event {
	last := uint64(0)
	if len(disk) > 0 {
		last = disk[len(disk)-1].ID
	}
	if q.After != 0 && q.Before == 0 && len(disk) == q.Limit {
		return disk
	}
	for _, e := range recent {
		if e.ID > last {
			disk = append(disk, e)
		}
	}
	return q.cut(disk)
}

// shown leaves out messages that m must not see: those of banned or ignored
// users, and those deleted while they were read.
func (h *Hub) shown(m *Member, events []Event) []Event {
	hidden, withdrawn := h.hidden(m.out.Now()), h.withdrawn()
	if hidden == nil && withdrawn == nil && len(m.ignored()) == 0 {
		return events
	}
	kept := make([]Event, 0, len(events))
	for i := range events {
		if hidden != nil && hidden(&events[i]) || withdrawn != nil && withdrawn(&events[i]) || len(m.ignored()) > 0 && m.ignores(fold(events[i].Name)) {
			continue
		}
		kept = append(kept, events[i])
	}
	return kept
}

// unignored is shown for the history of a room, which no longer has messages of
// banned users.
func (h *Hub) unignored(m *Member, events []Event) []Event {
	if len(m.ignored()) == 0 {
		return events
	}
	return slices.DeleteFunc(slices.Clone(events), func(e Event) bool { return m.ignores(fold(e.Name)) })
}

// when reads a point in time in the past, in m's time zone.
func (h *Hub) when(m *Member, text string, now time.Time) (time.Time, bool) {
	if d, err := duration.Parse(text); err == nil && d > 0 {
		return now.Add(-d), true
	}
	zone := time.UTC
	if h.options.Zones != nil {
		if own := h.options.Zones.Known(m.Settings().Zone); own != nil {
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
		m.refuse(note("no-history"))
		return
	}
	q, err := c.query(terms(c.Args[0]))
	if err != nil {
		m.refuse(Why(err))
		return
	}
	h.seek(m, q, c.Args[0])
}

// A term is a word of a search, or a text in quotation marks.
type term struct {
	text   string
	quoted bool
}

// terms parses a search. A quotation mark without a second one extends to the end.
func terms(text string) (list []term) {
	for {
		text = strings.TrimLeft(text, " \t")
		if text == "" {
			return list
		}
		if rest, quoted := strings.CutPrefix(text, `"`); quoted {
			var phrase string
			phrase, text, _ = strings.Cut(rest, `"`)
			if strings.TrimSpace(phrase) != "" {
				list = append(list, term{strings.TrimRight(phrase, "*"), true})
			}
			continue
		}
		end := strings.IndexAny(text, " \t")
		if end < 0 {
			end = len(text)
		}
		list = append(list, term{text: text[:end]})
		text = text[end:]
	}
}

// query makes a query of the terms of a search.
func (c *Call) query(words []term) (SearchQuery, error) {
	m := c.Member
	q := SearchQuery{Limit: pageSize}
	for _, s := range m.seats() {
		q.Rooms = append(q.Rooms, s.room.name)
	}
	for _, w := range words {
		key, value, ok := strings.Cut(w.text, ":")
		if w.quoted || !ok || value == "" {
			if begun, star := strings.CutSuffix(w.text, "*"); star && begun != "" && len([]rune(begun)) < minBeginning {
				return q, refusal("beginning-too-short", "text", clip(w.text), "least", minBeginning)
			}
			q.Words = append(q.Words, w.text)
			continue
		}
		var good bool
		switch key {
		case "from":
			q.Key, good = fold(value), true
		case "in":
			r := c.Hub.Room(hashed(value))
			if r == nil || m.in(r) == nil {
				return q, refusal("search-elsewhere", "room", clip(value))
			}
			q.Rooms, good = []string{r.name}, true
		case "before":
			q.Before, good = c.Hub.when(m, value, c.Now)
		case "after":
			q.After, good = c.Hub.when(m, value, c.Now)
		default:
			q.Words, good = append(q.Words, w.text), true
		}
		if !good {
			return q, refusal("no-search-time", "text", clip(value))
		}
	}
	switch {
	case len(q.Words) == 0 && q.Key == "":
		return q, refusal("search-for-nothing")
	case len(q.Words) > maxWords:
		return q, refusal("search-for-too-much", "most", maxWords)
	}
	return q, nil
}

// seek shows one page of the results of a search, newest first.
func (h *Hub) seek(m *Member, q SearchQuery, what string) {
	created := make(map[string]time.Time, len(q.Rooms))
	for _, name := range q.Rooms {
		r := h.Room(name)
		if r == nil || m.in(r) == nil {
			m.refuse(note("not-in-room-any-more", "room", name))
			return
		}
		created[name] = r.look().Created
	}
	var events []Event
	var err error
	h.work(m, Disk, m.claim(), func() { events, err = h.options.Archive.Search(q) }, func() {
		if err != nil {
			m.refuse(note("search-failed", "cause", err.Error()))
			return
		}
		events = h.withOwnFound(m, q, events)
		var own []Event
		for _, e := range events {
			// Messages of an earlier room with that name, or of a room that m has left, are
			// not for m.
			if r := h.Room(e.Room); r != nil && m.in(r) != nil && !e.Time.Before(created[e.Room]) {
				own = append(own, e)
			}
		}
		full := len(events) == q.Limit
		if full {
			older := q
			older.BeforeID = events[len(events)-1].ID
			m.withExtras().next = func() { h.seek(m, older, what) }
		}
		m.out.Answer(Found{Query: what, Events: h.shown(m, own), Rooms: len(q.Rooms) > 1, Older: full})
	})
}
