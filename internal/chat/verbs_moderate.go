package chat

import (
	"errors"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/sudoXpg/netloop/internal/customer"
	"github.com/sudoXpg/netloop/internal/names"
)

// maxReason is the length of the longest reason, in characters.
const maxReason = 200

// where is the room in which an act of c holds: everywhere if it is staff's.
func (c *Call) where() string {
	if c.Member.role() >= Moderator {
		return ""
	}
	return c.Member.room.name
}

// entry is a line of the audit log.
func (c *Call) entry(verb, target, room, why string) Act {
	return Act{Time: c.Now, By: c.Member.Name(), Verb: verb, Target: target, Room: room, Why: why}
}

// act enters something into the audit log.
func (c *Call) act(verb, target, room string) { c.Hub.keep(c.entry(verb, target, room, "")) }

// inform tells a room something, and who has caused it if he is not there.
func (c *Call) inform(r *Room, text string) {
	r.publish(Event{Kind: Notice, Body: text, Time: c.Now})
	if c.Member.in(r) == nil {
		c.Member.tell(text)
	}
}

// record keeps what c has changed, and says so if it can't be kept.
func (c *Call) record(records ...Record) { c.recordThen(func() {}, records...) }

// recordThen is record for what has to be on disk before anybody is told.
func (c *Call) recordThen(then func(), records ...Record) {
	c.Hub.kept(c.Member, func(err error) {
		then()
		if err != nil {
			c.Member.refuse("that was not saved: " + Reason(err) + "; it holds until the server stops")
		}
	}, records...)
}

// announceKept is inform, once what is to be told is on disk.
func (c *Call) announceKept(r *Room, text string, records ...Record) {
	c.recordThen(func() { c.inform(r, text) }, records...)
}

// period takes the duration and the reason out of the arguments after the first.
func (c *Call) period() (d time.Duration, reason string, err error) {
	rest := c.Args[1:]
	if len(rest) > 0 {
		if given, ok := parseDuration(rest[0]); ok {
			d, rest = given, rest[1:]
		}
	}
	reason = strings.Join(rest, " ")
	return d, reason, bounded(reason)
}

// bounded returns what is wrong with a reason that is too long.
func bounded(reason string) error {
	if len([]rune(reason)) > maxReason {
		return refusal("a reason has at most %d characters", maxReason)
	}
	return nil
}

// until is the end of a period that begins now; none for 0.
func (c *Call) until(d time.Duration) time.Time {
	if d == 0 {
		return time.Time{}
	}
	return c.Now.Add(d)
}

// touchable returns why c may do nothing to an account, or nil.
func (c *Call) touchable(a *account) error {
	actor := c.Member.role()
	if a == nil || a.Role < Moderator || actor > a.Role || actor == Admin {
		return nil
	}
	return refusal("%s is %s: you may not", a.Name, a.Role.article())
}

// target finds whom a name means: a person who is present, an account, or both.
// Neither is an error only if somebody has to be here.
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
		members = slices.Clone(p.members)
	}
	return name, a, members, c.touchable(a)
}

func kick(c *Call) {
	h, m := c.Hub, c.Member
	name, _, members, err := c.target(c.Args[0])
	r := m.room
	if err == nil {
		err = bounded(c.arg(1))
	}
	switch {
	case err != nil:
		m.refuse(Reason(err))
		return
	case r != nil:
		members = r.among(members)
	}
	if len(members) == 0 {
		m.refuse("nobody here is called " + clip(c.Args[0]))
		return
	}
	reason := "kicked by " + m.Name()
	if why := c.arg(1); why != "" {
		reason += ": " + why
	}
	room := ""
	if r != nil {
		room = r.name
	}
	for _, t := range members {
		t.out.Post(func() { h.expel(t, r, reason) })
	}
	c.record(c.entry("kick", name.Display, room, c.arg(1)))
	if r == nil || m.in(r) == nil { // else he sees it
		m.tell(name.Display + " is kicked")
	}
}

// expel takes t out of a room, or off the server if it has no other one, or if
// the room is nil.
func (h *Hub) expel(t *Member, r *Room, reason string) {
	if r == nil || len(t.seats()) <= 1 {
		t.tell("you are " + reason)
		t.out.Close(reason)
		return
	}
	if s := t.in(r); s != nil {
		h.depart(t, s, reason, t.out.Now())
		h.focus(t)
		t.tell("you are " + reason + ", and out of " + r.name)
	}
}

// among returns those of members who are in the room.
func (r *Room) among(members []*Member) []*Member {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(members), func(m *Member) bool {
		return !slices.ContainsFunc(r.seats, func(s *seat) bool { return s.member == m })
	})
}

func ban(c *Call) {
	h, m := c.Hub, c.Member
	d, reason, err := c.period()
	if err != nil {
		m.refuse(Reason(err))
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
		m.refuse(Reason(err))
		return
	}
	out := h.meant(list, c.Now)
	h.silence(out, list, base.Room)
	records := make([]Record, 0, len(list)+1)
	for _, s := range list {
		records = append(records, s)
	}
	records = append(records, c.entry("ban", base.Target, base.Room, reason))
	why := "banned" + base.words(c.Now)
	var room *Room
	if base.Room != "" {
		room = m.room
		out = room.among(out)
	}
	for _, t := range out {
		t.out.Post(func() { h.expel(t, room, why) })
	}
	h.keptOr(m, base.Target+" is banned"+base.words(c.Now), records...)
}

