//go:build unix && !solaris && !illumos && !aix

package osutil

import (
	"os"

	"golang.org/x/sys/unix"
)

// lockFile takes the lock of f, or returns errLocked at once. The lock belongs
// to f, not to the process: opening the file again does not share it (flock(2)).
func lockFile(f *os.File) error {
	for {
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		switch err {
		case unix.EINTR:
		case unix.EWOULDBLOCK:
			return errLocked
		default:
			return os.NewSyscallError("flock", err)
		}
	}
}
