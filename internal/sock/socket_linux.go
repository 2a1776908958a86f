package sock

import "golang.org/x/sys/unix"

type (
	rawInet4 = unix.RawSockaddrInet4
	rawInet6 = unix.RawSockaddrInet6
)

// newSocket opens a stream socket of a family, always plain TCP for the IP
// ones: never MPTCP, which costs more and which sandboxes don't support.
func newSocket(family int) (int, error) {
	proto := unix.IPPROTO_TCP
	if family == unix.AF_UNIX {
		proto = 0
	}
	fd, err := unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, proto)
	if err != nil {
		return 0, SysErr("socket", err)
	}
	return fd, nil
}

func setReusePort(fd int) error {
	return SysErr("setsockopt", unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEPORT, 1))
}
