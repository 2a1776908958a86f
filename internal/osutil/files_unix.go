//go:build unix

package osutil

import (
	"os"

	"golang.org/x/sys/unix"
)

// RaiseFileLimit raises the soft limit of open descriptors to the hard one
// (RLIMIT_NOFILE, getrlimit(2)) and returns the resulting limit. With an error
// that is the old limit, or 0 if it is unknown.
func RaiseFileLimit() (limit uint64, err error) {
	var lim unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &lim); err != nil {
		return 0, os.NewSyscallError("getrlimit", err)
	}
	if lim.Cur >= lim.Max {
		return uint64(lim.Cur), nil
	}
	old := lim.Cur
	lim.Cur = lim.Max
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &lim); err != nil {
		return uint64(old), os.NewSyscallError("setrlimit", err)
	}
	return uint64(lim.Cur), nil
}
