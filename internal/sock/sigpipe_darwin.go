package sock

import "golang.org/x/sys/unix"

// writeFlags is empty: only newer versions of the system support MSG_NOSIGNAL.
const writeFlags = 0

func noSigpipe(fd int) error {
	return SysErr("setsockopt", unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_NOSIGPIPE, 1))
}
