// Package customer says whom an address stands for, for limits that hold for each
// of them.
package customer

import "net/netip"

// Of returns what addr is counted as: an IPv4 address, or an IPv6 /64,
// the least that one customer of a provider has (RFC 6177). It is false for who
// is not counted by address: loopback, behind which anybody may be who comes
// through a proxy, and Unix sockets, whose address is invalid.
func Of(addr netip.Addr) (netip.Addr, bool) {
	addr = addr.Unmap()
	if !addr.IsValid() || addr.IsLoopback() {
		return addr, false
	}
	if addr.Is4() {
		return addr, true
	}
	prefix, err := addr.WithZone("").Prefix(64)
	return prefix.Addr(), err == nil
}
