package chat

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sudoXpg/netloop/internal/flood"
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
		m.refuse(Reason(err))
	}
}

// enter has m enter a room, which is made if there is none of that name.
func (h *Hub) enter(m *Member, text, key string, now time.Time) error {
	name, err := roomName(text)
	if err != nil {
		return err
	}
	if len(m.seats()) >= MaxRooms {
		return refusal("you are in %d rooms, which is the most: /leave one first", MaxRooms)
	}
	called := name.Display
	if r := h.Room(called); r != nil {
		called = r.name // however it was typed
	}
	if s := h.sanctionOf(m, Ban, called, now); s != nil {
		return refusal("you are banned from %s%s", called, s.words(now))
	}
	for {
		r, made, err := h.open(m, name, key, now)
		if err != nil {
			return err
		}
		if err = r.Join(m, key, now); !errors.Is(err, errDead) {
			if err == nil && made && m.account() != 0 {
				h.keep(r.look())
			}
			if err == nil {
				h.focus(m)
				if topic := r.look().Topic; topic != "" {
					m.tell("the topic of " + r.name + " is: " + topic)
				}
			}
			return err
		}
	}
}

func roomName(text string) (names.Name, error) {
	if text == Lobby {
		return names.Name{Display: Lobby, Key: Lobby, Skeleton: Lobby}, nil
	}
	if !strings.HasPrefix(text, "#") {
		return names.Name{}, refusal("the name of a room begins with #")
	}
	return names.ParseRoom(text)
}

// open returns the room of that name, and makes it if there is none.
func (h *Hub) open(m *Member, name names.Name, key string, now time.Time) (r *Room, made bool, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	at := roomKey(name.Display)
	if r := h.rooms[at]; r != nil {
		if own, err := names.ParseRoom(r.name); err == nil && own.Key != name.Key {
			return nil, false, refusal("%s looks like %s, which exists", name.Display, r.name)
		}
		return r, false, nil
	}
	if len(h.rooms) >= h.options.Rooms {
		return nil, false, refusal("there are %s, which is the most that there can be", count(len(h.rooms), "room"))
	}
	state := RoomState{Name: name.Display, Created: now, Founder: m.account()}
	if key != "" {
		if len([]rune(key)) > maxKey {
			return nil, false, refusal("a key has at most %d characters", maxKey)
		}
		state.Key = hashKey(name.Display, key)
	}
	r = newRoom(h, state)
	h.rooms[at] = r
	return r, true, nil
}

// depart takes m out of a room, which is given up if nobody is left whose it is.
func (h *Hub) depart(m *Member, s *seat, reason string, now time.Time) {
	r := s.room
	m.out.Exit(r)
	r.leave(m, s, reason, now)
	m.stand(s)
	if m.room == r {
		m.room = nil
		if left := m.seats(); len(left) > 0 {
			m.room = left[0].room
		}
	}
	h.giveUp(r)
}

