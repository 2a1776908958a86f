package chat

import (
	"cmp"
	"slices"
	"time"

	"github.com/sudoXpg/netloop/internal/names"
)

const (
	// maxMissed is how many messages of a room a client that comes back is sent, and
	// maxMissedBytes how many bytes of text in all of them; older ones are a gap.
	maxMissed      = 1000
	maxMissedBytes = 128 << 10
	// maxGathers is how many times the archive is read for a client that comes back.
	maxGathers = 3
)

// A Position is what a client has last seen of a room.
type Position struct {
	Room       string
	Epoch, Seq uint64
}

// Seen is what a client has received before it resumes.
type Seen struct {
	Rooms []Position
	// Private is the number of the last private message; nil: the client does not say.
	Private *uint64
}

// before reports whether an event of the room follows a position. Later epochs have higher
// numbers.
func (p Position) before(e *Event) bool {
	return cmp.Or(cmp.Compare(p.Epoch, e.Epoch), cmp.Compare(p.Seq, e.Seq)) < 0
}

// A Catchup is how an Entry differs from that of somebody who comes for the first time:
// Recent is what was missed.
type Catchup struct {
	// Changes are messages of before that were deleted or edited meanwhile.
	Changes []Change
	// Gap is set if older messages were missed, too, that are not sent.
	Gap bool
	// RolledBack is set if the client may have seen messages of Epoch after KeptTo: they
	// were never saved, and are not part of the room's history.
	RolledBack    bool
	Epoch, KeptTo uint64
}

// Resume continues the session of a token as m, who must not be logged in. seen is what the
// client has received. m is sent a Resumable with the next token, or the reason for a refusal.
func (h *Hub) Resume(m *Member, token string, seen Seen, now time.Time) {
	h.heard(m, now)
	if m.who != nil {
		m.refuse(note("resume-named"))
		return
	}
	used := tokenHash(token)
	e, err := h.sessionOf(m, used, now)
	if err == nil {
		err = h.logInBySession(m, e, now)
	}
	if err != nil {
		m.refuse(Why(err))
		return
	}
	fresh := tokenText(h.options.Resumption.Token())
	h.sessions.mu.Lock()
	if used == e.Hash { // otherwise the answer to the last resume is lost, and what it told
		e.since = e.Rotated
	}
	h.sessions.rotate(e, used, tokenHash(fresh), now)
	e.next, e.Seen = m, time.Time{}
	h.sessions.of[m] = e
	is := e.stored()
	h.sessions.mu.Unlock()
	m.withExtras().seen = seen.Private
	h.persistThen(m, func(err error) {
		if err != nil {
			m.refuse(note("resume-not-saved", "why", Why(err)))
			m.out.Close(nil)
			return
		}
		h.catchUp(m, e, seen.Rooms, fresh)
	}, is)
}

// sessionOf returns the session of a token, or why m can't resume it. A token that was
// used before ends its session: two clients have it. That does not apply to a delayed request,
// which arrives after the client has given up and resumed on a newer connection.
func (h *Hub) sessionOf(m *Member, hash [32]byte, now time.Time) (*session, error) {
	h.sessions.mu.Lock()
	e := h.sessions.byHash[hash]
	over := e != nil && h.over(e, now)
	late := e != nil && hash != e.Hash && (m.before(e.member) || m.before(e.next))
	stolen := e != nil && hash != e.Hash && (hash != e.Previous || now.Sub(e.Rotated) > oldTokenFor)
	var user *Member
	if e != nil {
		user = e.member
	}
	h.sessions.mu.Unlock()
	switch {
	case e == nil || h.options.Resumption.Token == nil:
		return nil, refusal("resume-unknown")
	case over:
		h.drop(e)
		return nil, refusal("resume-unknown")
	case late:
		return nil, refusal("resumed-elsewhere")
	case stolen:
		h.drop(e)
		if user != nil {
			user.out.Post(func() { user.refuse(note("resume-reused-yours")) })
		}
		return nil, refusal("resume-reused")
	}
	return e, nil
}

// before reports whether m's connection was accepted before that of o, which may be nil.
func (m *Member) before(o *Member) bool { return o != nil && m.id < o.id }

