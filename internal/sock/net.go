package sock

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"syscall"

	"github.com/sudoXpg/netloop/eventloop"
)

// Net is the eventloop.Net of the system: a Handle is a file descriptor on Unix
// and a SOCKET on Windows, non-blocking and not inherited by child processes. TCP
// sockets are plain TCP (no MPTCP) and have TCP_NODELAY set; no use of them
// raises SIGPIPE.
//
// The file of a Unix socket outlives its listener; the next Listen on its path
// replaces it if nobody listens there.
type Net struct{}

var (
	_ eventloop.Net      = Net{}
	_ eventloop.Unlinker = Net{}
)

const (
	defaultBacklog = 4096
	// maxBacklog is what every system takes: some keep the length in 16 bits.
	maxBacklog = 1<<16 - 1
	// maxPassedOver bounds how many lost newcomers one Accept passes over: the
	// poller reports the listener again.
	maxPassedOver = 64
)

// Listen implements eventloop.Net.
func (Net) Listen(network, address string, o eventloop.ListenOptions) (eventloop.Handle, error) {
	var fd descriptor
	var err error
	if network == "unix" {
		if o.ReusePort {
			return 0, fmt.Errorf("sock: several listeners on one Unix socket: %w", errors.ErrUnsupported)
		}
		fd, err = bindUnix(address)
	} else {
		fd, err = bindTCP(network, address, o.ReusePort)
	}
	if err != nil {
		return 0, err
	}
	backlog := o.Backlog
	if backlog <= 0 {
		backlog = defaultBacklog
	}
	if err := listenOn(fd, min(backlog, maxBacklog)); err != nil {
		_ = closeSocket(fd)
		return 0, SysErr("listen", err)
	}
	return eventloop.Handle(fd), nil
}

// Adopt implements eventloop.Net for the listeners of package net and all
// others with a descriptor. The socket file of a *net.UnixListener is kept when
// ln is closed, as it is in use.
func (Net) Adopt(ln net.Listener) (eventloop.Handle, error) {
	sc, ok := ln.(syscall.Conn)
	if !ok {
		return 0, fmt.Errorf("sock: adopt %T: %w", ln, errors.ErrUnsupported)
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return 0, err
	}
	fd, dupErr := invalid, error(nil)
	err = raw.Control(func(orig uintptr) {
		fd, dupErr = duplicate(orig)
	})
	if err != nil {
		return 0, err
	}
	if dupErr != nil {
		return 0, SysErr("dup", dupErr)
	}
	if err := prepareListener(fd); err != nil {
		_ = closeSocket(fd)
		return 0, err
	}
	if ul, ok := ln.(*net.UnixListener); ok {
		ul.SetUnlinkOnClose(false)
	}
	return eventloop.Handle(fd), nil
}

// prepareListener gives an adopted listener what bindTCP gives its own.
func prepareListener(fd descriptor) error {
	sa, err := getsockname(fd)
	if err != nil {
		return SysErr("getsockname", err)
	}
	if _, local := sa.(*sockaddrUnix); !local {
		// Package net makes MPTCP listeners where it can, on which older
		// versions of Linux know no such option.
		if err := tuneTCP(fd); err != nil && !errors.Is(err, errors.ErrUnsupported) {
			return err
		}
	}
	return setNonblock(fd)
}

// Dial implements eventloop.Net. A wildcard address connects to this machine.
func (Net) Dial(network, address string) (eventloop.Handle, error) {
	family, sa, err := dialTarget(network, address)
	if err != nil {
		return 0, err
	}
	fd, err := newSocket(family)
	if err != nil {
		return 0, err
	}
	if family != afUnix {
		err = tuneTCP(fd)
	}
	if err == nil {
		err = SysErr("connect", connect(fd, sa))
	}
	if err != nil {
		_ = closeSocket(fd)
		return 0, err
	}
	return eventloop.Handle(fd), nil
}

func dialTarget(network, address string) (family int, sa socketAddr, err error) {
	if network == "unix" {
		return afUnix, &sockaddrUnix{Name: address}, nil
	}
	a, err := parseTCP(network, address)
	if err != nil {
		return 0, nil, err
	}
	return sockaddr(a.target(network))
}

