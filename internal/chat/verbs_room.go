package chat

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/sudoXpg/netloop/internal/names"
)

const (
	// maxListed bounds the answers to /list and /rooms, in names.
	maxListed = 100
	// maxTopic is the length of the longest topic, in characters, and of the
	// longest key of a room.
	maxTopic = 200
	maxKey   = 64
	// maxInvited bounds the lists of a room and of a guest's invitations.
	maxInvited = 1000
	// maxSlow is the longest time that /slow can set.
	maxSlow = time.Hour
)

// Arrive has m, who has a name, enter the lobby.
func (h *Hub) Arrive(m *Member, now time.Time) {
	if err := h.enter(m, Lobby, "", now); err != nil {
		m.refuse(Why(err))
	}
}

// enter makes m enter a room, which is created if there is none of that name.
func (h *Hub) enter(m *Member, text, key string, now time.Time) error {
	name, err := roomName(text)
	if err != nil {
		return err
	}
	called, there := name.Display, h.Room(name.Display)
	if there != nil {
		called = there.name // however it was typed
	}
	if err := h.mayEnter(m, called, now); err != nil {
		return err
	}
	if there == nil && called != Lobby {
		if _, err := h.judgeName(m, name, now); err != nil {
			return err
		}
	}
	r, err := h.openAndJoin(m, name, key, now)
	if err != nil {
		return err
	}
	h.focus(m)
	if topic := h.ownTopic(m, r); topic != "" {
		m.out.Answer(Topic{r.name, topic})
	}
	return nil
}

// openAndJoin makes m join a room, which is created if there is none of that name,
// or if it has just ended.
func (h *Hub) openAndJoin(m *Member, name names.Name, key string, now time.Time) (*Room, error) {
	for {
		r, made, err := h.open(m, name, key, now)
		if err != nil {
			return nil, err
		}
		if err = r.Join(m, key, now); !errors.Is(err, errDead) {
			if err == nil && made && m.account() != 0 {
				r.record()
			}
			return r, err
		}
	}
}

