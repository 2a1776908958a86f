package osutil

import (
	"errors"

	"golang.org/x/sys/windows"
)

// IsDiskFull tells whether err says that there is no space left, or none for
// this user.
func IsDiskFull(err error) bool {
	return errors.Is(err, windows.ERROR_DISK_FULL) || errors.Is(err, windows.ERROR_HANDLE_DISK_FULL) ||
		errors.Is(err, windows.ERROR_DISK_QUOTA_EXCEEDED)
}

// IsReadOnly tells whether err says that a file system can't be written to.
func IsReadOnly(err error) bool { return errors.Is(err, windows.ERROR_WRITE_PROTECT) }
