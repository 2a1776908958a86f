package sock

import (
	"io"
	"net/netip"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/sudoXpg/netloop/eventloop"
)

// The calls below are raw: a non-blocking socket returns at once, so there is
// nothing for the scheduler to do meanwhile. Not telling it saves about 45 ns
// of the 220 ns of a read that finds nothing. None of them allocates, unless it
// fails with an error of the system.
//
// accept4 and sendto have their own system calls on 386 and s390x since Linux 4.3.

// Accept implements eventloop.Net.
func (Net) Accept(ln eventloop.Handle) (eventloop.Handle, netip.AddrPort, error) {
	var sa unix.RawSockaddrInet6 // the longer of the two families that are parsed
	for range maxPassedOver {
		size := uint32(unsafe.Sizeof(sa))
		fd, _, errno := unix.RawSyscall6(unix.SYS_ACCEPT4, uintptr(ln),
			uintptr(unsafe.Pointer(&sa)), uintptr(unsafe.Pointer(&size)),
			unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0, 0)
		if errno == 0 {
			return eventloop.Handle(fd), rawAddrPort(&sa), nil
		}
		if err := acceptErr(errno); err != nil {
			return 0, netip.AddrPort{}, err
		}
	}
	return 0, netip.AddrPort{}, eventloop.ErrWouldBlock
}

// rawAddrPort returns the address that the kernel wrote, an IPv4-mapped one as
// IPv4, and the zero AddrPort for a Unix socket.
func rawAddrPort(sa *unix.RawSockaddrInet6) netip.AddrPort {
	switch sa.Family {
	case unix.AF_INET6:
		return netip.AddrPortFrom(withZone(netip.AddrFrom16(sa.Addr).Unmap(), sa.Scope_id), networkOrder(&sa.Port))
	case unix.AF_INET:
		sa4 := (*unix.RawSockaddrInet4)(unsafe.Pointer(sa))
		return netip.AddrPortFrom(netip.AddrFrom4(sa4.Addr), networkOrder(&sa4.Port))
	}
	return netip.AddrPort{}
}

// networkOrder reads a big-endian number on machines of either order.
func networkOrder(p *uint16) uint16 {
	b := (*[2]byte)(unsafe.Pointer(p))
	return uint16(b[0])<<8 | uint16(b[1])
}

// Read implements eventloop.Net.
func (Net) Read(h eventloop.Handle, p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for {
		n, _, errno := unix.RawSyscall(unix.SYS_READ, uintptr(h),
			uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)))
		switch {
		case errno == unix.EINTR:
		case errno != 0:
			return 0, ioErr("read", errno)
		case n == 0:
			return 0, io.EOF
		default:
			return int(n), nil
		}
	}
}

// Write implements eventloop.Net.
func (Net) Write(h eventloop.Handle, p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for {
		n, _, errno := unix.RawSyscall6(unix.SYS_SENDTO, uintptr(h),
			uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)), unix.MSG_NOSIGNAL, 0, 0)
		switch {
		case errno == unix.EINTR:
		case errno != 0:
			return 0, ioErr("write", errno)
		default:
			return int(n), nil
		}
	}
}
