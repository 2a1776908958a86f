package main

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"syscall"
	"testing"

	"github.com/sudoXpg/netloop/internal/config"
	"github.com/sudoXpg/netloop/internal/server"
)

// A slowHost has addresses that can be listened on after a number of tries.
type slowHost struct {
	tries  map[string]int
	err    error
	listen []string
}

func (h *slowHost) ListenWith(_, address string, _ server.ListenOptions) (net.Addr, error) {
	if h.tries[address] > 0 {
		h.tries[address]--
		return nil, fmt.Errorf("listen %s: %w", address, h.err)
	}
	h.listen = append(h.listen, address)
	return nil, nil
}

func TestTheStartWaitsForTentativeAddresses(t *testing.T) {
	places := []config.Listen{{Network: "tcp4", Address: "192.0.2.1:9034"}, {Network: "tcp6", Address: "[2001:db8::1]:9034"}}
	for name, c := range map[string]struct {
		host    slowHost
		present bool
		patient int // waits until the time is up
		waits   int
		fails   bool
	}{
		"at once":                 {slowHost{}, true, 9, 0, false},
		"tentative":               {slowHost{tries: map[string]int{places[1].Address: 3}, err: syscall.EADDRNOTAVAIL}, true, 9, 3, false},
		"tentative for too long":  {slowHost{tries: map[string]int{places[1].Address: 30}, err: syscall.EADDRNOTAVAIL}, true, 9, 10, true},
		"of another machine":      {slowHost{tries: map[string]int{places[1].Address: 3}, err: syscall.EADDRNOTAVAIL}, false, 9, 0, true},
		"in use":                  {slowHost{tries: map[string]int{places[1].Address: 3}, err: syscall.EADDRINUSE}, true, 9, 0, true},
		"IPv4 is never tentative": {slowHost{tries: map[string]int{places[0].Address: 3}, err: syscall.EADDRNOTAVAIL}, true, 9, 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			waits := 0
			err := listenPatiently(places, &c.host, func(netip.Addr) bool { return c.present }, func() bool {
				waits++
				return waits <= c.patient
			})
			if (err != nil) != c.fails || c.fails && !errors.Is(err, c.host.err) || waits != c.waits {
				t.Errorf("%v after %d waits, want a failure: %v, after %d", err, waits, c.fails, c.waits)
			}
			if want := []string{places[0].Address, places[1].Address}; !c.fails && !slices.Equal(c.host.listen, want) {
				t.Errorf("listening on %v", c.host.listen)
			}
		})
	}
}

// The log tells how to connect, to a listener that takes users.
func TestTheInvitationNamesAListenerForUsers(t *testing.T) {
	at := func(network, address, protocol string, proxies ...netip.Prefix) opened {
		o := opened{o: server.ListenOptions{Protocol: protocol, Proxies: proxies}}
		if network == "unix" {
			o.addr = &net.UnixAddr{Net: "unix", Name: address}
		} else {
			o.addr = net.TCPAddrFromAddrPort(netip.MustParseAddrPort(address))
		}
		return o
	}
	telnet := at("tcp", "192.0.2.1:1", "telnet")
	secure := at("tcp", "[2001:db8::1]:2", "tls")
	json := at("tcp", "192.0.2.1:3", "json")
	socket := at("unix", "/run/chat.sock", "auto")
	behind := at("tcp", "192.0.2.1:4", "auto", netip.MustParsePrefix("192.0.2.0/24"))
	for _, c := range []struct {
		opened []opened
		want   string
	}{
		{[]opened{telnet, secure}, "telnet 192.0.2.1 1"},
		{[]opened{behind, json, secure, telnet}, "telnet 192.0.2.1 1"},
		{[]opened{json, secure}, "openssl s_client -quiet -connect [2001:db8::1]:2"},
		{[]opened{socket, secure}, "openssl s_client -quiet -connect [2001:db8::1]:2"},
		{[]opened{behind, socket}, "nc -U /run/chat.sock"},
		{[]opened{json}, "nc 192.0.2.1 3"},
		{[]opened{behind}, ""},
		{nil, ""},
	} {
		if got := invitation(c.opened); got != c.want {
			t.Errorf("%v: %q, want %q", c.opened, got, c.want)
		}
	}
}
