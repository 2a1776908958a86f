//go:build aix || darwin || netbsd || openbsd || (solaris && !illumos)

package sock

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// accept takes one connection, without accept4. The lock keeps a fork from
// happening before the descriptor is close-on-exec; the listener is
// non-blocking, so the lock is never held for long.
func accept(ln int) (int, unix.Sockaddr, error) {
	syscall.ForkLock.RLock()
	fd, sa, err := unix.Accept(ln)
	if err == nil {
		unix.CloseOnExec(fd)
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return -1, nil, err
	}
	if err := unix.SetNonblock(fd, true); err != nil {
		unix.Close(fd)
		return -1, nil, err
	}
	return fd, sa, nil
}
