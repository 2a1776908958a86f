package chat

import (
	"net/netip"
	"slices"
	"time"
)

// netBans are the server-wide bans of addresses, as a table: an attempt from a banned
// address costs one look-up for each prefix length in use, and no lock. A table is
// never changed.
type netBans struct {
	byNet        map[netip.Prefix][]Sanction
	bits4, bits6 []int // the prefix lengths in use
}

// indexBans rebuilds the table. h.mu is held.
func (h *Hub) indexBans() {
	t := &netBans{byNet: make(map[netip.Prefix][]Sanction)}
	for i := range h.sanctions {
		s := &h.sanctions[i]
		if s.Kind != Ban || s.Room != "" || !s.Net.IsValid() {
			continue
		}
		bits := &t.bits6
		if s.Net.Addr().Is4() {
			bits = &t.bits4
		}
		if !slices.Contains(*bits, s.Net.Bits()) {
			*bits = append(*bits, s.Net.Bits())
		}
		t.byNet[s.Net.Masked()] = append(t.byNet[s.Net.Masked()], *s)
	}
	h.netBans.Store(t)
}

// find returns a ban of an address that is in force, or nil.
func (t *netBans) find(addr netip.Addr, now time.Time) *Sanction {
	addr = addr.Unmap().WithZone("")
	bits := t.bits6
	if addr.Is4() {
		bits = t.bits4
	}
	for _, n := range bits {
		p, err := addr.Prefix(n)
		if err != nil {
			continue
		}
		list := t.byNet[p]
		for i := range list {
			if list[i].appliesTo(subject{addr: addr}, now) {
				return &list[i]
			}
		}
	}
	return nil
}

// Banned returns why an address may not connect, or nil. It takes no lock, as it is
// called for each attempt.
func (h *Hub) Banned(addr netip.Addr, now time.Time) *Note {
	t := h.netBans.Load()
	if len(t.byNet) == 0 || !addr.IsValid() {
		return nil
	}
	// Staff must be able to get as far as the password.
	if s := t.find(addr, now); s != nil && h.staff.Load() == 0 {
		return s.note("you-are-banned", now)
	}
	return nil
}
