package chat

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sudoXpg/netloop/internal/clientaddr"
	"github.com/sudoXpg/netloop/internal/names"
)

// The widest networks that can be banned, in bits: a larger one is a mistake.
const (
	widest4 = 8
	widest6 = 16
)

// maxHeld is how many mutes stay with a member who changes names.
const maxHeld = 8

// A subject is a person that a sanction may apply to.
type subject struct {
	account       uint64
	key, skeleton string
	addr          netip.Addr
	held          []uint64 // mutes that stay whatever the name is now
}

func (m *Member) subject() subject {
	s := subject{account: m.account(), addr: m.out.Addr()}
	if m.who != nil {
		s.key, s.skeleton = m.who.name.Key(), m.who.name.Skeleton()
	}
	if x := m.extras(); x != nil {
		s.held = x.held
	}
	return s
}

// appliesTo reports whether the sanction applies to w at a time.
func (s *Sanction) appliesTo(w subject, now time.Time) bool {
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

// spares reports whether the sanction does not apply to a user of that role: to
// staff it applies only by name, not because of somebody else at the same
// address.
func (s *Sanction) spares(r Role, account uint64) bool {
	return r >= Moderator && (s.Account == 0 || s.Account != account)
}

// note tells the target where the sanction applies, for how long from now, and why.
func (s *Sanction) note(code Code, now time.Time) *Note { return s.noteIn(s.Room, code, now) }

// noteIn is note for a sanction in a room.
func (s *Sanction) noteIn(room string, code Code, now time.Time) *Note {
	var left time.Duration
	if !s.Until.IsZero() {
		left = max(s.Until.Sub(now), time.Second)
	}
	return note(code, "room", room, "left", left, "reason", s.Reason)
}

// noteAbout is note for other readers than the target.
func (s *Sanction) noteAbout(name string, code Code, now time.Time) *Note {
	n := s.note(code, now)
	n.Args = append(n.Args, Arg{"name", name})
	return n
}

// lasts says how long the sanction lasts, and why.
func (s *Sanction) lasts() *Note {
	var d time.Duration
	if !s.Until.IsZero() {
		d = s.Until.Sub(s.Since)
	}
	return note("lasts", "for", d, "until", s.Until, "reason", s.Reason)
}

// imposed describes the sanction to the user who has imposed it.
func (s *Sanction) imposed(code Code) *Note {
	return note(code, "name", s.Target, "room", s.Room, "lasts", s.lasts())
}

// hold makes m remember a mute that applies to it, so that another name does not
// evade it. Mutes that have ended are forgotten when there are many.
func (m *Member) hold(s *Sanction) {
	x := m.withExtras()
	if slices.Contains(x.held, s.ID) {
		return
	}
	if len(x.held) >= maxHeld {
		x.held = x.held[1:]
	}
	x.held = append(x.held, s.ID)
}

// sanctionOf returns the sanction that applies to m in a room, "" for everywhere, or nil.
func (h *Hub) sanctionOf(m *Member, kind SanctionKind, room string, now time.Time) *Sanction {
	w, role := m.subject(), m.role()
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.sanction(w, role, kind, room, now)
}

// sanction is sanctionOf for any subject. h.mu is held.
func (h *Hub) sanction(w subject, role Role, kind SanctionKind, room string, now time.Time) *Sanction {
	w.addr = h.foreign(w.addr)
	for i := range h.sanctions {
		s := &h.sanctions[i]
		if s.Kind == kind && (s.Room == "" || s.Room == room) && s.appliesTo(w, now) && !s.spares(role, w.account) {
			found := *s
			return &found
		}
	}
	return nil
}

// barred returns why m may not take a free name: it is banned, from the server or
// from a room that m is in. h.mu is held.
func (h *Hub) barred(m *Member, name names.Name, now time.Time) error {
	w := subject{key: name.Key, skeleton: name.Skeleton}
	if s := h.sanction(w, Guest, Ban, "", now); s != nil {
		return &Refused{s.noteAbout(name.Display, "name-banned", now)}
	}
	for _, r := range m.everywhere() {
		if s := h.sanction(w, Guest, Ban, r.name, now); s != nil {
			return &Refused{s.noteAbout(name.Display, "name-banned", now)}
		}
	}
	return nil
}

// admits returns why m may not log in to an account. h.mu is held.
func (h *Hub) admits(m *Member, a *account, now time.Time) error {
	w := m.subject()
	w.account, w.key, w.skeleton = a.ID, a.name.Key(), a.name.Skeleton()
	if s := h.sanction(w, a.Role, Ban, "", now); s != nil {
		return &Refused{s.note("you-are-banned", now)}
	}
	for _, r := range m.everywhere() { // which the account may be banned from
		if s := h.sanction(w, a.Role, Ban, r.name, now); s != nil {
			return &Refused{s.noteAbout(a.Name, "name-banned-here", now)}
		}
	}
	if h.lock >= LockStaff && a.Role < Moderator {
		return refusal("staff-only")
	}
	if m.Room() == nil { // else they are here
		return h.keptOut(w, Lobby, now)
	}
	return nil
}

// remark sets the marks of m for sanctions that apply everywhere.
func (h *Hub) remark(m *Member, now time.Time) {
	w, role := m.subject(), m.role()
	h.mu.Lock()
	// Inside the mutex, so that the mark of a sanction that is imposed right now stays.
	for _, each := range []struct {
		kind SanctionKind
		bit  uint32
	}{{Mute, muted}, {ShadowMute, shadowed}} {
		if s := h.sanction(w, role, each.kind, "", now); s != nil {
			m.mark(each.bit)
			m.hold(s)
		} else {
			m.unmark(each.bit)
		}
	}
	h.mu.Unlock()
	h.reveal(m, now)
}

// spokeAt records that a person has spoken. Entries that no longer matter are
// dropped when there are many.
func (r *Room) spokeAt(key string, now time.Time) {
	if len(r.spoke) > 4*len(r.seats)+100 {
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
		h.indexBans()
	}
	h.mu.Unlock()
	if full {
		return refusal("too-many-sanctions", "most", MaxSanctions)
	}
	h.refreshRoomMutes()
	return nil
}

// lapse removes sanctions that have ended, also on disk. h.mu is held.
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
		h.persist(over...)
	}
}

