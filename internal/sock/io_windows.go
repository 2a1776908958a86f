package sock

import (
	"io"
	"net/netip"
	"syscall"
	"unsafe"

	"golang.org/x/sys/windows"

	"github.com/sudoXpg/netloop/eventloop"
)

const (
	// maxSend bounds one send: a socket that does not block takes any length at
	// once, and the system keeps all of it in memory that can't be paged out.
	maxSend = 64 << 10
	// maxRecv fits into a 32-bit int.
	maxRecv = 1 << 30
)

// Accept implements eventloop.Net.
func (Net) Accept(ln eventloop.Handle) (eventloop.Handle, netip.AddrPort, error) {
	var sa windows.RawSockaddrAny // one of a Unix socket must fit, too: WSAEFAULT
	for range maxPassedOver {
		size := int32(unsafe.Sizeof(sa))
		r, _, errno := syscall.SyscallN(procAccept.Addr(), uintptr(ln),
			uintptr(unsafe.Pointer(&sa)), uintptr(unsafe.Pointer(&size)))
		if fd := windows.Handle(r); fd != invalid {
			if setUp(fd, sa.Addr.Family) != nil {
				_ = windows.Closesocket(fd) // the connection is gone: options can't be set any more
				continue
			}
			return eventloop.Handle(fd), rawAddrPort((*rawInet6)(unsafe.Pointer(&sa))), nil
		}
		if err := acceptErr(errno); err != nil {
			return 0, netip.AddrPort{}, err
		}
	}
	return 0, netip.AddrPort{}, eventloop.ErrWouldBlock
}

// setUp sets the options on an accepted socket that newSocket and the listener
// set on others; not every version of Windows inherits them.
func setUp(fd windows.Handle, family uint16) error {
	if err := windows.SetHandleInformation(fd, windows.HANDLE_FLAG_INHERIT, 0); err != nil {
		return err
	}
	if err := setNonblock(fd); err != nil || family == windows.AF_UNIX {
		return err
	}
	return tuneTCP(fd)
}

// Read implements eventloop.Net.
func (Net) Read(h eventloop.Handle, p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	n, errno := transfer(procRecv, h, p[:min(len(p), maxRecv)])
	switch {
	case errno != 0:
		return 0, ioErr("recv", errno)
	case n == 0:
		return 0, io.EOF
	default:
		return n, nil
	}
}

// Write implements eventloop.Net.
func (Net) Write(h eventloop.Handle, p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	n, errno := transfer(procSend, h, p[:min(len(p), maxSend)])
	if errno != 0 {
		return 0, ioErr("send", errno)
	}
	return n, nil
}

// transfer is recv or send, whose arguments are the same.
func transfer(proc *windows.LazyProc, h eventloop.Handle, p []byte) (int, syscall.Errno) {
	r, _, errno := syscall.SyscallN(proc.Addr(), uintptr(h),
		uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)), 0)
	if failed(r) {
		return 0, errno
	}
	return int(int32(r)), 0
}
