//go:build unix

package pollfd

import (
	"os"

	"golang.org/x/sys/unix"
)

type (
	pollFd     = unix.PollFd
	descriptor = int32
)

const (
	pollIn, pollOut = unix.POLLIN, unix.POLLOUT
	// pollFailed: the connection has failed in both directions.
	pollFailed = unix.POLLHUP | unix.POLLERR | unix.POLLNVAL
	// peerEnd: the peer has shut down its side.
	peerEnd = hangUpFlag

	errExists, errUnknown, errInvalid = unix.EEXIST, unix.ENOENT, unix.EINVAL
)

// poll is poll(2). An interrupted one returns nothing; EAGAIN is a temporary
// lack of memory on some systems.
func poll(fds []unix.PollFd, milliseconds int) (int, error) {
	n, err := unix.Poll(fds, milliseconds)
	if err == unix.EINTR || err == unix.EAGAIN {
		return 0, nil
	}
	return n, os.NewSyscallError("poll", err)
}
