package server

import (
	"encoding/binary"
	"net/netip"
	"testing"
	"time"
)

// However many addresses connect, the table is bounded, and those that are
// connected are never forgotten.
func TestTheTableOfAddressesIsBounded(t *testing.T) {
	a := newAdmission(Limits{MaxPerIP: 1, NewPerIP: 1, NewPerIPWindow: time.Hour})
	now := time.Unix(1, 0)
	address := func(i uint64) netip.Addr {
		b := [16]byte{0x20, 0x01}
		binary.BigEndian.PutUint64(b[2:], i<<16) // a /64 each
		return netip.AddrFrom16(b)
	}
	const connected = 100
	for i := range uint64(10 * sweepAt) {
		if why := a.arrive(address(i), now); why != nil {
			t.Fatalf("address %d: %s", i, why.reason)
		}
		if why := a.join(address(i), now); why != nil {
			t.Fatalf("address %d: %s", i, why.reason)
		}
		if i >= connected {
			a.release(address(i), false)
		}
		if len(a.peers) > sweepAt {
			t.Fatalf("%d addresses after %d", len(a.peers), i)
		}
	}
	for i := range uint64(connected) {
		if why := a.join(address(i), now); why == nil {
			t.Fatalf("connected address %d was forgotten", i)
		}
	}
	if a.total != connected {
		t.Errorf("%d connections counted, want %d", a.total, connected)
	}
}

// Refused clients can't fill the log.
func TestRefusalsAreLoggedOnceInAWindow(t *testing.T) {
	a, now := newAdmission(Limits{}), time.Unix(1, 0)
	lines, told := 0, 0
	refuse := func(addr netip.Addr, reason string) {
		if silent, log := a.report(addr, reason, now); log {
			lines++
			told += 1 + int(silent)
		}
	}
	one := netip.MustParseAddr("192.0.2.1")
	for range 1000 {
		refuse(one, "banned")
		refuse(one, maxPerIP)
		refuse(netip.MustParseAddr("127.0.0.1"), maxClients)
		refuse(netip.Addr{}, maxClients) // a Unix socket is of this machine, too
	}
	if lines != 3 {
		t.Errorf("%d lines, want 3", lines)
	}
	for i := range uint32(1000) {
		var b [4]byte
		binary.BigEndian.PutUint32(b[:], 10<<24|i)
		refuse(netip.AddrFrom4(b), "banned")
	}
	if lines != maxRefusalLines {
		t.Errorf("%d lines, want %d", lines, maxRefusalLines)
	}
	now = now.Add(refusalWindow)
	if refuse(one, "banned"); told != 5001 || lines != maxRefusalLines+1 {
		t.Errorf("%d refusals told in %d lines", told, lines)
	}
}
