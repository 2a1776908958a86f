//go:build unix && !linux

package sock

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// newSocket opens a stream socket of a family. Not all of these systems open
// it close-on-exec; the lock keeps a fork from happening in between.
func newSocket(family int) (int, error) {
	proto := unix.IPPROTO_TCP
	if family == unix.AF_UNIX {
		proto = 0
	}
	syscall.ForkLock.RLock()
	fd, err := unix.Socket(family, unix.SOCK_STREAM, proto)
	if err == nil {
		unix.CloseOnExec(fd)
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return 0, SysErr("socket", err)
	}
	if err := setUp(fd); err != nil {
		unix.Close(fd)
		return 0, err
	}
	return fd, nil
}

// setUp makes a new descriptor non-blocking and disables SIGPIPE for it.
func setUp(fd int) error {
	if err := unix.SetNonblock(fd, true); err != nil {
		return SysErr("fcntl", err)
	}
	return noSigpipe(fd)
}