// logInBySession gives m the name of a session, and the account if it has one.
func (h *Hub) logInBySession(m *Member, e *session, now time.Time) error {
	h.sessions.mu.Lock()
	is := e.stored()
	h.sessions.mu.Unlock()
	if is.Account != 0 {
		h.mu.Lock()
		a := h.byID[is.Account]
		h.mu.Unlock()
		if a == nil {
			h.drop(e)
			return refusal("resume-unknown")
		}
		return h.logIn(m, claim{account: a})
	}
	name, err := names.Parse(is.Name)
	if err != nil {
		return err
	}
	if err := h.becomeGuestBySession(m, e, name, now); err != nil {
		return err
	}
	if is.Settings != (Settings{}) {
		chosen := is.Settings
		m.rest().settings = &chosen
	}
	if len(is.Ignores) > 0 {
		m.rest().ignored = setOf(is.Ignores)
	}
	if len(is.Mutes) > 0 {
		m.withExtras().held = is.Mutes
	}
	h.remark(m, now)
	return nil
}

// becomeGuestBySession is logInBySession for a guest.
func (h *Hub) becomeGuestBySession(m *Member, e *session, name names.Name, now time.Time) error {
	h.sessions.mu.Lock()
	own := []*Member{e.member, e.next}
	h.sessions.mu.Unlock()
	has := func(p *person) bool {
		return p != nil && p.account == nil && slices.ContainsFunc(own, func(o *Member) bool { return o != nil && p.members.has(o) })
	}
	h.mu.Lock()
	p := h.names[name.Skeleton]
	known := has(p)
	h.mu.Unlock()
	if !known {
		return h.admitGuest(m, name, now)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	w := subject{key: name.Key, skeleton: name.Skeleton, addr: m.out.Addr()}
	switch s := h.sanction(w, Guest, Ban, "", now); {
	case h.names[name.Skeleton] != p || !has(p):
		return ErrNameTaken
	case s != nil:
		return &Refused{s.note("you-are-banned", now)}
	}
	if err := h.keptOut(w, Lobby, now); err != nil {
		return err
	}
	p.members.add(m)
	m.who = p
	return nil
}

// catchUp brings m into the rooms of its session. What was missed is read from the archive if
// it is no longer in memory.
func (h *Hub) catchUp(m *Member, e *session, at []Position, token string) {
	h.sessions.mu.Lock()
	rooms := slices.Clone(e.Rooms)
	h.sessions.mu.Unlock()
	if !slices.Contains(rooms, Lobby) {
		rooms = append([]string{Lobby}, rooms...)
	}
	at = slices.DeleteFunc(slices.Clone(at), func(p Position) bool { return !slices.Contains(rooms, p.Room) })
	h.gather(m, at, nil, maxGathers, func(missed map[string]gathered) { h.comeBack(m, e, rooms, at, missed, token) })
}

// A gathered is what the archive has of a room after a position.
type gathered struct {
	Missed
	last    Position // of the last of the events
	changed uint64   // Room.changed before it was read
}

// gather reads what followed the positions from the archive, unless the rooms have it in memory,
// and calls done with it. While it reads, others go on: it reads again if memory has no longer
// what followed on that.
func (h *Hub) gather(m *Member, at []Position, have map[string]gathered, tries int, done func(map[string]gathered)) {
	behind := slices.ContainsFunc(at, func(p Position) bool {
		r := h.Room(p.Room)
		return r != nil && r.name == p.Room && !r.follows(p, have)
	})
	if !behind || tries == 0 || h.options.Archive == nil {
		done(have)
		return
	}
	have = make(map[string]gathered)
	for _, p := range at {
		if r := h.Room(p.Room); r != nil && r.name == p.Room {
			have[p.Room] = gathered{changed: r.lastChange()}
		}
	}
	var err error
	h.work(m, Disk, m.claim(), func() { err = h.read(at, have) }, func() {
		if err != nil {
			m.refuse(note("history-unreadable", "cause", err.Error()))
			done(nil)
			return
		}
		h.gather(m, at, have, tries-1, done)
	})
}

// read adds what the archive has to rooms in have.
func (h *Hub) read(at []Position, have map[string]gathered) (err error) {
	for _, p := range at {
		g, asked := have[p.Room]
		if !asked {
			continue
		}
		if g.Missed, err = h.options.Archive.Since(p.Room, p.Epoch, p.Seq, maxMissed); err != nil {
			return err
		}
		if g.last = p; len(g.Events) > 0 {
			e := &g.Events[len(g.Events)-1]
			g.last.Epoch, g.last.Seq = e.Epoch, e.Seq
		}
		have[p.Room] = g
	}
	return nil
}

// comeBack brings m into rooms, hands it its token, and ends the connection that it had
// before. Others notice nothing, if they were not told that m had left.
func (h *Hub) comeBack(m *Member, e *session, rooms []string, at []Position, missed map[string]gathered, token string) {
	now := m.out.Now()
	old, waiting, ok := h.takeOver(m, e, token)
	if !ok {
		m.out.Close(nil)
		return
	}
	quiet := e.cut && old == nil && now.Sub(h.options.Now) <= h.options.Resumption.Linger // all others come back, too
	for _, name := range rooms {
		i := slices.IndexFunc(at, func(p Position) bool { return p.Room == name })
		var seen *Position
		if i >= 0 {
			seen = &at[i]
		}
		if err := h.reenter(m, name, seen, missed, quiet, now); err != nil {
			m.refuse(note("not-back-in", "room", name, "why", Why(err)))
		}
	}
	if m.Rooms() == 0 {
		h.sessions.mu.Lock()
		e.waiting, e.sent = append(waiting, e.waiting...), nil
		h.sessions.mu.Unlock()
		m.out.Close(nil)
		return
	}
	h.focus(m)
	h.sendToken(m, e, token)
	m.receive(waiting...)
	h.supersede(m, old)
	h.settle(m)
}

// takeOver makes m the connection of a session, and returns the one that it had and the private
// messages that m has missed. It returns false if m was told why it is not: meanwhile the session
// has ended, or another connection has continued it.
func (h *Hub) takeOver(m *Member, e *session, token string) (old *Member, waiting []Event, ok bool) {
	h.sessions.mu.Lock()
	known, latest := h.sessions.byID[e.ID] == e, e.Hash == tokenHash(token)
	if known && latest {
		if old = e.member; old != nil && old != m {
			e.was = append(e.was, old.id)
			e.was = e.was[max(0, len(e.was)-maxWas):]
		}
		waiting = e.missed(m.extras().seen)
		e.member, e.next, e.gone, e.Seen = m, nil, time.Time{}, time.Time{}
	}
	was := slices.Clone(e.was)
	h.sessions.mu.Unlock()
	switch {
	case !known:
		m.refuse(note("resume-unknown"))
		return nil, nil, false
	case !latest:
		m.tell(note("resumed-elsewhere"))
		return nil, nil, false
	}
	m.attach(e)
	m.extras().was = was
	return old, waiting, true
}

// reenter brings m back into a room.
func (h *Hub) reenter(m *Member, name string, seen *Position, missed map[string]gathered, quiet bool, now time.Time) error {
	r := h.Room(name)
	if r == nil {
		return refusal("no-such-room", "room", name)
	}
	if err := h.mayEnter(m, r.name, now); err != nil {
		return err
	}
	from, asked := missed[name]
	created := r.look().Created // messages of an earlier room with that name are not for these members
	from.Events = slices.DeleteFunc(h.shown(m, from.Events), func(e Event) bool { return e.Time.Before(created) })
	from.Changes = slices.DeleteFunc(from.Changes, func(c Change) bool {
		return !c.Time.IsZero() && c.Time.Before(m.session().since) || c.Edited != nil && c.Edited.Time.Before(created)
	})
	return r.resume(m, seen, from, asked, quiet, now)
}

// supersede ends the connection that a session had before.
func (h *Hub) supersede(m, old *Member) {
	if old == nil || old == m {
		return
	}
	old.out.Post(func() {
		x := old.extras()
		if x == nil {
			return
		}
		x.session = nil
		why := note("resumed-elsewhere")
		old.tell(why)
		old.out.Close(why)
	})
}

// lastChange returns the seq of the last notice that a message was deleted or edited.
func (r *Room) lastChange() uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.changed
}

