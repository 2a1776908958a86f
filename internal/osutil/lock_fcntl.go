//go:build solaris || illumos || aix

package osutil

import (
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// lockFile takes the lock of f, or returns errLocked at once. The lock belongs
// to the process, which loses it when it closes any descriptor of the file
// (fcntl(2)). Not all of these systems have flock.
func lockFile(f *os.File) error {
	whole := unix.Flock_t{Type: unix.F_WRLCK, Whence: io.SeekStart}
	for {
		err := unix.FcntlFlock(f.Fd(), unix.F_SETLK, &whole)
		switch err {
		case unix.EINTR:
		case unix.EAGAIN, unix.EACCES:
			return errLocked
		default:
			return os.NewSyscallError("fcntl", err)
		}
	}
}
