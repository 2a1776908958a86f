package sock

import (
	"net"
	"net/netip"
	"strconv"
)

// A tcpAddr is a parsed TCP address. An invalid Addr is a wildcard of any
// family that the network allows.
type tcpAddr struct {
	netip.AddrPort
}

// wildcard reports whether the address means every address of the machine.
func (a tcpAddr) wildcard() bool { return !a.Addr().IsValid() || a.Addr().IsUnspecified() }

// parseTCP reads "host:port": an IP literal or nothing, and a number. Names are
// never resolved: that blocks, and Net does not.
func parseTCP(network, address string) (tcpAddr, error) {
	if network != "tcp" && network != "tcp4" && network != "tcp6" {
		return tcpAddr{}, net.UnknownNetworkError(network)
	}
	host, service, err := net.SplitHostPort(address)
	if err != nil {
		return tcpAddr{}, err
	}
	port, err := strconv.ParseUint(service, 10, 16)
	if err != nil {
		return tcpAddr{}, &net.AddrError{Err: "port is not a number from 0 to 65535", Addr: address}
	}
	if host == "" {
		return tcpAddr{netip.AddrPortFrom(netip.Addr{}, uint16(port))}, nil
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return tcpAddr{}, &net.AddrError{Err: "host is not an IP address", Addr: address}
	}
	ip = ip.Unmap()
	if network == "tcp4" && !ip.Is4() || network == "tcp6" && !ip.Is6() {
		return tcpAddr{}, &net.AddrError{Err: "address is not of the family of " + network, Addr: address}
	}
	return tcpAddr{netip.AddrPortFrom(ip, uint16(port))}, nil
}

// target returns the address to connect to: the wildcard means this machine
// (connect(2) to it works on some systems only).
func (a tcpAddr) target(network string) netip.AddrPort {
	switch {
	case !a.wildcard():
		return a.AddrPort
	case network == "tcp6" || a.Addr().Is6():
		return netip.AddrPortFrom(netip.IPv6Loopback(), a.Port())
	default:
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), a.Port())
	}
}
