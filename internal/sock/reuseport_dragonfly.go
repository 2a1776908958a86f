package sock

import "golang.org/x/sys/unix"

func setReusePort(fd int) error {
	return SysErr("setsockopt", unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEPORT, 1))
}
