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

func TestAddressesAreCountedByCustomer(t *testing.T) {
	for given, want := range map[string]string{
		"192.0.2.1":           "192.0.2.1",
		"::ffff:192.0.2.1":    "192.0.2.1",
		"2001:db8:1:2:3::4":   "2001:db8:1:2::",
		"fe80::1:2:3:4%eth0":  "fe80::",
		"127.1.2.3":           "",
		"::1":                 "",
		"::ffff:127.0.0.1":    "",
		"2001:db8:1:2:ffff::": "2001:db8:1:2::",
	} {
		key, counted := visitor(netip.MustParseAddr(given))
		if counted != (want != "") || counted && key.String() != want {
			t.Errorf("%s counts as %s, %v; want %q", given, key, counted, want)
		}
	}
}