// bansOf returns what bans the target of base: a network, or a name with its
// account, its look-alikes and its addresses.
func (c *Call) bansOf(base Sanction) ([]Sanction, error) {
	if net, is, err := parseNet(base.Target); err == nil {
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
		return nil, refusal("that is you")
	}
	var account uint64
	if a != nil {
		account = a.ID
	}
	list := []Sanction{base.of(name, account)}
	seen := make(map[netip.Prefix]bool)
	for _, t := range members {
		p, ok := peer(t.out.Addr())
		if ok && !seen[p] {
			seen[p] = true
			s := base
			s.Net = p
			list = append(list, s)
		}
	}
	return list, nil
}

// peer is what stands for an address in a ban; there is nothing for loopback,
// which is everybody.
func peer(a netip.Addr) (netip.Prefix, bool) {
	of, counted := customer.Of(a)
	if !counted {
		return netip.Prefix{}, false
	}
	bits := of.BitLen()
	if of.Is6() {
		bits = 64
	}
	return netip.PrefixFrom(of, bits), true
}

// silence sees to it that nothing more of members is delivered, and of those whom
// bans mean by name: not what they say from now on, and not what is on its way to
// slow readers.
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

// withholdOf hides what members and those who are banned by name have said, from
// those who have not been sent it, and from newcomers.
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
		if bans[i].Key != "" { // those who have left, too, and what the ring no longer has
			r.feed.SkipName(bans[i].Key)
		}
	}
	r.withholdLocked(func(e *Event) bool {
		return ids[e.Author] || slices.ContainsFunc(bans, func(s Sanction) bool { return s.author(e) })
	})
}

func unban(c *Call) { c.lift(Ban, c.Args[0]) }

func unmute(c *Call) { c.lift(Mute, c.Args[0]) }

// lift ends what is in force against a target: of the kind Ban only bans, else mutes of both kinds.
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
		m.refuse("nothing is in force against " + clip(target) + ": /bans lists what is")
		return
	}
	var records []Record
	for _, s := range ended {
		records = append(records, DropSanction{ID: s.ID})
	}
	verb, word := "unmute", "unmuted"
	if kind == Ban {
		verb, word = "unban", "unbanned"
	}
	records = append(records, c.entry(verb, target, where, ""))
	for _, s := range ended {
		if s.Kind == Mute {
			for _, t := range h.meant([]Sanction{s}, c.Now) {
				t.out.Post(func() { t.tell("you may speak again" + s.place()) })
			}
		}
	}
	if where != "" {
		word += " in " + where
	}
	h.keptOr(m, target+" is "+word, records...)
}

func bans(c *Call) {
	h, m := c.Hub, c.Member
	where := c.where()
	h.mu.Lock()
	var lines []string
	for i := range h.sanctions {
		s := &h.sanctions[i]
		if (where == "" || s.Room == where) && (s.Until.IsZero() || c.Now.Before(s.Until)) {
			lines = append(lines, s.describe(c.Now))
		}
	}
	h.mu.Unlock()
	if len(lines) == 0 {
		m.tell("nobody is banned or muted")
	}
	m.page(lines)
}

func mute(c *Call) { c.hush(Mute, "muted") }

func shadowmute(c *Call) { c.hush(ShadowMute, "shadow-muted, and not told") }

// hush imposes a mute of either kind.
func (c *Call) hush(kind SanctionKind, word string) {
	h, m := c.Hub, c.Member
	d, reason, err := c.period()
	name, a, members, err2 := c.target(c.Args[0])
	if err = errors.Join(err2, err); err != nil {
		m.refuse(Reason(err))
		return
	}
	if a == nil && len(members) == 0 {
		m.refuse("nobody is called " + clip(c.Args[0]))
		return
	}
	s := Sanction{Kind: kind, Room: c.where(), Target: name.Display, Reason: reason, By: m.Name(), Since: c.Now, Until: c.until(d)}
	var account uint64
	if a != nil {
		account = a.ID
	}
	list := []Sanction{s.of(name, account)}
	if err := h.impose(list, c.Now); err != nil {
		m.refuse(Reason(err))
		return
	}
	for _, t := range h.meant(list, c.Now) {
		switch {
		case kind == ShadowMute:
			t.mark(shadowed)
		case s.Room == "":
			t.mark(muted)
		}
		t.out.Post(func() {
			t.hold(&list[0])
			if kind == Mute {
				t.tell("you are muted" + s.place() + s.words(c.Now))
			}
		})
	}
	verb := "mute"
	if kind == ShadowMute {
		verb = "shadowmute"
	}
	h.keptOr(m, name.Display+" is "+word+s.place()+s.words(c.Now), list[0], c.entry(verb, name.Display, s.Room, reason))
}
