package main

import (
	"net"
	"net/netip"
	"time"

	"github.com/sudoXpg/netloop/internal/config"
	"github.com/sudoXpg/netloop/internal/server"
)

// A new IPv6 address is tentative at first: the system asks its neighbours whether
// one of them has it (RFC 4862, section 5.4), and listening there fails until they
// have had time to answer. At boot that may be when the server starts.
const (
	tentativeTime = 10 * time.Second // how long to wait in all
	tentativeLook = 100 * time.Millisecond
)

// A listener listens on addresses.
type listener interface {
	ListenWith(network, address string, o server.ListenOptions) (net.Addr, error)
}

// noted is a listener that records what it has opened.
type noted struct {
	listener
	opened []opened
}

// opened is an address that is listened on.
type opened struct {
	addr net.Addr
	o    server.ListenOptions
}

// ListenWith implements listener.
func (n *noted) ListenWith(network, address string, o server.ListenOptions) (net.Addr, error) {
	addr, err := n.listener.ListenWith(network, address, o)
	if err == nil {
		n.opened = append(n.opened, opened{addr, o})
	}
	return addr, err
}

// listenAll listens on all places, and waits for addresses that are tentative.
func listenAll(places []config.Listen, srv listener) error {
	over := time.NewTimer(tentativeTime)
	defer over.Stop()
	look := time.NewTicker(tentativeLook)
	defer look.Stop()
	return listenPatiently(places, srv, config.Present, func() bool {
		select {
		case <-look.C:
			return true
		case <-over.C:
			over.Reset(0) // for the other places, too
			return false
		}
	})
}

// listenPatiently is listenAll with its dependencies. wait returns false when the
// time is up.
func listenPatiently(places []config.Listen, srv listener, present func(netip.Addr) bool, wait func() bool) error {
	for _, place := range places {
		for {
			_, err := srv.ListenWith(place.Network, place.Address, server.ListenOptions{Protocol: place.Protocol, Proxies: place.Proxies})
			if err == nil {
				break
			}
			at, parseErr := netip.ParseAddrPort(place.Address)
			tentative := parseErr == nil && server.IsNoAddress(err) && at.Addr().Is6() && present(at.Addr())
			if !tentative || !wait() {
				return err
			}
		}
	}
	return nil
}
