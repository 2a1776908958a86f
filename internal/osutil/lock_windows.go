package osutil

import (
	"os"

	"golang.org/x/sys/windows"
)

// lockFile takes the lock of f, or returns errLocked at once. Others can't read
// a locked byte, so it is one far beyond the end: they must be able to read the
// owner's process ID.
func lockFile(f *os.File) error {
	behind := windows.Overlapped{OffsetHigh: 1}
	err := windows.LockFileEx(windows.Handle(f.Fd()),
		windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, &behind)
	if err == windows.ERROR_LOCK_VIOLATION || err == windows.ERROR_IO_PENDING {
		return errLocked
	}
	return os.NewSyscallError("LockFileEx", err)
}
