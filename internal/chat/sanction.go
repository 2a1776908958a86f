package chat

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sudoXpg/netloop/internal/names"
)

// The widest networks that can be banned, in bits: a larger one is a mistake.
const (
	widest4 = 8
	widest6 = 16
)

// maxHeld is how many mutes stay with who changes his name.
const maxHeld = 8

// A subject is whom a sanction may mean.
type subject struct {
	account       uint64
	key, skeleton string
	addr          netip.Addr
	held          []uint64 // what is in force whatever the name is now
}

func (m *Member) subject() subject {
	s := subject{account: m.account(), addr: m.out.Addr()}
	if m.who != nil {
		s.key, s.skeleton = m.who.name.Key, m.who.name.Skeleton
	}
	if m.more != nil {
		s.held = m.more.held
	}
	return s
}

// means tells whether the sanction holds for w at a time.
func (s *Sanction) means(w subject, now time.Time) bool {
	switch {
	case !s.Until.IsZero() && !now.Before(s.Until):
		return false
	case s.Account != 0 && s.Account == w.account, slices.Contains(w.held, s.ID):
		return true
	case s.Key != "" && s.Key == w.key, s.Skeleton != "" && s.Skeleton == w.skeleton:
		return true
	}
	return s.Net.IsValid() && w.addr.IsValid() && s.Net.Contains(w.addr.Unmap().WithZone(""))
}

// spares tells whether somebody of that role is not meant by it: staff is only
// by name, not because somebody else at the same address was.
func (s *Sanction) spares(r Role, account uint64) bool {
	return r >= Moderator && (s.Account == 0 || s.Account != account)
}

// words says how long it holds, and why, to complete a sentence.
func (s *Sanction) words(now time.Time) string {
	text := ""
	if !s.Until.IsZero() {
		text = " for " + inWords(s.Until.Sub(now))
	}
	if s.Reason != "" {
		text += ": " + s.Reason
	}
	return text
}

// place says where it holds, to complete a sentence.
func (s *Sanction) place() string {
	if s.Room == "" {
		return ""
	}
	return " in " + s.Room
}

// hold has m remember a mute that means it, so that another name is no way around
// it. Those that are over are forgotten when there are many.
func (m *Member) hold(s *Sanction) {
	x := m.rest()
	if slices.Contains(x.held, s.ID) {
		return
	}
	if len(x.held) >= maxHeld {
		x.held = x.held[1:]
	}
	x.held = append(x.held, s.ID)
}

// describe is its line in /bans.
func (s *Sanction) describe(now time.Time) string {
	text := [...]string{Ban: "ban", Mute: "mute", ShadowMute: "shadowmute"}[s.Kind] + " of " + s.Target
	if s.Net.IsValid() && s.Target != s.Net.String() {
		text += " at " + network(s.Net)
	}
	if s.Room != "" {
		text += " in " + s.Room
	}
	text += " by " + s.By
	if s.Until.IsZero() {
		text += ", for ever"
	}
	return text + s.words(now)
}

// network writes one address without the length of its prefix.
func network(p netip.Prefix) string {
	if p.IsSingleIP() {
		return p.Addr().String()
	}
	return p.String()
}

// sanctionOf returns what holds for m in a room, "" for everywhere, or nil.
func (h *Hub) sanctionOf(m *Member, kind SanctionKind, room string, now time.Time) *Sanction {
	w, role := m.subject(), m.role()
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.sanction(w, role, kind, room, now)
}

// sanction is sanctionOf for anybody. h.mu is held.
func (h *Hub) sanction(w subject, role Role, kind SanctionKind, room string, now time.Time) *Sanction {
	for i := range h.sanctions {
		s := &h.sanctions[i]
		if s.Kind == kind && (s.Room == "" || s.Room == room) && s.means(w, now) && !s.spares(role, w.account) {
			found := *s
			return &found
		}
	}
	return nil
}

// barred returns why nobody may take a name that is free. h.mu is held.
func (h *Hub) barred(name names.Name, now time.Time) error {
	if s := h.sanction(subject{key: name.Key, skeleton: name.Skeleton}, Guest, Ban, "", now); s != nil {
		return refusal("%s is banned%s", name.Display, s.words(now))
	}
	return nil
}

