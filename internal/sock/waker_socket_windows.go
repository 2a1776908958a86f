package sock

import (
	"errors"
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/windows"

	"github.com/sudoXpg/netloop/eventloop"
)

// wakerEnds is a TCP connection to itself over the loopback: WSAPoll can watch
// only sockets. The buffers are here so that nothing is allocated.
type wakerEnds struct {
	read, write windows.Handle
	in          [64]byte
	out         [1]byte
}

// maxStrangers bounds how many connections of other programs are rejected
// before the waker's own arrives.
const maxStrangers = 16

// openEnds connects while the sockets still block, which is not for long,
// because no other process takes part.
func openEnds() (e wakerEnds, err error) {
	e.read, e.write = invalid, invalid
	ln, err := blockingSocket(windows.AF_INET)
	if err != nil {
		return e, err
	}
	defer func() { _ = windows.Closesocket(ln) }()
	if e.write, err = blockingSocket(windows.AF_INET); err != nil {
		return e, err
	}
	if err = meet(ln, e.write); err == nil {
		e.read, err = acceptFrom(ln, e.write)
	}
	if err == nil {
		err = errors.Join(setNonblock(e.write), tuneTCP(e.write), setUp(e.read, windows.AF_INET))
	}
	if err != nil {
		_ = e.close()
	}
	return e, err
}

// meet makes ln listen on a free port and connects client to it.
func meet(ln, client windows.Handle) error {
	if err := windows.SetsockoptInt(ln, windows.SOL_SOCKET, soBind, 1); err != nil {
		return SysErr("setsockopt", err)
	}
	if err := windows.Bind(ln, &windows.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		return SysErr("bind", err)
	}
	if err := windows.Listen(ln, maxStrangers); err != nil {
		return SysErr("listen", err)
	}
	at, err := windows.Getsockname(ln)
	if err != nil {
		return SysErr("getsockname", err)
	}
	return SysErr("connect", windows.Connect(client, at))
}

// acceptFrom accepts the connection of client, and rejects others: any program
// on this machine may connect to ln.
func acceptFrom(ln, client windows.Handle) (windows.Handle, error) {
	own, err := windows.Getsockname(client)
	if err != nil {
		return invalid, SysErr("getsockname", err)
	}
	for range maxStrangers {
		var peer windows.RawSockaddrAny
		size := int32(unsafe.Sizeof(peer))
		r, _, errno := syscall.SyscallN(procAccept.Addr(), uintptr(ln),
			uintptr(unsafe.Pointer(&peer)), uintptr(unsafe.Pointer(&size)))
		fd := windows.Handle(r)
		if fd == invalid {
			return invalid, SysErr("accept", errno)
		}
		if rawAddrPort((*rawInet6)(unsafe.Pointer(&peer))) == addrPort(own) {
			return fd, nil
		}
		_ = windows.Closesocket(fd)
	}
	return invalid, os.NewSyscallError("accept", windows.WSAECONNABORTED)
}

func (e *wakerEnds) signal() error {
	if _, errno := transfer(procSend, eventloop.Handle(e.write), e.out[:]); errno != 0 {
		return errno
	}
	return nil
}

func (e *wakerEnds) drain() {
	for {
		n, errno := transfer(procRecv, eventloop.Handle(e.read), e.in[:])
		if errno != 0 || n < len(e.in) {
			return
		}
	}
}

func (e *wakerEnds) close() error {
	return errors.Join(windows.Closesocket(e.read), windows.Closesocket(e.write))
}