// follows reports whether a room has in memory all that followed a position, or what was
// gathered from there.
func (r *Room) follows(p Position, have map[string]gathered) bool {
	g, asked := have[p.Room]
	r.mu.Lock()
	defer r.mu.Unlock()
	if asked {
		return r.continues(g)
	}
	return p.Epoch == r.hub.options.Epoch && p.Seq >= r.changed && r.reaches(p)
}

// continues reports whether nothing is missing between what was gathered and what is in memory.
// r.mu is held.
func (r *Room) continues(g gathered) bool {
	return g.changed == r.changed && (g.More || len(r.recent) == 0 || r.reaches(g.last))
}

// reaches reports whether the messages in memory go back to a position. r.mu is held.
func (r *Room) reaches(p Position) bool {
	return p.Epoch == r.hub.options.Epoch && p.Seq >= r.seq || len(r.recent) > 0 && !p.before(&r.recent[0])
}

// resume is join for a member who comes back, and has seen the room up to a position, nil for none.
// asked is set if missed was read from the archive.
func (r *Room) resume(m *Member, seen *Position, missed gathered, asked, quiet bool, now time.Time) error {
	staff, read, own := m.role() >= Moderator, r.hub.readMark(m, r.name), r.hub.shadeTopic(m, r)
	r.mu.Lock()
	defer r.mu.Unlock()
	here := m.identity() != 0 && r.people[m.identity()] > 0
	err := r.ends()
	if err == nil && !here && !quiet {
		err = r.admits(m, "", staff)
	}
	if err != nil {
		return err
	}
	events, c := r.missed(seen, missed, asked)
	events = r.hub.unignored(m, events)
	s := r.seat(m)
	r.inherit(s)
	first := m.identity() == 0 || r.people[m.identity()] == 0
	m.out.Enter(Entry{
		Room: r, Name: m.OwnName(), Role: r.roleHere(m), Topic: own.seen(r.state.Topic), Recent: events, Others: r.others(m),
		Epoch: r.hub.options.Epoch, Seq: r.seq, Catchup: c, Read: read,
	})
	r.fill(s)
	if first && !quiet {
		r.announce(m, now)
	}
	return nil
}

