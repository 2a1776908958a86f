package admin

import (
	"os"

	"golang.org/x/sys/unix"
)

// socketPeer reads SO_PEERCRED (unix(7)).
func socketPeer(fd int) (uid int64, err error) {
	cred, err := unix.GetsockoptUcred(fd, unix.SOL_SOCKET, unix.SO_PEERCRED)
	if err != nil {
		return 0, os.NewSyscallError("getsockopt", err)
	}
	return int64(cred.Uid), nil
}
