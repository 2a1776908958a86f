// Package clientaddr maps addresses to the units that limits by address count.
package clientaddr

import "net/netip"

// Of returns the address as which addr is counted: an IPv4 address itself, or an
// IPv6 /64, the least that a provider assigns to one customer (RFC 6177). All
// hosts on a link share one /64 of link-local addresses (RFC 4291, section
// 2.5.6), so such an address is counted by itself, with its zone. Of returns
// false for addresses that are not counted: loopback, which may stand for every
// client of a proxy, and the invalid addresses of Unix sockets.
func Of(addr netip.Addr) (netip.Addr, bool) {
	net, counted := Net(addr)
	if !counted {
		return addr.Unmap(), false
	}
	return net.Addr().WithZone(zone(addr)), true
}

// Net returns the network that Of counts as one. A network has no zone: it is on
// every link.
func Net(addr netip.Addr) (netip.Prefix, bool) {
	addr = addr.Unmap().WithZone("")
	if !addr.IsValid() || addr.IsLoopback() {
		return netip.Prefix{}, false
	}
	bits := addr.BitLen()
	if addr.Is6() && !addr.IsLinkLocalUnicast() {
		bits = 64
	}
	net, err := addr.Prefix(bits)
	return net, err == nil
}

// zone returns the zone of a link-local address.
func zone(addr netip.Addr) string {
	if addr.Is4In6() || !addr.IsLinkLocalUnicast() {
		return ""
	}
	return addr.Zone()
}

// ParseNet parses a network, or an address as one. An IPv4-mapped network
// (::ffff:192.0.2.0/120) becomes the IPv4 network. Bits beyond the mask and a
// zone are dropped.
func ParseNet(text string) (netip.Prefix, error) {
	if addr, err := netip.ParseAddr(text); err == nil {
		addr = addr.Unmap().WithZone("")
		return netip.PrefixFrom(addr, addr.BitLen()), nil
	}
	p, err := netip.ParsePrefix(text)
	if err != nil {
		return p, err
	}
	return Normal(p), nil
}

// Normal returns a network in the form that ParseNet returns. An invalid one stays as
// it is.
func Normal(p netip.Prefix) netip.Prefix {
	if p.Addr().Is4In6() {
		p = netip.PrefixFrom(p.Addr().Unmap(), max(0, p.Bits()-96))
	}
	return p.Masked()
}
