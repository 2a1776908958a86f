//go:build unix

package osutil

import (
	"errors"

	"golang.org/x/sys/unix"
)

// IsDiskFull tells whether err says that there is no space left, or none for
// this user.
func IsDiskFull(err error) bool {
	return errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT)
}

// IsReadOnly tells whether err says that a file system can't be written to.
func IsReadOnly(err error) bool { return errors.Is(err, unix.EROFS) }
