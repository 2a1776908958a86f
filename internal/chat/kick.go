package chat

import (
	"net/netip"
	"slices"
	"time"

	"github.com/sudoXpg/netloop/internal/names"
)

const (
	// DefaultKickTime is the default of Options.KickTime.
	DefaultKickTime = time.Minute
	// maxKicks is how many kicked users are remembered; beyond that the oldest are
	// forgotten.
	maxKicks = 1000
)

// keepOut keeps a kicked user out of a room for a while, or off the server if the
// room is nil: their name with its look-alikes, their account, and for a guest
// other guests at the address. It ends with the server.
func (h *Hub) keepOut(name names.Name, account uint64, members []*Member, r *Room, now time.Time) {
	if h.options.KickTime < 0 {
		return
	}
	s := Sanction{Kind: Ban, Until: now.Add(h.options.KickTime)}
	if r != nil {
		s.Room = r.name
	}
	list := []Sanction{s.of(name, account)}
	for _, t := range members {
		if p, ok := h.peer(t.out.Addr()); ok && t.account() == 0 {
			s.Net = p
			list = append(list, s)
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.kicks = slices.DeleteFunc(h.kicks, func(k Sanction) bool { return !now.Before(k.Until) })
	h.kicks = append(h.kicks, list...)
	h.kicks = slices.Delete(h.kicks, 0, max(0, len(h.kicks)-maxKicks))
}

// keptOut returns why a kicked user may not enter a room yet, or nil. The address
// keeps out guests only. h.mu is held.
func (h *Hub) keptOut(w subject, room string, now time.Time) error {
	if w.account != 0 {
		w.addr = netip.Addr{}
	}
	w.addr = h.foreign(w.addr)
	for i := range h.kicks {
		k := &h.kicks[i]
		if (k.Room == "" || k.Room == room) && k.appliesTo(w, now) {
			return refusal("kicked-lately", "room", k.Room, "wait", k.Until.Sub(now))
		}
	}
	return nil
}

// letBack lets a kicked user back into a room that they are invited into.
func (h *Hub) letBack(key string, account uint64, r *Room) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.kicks = slices.DeleteFunc(h.kicks, func(k Sanction) bool {
		return k.Room == r.name && (k.Key != "" && k.Key == key || k.Account != 0 && k.Account == account)
	})
}

// foreign returns an address unless it belongs to this machine. Such addresses
// are never banned: they stand for everybody who comes through a proxy, or for
// this machine only.
func (h *Hub) foreign(addr netip.Addr) netip.Addr {
	if h.isLocal(addr) {
		return netip.Addr{}
	}
	return addr
}

func (h *Hub) isLocal(addr netip.Addr) bool {
	addr = addr.Unmap().WithZone("")
	return addr.IsLoopback() || addr.IsValid() && h.options.Local != nil && h.options.Local(addr)
}
