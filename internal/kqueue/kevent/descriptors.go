//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package kevent

import "golang.org/x/sys/unix"

// Descriptors are the calls of the present system that do not belong to kqueue.
type Descriptors struct{}

// These don't compile on a system with other values of the conditions.
var (
	_ = [1]int{}[unix.POLLIN-PollIn]
	_ = [1]int{}[unix.POLLOUT-PollOut]
	_ = [1]int{}[unix.POLLERR-PollErr]
	_ = [1]int{}[unix.POLLHUP-PollHup]
)

// IsOpen is part of Calls.
func (Descriptors) IsOpen(fd int) error {
	_, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0)
	return err
}

// IsConnected is part of Calls.
func (Descriptors) IsConnected(fd int) error {
	_, err := unix.Getpeername(fd)
	return err
}

// Poll is part of Calls.
func (Descriptors) Poll(fds []PollFd) error {
	same := make([]unix.PollFd, len(fds))
	for i, fd := range fds {
		same[i] = unix.PollFd{Fd: fd.Fd, Events: fd.Events}
	}
	_, err := unix.Poll(same, 0)
	for i := range same {
		fds[i].Revents = same[i].Revents
	}
	return err
}
