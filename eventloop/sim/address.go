package sim

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"
	"syscall"
)

// An address is the parsed argument of Listen or Dial.
type address struct {
	path string // of a Unix socket; "" for TCP
	ip   netip.Addr
	port uint16
	v4   bool // reaches IPv4
	v6   bool // reaches IPv6
}

// parse reads an address in the form that eventloop.Net describes. An empty host
// is the unspecified address, which reaches both families if the network does.
func parse(network, text string) (address, error) {
	var v4, v6 bool
	switch network {
	case "unix":
		if text == "" {
			return address{}, &net.AddrError{Err: "sim: empty path"}
		}
		return address{path: text}, nil
	case "tcp":
		v4, v6 = true, true
	case "tcp4":
		v4 = true
	case "tcp6":
		v6 = true
	default:
		return address{}, fmt.Errorf("sim: %w", net.UnknownNetworkError(network))
	}
	host, portText, err := net.SplitHostPort(text)
	if err != nil {
		return address{}, fmt.Errorf("sim: %w", err)
	}
	port, err := strconv.ParseUint(portText, 10, 16)
	if err != nil {
		return address{}, &net.AddrError{Err: "sim: invalid port", Addr: text}
	}
	a := address{port: uint16(port), v4: v4, v6: v6, ip: netip.IPv4Unspecified()}
	if !v4 {
		a.ip = netip.IPv6Unspecified()
	}
	if host == "" {
		return a, nil
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return address{}, fmt.Errorf("sim: %w", err)
	}
	ip = ip.Unmap()
	if ip.Is4() && !v4 || ip.Is6() && !v6 {
		return address{}, os.NewSyscallError("socket", syscall.EAFNOSUPPORT)
	}
	a.ip = ip
	if !a.wildcard() {
		a.v4, a.v6 = ip.Is4(), ip.Is6()
	}
	return a, nil
}

func (a *address) wildcard() bool { return a.ip.IsUnspecified() }

// target turns an address to dial into one that can be reached: as on Linux,
// the unspecified address means this machine.
func (a *address) target() netip.AddrPort {
	switch {
	case !a.wildcard():
		return netip.AddrPortFrom(a.ip, a.port)
	case a.ip.Is4():
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), a.port)
	default:
		return netip.AddrPortFrom(netip.IPv6Loopback(), a.port)
	}
}

// clashes reports whether two listeners could get the same connection.
func (a *address) clashes(b *address) bool {
	if a.path != "" || b.path != "" {
		return a.path == b.path
	}
	return a.port == b.port &&
		(a.v4 && b.v4 || a.v6 && b.v6) &&
		(a.wildcard() || b.wildcard() || a.ip == b.ip)
}

// takes reports whether a listener on a gets connections to the TCP address to.
func (a *address) takes(to netip.AddrPort) bool {
	if a.path != "" || a.port != to.Port() {
		return false
	}
	if a.wildcard() {
		return to.Addr().Is4() && a.v4 || to.Addr().Is6() && a.v6
	}
	return a.ip == to.Addr()
}

// anyPort returns the next port of the range that Linux uses for sockets without
// one (ip_local_port_range, ip(7)).
func (w *World) anyPort() uint16 {
	const first, last = 32768, 60999
	if w.lastPort < first || w.lastPort >= last {
		w.lastPort = first
	} else {
		w.lastPort++
	}
	return w.lastPort
}

// bind fills in the port of a listener's address, if it has none, and returns
// an error if the address is in use.
func (w *World) bind(a *address, reuse bool) error {
	if a.path == "" && a.port == 0 {
		for range 1 << 16 {
			a.port = w.anyPort()
			if !w.taken(a, false) {
				return nil
			}
		}
		return os.NewSyscallError("bind", syscall.EADDRINUSE)
	}
	if w.taken(a, reuse) {
		return os.NewSyscallError("bind", syscall.EADDRINUSE)
	}
	return nil
}

func (w *World) taken(a *address, reuse bool) bool {
	for _, ln := range w.listeners {
		if ln.address.clashes(a) && (!reuse || !ln.reuse) {
			return true
		}
	}
	return false
}

// listener returns the listener that gets a connection to a, or nil: the most
// specific one, and a random one of those that share an address.
func (w *World) listener(a *address) *socket {
	var found *socket
	to := a.target()
	sharing := 0
	for _, ln := range w.listeners {
		if a.path != "" {
			if ln.address.path == a.path {
				return ln
			}
			continue
		}
		if !ln.address.takes(to) {
			continue
		}
		switch {
		case found == nil || found.address.wildcard() && !ln.address.wildcard():
			found, sharing = ln, 1
		case found.address.wildcard() == ln.address.wildcard():
			sharing++
			if w.rng.IntN(sharing) == 0 {
				found = ln
			}
		}
	}
	return found
}
