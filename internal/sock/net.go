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
// The file of a Unix socket is removed with its listener. A file left by a crash is
// replaced by the next Listen on its path: a process that listens there holds the
// lock of a file beside it, PATH.lock.
type Net struct{}

var (
	_ eventloop.Net         = Net{}
	_ eventloop.AllListener = Net{}
	_ eventloop.Unlinker    = Net{}
)

const (
	defaultBacklog = 4096
	// maxBacklog is accepted by every system: some store the length in 16 bits.
	maxBacklog = 1<<16 - 1
	// maxPassedOver bounds how many lost connections one Accept skips: the
	// poller reports the listener again.
	maxPassedOver = 64
)

// Listen implements eventloop.Net.
func (n Net) Listen(network, address string, o eventloop.ListenOptions) (eventloop.Handle, error) {
	all, err := n.ListenAll(network, address, o)
	if err != nil {
		return 0, err
	}
	for _, h := range all[:len(all)-1] { // the last of two families is IPv4
		_ = n.CloseHandle(h)
	}
	return all[len(all)-1], nil
}

// ListenAll implements eventloop.AllListener.
func (Net) ListenAll(network, address string, o eventloop.ListenOptions) ([]eventloop.Handle, error) {
	fds, err := bindAll(network, address, o.ReusePort)
	if err != nil {
		return nil, err
	}
	backlog := o.Backlog
	if backlog <= 0 {
		backlog = defaultBacklog
	}
	var all []eventloop.Handle
	for _, fd := range fds {
		if e := listenOn(fd, min(backlog, maxBacklog)); e != nil && err == nil {
			err = SysErr("listen", e)
		}
		all = append(all, eventloop.Handle(fd))
	}
	if err != nil {
		for _, fd := range fds {
			_ = closeSocket(fd)
		}
		return nil, err
	}
	return all, nil
}

func bindAll(network, address string, reusePort bool) ([]descriptor, error) {
	switch {
	case network != "unix":
		return bindTCP(network, address, reusePort, bindTo)
	case reusePort:
		return nil, fmt.Errorf("sock: several listeners on one Unix socket: %w", errors.ErrUnsupported)
	}
	return one(bindUnix(address))
}

// Adopt implements eventloop.Net for the listeners of package net and all
// others with a descriptor. The socket file of a *net.UnixListener is not
// removed when ln is closed, because it is in use.
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

// prepareListener sets the options on an adopted listener that bindTCP sets on its own.
func prepareListener(fd descriptor) error {
	sa, err := getsockname(fd)
	if err != nil {
		return SysErr("getsockname", err)
	}
	if _, local := sa.(*sockaddrUnix); !local {
		// Package net makes MPTCP listeners where it can, on which older
		// versions of Linux do not support such an option.
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

// connect starts to connect. An interrupted connect continues by itself, like
// one in progress (connect(2)).
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
	// A connect that is still in progress has no error either.
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

// CloseWrite implements eventloop.Net. On a connection that is already gone
// there is nothing to do, which is not an error.
func (Net) CloseWrite(h eventloop.Handle) error {
	return toldPeer(shutdownWriting(descriptor(h)))
}

// toldPeer converts the result of shutdown to that of CloseWrite.
func toldPeer(err error) error {
	if slices.Contains(gone, err) {
		return nil
	}
	return SysErr("shutdown", err)
}

// CloseHandle implements eventloop.Net.
func (Net) CloseHandle(h eventloop.Handle) error {
	err := release(descriptor(h))
	return errors.Join(err, SysErr("close", closeSocket(descriptor(h))))
}

// Unlink implements eventloop.Unlinker. It removes the file of a listener of this
// process, unless another one has taken its place.
func (Net) Unlink(address string) error { return releaseAt(address) }

// SysErr wraps an error of a system call with the call's name. It returns nil
// for nil, and eventloop.ErrTooManyFiles itself, as eventloop.Net requires.
func SysErr(call string, err error) error {
	if err == nil {
		return nil
	}
	if slices.Contains(noFiles, err) {
		return eventloop.ErrTooManyFiles
	}
	return os.NewSyscallError(call, err)
}

// ioErr converts the errno of a read or a write to the error that eventloop.Net promises.
func ioErr(call string, errno syscall.Errno) error {
	if errno == errAgain {
		return eventloop.ErrWouldBlock
	}
	return os.NewSyscallError(call, errno)
}

// acceptErr converts the errno of accept to the error that eventloop.Net
// promises. It returns nil for a connection that was lost before it was
// accepted, which is skipped.
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