// lift removes the sanctions of some kinds for which which returns true, and returns them.
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
	h.indexBans()
	h.mu.Unlock()
	h.refreshRoomMutes()
	return gone
}

// refreshRoomMutes gives each room the mutes that apply in it. Others may do so at the
// same time, having read the sanctions earlier or later: each room takes the newer list.
func (h *Hub) refreshRoomMutes() {
	h.mu.Lock()
	h.mutesSeen++
	seen := h.mutesSeen
	byRoom := make(map[string][]Sanction)
	for _, s := range h.sanctions {
		if s.Kind == Mute && s.Room != "" {
			byRoom[s.Room] = append(byRoom[s.Room], s)
		}
	}
	h.mu.Unlock()
	for _, r := range h.allRooms() {
		r.takeMutes(byRoom[r.name], seen)
	}
}

// takeMutes sets the mutes that apply in the room, as of the seen-th read of the sanctions.
func (r *Room) takeMutes(list []Sanction, seen uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if seen > r.mutesSeen {
		r.mutes, r.mutesSeen = list, seen
	}
}

// meant returns the connections that any of the sanctions applies to.
func (h *Hub) meant(list []Sanction, now time.Time) []*Member {
	h.mu.Lock()
	defer h.mu.Unlock()
	var found []*Member
	for _, p := range h.names {
		for m := range p.members.all() {
			w := subject{key: p.name.Key(), skeleton: p.name.Skeleton(), addr: h.foreign(m.out.Addr())}
			if p.account != nil {
				w.account = p.account.ID
			}
			if slices.ContainsFunc(list, func(s Sanction) bool { return s.appliesTo(w, now) && !s.spares(m.role(), w.account) }) {
				found = append(found, m)
			}
		}
	}
	slices.SortFunc(found, func(a, b *Member) int { return int(a.id) - int(b.id) })
	return found
}

// hidden returns a function that reports whether a message is hidden because
// its author is banned.
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

// author reports whether the target of s, by name, is the author of a message.
// Messages of others with a similar name or the same address are not affected.
func (s *Sanction) author(e *Event) bool {
	if e.Account != 0 {
		return e.Account == s.Account
	}
	return s.Key != "" && fold(e.Name) == s.Key
}

// parseNet reads an address or a network.
func parseNet(text string) (p netip.Prefix, is bool, err error) {
	if p, err = clientaddr.ParseNet(text); err != nil {
		return p, strings.Contains(text, "/"), refusal("no-network", "text", clip(text))
	}
	widest := widest6
	if p.Addr().Is4() {
		widest = widest4
	}
	switch {
	case p.Addr().IsLoopback():
		return p, true, refusal("this-machine", "text", text)
	case p.Bits() < widest:
		return p, true, refusal("network-too-wide", "text", text, "widest", "/"+strconv.Itoa(widest))
	}
	return p, true, nil
}

// of returns s for a name: with its look-alikes, if it is a ban.
func (s Sanction) of(name names.Name, account uint64) Sanction {
	s.Key, s.Account = name.Key, account
	if s.Kind == Ban {
		s.Skeleton = name.Skeleton
	}
	return s
}
