package chat

import (
	"net/netip"
	"slices"
	"time"

	"github.com/sudoXpg/netloop/internal/clientaddr"
	"github.com/sudoXpg/netloop/internal/names"
)

// maxReason is the length of the longest reason, in characters.
const maxReason = 200

// where returns the room in which an act of c applies, or "" for everywhere if it is an act
// of staff.
func (c *Call) where() string {
	if c.Member.role() >= Moderator {
		return ""
	}
	return c.Member.Room().name
}

// entry makes a line of the audit log.
func (c *Call) entry(verb, target, room, why string) Act {
	return Act{Time: c.Now, By: c.Member.Name(), Verb: verb, Target: target, Room: room, Why: why}
}

// sanctioned makes the line of the audit log about a sanction, with its duration.
func (c *Call) sanctioned(verb string, s Sanction) Act {
	return c.entry(verb, s.Target, s.Room, c.Hub.inWords(s.lasts()))
}

// inform tells a room something, and also c's member if they are not in it.
func (c *Call) inform(r *Room, what *Note) {
	r.publish(Event{Kind: Notice, Note: what, Time: c.Now})
	if c.Member.in(r) == nil {
		c.Member.tell(what)
	}
}

// recordThen writes c's changes, then calls then, which announces them, and tells c's
// member if they could not be saved.
func (c *Call) recordThen(then func(), records ...Record) {
	c.Hub.persistThen(c.Member, func(err error) {
		then()
		if err != nil {
			c.Member.refuse(note("that-not-saved", "why", Why(err)))
		}
	}, records...)
}

// announceSaved is inform, once the records are on disk.
func (c *Call) announceSaved(r *Room, what *Note, records ...Record) {
	c.recordThen(func() { c.inform(r, what) }, records...)
}

// period parses the duration and the reason in the second argument, or refuses them.
func (c *Call) period() (d time.Duration, reason string, ok bool) {
	d, reason, err := period(c.arg(1))
	if err != nil {
		c.Member.refuse(Why(err))
		return 0, "", false
	}
	var r *Room
	if c.where() != "" {
		r = c.Member.Room()
	}
	reason, ok = c.reason(reason, r)
	return d, reason, ok
}

// bounded returns an error for a reason that is too long.
func bounded(reason string) error {
	if len([]rune(reason)) > maxReason {
		return refusal("reason-too-long", "most", maxReason)
	}
	return nil
}

// until returns the end of a period that begins now; none for 0.
func (c *Call) until(d time.Duration) time.Time {
	if d == 0 {
		return time.Time{}
	}
	return c.Now.Add(d)
}

// touchable returns why c may not act on an account, or nil.
func (c *Call) touchable(a *account) error {
	actor := c.Member.role()
	if a == nil || a.Role < Moderator || actor > a.Role || actor == Admin {
		return nil
	}
	return refusal("is-staff", "name", a.Name, "role", a.Role)
}

