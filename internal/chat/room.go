package chat

import (
	"slices"
	"sync"
	"time"
)

// A Room is an order of events and the members who see it. Its methods may be
// called from any goroutine.
type Room struct {
	hub  *Hub
	name string
	feed Feed

	mu      sync.Mutex // guards what follows and the calls of feed: the order is made here
	seq     uint64
	recent  []Event // up to 2 × history; the last ones are the history
	members []*Member
	closed  bool
}

func newRoom(h *Hub, name string) *Room {
	return &Room{hub: h, name: name, feed: h.options.NewFeed(name)}
}

// Name returns the room's name, "#lobby" for instance.
func (r *Room) Name() string { return r.name }

// Feed returns what Options.NewFeed made for the room.
func (r *Room) Feed() Feed { return r.feed }

// Len returns the number of members.
func (r *Room) Len() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.members)
}

// Join makes m, which must be in no room, a member and tells the others. Before
// that it calls at with the history, oldest first, and the number of others,
// inside the room's mutex: whoever subscribes to the feed in there gets the next
// event after that history, without a gap and without a duplicate. The slice is
// valid only during the call, and at must not call the room.
func (r *Room) Join(m *Member, now time.Time, at func(recent []Event, others int)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	at(r.history(), len(r.members))
	m.room, m.place = r, int32(len(r.members))
	if len(r.members) == cap(r.members) { // append alone leaves five times as much behind
		r.members = slices.Grow(r.members, max(8, len(r.members)))
	}
	r.members = append(r.members, m)
	r.publishLocked(Event{Kind: Join, Author: m.id, Name: m.name, Time: now})
}

// Say publishes a line of m, which need not be a member.
func (r *Room) Say(m *Member, text string, now time.Time) {
	r.publish(Event{Kind: Say, Author: m.id, Name: m.name, Body: text, Time: now})
}

// leave is Hub.Leave's part inside the room.
func (r *Room) leave(m *Member, reason string, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	end := len(r.members) - 1
	last := r.members[end]
	r.members[m.place], last.place = last, m.place
	r.members[end] = nil
	r.members = r.members[:end]
	m.room = nil
	r.publishLocked(Event{Kind: Leave, Author: m.id, Name: m.name, Body: reason, Time: now})
}

func (r *Room) publish(e Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.publishLocked(e)
}

// publishLocked gives e its place in the order. r.mu is held.
func (r *Room) publishLocked(e Event) {
	if r.closed {
		return
	}
	r.seq++
	e.Room, e.Epoch, e.Seq, e.ID = r.name, r.hub.options.Epoch, r.seq, r.hub.events.Add(1)
	if e.isMessage() && r.hub.options.History > 0 {
		r.keep(e)
	}
	r.feed.Publish(e)
}

// keep appends e to the history. The slice runs up to twice the history's
// length and is then moved to its front, so that history is always contiguous.
func (r *Room) keep(e Event) {
	limit := r.hub.options.History
	if len(r.recent) == 2*limit {
		n := copy(r.recent, r.recent[limit:])
		clear(r.recent[n:])
		r.recent = r.recent[:n]
	}
	r.recent = append(r.recent, e)
}

func (r *Room) history() []Event {
	return r.recent[max(0, len(r.recent)-r.hub.options.History):]
}

// some returns at most n members and the number of all.
func (r *Room) some(n int) ([]*Member, int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]*Member(nil), r.members[:min(n, len(r.members))]...), len(r.members)
}

func (r *Room) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
}
