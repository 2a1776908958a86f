package main

import (
	"net"
	"net/netip"
	"sync/atomic"
	"time"
)

// freshAddresses is how long the addresses of this machine are cached.
const freshAddresses = time.Minute

// A machine knows the addresses of its interfaces. They may change, for example
// with DHCP, so a goroutine reads them again now and then: callers never wait.
type machine struct {
	addresses atomic.Pointer[map[netip.Addr]bool]
	stale     atomic.Int64 // Unix time, in nanoseconds, at which to read them again
	list      func() ([]net.Addr, error)
	now       func() time.Time
}

func newMachine() *machine {
	m := &machine{list: net.InterfaceAddrs, now: time.Now}
	m.addresses.Store(&map[netip.Addr]bool{})
	m.look()
	return m
}

// has reports whether an address belongs to this machine. It never blocks.
func (m *machine) has(addr netip.Addr) bool {
	now := m.now()
	if due := m.stale.Load(); now.UnixNano() >= due && m.stale.CompareAndSwap(due, now.Add(freshAddresses).UnixNano()) {
		go m.look()
	}
	return (*m.addresses.Load())[addr.Unmap().WithZone("")]
}

// look reads the addresses. If that fails, the earlier ones stay.
func (m *machine) look() {
	m.stale.Store(m.now().Add(freshAddresses).UnixNano())
	list, err := m.list()
	if err != nil {
		return
	}
	addresses := make(map[netip.Addr]bool, len(list))
	for _, each := range list {
		if p, ok := each.(*net.IPNet); ok {
			if addr, ok := netip.AddrFromSlice(p.IP); ok {
				addresses[addr.Unmap()] = true
			}
		}
	}
	m.addresses.Store(&addresses)
}
