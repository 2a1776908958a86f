//go:build unix

package sock

import (
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/sudoXpg/netloop/eventloop"
)

// What Unix and Windows have in common, under one name; sys_windows.go is the
// other half.
type (
	descriptor    = int
	socketAddr    = unix.Sockaddr
	sockaddrInet4 = unix.SockaddrInet4
	sockaddrInet6 = unix.SockaddrInet6
	sockaddrUnix  = unix.SockaddrUnix
)

const (
	invalid = -1

	afInet, afInet6, afUnix = unix.AF_INET, unix.AF_INET6, unix.AF_UNIX
	ipprotoTCP, ipprotoIPv6 = unix.IPPROTO_TCP, unix.IPPROTO_IPV6
	tcpNoDelay, ipv6Only    = unix.TCP_NODELAY, unix.IPV6_V6ONLY
	solSocket, soError      = unix.SOL_SOCKET, unix.SO_ERROR
	soOOBInline             = unix.SO_OOBINLINE
	// soBind is set before bind: a restarted server does not wait for the old
	// one's TIME_WAIT.
	soBind = unix.SO_REUSEADDR

	errAgain        = unix.EAGAIN
	errAddressInUse = unix.EADDRINUSE
	errRefused      = unix.ECONNREFUSED
)

var (
	// underWay is what connect says when it has begun. An interrupted one goes
	// on by itself (connect(2)).
	underWay = []error{nil, unix.EINPROGRESS, unix.EINTR, unix.EALREADY, unix.EISCONN}
	// gone is what shutdown says of a connection that has ended.
	gone = []error{unix.ENOTCONN}
	// noFiles: no descriptor to have, in the process or in the system.
	noFiles = []error{unix.EMFILE, unix.ENFILE}
	// noRoom is the same of accept, and no memory for one more connection.
	noRoom = []syscall.Errno{unix.EMFILE, unix.ENFILE, unix.ENOBUFS, unix.ENOMEM}
	// lostNewcomer: accept(2) says which pending errors of the network show up here.
	lostNewcomer = []syscall.Errno{
		unix.EINTR, unix.ECONNABORTED, unix.ECONNRESET, unix.EPROTO, unix.ETIMEDOUT,
		unix.ENETDOWN, unix.ENETUNREACH, unix.EHOSTDOWN, unix.EHOSTUNREACH, unix.ENOPROTOOPT,
	}
	noDualStack = []error{
		unix.EAFNOSUPPORT, unix.EPROTONOSUPPORT, unix.EADDRNOTAVAIL, unix.EINVAL, unix.ENOPROTOOPT,
	}
)

func bind(fd int, sa unix.Sockaddr) error         { return unix.Bind(fd, sa) }
func listenOn(fd, backlog int) error              { return unix.Listen(fd, backlog) }
func startConnect(fd int, sa unix.Sockaddr) error { return unix.Connect(fd, sa) }
func shutdownWriting(fd int) error                { return unix.Shutdown(fd, unix.SHUT_WR) }

func getsockname(fd int) (unix.Sockaddr, error) { return unix.Getsockname(fd) }
func getpeername(fd int) (unix.Sockaddr, error) { return unix.Getpeername(fd) }

func getsockoptInt(fd, level, option int) (int, error) {
	return unix.GetsockoptInt(fd, level, option)
}

func setsockoptInt(fd, level, option, value int) error {
	return unix.SetsockoptInt(fd, level, option, value)
}

func setNonblock(fd int) error { return SysErr("fcntl", unix.SetNonblock(fd, true)) }

// duplicate is dup with close-on-exec, as not every system has it in one call.
func duplicate(orig uintptr) (int, error) {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	fd, err := unix.Dup(int(orig))
	if err == nil {
		unix.CloseOnExec(fd)
	}
	return fd, err
}

// closeSocket closes fd. After these two errors it is gone all the same, and
// another close could hit its successor; FreeBSD reports a reset here.
func closeSocket(fd int) error {
	err := unix.Close(fd)
	if err == unix.EINTR || err == unix.ECONNRESET {
		return nil
	}
	return err
}

// IsOpen returns why h is no open descriptor, or nil.
func IsOpen(h eventloop.Handle) error {
	_, err := unix.FcntlInt(uintptr(h), unix.F_GETFD, 0)
	return SysErr("fcntl", err)
}
