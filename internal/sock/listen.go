package sock

import (
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"runtime"
	"slices"
	"sync"

	"github.com/sudoXpg/netloop/internal/osutil"
)

// A binder returns a bound TCP socket: bindTo, except in tests.
type binder func(a netip.AddrPort, v6only, reusePort bool) (descriptor, error)

// bindTCP returns the bound TCP sockets that an address needs. A wildcard of
// network "tcp" is bound to both families: by one socket, by one for each family
// on a system whose IPv6 sockets are IPv6 only, and on a machine without IPv6 to
// IPv4 alone.
func bindTCP(network, address string, reusePort bool, bind binder) ([]descriptor, error) {
	a, err := parseTCP(network, address)
	if err != nil {
		return nil, err
	}
	switch {
	case network == "tcp" && a.wildcard():
		return bindWildcard(a.Port(), reusePort, bind)
	case !a.Addr().IsValid() && network == "tcp6":
		a.AddrPort = netip.AddrPortFrom(netip.IPv6Unspecified(), a.Port())
	case !a.Addr().IsValid():
		a.AddrPort = netip.AddrPortFrom(netip.IPv4Unspecified(), a.Port())
	}
	return one(bind(a.AddrPort, true, reusePort))
}

func one(fd descriptor, err error) ([]descriptor, error) {
	if err != nil {
		return nil, err
	}
	return []descriptor{fd}, nil
}

func bindWildcard(port uint16, reusePort bool, bind binder) ([]descriptor, error) {
	any6 := netip.AddrPortFrom(netip.IPv6Unspecified(), port)
	any4 := netip.AddrPortFrom(netip.IPv4Unspecified(), port)
	fd, err := bind(any6, false, reusePort)
	if err == nil || !calls(err, noIPv6) && !calls(err, oneFamily) {
		return one(fd, err)
	}
	six, err := bind(any6, true, reusePort)
	if calls(err, noIPv6) || calls(err, oneFamily) {
		return one(bind(any4, false, reusePort))
	}
	if err != nil {
		return nil, err
	}
	if port == 0 { // the other family gets the same one
		sa, err := getsockname(six)
		if err != nil {
			_ = closeSocket(six)
			return nil, SysErr("getsockname", err)
		}
		any4 = netip.AddrPortFrom(any4.Addr(), addrPort(sa).Port())
	}
	four, err := bind(any4, false, reusePort)
	if err != nil {
		_ = closeSocket(six)
		return nil, err
	}
	return []descriptor{six, four}, nil
}

// calls reports whether err is one of the given errors of a system call.
func calls(err error, those []error) bool {
	call, ok := errors.AsType[*os.SyscallError](err)
	return ok && slices.Contains(those, call.Err)
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
// last byte. On Linux accepted sockets inherit both from their listeners.
func tuneTCP(fd descriptor) error {
	if err := setsockoptInt(fd, ipprotoTCP, tcpNoDelay, 1); err != nil {
		return SysErr("setsockopt", err)
	}
	// Set last, because MPTCP, which an adopted listener may use, does not support it.
	return SysErr("setsockopt", setsockoptInt(fd, solSocket, soOOBInline, 1))
}

// unixClaims are the Unix sockets that this process listens on: each an unixClaim, by
// its descriptor.
var unixClaims sync.Map

type unixClaim struct {
	*osutil.SocketClaim
	address string // as it was given
}

// bindUnix returns a socket bound to path. It replaces the file of a listener
// that is gone; a lock beside the file shows whether it is.
func bindUnix(path string) (descriptor, error) {
	fd, err := newSocket(afUnix)
	if err != nil {
		return 0, err
	}
	if err = claimAndBind(fd, path); err != nil {
		_ = closeSocket(fd)
		return 0, err
	}
	return fd, nil
}

func claimAndBind(fd descriptor, path string) error {
	sa := &sockaddrUnix{Name: path}
	if IsAbstract(path) {
		return SysErr("bind", bind(fd, sa))
	}
	if len(path) > osutil.MaxSocketPath {
		return &osutil.SocketPathError{Path: path}
	}
	claim, err := osutil.ClaimSocket(path)
	if err != nil {
		return claimErr(err)
	}
	err = bind(fd, sa)
	if err == errAddressInUse && removeStale(path) {
		err = bind(fd, sa)
	}
	if err != nil {
		return errors.Join(SysErr("bind", err), claim.Release())
	}
	claim.Made()
	unixClaims.Store(fd, unixClaim{claim, path})
	return nil
}

// release gives up the claim of a descriptor that listens on a Unix socket.
func release(fd descriptor) error {
	c, ok := unixClaims.LoadAndDelete(fd)
	if !ok {
		return nil
	}
	return c.(unixClaim).Release() //nolint:forcetypeassert // there is nothing else in it
}

// releaseAt gives up the claim of a path.
func releaseAt(address string) (err error) {
	unixClaims.Range(func(_, c any) bool {
		claim := c.(unixClaim) //nolint:forcetypeassert // there is nothing else in it
		if claim.address == address {
			err = claim.Release()
		}
		return claim.address != address
	})
	return err
}

// claimErr converts an error of ClaimSocket to one of bind(2).
func claimErr(err error) error {
	if errors.Is(err, osutil.ErrSomebodyListens) {
		return SysErr("bind", errAddressInUse)
	}
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		return SysErr("bind", path.Err)
	}
	return fmt.Errorf("bind: %w", err)
}

// IsAbstract reports whether path is a name in Linux's abstract namespace and
// not a file (unix(7)).
func IsAbstract(path string) bool {
	return runtime.GOOS == "linux" && (path == "" || path[0] == '@' || path[0] == 0)
}

// removeStale removes the socket file at path, which is claimed, if it has no
// listener, and reports whether the path is free. Any result but a refused
// connection (a program that does not use claims, no permission, a file that is not
// a socket) means that it must not be removed.
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