// Banned returns why nobody may connect from an address, or "".
func (h *Hub) Banned(addr netip.Addr, now time.Time) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	// Staff is let in as far as its password.
	if s := h.sanction(subject{addr: addr}, Guest, Ban, "", now); s != nil && !h.staffed() {
		return "you are banned" + s.words(now)
	}
	return ""
}

// staffed tells whether there is anybody whom a ban of an address spares. h.mu is held.
func (h *Hub) staffed() bool {
	for _, a := range h.byID {
		if a.Role >= Moderator {
			return true
		}
	}
	return false
}

// admits returns why m may not log in to an account.
func (h *Hub) admits(m *Member, a *account) error {
	w := m.subject()
	w.account, w.key, w.skeleton = a.ID, a.name.Key, a.name.Skeleton
	h.mu.Lock()
	defer h.mu.Unlock()
	now := m.out.Now()
	if s := h.sanction(w, a.Role, Ban, "", now); s != nil {
		return refusal("you are banned%s", s.words(now))
	}
	if h.lock >= LockStaff && a.Role < Moderator {
		return refusal("the server is open to its staff only now: try again later")
	}
	return nil
}

// remark sets the marks of m for what holds everywhere.
func (h *Hub) remark(m *Member, now time.Time) {
	for _, each := range []struct {
		kind SanctionKind
		bit  uint32
	}{{Mute, muted}, {ShadowMute, shadowed}} {
		if s := h.sanctionOf(m, each.kind, "", now); s != nil {
			m.mark(each.bit)
			m.hold(s)
		} else {
			m.unmark(each.bit)
		}
	}
}

// unheard returns why m may say nothing in a room, or in private if that is nil;
// "" if it may.
func (h *Hub) unheard(m *Member, r *Room, now time.Time) string {
	if m.marked(muted | shadowed) {
		h.remark(m, now) // it may be over
	}
	if m.marked(muted) {
		if s := h.sanctionOf(m, Mute, "", now); s != nil {
			return "you are muted" + s.words(now)
		}
	}
	if r == nil {
		return ""
	}
	return r.silences(m, now)
}

// silences returns why m may say nothing here; if it may, it has spoken now.
func (r *Room) silences(m *Member, now time.Time) string {
	staff := m.role() >= Moderator
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range r.mutes {
		if s := &r.mutes[i]; s.means(m.subject(), now) && !staff {
			m.hold(s)
			return "you are muted in " + r.name + s.words(now)
		}
	}
	trusted := staff || r.isOperator(m.account())
	switch {
	case trusted || !r.state.Moderated && r.state.Slow == 0:
		return ""
	case r.state.Moderated && !r.isMember(m.account()):
		return r.name + " is moderated: only its members and operators speak"
	case r.state.Slow == 0:
		return ""
	}
	key := m.who.name.Key
	if wait := r.state.Slow - now.Sub(r.spoke[key]); wait > 0 {
		return r.name + " is slow: wait " + inWords(wait)
	}
	r.spokeAt(key, now)
	return ""
}

// spokeAt notes that somebody has. What does not matter any more goes when there
// is much of it.
func (r *Room) spokeAt(key string, now time.Time) {
	if len(r.spoke) > 2*len(r.seats)+100 {
		for k, at := range r.spoke {
			if now.Sub(at) >= r.state.Slow {
				delete(r.spoke, k)
			}
		}
	}
	if r.spoke == nil {
		r.spoke = make(map[string]time.Time)
	}
	r.spoke[key] = now
}

// impose adds sanctions.
func (h *Hub) impose(list []Sanction, now time.Time) error {
	h.mu.Lock()
	h.lapse(now)
	full := len(h.sanctions)+len(list) > MaxSanctions
	if !full {
		for i := range list {
			list[i].ID = h.nextID()
		}
		h.sanctions = append(h.sanctions, list...)
	}
	h.mu.Unlock()
	if full {
		return refusal("there are %d bans and mutes, which is the most: /unban some", MaxSanctions)
	}
	h.spread()
	return nil
}

// lapse forgets what is over, also on disk. h.mu is held.
func (h *Hub) lapse(now time.Time) {
	var over []Record
	h.sanctions = slices.DeleteFunc(h.sanctions, func(s Sanction) bool {
		if s.Until.IsZero() || now.Before(s.Until) {
			return false
		}
		over = append(over, DropSanction{ID: s.ID})
		return true
	})
	if len(over) > 0 {
		h.keep(over...)
	}
}