// connect starts to connect. An interrupted connect goes on by itself, like one
// in progress (connect(2)).
func connect(fd descriptor, sa socketAddr) error {
	if err := startConnect(fd, sa); !slices.Contains(underWay, err) {
		return err
	}
	return nil
}

// Connected implements eventloop.Net.
func (Net) Connected(h eventloop.Handle) error {
	code, err := getsockoptInt(descriptor(h), solSocket, soError)
	if err != nil {
		return SysErr("getsockopt", err)
	}
	if code != 0 {
		return os.NewSyscallError("connect", syscall.Errno(code))
	}
	// No error is also what a connect still in progress has.
	_, err = getpeername(descriptor(h))
	return SysErr("connect", err)
}

// LocalAddr implements eventloop.Net.
func (Net) LocalAddr(h eventloop.Handle) (net.Addr, error) {
	sa, err := getsockname(descriptor(h))
	if err != nil {
		return nil, SysErr("getsockname", err)
	}
	if sa, ok := sa.(*sockaddrUnix); ok {
		return &net.UnixAddr{Name: sa.Name, Net: "unix"}, nil
	}
	return net.TCPAddrFromAddrPort(addrPort(sa)), nil
}

// CloseWrite implements eventloop.Net. A connection that is gone already has
// nobody to be told: that is no error.
func (Net) CloseWrite(h eventloop.Handle) error {
	err := shutdownWriting(descriptor(h))
	if slices.Contains(gone, err) {
		return nil
	}
	return SysErr("shutdown", err)
}

// CloseHandle implements eventloop.Net.
func (Net) CloseHandle(h eventloop.Handle) error {
	return SysErr("close", closeSocket(descriptor(h)))
}

// Unlink implements eventloop.Unlinker.
func (Net) Unlink(address string) error { return os.Remove(address) }

// SysErr names the system call that failed, keeps nil nil, and says
// eventloop.ErrTooManyFiles in its own words, as eventloop.Net asks for.
func SysErr(call string, err error) error {
	if err == nil {
		return nil
	}
	if slices.Contains(noFiles, err) {
		return eventloop.ErrTooManyFiles
	}
	return os.NewSyscallError(call, err)
}

// ioErr turns the errno of a read or a write into what eventloop.Net promises.
func ioErr(call string, errno syscall.Errno) error {
	if errno == errAgain {
		return eventloop.ErrWouldBlock
	}
	return os.NewSyscallError(call, errno)
}

// acceptErr turns the errno of accept into what eventloop.Net promises. It is
// nil for a newcomer that was lost before it was taken, which is passed over.
func acceptErr(errno syscall.Errno) error {
	switch {
	case errno == errAgain:
		return eventloop.ErrWouldBlock
	case slices.Contains(noRoom, errno):
		return eventloop.ErrTooManyFiles
	case slices.Contains(lostNewcomer, errno):
		return nil
	}
	return os.NewSyscallError("accept", errno)
}

// addrPort returns the address in sa, an IPv4-mapped one as IPv4, and the zero
// AddrPort for a Unix socket.
func addrPort(sa socketAddr) netip.AddrPort {
	switch sa := sa.(type) {
	case *sockaddrInet4:
		return netip.AddrPortFrom(netip.AddrFrom4(sa.Addr), uint16(sa.Port))
	case *sockaddrInet6:
		return netip.AddrPortFrom(withZone(netip.AddrFrom16(sa.Addr).Unmap(), sa.ZoneId), uint16(sa.Port))
	}
	return netip.AddrPort{}
}

// sockaddr returns the family and the system's form of a.
func sockaddr(a netip.AddrPort) (family int, sa socketAddr, err error) {
	ip := a.Addr()
	if ip.Is4() {
		return afInet, &sockaddrInet4{Addr: ip.As4(), Port: int(a.Port())}, nil
	}
	zone, err := zoneID(ip.Zone())
	if err != nil {
		return 0, nil, err
	}
	return afInet6, &sockaddrInet6{Addr: ip.As16(), Port: int(a.Port()), ZoneId: zone}, nil
}
