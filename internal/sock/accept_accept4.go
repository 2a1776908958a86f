//go:build freebsd || dragonfly || illumos

package sock

import "golang.org/x/sys/unix"

// accept takes one connection, non-blocking and close-on-exec from the start.
func accept(ln int) (int, unix.Sockaddr, error) {
	return unix.Accept4(ln, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
}