// mayEnter returns why m can't enter a room of that name, except for reasons that
// Room.admits checks.
func (h *Hub) mayEnter(m *Member, room string, now time.Time) error {
	if len(m.seats()) >= MaxRooms {
		return refusal("in-too-many-rooms", "most", MaxRooms)
	}
	if s := h.sanctionOf(m, Ban, room, now); s != nil {
		return &Refused{s.noteIn(room, "you-are-banned", now)}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.keptOut(m.subject(), room, now)
}

func roomName(text string) (names.Name, error) {
	if text == Lobby {
		return names.Name{Display: Lobby, Key: Lobby, Skeleton: Lobby}, nil
	}
	if !strings.HasPrefix(text, "#") {
		return names.Name{}, refusal("room-name-without-hash")
	}
	return names.ParseRoom(text)
}

// open returns the room of that name, and creates it if there is none.
func (h *Hub) open(m *Member, name names.Name, key string, now time.Time) (r *Room, made bool, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	at := roomKey(name.Display)
	if r := h.rooms[at]; r != nil {
		if own, err := names.ParseRoom(r.name); err == nil && own.Key != name.Key {
			return nil, false, refusal("room-alike", "room", name.Display, "other", r.name)
		}
		return r, false, nil
	}
	if err := h.mayOpen(m); err != nil {
		return nil, false, err
	}
	state := RoomState{Name: name.Display, Created: now, Founder: m.account()}
	if key != "" {
		if len([]rune(key)) > maxKey {
			return nil, false, refusal("key-too-long", "most", maxKey)
		}
		state.Key = hashKey(name.Display, key)
	}
	r = newRoom(h, state)
	if m.account() == 0 {
		r.hosted = true
		r.maker.Store(m.id)
	}
	h.rooms[at] = r
	return r, true, nil
}

// depart removes m from a room, which ends if it is empty and has no owner.
func (h *Hub) depart(m *Member, s *seat, why *Note, now time.Time) {
	r, current := s.room, m.Room()
	m.out.Exit(r)
	r.leave(m, s, why, now)
	m.stand(s)
	if current == r {
		current = nil
		if left := m.seats(); len(left) > 0 {
			current = left[0].room
		}
	}
	m.talkIn(current)
	h.giveUp(r)
}

// giveUp ends an empty room, unless an account owns it.
func (h *Hub) giveUp(r *Room) {
	r.mu.Lock()
	ends := len(r.seats) == 0 && r.state.Founder == 0 && r.name != Lobby && r.ends() == nil
	r.dead = r.dead || ends
	r.mu.Unlock()
	if !ends {
		return
	}
	if records := drops(h.unlist(r)); len(records) > 0 {
		h.persist(records...)
	}
	h.freeName(r)
}

// focus tells the outlet that the current room may have changed.
func (h *Hub) focus(m *Member) { m.out.Adapt() }

func join(c *Call) {
	h, m, name, key := c.Hub, c.Member, hashed(c.Args[0]), c.arg(1)
	r := h.Room(name)
	if r != nil && m.in(r) != nil {
		if m.Room() == r {
			m.refuse(note("in-room-already", "room", r.name))
			return
		}
		m.talkIn(r)
		h.focus(m)
		m.tell(note("talking-in", "room", r.name))
		return
	}
	if !h.allow(m, joining, "", c.Now) {
		return
	}
	if r == nil && key != "" {
		if _, err := roomName(name); err != nil {
			m.refuse(Why(err))
			return
		}
		m.out.Ask(nil, note("ask-make-room", "room", clip(name), "key", clip(key)), false, func(answer string) {
			if answer = strings.ToLower(strings.TrimSpace(answer)); answer != "yes" && answer != "y" {
				m.refuse(note("room-not-made", "room", clip(name)))
				return
			}
			h.joinWith(m, name, key, m.out.Now())
		})
		return
	}
	h.joinWith(m, name, key, c.Now)
}

// joinWith makes m enter a room, and tells m if the room did not need the key.
func (h *Hub) joinWith(m *Member, name, key string, now time.Time) {
	if err := h.enter(m, name, key, now); err != nil {
		m.refuse(Why(err))
		return
	}
	h.remember(m, m.Room())
	if key != "" && m.Room().look().Key == "" {
		m.tell(note("key-not-used", "room", m.Room().name, "key", clip(key)))
	}
}

func leave(c *Call) {
	h, m, r := c.Hub, c.Member, c.Member.Room()
	if name := c.arg(0); name != "" {
		name = hashed(name)
		if r = h.Room(name); r == nil || m.in(r) == nil {
			m.refuse(note("not-in-room", "room", clip(name)))
			return
		}
	}
	if len(m.seats()) == 1 {
		m.refuse(note("only-room"))
		return
	}
	h.depart(m, m.in(r), nil, c.Now)
	h.forgetRoom(m, r)
	h.focus(m)
	m.tell(note("left-room", "room", r.name, "current", m.Room().name))
}

func rooms(c *Call) {
	var list []RoomEntry
	shadows := c.Hub.shadowMuted(c.Now)
	for _, r := range c.Hub.allRooms() {
		if r.concealed(c.Member, shadows) || len(list) == maxListed {
			continue
		}
		s := r.look()
		list = append(list, RoomEntry{
			Name: r.name, People: r.Len(), MembersOnly: s.MembersOnly, Keyed: s.Key != "", Moderated: s.Moderated, Slow: s.Slow,
			Topic: c.Hub.ownTopic(c.Member, r),
		})
	}
	c.Member.out.Answer(Rooms{list})
}

func topic(c *Call) {
	m, r := c.Member, c.Member.Room()
	text := c.arg(0)
	switch {
	case text == "":
		m.out.Answer(Topic{r.name, c.Hub.ownTopic(m, r)})
	case m.role() < Moderator && !r.operator(m):
		m.refuse(note("may-not-set-topic"))
	case len([]rune(text)) > maxTopic:
		m.refuse(note("topic-too-long", "most", maxTopic))
	default:
		text, to := c.Hub.publishable(m, text, c.Now, r)
		if to == nobody {
			return
		}
		if text == "-" {
			text = ""
		}
		said := note("has-set-topic", "by", m.Name(), "topic", text)
		if to == author {
			c.Hub.pretendTopic(m, r, text, said, c.Now)
			return
		}
		c.changeRoom(r, func(s *RoomState) error {
			s.Topic = text
			return nil
		}, func(*RoomState) (Act, *Note) { return c.entry("topic", text, r.name, ""), said })
	}
}

// changeRoom changes a room's state with f, and stores it if the room has an owner. If f
// returns an error, it must not have changed anything, and c's member is told the error.
// what, unless it is nil, returns the entry of the audit log and the note that the room is
// told when both are on disk.
func (c *Call) changeRoom(r *Room, f func(*RoomState) error, what func(*RoomState) (Act, *Note)) {
	then := func() {}
	if err := c.changeRoomThen(r, f, what, &then); err != nil {
		c.Member.refuse(Why(err))
		return
	}
	if then != nil {
		then()
	}
	c.Hub.giveUp(r)
}

// changeRoomThen sets then, unless what is nil, to the function to call when everything
// is stored. If there is something to store, it arranges that call and leaves nil.
func (c *Call) changeRoomThen(r *Room, f func(*RoomState) error, what func(*RoomState) (Act, *Note), then *func()) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.ends(); err != nil {
		return err
	}
	was := r.state.Founder
	if err := f(&r.state); err != nil {
		return err
	}
	r.owner.Store(r.state.Founder)
	var records []Record
	if record := r.state.change(was); record != nil {
		records = append(records, record)
	}
	if what != nil {
		act, said := what(&r.state)
		records = append(records, act)
		*then = func() { c.inform(r, said) }
	}
	if len(records) > 0 && c.Hub.options.Journal != nil {
		// Inside the mutex, so that the last one written is the last one made.
		c.recordThen(*then, records...)
		*then = nil
	}
	return nil
}