// giveUp forgets a room that nobody is in, if no account owns it.
func (h *Hub) giveUp(r *Room) {
	r.mu.Lock()
	if len(r.seats) == 0 && r.state.Founder == 0 && r.name != Lobby {
		r.dead = true
	}
	dead := r.dead
	r.mu.Unlock()
	if !dead {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if at := roomKey(r.name); h.rooms[at] == r {
		delete(h.rooms, at)
	}
}

// focus tells the outlet that another room may be the current one.
func (h *Hub) focus(m *Member) { m.out.Adapt() }

func join(c *Call) {
	h, m, name := c.Hub, c.Member, c.Args[0]
	if r := h.Room(name); r != nil && m.in(r) != nil {
		if m.room == r {
			m.refuse("you are in " + r.name + " already")
			return
		}
		m.room = r
		h.focus(m)
		m.tell("you are talking in " + r.name + " now")
		return
	}
	if !h.lets(m, c.Now, func(s *flood.State, l *flood.Limits, _ bool) flood.Verdict { return s.Join(c.Now, l) }) {
		return
	}
	if err := h.enter(m, name, c.arg(1), c.Now); err != nil {
		m.refuse(Reason(err))
	}
}

func leave(c *Call) {
	h, m, r := c.Hub, c.Member, c.Member.room
	if name := c.arg(0); name != "" {
		if r = h.Room(name); r == nil || m.in(r) == nil {
			m.refuse("you are not in " + clip(name))
			return
		}
	}
	if len(m.seats()) == 1 {
		m.refuse("that is the only room you are in: /quit leaves the chat")
		return
	}
	h.depart(m, m.in(r), "", c.Now)
	h.focus(m)
	m.tell("you have left " + r.name + "; you are talking in " + m.room.name + " now")
}

func rooms(c *Call) {
	lines := 0
	for _, r := range c.Hub.allRooms() {
		state, n := r.look(), r.Len()
		hidden := state.MembersOnly && c.Member.in(r) == nil && c.Member.role() < Moderator
		if hidden || lines == maxListed {
			continue
		}
		lines++
		line := fmt.Sprintf("%-16s %s", r.name, people(n))
		for _, w := range state.adjectives() {
			line += ", " + w
		}
		if state.Topic != "" {
			line += ": " + state.Topic
		}
		c.Member.tell(line)
	}
}

// adjectives says in words what a room is, if it is not public.
func (s *RoomState) adjectives() []string {
	var words []string
	for _, w := range []struct {
		yes  bool
		word string
	}{{s.MembersOnly, "members only"}, {s.Key != "", "needs a key"}, {s.Moderated, "moderated"}} {
		if w.yes {
			words = append(words, w.word)
		}
	}
	if s.Slow > 0 {
		words = append(words, "slow: "+inWords(s.Slow))
	}
	return words
}

func topic(c *Call) {
	m, r := c.Member, c.Member.room
	text := c.arg(0)
	switch {
	case text == "":
		if now := r.look().Topic; now != "" {
			m.tell("the topic of " + r.name + " is: " + now)
			return
		}
		m.tell(r.name + " has no topic")
	case m.role() < Moderator && !r.operator(m):
		m.refuse("only operators of the room and moderators may set the topic")
	case len([]rune(text)) > maxTopic:
		m.refuse(fmt.Sprintf("a topic has at most %d characters", maxTopic))
	default:
		said := " has set the topic: " + text
		if text == "-" {
			text, said = "", " has removed the topic"
		}
		_ = c.changeRoom(r, func(s *RoomState) error {
			s.Topic = text
			return nil
		}, func(*RoomState) (Act, string) { return c.entry("topic", text, r.name, ""), m.Name() + said })
	}
}

// changeRoom changes a room's state and keeps it if the room is anybody's, unless
// f returns an error, which must change nothing then. Of the new state what says,
// unless it is nil, what goes into the audit log, and what the room is told when
// both are on disk.
func (c *Call) changeRoom(r *Room, f func(*RoomState) error, what func(*RoomState) (Act, string)) error {
	then := func() {}
	if err := c.changeRoomThen(r, f, what, &then); err != nil {
		return err
	}
	if c.Hub.options.Journal == nil {
		then()
	}
	return nil
}

// changeRoomThen sets then to what is to be done when all is kept, and has it done
// if there is a journal.
func (c *Call) changeRoomThen(r *Room, f func(*RoomState) error, what func(*RoomState) (Act, string), then *func()) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	was := r.state.Founder
	if err := f(&r.state); err != nil {
		return err
	}
	var records []Record
	switch {
	case r.state.Founder != 0 || r.name == Lobby:
		records = append(records, r.state)
	case was != 0: // nobody's any more: it ends with who is in it
		records = append(records, DropRoom{Name: r.name})
	}
	if what != nil {
		act, text := what(&r.state)
		records = append(records, act)
		*then = func() { c.inform(r, text) }
	}
	if len(records) > 0 && c.Hub.options.Journal != nil {
		// Inside the mutex, so that the last one written is the last one made.
		c.recordThen(*then, records...)
	}
	return nil
}

