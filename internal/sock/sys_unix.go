//go:build unix

package sock

import (
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/sudoXpg/netloop/eventloop"
)

// Names for what Unix and Windows have in common; sys_windows.go is the other
// half.
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
	soKeepAlive             = unix.SO_KEEPALIVE
	// soBind is set before bind: a restarted server does not wait for the old
	// one's TIME_WAIT.
	soBind = unix.SO_REUSEADDR

	errAgain        = unix.EAGAIN
	errAddressInUse = unix.EADDRINUSE
	errRefused      = unix.ECONNREFUSED
)

var (
	// underWay are the results of a connect that is in progress. An interrupted
	// one continues by itself (connect(2)).
	underWay = []error{nil, unix.EINPROGRESS, unix.EINTR, unix.EALREADY, unix.EISCONN}
	// gone are the errors of shutdown for a connection that has ended. For one
	// that was reset it is EINVAL on NetBSD and ECONNRESET on others; EINVAL
	// can't mean the other argument of shutdown, which is always valid.
	gone = []error{unix.ENOTCONN, unix.ECONNRESET, unix.EINVAL}
	// noFiles are the errors when the process or the system is out of descriptors.
	noFiles = []error{unix.EMFILE, unix.ENFILE}
	// noRoom are the same errors of accept, and those for no memory for one more
	// connection.
	noRoom = []syscall.Errno{unix.EMFILE, unix.ENFILE, unix.ENOBUFS, unix.ENOMEM}
	// lostNewcomer are the pending network errors of accept(2).
	lostNewcomer = []syscall.Errno{
		unix.EINTR, unix.ECONNABORTED, unix.ECONNRESET, unix.EPROTO, unix.ETIMEDOUT,
		unix.ENETDOWN, unix.ENETUNREACH, unix.EHOSTDOWN, unix.EHOSTUNREACH, unix.ENOPROTOOPT,
	}
	// noSuchOption are the errors of setsockopt for an unsupported option.
	noSuchOption = []error{unix.ENOPROTOOPT, unix.EOPNOTSUPP}
	// oneFamily are the errors of IPV6_V6ONLY=0 on systems whose IPv6 sockets
	// are IPv6 only: OpenBSD (EINVAL), DragonFly (EOPNOTSUPP).
	oneFamily = []error{unix.EINVAL, unix.ENOPROTOOPT, unix.EOPNOTSUPP}
	// noIPv6 are the errors of a machine without IPv6: no such family, or no address of it.
	noIPv6 = []error{unix.EAFNOSUPPORT, unix.EPROTONOSUPPORT, unix.EADDRNOTAVAIL}
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

// duplicate is dup with close-on-exec, which not every system has as one call.
func duplicate(orig uintptr) (int, error) {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	fd, err := unix.Dup(int(orig))
	if err == nil {
		unix.CloseOnExec(fd)
	}
	return fd, err
}

// closeSocket closes fd. After these two errors it is closed anyway, and
// another close could hit a new descriptor with its number; FreeBSD reports a
// reset here.
func closeSocket(fd int) error {
	err := unix.Close(fd)
	if err == unix.EINTR || err == unix.ECONNRESET {
		return nil
	}
	return err
}

// IsOpen returns an error if h is not an open descriptor.
func IsOpen(h eventloop.Handle) error {
	_, err := unix.FcntlInt(uintptr(h), unix.F_GETFD, 0)
	return SysErr("fcntl", err)
}
