package chat

import (
	"cmp"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// A Room is a sequence of events and the members who see it. Its methods may be
// called from any goroutine.
type Room struct {
	hub  *Hub
	name string
	feed Feed
	// owner is state.Founder, for code that holds Hub.mu, inside which mu is not taken.
	owner atomic.Uint64
	maker atomic.Uint64 // the ID of the guest who created it; 0 if that was an account

	mu     sync.Mutex // guards what follows and the calls of feed: the order is made here
	seq    uint64
	recent []Event // up to 2 × history; the last ones are the history
	seats  []*seat
	people map[uint64]int // the connections of each identity that has any here
	state  RoomState      // lists in it are replaced, never changed in place
	hosted bool           // maker has not left it yet
	mutes  []Sanction     // that apply here, as of mutesSeen
	// mutesSeen keeps an older view of them from replacing a newer one.
	mutesSeen uint64
	// spoke has the time of each person's last line, by key, while the room is slow.
	spoke map[string]time.Time
	// changed is the seq of the last notice that a message was deleted or edited.
	changed uint64
	closed  bool
	dying   bool // is being deleted: can't be entered or changed
	dead    bool // no longer in the Hub
}

func newRoom(h *Hub, state RoomState) *Room {
	r := &Room{hub: h, name: state.Name, state: state, people: make(map[uint64]int)}
	// No member of an earlier room with this name has seen a higher one.
	r.seq = h.ids.Load()
	r.owner.Store(state.Founder)
	r.feed = h.options.NewFeed(state.Name)
	return r
}

// Name returns the room's name, such as "#lobby".
func (r *Room) Name() string { return r.name }

// Feed returns what Options.NewFeed made for the room.
func (r *Room) Feed() Feed { return r.feed }

// Len returns the number of members.
func (r *Room) Len() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.seats)
}

// Join makes m a member, makes the room m's current one, tells the others, and
// has the outlet show it. The error says why m may not enter; key is the word
// that the room may ask for.
func (r *Room) Join(m *Member, key string, now time.Time) error {
	return r.join(m, key, r.hub.options.History, now)
}

// join is Join with at most the given number of lines of history.
func (r *Room) join(m *Member, key string, lines int, now time.Time) error {
	staff, read, own := m.role() >= Moderator, r.hub.readMark(m, r.name), r.hub.shadeTopic(m, r)
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := cmp.Or(r.ends(), r.admits(m, key, staff)); err != nil {
		return err
	}
	s := r.seat(m)
	first := m.identity() == 0 || r.people[m.identity()] == 0
	recent := r.hub.withOwn(m, HistoryQuery{Room: r.name, Limit: max(0, r.hub.options.History)}, r.history())
	recent = r.hub.unignored(m, recent)
	m.out.Enter(Entry{
		Room: r, Name: m.OwnName(), Role: r.roleHere(m), Topic: own.seen(r.state.Topic), Recent: recent[max(0, len(recent)-max(0, lines)):], Others: r.others(m),
		Epoch: r.hub.options.Epoch, Seq: r.seq, Read: read,
	})
	r.fill(s)
	if first {
		r.announce(m, now)
	}
	return nil
}

// seat gives m a seat, which becomes its current one. r.mu is held.
func (r *Room) seat(m *Member) *seat {
	s := m.sit()
	s.member, s.room, s.place, s.gone, s.voiced = m, r, int32(len(r.seats)), false, false
	m.talkIn(r)
	return s
}

// fill counts the member of a seat. r.mu is held.
func (r *Room) fill(s *seat) {
	if id := s.member.identity(); id != 0 {
		r.people[id]++
	}
	if len(r.seats) == cap(r.seats) { // append alone leaves five times as much garbage
		r.seats = slices.Grow(r.seats, max(8, len(r.seats)))
	}
	r.seats = append(r.seats, s)
}

// announce tells the members that m is here, and if so, away. A shadow-muted guest reads their
// own name of it. r.mu is held.
func (r *Room) announce(m *Member, now time.Time) {
	e := r.publishLocked(Event{Kind: Join, Author: m.id, Account: m.account(), Name: m.Name(), Body: string(r.roleHere(m)), Time: now}, m.who.name.Key())
	if own := m.OwnName(); own != e.Name && m.out.Echoes() {
		e.Name = own
		m.out.Deliver(e)
	}
	if m.isAway() {
		r.presence(m, now)
	}
}

// others counts the people but m, who is not counted yet. r.mu is held.
func (r *Room) others(m *Member) int {
	n := len(r.seats)
	for id, connections := range r.people {
		if id != m.identity() {
			connections-- // only those beyond the first
		}
		n -= connections
	}
	return n
}

// admits returns why m may not enter. r.mu is held.
func (r *Room) admits(m *Member, key string, staff bool) error {
	x := m.extras()
	known := staff || r.isOperator(m.account()) || r.isMember(m.account()) || x != nil && slices.Contains(x.invited, r)
	switch {
	case known:
		return nil
	case r.state.MembersOnly:
		return refusal("members-only", "room", r.name)
	case r.state.Key != "" && key == "":
		return refusal("needs-key", "room", r.name)
	case r.state.Key != "" && hashKey(r.name, key) != r.state.Key:
		return refusal("wrong-key", "room", r.name)
	}
	return nil
}

// isOperator reports whether an account runs the room. r.mu is held.
func (r *Room) isOperator(account uint64) bool { return r.state.runs(account) }

// runBy reports whether an account runs the room.
func (r *Room) runBy(account uint64) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.isOperator(account)
}

// runs reports whether an account runs the room.
func (s *RoomState) runs(account uint64) bool {
	return account != 0 && (s.Founder == account || slices.Contains(s.Operators, account))
}

