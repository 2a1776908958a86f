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

	mu     sync.Mutex // guards what follows and the calls of feed: the order is made here
	seq    uint64
	recent []Event // up to 2 × history; the last ones are the history
	seats  []*seat
	people map[uint64]int // the connections of each account that has any here
	state  RoomState      // lists in it are replaced, never changed in place
	mutes  []Sanction     // that hold here
	// spoke is when who last did, by key, while the room is slow.
	spoke  map[string]time.Time
	closed bool
	dead   bool // no longer in the Hub
}

func newRoom(h *Hub, state RoomState) *Room {
	r := &Room{hub: h, name: state.Name, state: state, people: make(map[uint64]int)}
	// Nobody who was here before under this name has seen a higher one.
	r.seq = h.ids.Load()
	r.feed = h.options.NewFeed(state.Name)
	return r
}

// Name returns the room's name, "#lobby" for instance.
func (r *Room) Name() string { return r.name }

// Feed returns what Options.NewFeed made for the room.
func (r *Room) Feed() Feed { return r.feed }

// Len returns the number of members.
func (r *Room) Len() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.seats)
}

// Join makes m a member, whose current room it is from now on, tells the others,
// and has the outlet show it. The error says why m may not enter; key is the word
// that the room may ask for.
func (r *Room) Join(m *Member, key string, now time.Time) error {
	staff := m.role() >= Moderator
	r.mu.Lock()
	defer r.mu.Unlock()
	switch err := r.admits(m, key, staff); {
	case r.dead:
		return errDead
	case err != nil:
		return err
	}
	s := m.sit()
	s.member, s.room, s.place, s.gone = m, r, int32(len(r.seats)), false
	m.room = r
	first := m.account() == 0 || r.people[m.account()] == 0
	m.out.Enter(r, r.hub.unignored(m, r.history()), r.others(m))
	if m.account() != 0 {
		r.people[m.account()]++
	}
	if len(r.seats) == cap(r.seats) { // append alone leaves five times as much behind
		r.seats = slices.Grow(r.seats, max(8, len(r.seats)))
	}
	r.seats = append(r.seats, s)
	if first {
		r.publishLocked(Event{Kind: Join, Author: m.id, Account: m.account(), Name: m.Name(), Time: now}, m.who.name.Key, nil)
	}
	return nil
}

// others counts the people but m, who is not counted yet. r.mu is held.
func (r *Room) others(m *Member) int {
	n := len(r.seats)
	for id, connections := range r.people {
		if id != m.account() {
			connections-- // only what is more than one
		}
		n -= connections
	}
	return n
}

// admits returns why m may not enter. r.mu is held.
func (r *Room) admits(m *Member, key string, staff bool) error {
	known := staff || r.isOperator(m.account()) || r.isMember(m.account()) || m.more != nil && slices.Contains(m.more.invited, r)
	switch {
	case known:
		return nil
	case r.state.MembersOnly:
		return refusal("%s is for its members only: ask one of its operators for an /invite", r.name)
	case r.state.Key != "" && key == "":
		return refusal("%s needs a key: /join %s KEY", r.name, r.name)
	case r.state.Key != "" && hashKey(r.name, key) != r.state.Key:
		return refusal("that is not the key of %s", r.name)
	}
	return nil
}

// isOperator tells whether an account runs the room. r.mu is held.
func (r *Room) isOperator(account uint64) bool { return r.state.runs(account) }

// runs tells whether an account runs the room.
func (s *RoomState) runs(account uint64) bool {
	return account != 0 && (s.Founder == account || slices.Contains(s.Operators, account))
}

func (r *Room) isMember(account uint64) bool {
	return account != 0 && slices.Contains(r.state.Members, account)
}

// operator tells whether m runs the room.
func (r *Room) operator(m *Member) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.isOperator(m.account())
}

