package sock

import "golang.org/x/sys/unix"

// setReusePort asks for SO_REUSEPORT_LB: plain SO_REUSEPORT gives every
// connection to one of the listeners here.
func setReusePort(fd int) error {
	return SysErr("setsockopt", unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEPORT_LB, 1))
}
