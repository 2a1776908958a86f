package pollfd

import (
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/windows"
)

// A pollFd is WSAPOLLFD of winsock2.h: 16 bytes with 64-bit handles, 8 on 386.
type pollFd struct {
	Fd              windows.Handle
	Events, Revents int16
}

type descriptor = windows.Handle

const (
	// pollIn is POLLRDNORM alone: WSAPoll does not accept POLLPRI, and urgent
	// data is read in line.
	pollIn, pollOut = 0x0100, 0x0010
	// pollFailed is POLLERR and POLLNVAL: the connection has failed.
	pollFailed = 0x0001 | 0x0004
	// peerEnd is POLLHUP, which is also reported here when the peer has only
	// shut down its side, even without interest in reading.
	peerEnd = 0x0002
	// hangUpFlag is empty: peerEnd is always reported.
	hangUpFlag = 0

	errExists, errUnknown, errInvalid = windows.ERROR_ALREADY_EXISTS, windows.ERROR_NOT_FOUND, windows.WSAEINVAL
)

var procWSAPoll = windows.NewLazySystemDLL("ws2_32.dll").NewProc("WSAPoll")

// poll is WSAPoll.
func poll(fds []pollFd, milliseconds int) (int, error) {
	r, _, errno := syscall.SyscallN(procWSAPoll.Addr(), uintptr(unsafe.Pointer(unsafe.SliceData(fds))),
		uintptr(len(fds)), uintptr(milliseconds))
	if n := int(int32(r)); n >= 0 {
		return n, nil
	}
	return 0, os.NewSyscallError("WSAPoll", errno)
}