func invite(c *Call) {
	h, m, r := c.Hub, c.Member, c.Member.room
	if state := r.look(); (state.MembersOnly || state.Key != "") && m.role() < Moderator && !r.operator(m) {
		m.refuse("only operators of " + r.name + " and moderators may invite into it")
		return
	}
	h.mu.Lock()
	var guests []*Member
	var account uint64
	p, err := h.present(c.Args[0])
	if err == nil {
		guests = slices.Clone(p.members)
	}
	if a, ok := h.named(c.Args[0]); ok {
		account, err = a.ID, nil
	}
	h.mu.Unlock()
	switch {
	case err != nil:
		m.refuse(err.Error())
		return
	case account != 0:
		if len(r.look().Members) >= maxInvited {
			m.refuse(fmt.Sprintf("%s has %d members, which is the most", r.name, maxInvited))
			return
		}
		_ = c.changeRoom(r, func(s *RoomState) error {
			s.Members = with(s.Members, account)
			return nil
		}, nil)
	}
	by := m.Name()
	for _, g := range guests {
		g.out.Post(func() {
			if x := g.rest(); len(x.invited) < maxInvited && !slices.Contains(x.invited, r) {
				x.invited = append(x.invited, r)
			}
			g.tell(by + " asks you into " + r.name + ": /join " + r.name)
		})
	}
	m.tell(c.Args[0] + " may enter " + r.name + " now")
}

// named returns the account of that name. h.mu is held.
func (h *Hub) named(text string) (*account, bool) {
	name, err := names.Parse(text)
	if err != nil {
		return nil, false
	}
	a := h.accounts[name.Skeleton]
	return a, a != nil && a.name.Key == name.Key
}

func list(c *Call) {
	h, m, room := c.Hub, c.Member, c.Member.room
	if room == nil && len(c.Args) == 0 {
		h.listAll(m, c.Now)
		return
	}
	if name := c.arg(0); name != "" {
		room = h.Room(name)
		if room == nil || room.look().MembersOnly && m.in(room) == nil && m.role() < Moderator {
			m.refuse("there is no room " + clip(name))
			return
		}
	}
	members, all := room.some(maxListed)
	entries, hidden := h.entries(members, c.Now)
	text := fmt.Sprintf("%s here in %s: %s", people(all-hidden), room.name, strings.Join(entries, ", "))
	if all > len(members) {
		text += fmt.Sprintf(" and %d more", all-len(members))
	}
	m.tell(text)
}

// idleAfter is when /list says how long somebody has said nothing.
const idleAfter = 5 * time.Minute

// entries are the names of members, sorted, each person once, with what there is
// to say; hidden is how many were left out for that.
func (h *Hub) entries(members []*Member, now time.Time) (entries []string, hidden int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	seen := make(map[*person]int)
	type entry struct{ key, text string }
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
		text := p.name.Display
		switch idle := p.idle(now); {
		case p.away != "":
			text += " (away: " + p.away + ")"
		case idle >= idleAfter:
			text += " (idle " + inWords(idle) + ")"
		}
		all = append(all, entry{p.name.Key, text})
	}
	slices.SortFunc(all, func(a, b entry) int { return strings.Compare(a.key, b.key) })
	for _, e := range all {
		entries = append(entries, e.text)
	}
	return entries, hidden
}

// idle is how long a person has sent nothing. Hub.mu is held.
func (p *person) idle(now time.Time) time.Duration {
	var last uint32
	for _, m := range p.members {
		last = max(last, m.active.Load())
	}
	if last == 0 {
		return 0
	}
	return now.Sub(time.Unix(int64(last), 0)).Truncate(time.Second)
}
