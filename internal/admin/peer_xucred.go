//go:build darwin || freebsd

package admin

import (
	"os"

	"golang.org/x/sys/unix"
)

// solLocal is the level of a Unix socket's options (unix(4)).
const solLocal = 0

// socketPeer reads LOCAL_PEERCRED (unix(4)).
func socketPeer(fd int) (uid int64, err error) {
	cred, err := unix.GetsockoptXucred(fd, solLocal, unix.LOCAL_PEERCRED)
	if err != nil {
		return 0, os.NewSyscallError("getsockopt", err)
	}
	return int64(cred.Uid), nil
}
