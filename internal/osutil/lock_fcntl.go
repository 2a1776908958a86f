//go:build solaris || illumos || aix

package osutil

import (
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// lockFile takes the lock of f, or returns errLocked at once. It is the
// process's, which loses it when it closes the file, however often it has opened
// it (fcntl(2)); flock is not to be had on all of these systems.
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