// Say publishes a line of m, which need not be a member.
func (r *Room) Say(m *Member, text string, now time.Time) {
	r.publishOf(m, Event{Kind: Say, Body: text, Time: now})
}

// publishOf publishes a message of m, unless m is not to be heard any more.
func (r *Room) publishOf(m *Member, e Event) {
	e.Author, e.Account, e.Name = m.id, m.account(), m.Name()
	r.mu.Lock()
	defer r.mu.Unlock()
	if s := m.in(r); !m.marked(gone) && (s == nil || !s.gone) {
		r.publishLocked(e, m.who.name.Key, m)
	}
}

// leave takes a seat away, and tells the others if nobody is left of the person.
func (r *Room) leave(m *Member, s *seat, reason string, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	end := len(r.seats) - 1
	last := r.seats[end]
	r.seats[s.place], last.place = last, s.place
	r.seats[end] = nil
	r.seats = r.seats[:end]
	if m.account() != 0 {
		if r.people[m.account()]--; r.people[m.account()] > 0 {
			return
		}
		delete(r.people, m.account())
	}
	r.publishLocked(Event{Kind: Leave, Author: m.id, Account: m.account(), Name: m.Name(), Body: reason, Time: now}, m.who.name.Key, nil)
}

// renamed tells that m was called old.
func (r *Room) renamed(m *Member, old string, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.publishLocked(Event{Kind: Rename, Author: m.id, Account: m.account(), Name: old, Body: m.Name(), Time: now}, fold(old), nil)
}

// identify notes that m, who is here, has another account now, 0 for none.
func (r *Room) identify(account, was uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if was != 0 {
		if r.people[was]--; r.people[was] == 0 {
			delete(r.people, was)
		}
	}
	if account != 0 {
		r.people[account]++
	}
}

func (r *Room) publish(e Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.publishLocked(e, "", nil)
}

// publishLocked gives e its place in the order. r.mu is held. key is that of the
// author's name, if it has one; by, who may be nil, is told what becomes of it.
func (r *Room) publishLocked(e Event, key string, by *Member) {
	if r.closed {
		return
	}
	r.seq++
	e.Room, e.Epoch, e.Seq, e.ID = r.name, r.hub.options.Epoch, r.seq, r.hub.nextID()
	if e.isMessage() {
		if r.hub.options.History > 0 {
			r.keep(e)
		}
		r.save(&e, key, by)
	}
	r.feed.Publish(e, key)
}

// save writes a message to the journal, in the room's order.
func (r *Room) save(e *Event, key string, by *Member) {
	j := r.hub.options.Journal
	if j == nil {
		return
	}
	var done func(error)
	if by != nil {
		receipt, id := by.Settings().Receipts, e.ID
		done = func(err error) {
			if err != nil || receipt {
				by.out.Post(func() { by.saved(id, err) })
			}
		}
	}
	j.Write(done, Post{Event: *e, Key: key})
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
	members := make([]*Member, 0, min(n, len(r.seats)))
	for _, s := range r.seats[:min(n, len(r.seats))] {
		members = append(members, s.member)
	}
	return members, len(r.seats)
}

// withhold hides what matches: nobody is sent it any more who has not been yet,
// and newcomers don't get it. r.mu is not held.
func (r *Room) withhold(which func(*Event) bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.withholdLocked(which)
}

func (r *Room) withholdLocked(which func(*Event) bool) {
	r.recent = slices.DeleteFunc(r.recent, func(e Event) bool {
		if !which(&e) {
			return false
		}
		r.skip(&e)
		return true
	})
}

// skip withholds an event from those who have not been sent it. Of an earlier epoch
// nobody is sent anything, and its numbers are those of other events now.
func (r *Room) skip(e *Event) {
	if e.Epoch == r.hub.options.Epoch {
		r.feed.Skip(e.Seq)
	}
}

// look returns the room's state.
func (r *Room) look() RoomState {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.state
}

func (r *Room) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
}