func (r *Room) isMember(account uint64) bool {
	return account != 0 && slices.Contains(r.state.Members, account)
}

// operator reports whether m runs the room.
func (r *Room) operator(m *Member) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.isOperatorHere(m)
}

// isOperatorHere is operator with r.mu held. A guest who created the room is an
// operator until they leave.
func (r *Room) isOperatorHere(m *Member) bool {
	return r.isOperator(m.account()) || r.hosted && r.maker.Load() == m.id && r.state.Founder == 0
}

// mayTalk reports whether m may speak while the room is moderated. r.mu is held.
func (r *Room) mayTalk(m *Member) bool {
	s := m.in(r)
	return r.isOperatorHere(m) || m.account() != 0 && slices.Contains(r.state.Voiced, m.account()) || s != nil && s.voiced
}

// Say publishes a line of m, which need not be a member.
func (r *Room) Say(m *Member, text string, now time.Time) {
	r.publishOf(m, Event{Kind: Say, Body: text, Time: now}, nil)
}

// publishOf publishes a message of m, unless m has been silenced. p, which may be nil, is
// its pendingPost. It returns why a message is refused whose author is not told otherwise: they
// are being removed from the room. In a room that is closed, a message stays unanswered, so that
// its author sends it again when the server is back.
func (r *Room) publishOf(m *Member, e Event, p *pendingPost) *Note {
	e.Author, e.Account, e.Name = m.id, m.account(), m.Name()
	r.mu.Lock()
	defer r.mu.Unlock()
	switch s := m.in(r); {
	case r.closed, m.marked(gone):
		p.drop()
		return nil
	case s != nil && s.gone:
		p.drop()
		return note("not-in-room", "room", r.name)
	}
	r.place(&e)
	receipt := p != nil || m.Settings().Receipts
	if r.hub.options.Journal != nil {
		post := Post{Event: e, Key: m.who.name.Key(), Awaited: receipt}
		if p != nil && p.of.owner != 0 {
			post.Owner, post.CID = p.of.owner, p.cid
		}
		r.send(post, m.onSaved(&e, receipt, p))
		return nil
	}
	r.send(Post{Event: e, Key: m.who.name.Key()}, nil)
	if p != nil {
		p.end(savedAt(&e, false))
	}
	return nil
}

// leave removes a seat, and tells the others if it was the person's last one here.
func (r *Room) leave(m *Member, s *seat, why *Note, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.hosted = r.hosted && m.id != r.maker.Load()
	end := len(r.seats) - 1
	last := r.seats[end]
	r.seats[s.place], last.place = last, s.place
	r.seats[end] = nil
	r.seats = r.seats[:end]
	if id := m.identity(); id != 0 {
		if r.people[id]--; r.people[id] > 0 {
			return
		}
		delete(r.people, id)
	}
	r.publishLocked(Event{Kind: Leave, Author: m.id, Account: m.account(), Name: m.Name(), Note: why, Time: now}, m.who.name.Key())
}

// renamed tells the members that m's name was old.
func (r *Room) renamed(m *Member, old string, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.publishLocked(Event{Kind: Rename, Author: m.id, Account: m.account(), Name: old, Body: m.Name(), Time: now}, fold(old))
}

// identify records that a member, who is here, is counted by another identity now, 0 for none.
func (r *Room) identify(is, was uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if was != 0 {
		if r.people[was]--; r.people[was] == 0 {
			delete(r.people, was)
		}
	}
	if is != 0 {
		r.people[is]++
	}
}

func (r *Room) publish(e Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.publishLocked(e, "")
}

// publishLocked gives e, which nobody waits for, its place in the order. r.mu is held. key
// is the key of the author's name, if it has one. It returns e with its place.
func (r *Room) publishLocked(e Event, key string) Event {
	if r.closed {
		return e
	}
	r.place(&e)
	if e.Kind == Edited || e.Note != nil && (e.Note.Code == "redacted" || e.Note.Code == "redacted-all") {
		r.changed = r.seq
	}
	r.send(Post{Event: e, Key: key}, nil)
	return e
}

// publishPersisted is publishLocked for a message that is written together with other records.
// done is called when they are saved or have failed. The room must not be closed.
func (r *Room) publishPersisted(e Event, key string, done func(error), with ...Record) {
	r.place(&e)
	r.send(Post{Event: e, Key: key, Awaited: true}, done, with...)
}

// place gives e its place in the order.
func (r *Room) place(e *Event) {
	r.seq++
	e.Room, e.Epoch, e.Seq, e.ID = r.name, r.hub.options.Epoch, r.seq, r.hub.nextID()
}

// send writes a post to the journal, if it is a message, in the room's order, and
// publishes its event.
func (r *Room) send(p Post, done func(error), with ...Record) {
	if p.Event.isMessage() {
		if r.hub.options.History > 0 {
			r.retain(p.Event)
		}
		if j := r.hub.options.Journal; j != nil {
			j.Write(done, append(with, p)...)
		}
	}
	r.feed.Publish(p.Event, p.Key)
}

// retain appends e to the history. The slice grows to twice the history's
// length and is then moved to its front, so that the history is always
// contiguous.
func (r *Room) retain(e Event) {
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

// lately returns a copy of the history.
func (r *Room) lately() []Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.history())
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

// withhold hides the events that match: they are not sent to readers that have
// not been sent them yet, nor to new members. r.mu is not held.
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

// skip withholds an event from readers that have not been sent it. Events of an
// earlier epoch are not sent any more, and their numbers now belong to other
// events.
func (r *Room) skip(e *Event) {
	if e.Epoch == r.hub.options.Epoch {
		r.feed.Skip(e.Seq)
	}
}

// record stores the state of a room that was just created, if it still exists.
func (r *Room) record() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ends() == nil {
		r.hub.persist(r.state)
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