// target finds the person that a name refers to: a person who is present, an
// account, or both. Finding neither is an error only if the person has to be
// here.
func (c *Call) target(text string) (name names.Name, a *account, members []*Member, err error) {
	h := c.Hub
	if name, err = names.Parse(text); err != nil {
		return name, nil, nil, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if found, ok := h.named(text); ok {
		a = found
	}
	if p, perr := h.present(text); perr == nil {
		members = p.members.clone()
	}
	return name, a, members, c.touchable(a)
}

func kick(c *Call) {
	h, m := c.Hub, c.Member
	name, a, members, err := c.target(c.Args[0])
	r := m.Room()
	switch {
	case err != nil:
		m.refuse(Why(err))
		return
	case r != nil:
		members = r.among(members)
	}
	if len(members) == 0 {
		m.refuse(note("nobody-here", "name", clip(c.Args[0])))
		return
	}
	why, ok := c.reason(c.arg(1), r)
	if !ok {
		return
	}
	room, by := "", m.Name()
	if r != nil {
		room = r.name
	}
	h.hold(members, r)
	var account uint64
	if a != nil {
		account = a.ID
	}
	h.keepOut(name, account, members, r, c.Now)
	sees := r != nil && m.in(r) != nil
	h.persistAlways(m, func(error) {
		for _, t := range members {
			t.out.Post(func() { h.expel(t, r, note("kicked", "by", by, "reason", why)) })
		}
	}, func(err error) {
		switch {
		case err != nil:
			m.refuse(note("kick-not-saved", "name", name.Display, "why", Why(err)))
		case !sees:
			m.tell(note("kick", "name", name.Display))
		}
	}, c.entry("kick", name.Display, room, c.arg(1)))
}

// hold silences members who are about to be removed from a room, or from the server
// if the room is nil.
func (h *Hub) hold(members []*Member, r *Room) {
	if r == nil {
		for _, t := range members {
			t.mark(gone)
		}
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.seats {
		s.gone = s.gone || slices.Contains(members, s.member)
	}
}

// expel removes t from a room, or from the server if it is in no other room or
// if the room is nil.
func (h *Hub) expel(t *Member, r *Room, why *Note) {
	if r != nil && t.in(r) == nil { // it has left meanwhile
		return
	}
	if r != nil {
		h.forgetRoom(t, r)
	}
	if r == nil || len(t.seats()) <= 1 {
		h.endSession(t)
		t.tell(note("you-are", "what", why))
		t.out.Close(why)
		return
	}
	if s := t.in(r); s != nil {
		h.depart(t, s, why, t.out.Now())
		h.focus(t)
		t.tell(note("you-are", "what", why, "room", r.name))
	}
}

// among returns the members who are in the room.
func (r *Room) among(members []*Member) []*Member {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(members), func(m *Member) bool {
		return !slices.ContainsFunc(r.seats, func(s *seat) bool { return s.member == m })
	})
}

func ban(c *Call) {
	h, m := c.Hub, c.Member
	d, reason, ok := c.period()
	if !ok {
		return
	}
	base := Sanction{
		Kind: Ban, Room: c.where(), Target: c.Args[0], Reason: reason, By: m.Name(), Since: c.Now, Until: c.until(d),
	}
	list, err := c.bansOf(base)
	if err == nil {
		err = h.impose(list, c.Now)
	}
	if err != nil {
		m.refuse(Why(err))
		return
	}
	out := h.meant(list, c.Now)
	h.silence(out, list, base.Room)
	records := make([]Record, 0, len(list)+1)
	for _, s := range list {
		records = append(records, s)
	}
	records = append(append(records, h.dropFlagsOf(list)...), c.sanctioned("ban", base))
	why := base.note("banned", c.Now)
	var room *Room
	if base.Room != "" {
		room = m.Room()
		out = room.among(out)
	}
	h.persistAlways(m, func(error) {
		for _, t := range out {
			t.out.Post(func() { h.expel(t, room, why) })
		}
	}, h.told(m, base.imposed("ban")), records...)
}

// bansOf returns the bans for the target of base: a network, or a name with its
// account, its look-alikes and its addresses.
func (c *Call) bansOf(base Sanction) ([]Sanction, error) {
	if net, is, err := parseNet(base.Target); err == nil {
		if net.IsSingleIP() && c.Hub.isLocal(net.Addr()) {
			return nil, refusal("this-machine", "text", base.Target)
		}
		base.Net = net
		return []Sanction{base}, nil
	} else if is {
		return nil, err
	}
	name, a, members, err := c.target(base.Target)
	if err != nil {
		return nil, err
	}
	if name.Key == c.Member.subject().key {
		return nil, refusal("that-is-you")
	}
	var account uint64
	if a != nil {
		account = a.ID
	}
	list := []Sanction{base.of(name, account)}
	seen := make(map[netip.Prefix]bool)
	for _, t := range members {
		p, ok := c.Hub.peer(t.out.Addr())
		if ok && !seen[p] {
			seen[p] = true
			s := base
			s.Net = p
			list = append(list, s)
		}
	}
	return list, nil
}

// peer returns the prefix that stands for an address in a ban; addresses of this
// machine have none.
func (h *Hub) peer(a netip.Addr) (netip.Prefix, bool) {
	net, counted := clientaddr.Net(a)
	return net, counted && !h.isLocal(a)
}

// silence stops the delivery of messages of members, and of users whom bans name:
// both new messages and those still on their way to slow readers.
func (h *Hub) silence(members []*Member, bans []Sanction, room string) {
	for _, t := range members {
		if room == "" {
			t.mark(gone)
		}
	}
	for _, r := range h.allRooms() {
		if room == "" || room == r.name {
			r.withholdOf(members, bans)
		}
	}
}

// withholdOf hides messages of members and of users whom bans name, from readers
// that have not been sent them, and from new members.
func (r *Room) withholdOf(members []*Member, bans []Sanction) {
	r.mu.Lock()
	defer r.mu.Unlock()
	ids := make(map[uint64]bool, len(members))
	for _, t := range members {
		ids[t.id] = true
		r.feed.SkipAuthor(t.id)
	}
	for _, s := range r.seats {
		s.gone = s.gone || ids[s.member.id]
	}
	for i := range bans {
		if bans[i].Key != "" { // also of users who have left, and messages that are no longer in memory
			r.feed.SkipName(bans[i].Key)
		}
	}
	r.withholdLocked(func(e *Event) bool {
		return ids[e.Author] || slices.ContainsFunc(bans, func(s Sanction) bool { return s.author(e) })
	})
}

func unban(c *Call) { c.lift(Ban, c.Args[0]) }

func unmute(c *Call) { c.lift(Mute, c.Args[0]) }

// lift ends the sanctions of a target: bans if kind is Ban, otherwise mutes of both kinds.
func (c *Call) lift(kind SanctionKind, target string) {
	h, m, where := c.Hub, c.Member, c.where()
	key := fold(target)
	net, _, _ := parseNet(target)
	ended := h.lift(c.Now, func(s *Sanction) bool {
		if (s.Kind == Ban) != (kind == Ban) || where != "" && s.Room != where {
			return false
		}
		return fold(s.Target) == key || net.IsValid() && s.Net == net
	})
	if len(ended) == 0 {
		m.refuse(note("nothing-in-force", "name", clip(target)))
		return
	}
	verb, what := "unmute", note("unmute", "name", target, "room", where)
	if kind == Ban {
		verb, what = "unban", note("unban", "name", target, "room", where)
	}
	h.persistAlways(m, func(error) {
		for _, s := range ended {
			if s.Kind != Mute {
				continue
			}
			for _, t := range h.meant([]Sanction{s}, c.Now) {
				t.out.Post(func() { t.tell(note("unmuted", "room", s.Room)) })
			}
		}
	}, h.told(m, what), append(drops(ended), c.entry(verb, target, where, ""))...)
}

func bans(c *Call) {
	h, m := c.Hub, c.Member
	where := c.where()
	h.mu.Lock()
	var list []Sanction
	for _, s := range h.sanctions {
		if (where == "" || s.Room == where) && (s.Until.IsZero() || c.Now.Before(s.Until)) {
			list = append(list, s)
		}
	}
	h.mu.Unlock()
	pages(m, list, func(page []Sanction, more int) Answer { return Sanctions{page, more} })
}

func mute(c *Call) { c.imposeMute(Mute) }

func shadowmute(c *Call) { c.imposeMute(ShadowMute) }

// imposeMute imposes a mute of either kind.
func (c *Call) imposeMute(kind SanctionKind) {
	h, m := c.Hub, c.Member
	name, a, members, err := c.target(c.Args[0])
	if err != nil {
		m.refuse(Why(err))
		return
	}
	d, reason, ok := c.period()
	if !ok {
		return
	}
	if a == nil && len(members) == 0 {
		m.refuse(note("nobody-called", "name", clip(c.Args[0])))
		return
	}
	s := Sanction{Kind: kind, Room: c.where(), Target: name.Display, Reason: reason, By: m.Name(), Since: c.Now, Until: c.until(d)}
	var account uint64
	if a != nil {
		account = a.ID
	}
	list := []Sanction{s.of(name, account)}
	if err := h.impose(list, c.Now); err != nil {
		m.refuse(Why(err))
		return
	}
	silenced := h.meant(list, c.Now)
	for _, t := range silenced {
		switch {
		case kind == ShadowMute:
			t.mark(shadowed)
		case s.Room == "":
			t.mark(muted)
		}
		t.out.Post(func() { t.hold(&list[0]) })
	}
	verb, what := "mute", s.imposed("mute")
	if kind == ShadowMute {
		verb, what = "shadowmute", s.imposed("shadowmute")
	}
	h.persistAlways(m, func(error) {
		for _, t := range silenced {
			if kind == Mute {
				t.out.Post(func() { t.tell(s.note("muted", c.Now)) })
			}
		}
	}, h.told(m, what), list[0], c.sanctioned(verb, s))
}
