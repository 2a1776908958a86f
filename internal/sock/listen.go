package sock

import (
	"errors"
	"io/fs"
	"net/netip"
	"os"
	"slices"
)

// bindTCP returns a bound TCP socket. A wildcard of network "tcp" is bound to
// both families, and on a machine that can't do that to IPv4 only.
func bindTCP(network, address string, reusePort bool) (descriptor, error) {
	a, err := parseTCP(network, address)
	if err != nil {
		return 0, err
	}
	switch {
	case network == "tcp" && a.wildcard():
		dual := netip.AddrPortFrom(netip.IPv6Unspecified(), a.Port())
		fd, err := bindTo(dual, false, reusePort)
		if !lacksDualStack(err) {
			return fd, err
		}
		return bindTo(netip.AddrPortFrom(netip.IPv4Unspecified(), a.Port()), false, reusePort)
	case !a.Addr().IsValid() && network == "tcp6":
		a.AddrPort = netip.AddrPortFrom(netip.IPv6Unspecified(), a.Port())
	case !a.Addr().IsValid():
		a.AddrPort = netip.AddrPortFrom(netip.IPv4Unspecified(), a.Port())
	}
	return bindTo(a.AddrPort, true, reusePort)
}

// lacksDualStack tells the errors of a machine without IPv6 (no such family,
// or no address of it) and of a system whose IPv6 sockets are IPv6 only.
func lacksDualStack(err error) bool {
	call, ok := errors.AsType[*os.SyscallError](err)
	return ok && slices.Contains(noDualStack, call.Err)
}

func bindTo(a netip.AddrPort, v6only, reusePort bool) (descriptor, error) {
	family, sa, err := sockaddr(a)
	if err != nil {
		return 0, err
	}
	fd, err := newSocket(family)
	if err != nil {
		return 0, err
	}
	if err = listenerOptions(fd, family, v6only, reusePort); err == nil {
		err = SysErr("bind", bind(fd, sa))
	}
	if err != nil {
		_ = closeSocket(fd)
		return 0, err
	}
	return fd, nil
}

func listenerOptions(fd descriptor, family int, v6only, reusePort bool) error {
	if family == afInet6 {
		only := 0
		if v6only {
			only = 1
		}
		if err := setsockoptInt(fd, ipprotoIPv6, ipv6Only, only); err != nil {
			return SysErr("setsockopt", err)
		}
	}
	if err := setsockoptInt(fd, solSocket, soBind, 1); err != nil {
		return SysErr("setsockopt", err)
	}
	if reusePort {
		if err := setReusePort(fd); err != nil {
			return err
		}
	}
	return tuneTCP(fd)
}

// tuneTCP sets TCP_NODELAY, and SO_OOBINLINE so that urgent data is read where it
// was sent (RFC 6093, section 5): without it a telnet client's Synch loses its
// last byte. Linux hands both down from listeners to what they accept.
func tuneTCP(fd descriptor) error {
	if err := setsockoptInt(fd, ipprotoTCP, tcpNoDelay, 1); err != nil {
		return SysErr("setsockopt", err)
	}
	// Last: MPTCP, which an adopted listener may be, does not know it.
	return SysErr("setsockopt", setsockoptInt(fd, solSocket, soOOBInline, 1))
}

// bindUnix returns a socket bound to path, over the file that a listener left
// behind if need be.
func bindUnix(path string) (descriptor, error) {
	fd, err := newSocket(afUnix)
	if err != nil {
		return 0, err
	}
	sa := &sockaddrUnix{Name: path}
	err = bind(fd, sa)
	if err == errAddressInUse && removeStale(path) {
		err = bind(fd, sa)
	}
	if err != nil {
		_ = closeSocket(fd)
		return 0, SysErr("bind", err)
	}
	return fd, nil
}

// removeStale removes the socket file at path if nobody listens on it, and
// tells whether the path is free. Anything but a refused connection (a full
// backlog, no permission, a file that is no socket) means it is not ours to take.
func removeStale(path string) bool {
	info, err := os.Lstat(path)
	if err != nil {
		return errors.Is(err, fs.ErrNotExist)
	}
	if info.Mode().Type() != fs.ModeSocket {
		return false
	}
	fd, err := newSocket(afUnix)
	if err != nil {
		return false
	}
	err = startConnect(fd, &sockaddrUnix{Name: path})
	_ = closeSocket(fd)
	return err == errRefused && os.Remove(path) == nil
}
