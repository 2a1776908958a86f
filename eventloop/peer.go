package eventloop

import (
	"net/netip"
	"slices"
)

// A peerAddr is a netip.AddrPort in 24 bytes instead of 32: a zone is a number instead of a
// pointer, as link-local peers are rare. It is never changed, so that any goroutine may read it.
type peerAddr struct {
	ip   [16]byte
	kind addrKind
	port uint16
}

// An addrKind is the kind of address in a peerAddr.
type addrKind uint32

const (
	noAddr    addrKind = iota // of a Unix socket
	ip4                       // in the last four bytes
	ip6                       // including IPv4-mapped addresses
	firstZone                 // IPv6 with Loop.zones[0]; then the others
)

// pack makes a peerAddr of an address of a peer of this loop.
func (l *Loop) pack(a netip.AddrPort) peerAddr {
	p := peerAddr{port: a.Port()}
	switch ip := a.Addr(); {
	case !ip.IsValid():
	case ip.Is4():
		p.ip, p.kind = ip.As16(), ip4
	case ip.Zone() == "":
		p.ip, p.kind = ip.As16(), ip6
	default:
		p.ip, p.kind = ip.As16(), l.zone(ip.Zone())
	}
	return p
}

// unpack is the inverse of pack. It may be called from any goroutine.
func (l *Loop) unpack(p peerAddr) netip.AddrPort {
	ip := netip.AddrFrom16(p.ip)
	switch p.kind {
	case noAddr:
		ip = netip.Addr{}
	case ip4:
		ip = ip.Unmap()
	case ip6:
	default:
		l.mu.Lock()
		ip = ip.WithZone(l.zones[p.kind-firstZone])
		l.mu.Unlock()
	}
	return netip.AddrPortFrom(ip, p.port)
}

// zone returns the kind of address that has a zone. There are at most as many zones as
// there have been network interfaces with link-local peers.
func (l *Loop) zone(name string) addrKind {
	l.mu.Lock()
	defer l.mu.Unlock()
	i := slices.Index(l.zones, name)
	if i < 0 {
		i = len(l.zones)
		l.zones = append(l.zones, name)
	}
	return firstZone + addrKind(i)
}