// inherit gives the member of a seat the role that the guest had on earlier connections of the
// session that are still in the room. r.mu is held.
func (r *Room) inherit(s *seat) {
	x := s.member.extras()
	if x == nil || len(x.was) == 0 || s.member.account() != 0 {
		return
	}
	for _, o := range r.seats {
		if slices.Contains(x.was, o.member.id) {
			s.voiced = s.voiced || o.voiced
			r.maker.CompareAndSwap(o.member.id, s.member.id)
		}
	}
}

// missed returns the messages that follow a position, as far as they are sent. r.mu is held.
func (r *Room) missed(seen *Position, from gathered, asked bool) ([]Event, *Catchup) {
	if seen == nil {
		return r.history(), nil
	}
	c := &Catchup{}
	var events []Event
	if asked {
		c.Changes = from.Changes
		if c.Gap = from.Gap || from.More || !r.continues(from); from.More { // what comes after the gap is in memory
			from.Events = nil
		}
		events = append(from.Events, r.after(*seen, from.Events)...)
		if seen.Epoch != r.hub.options.Epoch && seen.Seq > from.KeptTo {
			c.RolledBack, c.Epoch, c.KeptTo = true, seen.Epoch, from.KeptTo
		}
	} else {
		events = r.after(*seen, nil)
		c.Gap = seen.Epoch != r.hub.options.Epoch || seen.Seq < r.changed || !r.whole(*seen)
	}
	size := 0
	for i := len(events) - 1; i >= 0; i-- {
		if size += len(events[i].Body) + len(events[i].Name); size > maxMissedBytes || len(events)-i > maxMissed {
			c.Gap = true
			return events[i+1:], c
		}
	}
	return events, c
}

// after returns the messages in memory that follow a position, and the last of some others.
// r.mu is held.
func (r *Room) after(seen Position, others []Event) []Event {
	last := uint64(0)
	if len(others) > 0 {
		last = others[len(others)-1].ID
	}
	var list []Event
	for _, e := range r.recent {
		if e.ID > last && seen.before(&e) {
			list = append(list, e)
		}
	}
	return list
}

// whole reports whether nothing that follows a position of the present epoch is missing in
// memory. r.mu is held.
func (r *Room) whole(seen Position) bool {
	return r.reaches(seen) || len(r.recent) < cmp.Or(r.hub.options.History, 1)
}