// named returns the account of that name. An account whose name has become the
// same as another's must be spelt exactly as registered. h.mu is held.
func (h *Hub) named(text string) (*account, bool) {
	name, err := names.Parse(text)
	if err != nil {
		return nil, false
	}
	a := h.accounts[name.Display]
	if a == nil || a.name.Key() != name.Display {
		a = h.accounts[name.Skeleton]
	}
	return a, a != nil && (a.name.Key() == name.Key || a.name.Key() == name.Display) && h.isRegistered(a)
}

func list(c *Call) {
	h, m, room := c.Hub, c.Member, c.Member.Room()
	switch {
	case room != nil || len(c.Args) > 0:
	case m.operates():
		h.listAll(m, c.Now)
		return
	default: // the addresses of others are nobody's business
		m.refuse(note("in-no-room"))
		return
	}
	if name := c.arg(0); name != "" {
		name = hashed(name)
		room = h.Room(name)
		if room == nil || room.concealed(m, h.shadowMuted(c.Now)) {
			m.refuse(note("no-such-room", "room", clip(name)))
			return
		}
	}
	members, all := room.some(maxListed)
	entries, hidden := h.entries(m, members, room.roster(m), c.Now)
	m.out.Answer(Members{Room: room.name, People: all - hidden, List: entries, Others: all - len(members)})
}

// idleAfter is the time after which /list shows how long a member has been silent.
const idleAfter = 5 * time.Minute

// entries returns members as viewer sees them, sorted by name, each person once; hidden is how many were left
// out for that.
func (h *Hub) entries(viewer *Member, members []*Member, roles roster, now time.Time) (entries []MemberEntry, hidden int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	seen := make(map[*person]int)
	type entry struct {
		key string
		MemberEntry
	}
	var all []entry
	for _, m := range members {
		p := m.who
		if p == nil {
			continue
		}
		if seen[p]++; seen[p] > 1 {
			hidden++
			continue
		}
		e := MemberEntry{Name: p.nameFor(viewer), Role: roles.of(m, p)}
		e.Why, e.Away = p.awayFor(viewer)
		if idle := h.idle(p, now); idle >= idleAfter {
			e.Idle = idle
		}
		all = append(all, entry{p.name.Key(), e})
	}
	slices.SortFunc(all, func(a, b entry) int { return strings.Compare(a.key, b.key) })
	for i := range all {
		entries = append(entries, all[i].MemberEntry)
	}
	return entries, hidden
}

// tick returns a time in seconds since the start, unaffected by changes of the
// clock; never 0.
func (h *Hub) tick(now time.Time) uint32 {
	return uint32(max(now.Sub(h.options.Now)/time.Second, 0)) + 1
}

// idle returns how long a person has sent nothing. Hub.mu is held.
func (h *Hub) idle(p *person, now time.Time) time.Duration {
	var last uint32
	for m := range p.members.all() {
		last = max(last, m.active.Load())
	}
	if last == 0 {
		return 0
	}
	return time.Duration(max(h.tick(now), last)-last) * time.Second
}
