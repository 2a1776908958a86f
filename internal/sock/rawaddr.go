//go:build linux || windows

package sock

import (
	"net/netip"
	"unsafe"
)

// rawAddrPort returns the address that the kernel wrote, an IPv4-mapped one as
// IPv4, and the zero AddrPort for a Unix socket.
func rawAddrPort(sa *rawInet6) netip.AddrPort {
	switch sa.Family {
	case afInet6:
		return netip.AddrPortFrom(withZone(netip.AddrFrom16(sa.Addr).Unmap(), sa.Scope_id), networkOrder(&sa.Port))
	case afInet:
		sa4 := (*rawInet4)(unsafe.Pointer(sa))
		return netip.AddrPortFrom(netip.AddrFrom4(sa4.Addr), networkOrder(&sa4.Port))
	}
	return netip.AddrPort{}
}

// networkOrder reads a big-endian number on machines of either order.
func networkOrder(p *uint16) uint16 {
	b := (*[2]byte)(unsafe.Pointer(p))
	return uint16(b[0])<<8 | uint16(b[1])
}
