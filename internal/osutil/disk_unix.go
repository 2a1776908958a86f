//go:build unix

package osutil

import (
	"errors"

	"golang.org/x/sys/unix"
)

// IsDiskFull reports whether err means that there is no space left, or none for
// this user.
func IsDiskFull(err error) bool {
	return errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT)
}

// IsReadOnly reports whether err means that a file system is read-only.
func IsReadOnly(err error) bool { return errors.Is(err, unix.EROFS) }
