package main

import (
	"errors"
	"net"
	"net/netip"
	"testing"
	"time"
)

func TestAMachineNoticesChangesOfItsAddresses(t *testing.T) {
	now := time.Unix(1000, 0)
	addresses, looked := []string{"192.0.2.7/24", "2001:db8::7/64"}, make(chan struct{}, 1)
	var fails error
	m := &machine{
		now: func() time.Time { return now },
		list: func() ([]net.Addr, error) {
			defer func() { looked <- struct{}{} }()
			var all []net.Addr
			for _, text := range addresses {
				ip, n, err := net.ParseCIDR(text)
				if err != nil {
					t.Error(err)
				}
				all = append(all, &net.IPNet{IP: ip, Mask: n.Mask})
			}
			return all, fails
		},
	}
	m.addresses.Store(&map[netip.Addr]bool{})
	m.look()
	<-looked
	is := func(text string, want bool) {
		t.Helper()
		if got := m.has(netip.MustParseAddr(text)); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
	is("192.0.2.7", true)
	is("::ffff:192.0.2.7", true)
	is("2001:db8::7", true)
	is("192.0.2.8", false)

	addresses = []string{"192.0.2.8/24"}
	is("192.0.2.8", false) // not looked at yet
	now = now.Add(freshAddresses)
	m.has(netip.Addr{}) // has them looked at
	<-looked
	for !m.has(netip.MustParseAddr("192.0.2.8")) { // the goroutine is about to store them
		continue
	}
	is("192.0.2.7", false)

	fails = errors.New("no system")
	now = now.Add(freshAddresses)
	m.has(netip.Addr{})
	<-looked
	is("192.0.2.8", true)
}