// lift removes the sanctions of some kinds that which says, and returns them.
func (h *Hub) lift(now time.Time, which func(*Sanction) bool) []Sanction {
	var gone []Sanction
	h.mu.Lock()
	h.lapse(now)
	h.sanctions = slices.DeleteFunc(h.sanctions, func(s Sanction) bool {
		if which(&s) {
			gone = append(gone, s)
			return true
		}
		return false
	})
	h.mu.Unlock()
	h.spread()
	return gone
}

// spread gives each room the mutes that hold in it.
func (h *Hub) spread() {
	h.mu.Lock()
	byRoom := make(map[string][]Sanction)
	for _, s := range h.sanctions {
		if s.Kind == Mute && s.Room != "" {
			byRoom[s.Room] = append(byRoom[s.Room], s)
		}
	}
	h.mu.Unlock()
	for _, r := range h.allRooms() {
		r.mu.Lock()
		r.mutes = byRoom[r.name]
		r.mu.Unlock()
	}
}

// meant returns the connections that any of the sanctions means.
func (h *Hub) meant(list []Sanction, now time.Time) []*Member {
	h.mu.Lock()
	defer h.mu.Unlock()
	var found []*Member
	for _, p := range h.names {
		for _, m := range p.members {
			w := subject{key: p.name.Key, skeleton: p.name.Skeleton, addr: m.out.Addr()}
			if p.account != nil {
				w.account = p.account.ID
			}
			if slices.ContainsFunc(list, func(s Sanction) bool { return s.means(w, now) && !s.spares(m.role(), w.account) }) {
				found = append(found, m)
			}
		}
	}
	slices.SortFunc(found, func(a, b *Member) int { return int(a.id) - int(b.id) })
	return found
}

// hidden tells whether a message is shown to nobody now, because its author is
// banned.
func (h *Hub) hidden(now time.Time) func(*Event) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	var bans []Sanction
	for _, s := range h.sanctions {
		if s.Kind == Ban && (s.Account != 0 || s.Key != "") && (s.Until.IsZero() || now.Before(s.Until)) {
			bans = append(bans, s)
		}
	}
	if len(bans) == 0 {
		return nil
	}
	return func(e *Event) bool {
		return slices.ContainsFunc(bans, func(b Sanction) bool { return (b.Room == "" || b.Room == e.Room) && b.author(e) })
	}
}

// author tells whether the one that s means by name has said something. What
// others said who look alike, or were at the same address, is theirs.
func (s *Sanction) author(e *Event) bool {
	if e.Account != 0 {
		return e.Account == s.Account
	}
	return s.Key != "" && fold(e.Name) == s.Key
}

// parseDuration reads a number with a unit: s, m, h, d or w.
func parseDuration(text string) (time.Duration, bool) {
	units := map[byte]time.Duration{
		's': time.Second, 'm': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour, 'w': 7 * 24 * time.Hour,
	}
	if len(text) < 2 || len(text) > 6 {
		return 0, false
	}
	unit := units[text[len(text)-1]|0x20]
	n, err := strconv.Atoi(text[:len(text)-1])
	if err != nil || n < 1 || unit == 0 {
		return 0, false
	}
	return time.Duration(n) * unit, true
}

// parseNet reads an address or a network.
func parseNet(text string) (p netip.Prefix, is bool, err error) {
	if addr, err := netip.ParseAddr(text); err == nil {
		addr = addr.Unmap().WithZone("")
		p = netip.PrefixFrom(addr, addr.BitLen())
	} else if p, err = netip.ParsePrefix(text); err != nil {
		return p, strings.Contains(text, "/"), refusal("%s is no address and no network: 192.0.2.0/24 and 2001:db8::/64 are some", clip(text))
	}
	p = p.Masked()
	widest := widest6
	if p.Addr().Is4() {
		widest = widest4
	}
	switch {
	case p.Addr().IsLoopback():
		return p, true, refusal("%s is this machine", text)
	case p.Bits() < widest:
		return p, true, refusal("%s is too wide: /%d at most", text, widest)
	}
	return p, true, nil
}

// of is a sanction's part that means a name: with its look-alikes, if it is a ban.
func (s Sanction) of(name names.Name, account uint64) Sanction {
	s.Key, s.Account = name.Key, account
	if s.Kind == Ban {
		s.Skeleton = name.Skeleton
	}
	return s
}
