package server

import (
	"encoding/binary"
	"net/netip"
	"testing"
	"time"
)

// However many addresses come, what is remembered of them is bounded, and those
// that are connected are never forgotten.
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
		if why, _ := a.admit(address(i), now); why != nil {
			t.Fatalf("address %d: %s", i, why.reason)
		}
		if i >= connected {
			a.release(address(i))
		}
		if len(a.peers) > sweepAt {
			t.Fatalf("%d addresses after %d", len(a.peers), i)
		}
	}
	for i := range uint64(connected) {
		if why, _ := a.admit(address(i), now); why == nil {
			t.Fatalf("connected address %d was forgotten", i)
		}
	}
	if a.total != connected {
		t.Errorf("%d connections counted, want %d", a.total, connected)
	}
}
