package sock

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"syscall"
	"unsafe"

	"golang.org/x/sys/windows"

	"github.com/sudoXpg/netloop/eventloop"
)

// Names for what Unix and Windows have in common; sys_unix.go is the other
// half.
type (
	descriptor    = windows.Handle
	socketAddr    = windows.Sockaddr
	sockaddrInet4 = windows.SockaddrInet4
	sockaddrInet6 = windows.SockaddrInet6
	sockaddrUnix  = windows.SockaddrUnix
	rawInet4      = windows.RawSockaddrInet4
	rawInet6      = windows.RawSockaddrInet6
)

const (
	invalid = windows.InvalidHandle

	afInet, afInet6, afUnix = windows.AF_INET, windows.AF_INET6, windows.AF_UNIX
	ipprotoTCP, ipprotoIPv6 = windows.IPPROTO_TCP, windows.IPPROTO_IPV6
	tcpNoDelay, ipv6Only    = windows.TCP_NODELAY, windows.IPV6_V6ONLY
	solSocket, soError      = windows.SOL_SOCKET, 0x1007
	soOOBInline             = 0x100
	soKeepAlive             = 0x8
	// soBind is set before bind. It is SO_EXCLUSIVEADDRUSE: without it another
	// program may take over the port with SO_REUSEADDR, which means sharing
	// here (learn.microsoft.com, "Using SO_REUSEADDR and SO_EXCLUSIVEADDRUSE").
	soBind = ^windows.SO_REUSEADDR

	errAgain        = windows.WSAEWOULDBLOCK
	errAddressInUse = windows.WSAEADDRINUSE
	errRefused      = windows.WSAECONNREFUSED
)

var (
	// underWay are the results of a connect that is in progress.
	underWay = []error{nil, windows.WSAEWOULDBLOCK, windows.WSAEINPROGRESS, windows.WSAEALREADY, windows.WSAEISCONN}
	// gone are the errors of shutdown for a connection that has ended.
	gone = []error{windows.WSAENOTCONN, windows.WSAECONNRESET, windows.WSAECONNABORTED}
	// noFiles are the errors when there are no more sockets. WSAENOBUFS, lack
	// of memory, is not among them, because it has another meaning in connect
	// (no port).
	noFiles = []error{windows.WSAEMFILE}
	// noRoom are the same errors of accept, and those for no memory for one more
	// connection.
	noRoom = []syscall.Errno{windows.WSAEMFILE, windows.WSAENOBUFS}
	// lostNewcomer are the errors of accept for a connection that is already gone.
	lostNewcomer = []syscall.Errno{
		windows.WSAEINTR, windows.WSAECONNABORTED, windows.WSAECONNRESET, windows.WSAENETDOWN,
		windows.WSAENETUNREACH, windows.WSAEHOSTDOWN, windows.WSAEHOSTUNREACH, windows.WSAETIMEDOUT,
	}
	// noSuchOption are the errors of setsockopt for an unsupported option.
	noSuchOption = []error{windows.WSAENOPROTOOPT, windows.WSAEOPNOTSUPP}
	// oneFamily are the errors of IPV6_V6ONLY=0 on systems whose IPv6 sockets
	// are IPv6 only.
	oneFamily = []error{windows.WSAEINVAL, windows.WSAENOPROTOOPT, windows.WSAEOPNOTSUPP}
	// noIPv6 are the errors of a machine without IPv6: no such family, or no address of it.
	noIPv6 = []error{windows.WSAEAFNOSUPPORT, windows.WSAEPROTONOSUPPORT, windows.WSAEADDRNOTAVAIL}
)

// Procedures that package windows does not have.
var (
	ws2             = windows.NewLazySystemDLL("ws2_32.dll")
	procAccept      = ws2.NewProc("accept")
	procIoctlsocket = ws2.NewProc("ioctlsocket")
	procRecv        = ws2.NewProc("recv")
	procSend        = ws2.NewProc("send")
)

// winsock starts Winsock 2.2, once for the life of the process.
var winsock = sync.OnceValue(func() error {
	var data windows.WSAData
	return os.NewSyscallError("WSAStartup", windows.WSAStartup(0x202, &data))
})

// newSocket opens a stream socket of a family.
func newSocket(family int) (windows.Handle, error) {
	fd, err := blockingSocket(family)
	if err != nil {
		return invalid, err
	}
	if err := setNonblock(fd); err != nil {
		_ = windows.Closesocket(fd)
		return invalid, err
	}
	return fd, nil
}

// blockingSocket opens a stream socket that blocks.
func blockingSocket(family int) (windows.Handle, error) {
	if err := winsock(); err != nil {
		return invalid, err
	}
	proto := int32(windows.IPPROTO_TCP)
	if family == windows.AF_UNIX {
		proto = 0
	}
	fd, err := windows.WSASocket(int32(family), windows.SOCK_STREAM, proto, nil, 0, socketFlags)
	return fd, lacksUnix(family, SysErr("WSASocket", err))
}

// lacksUnix returns the error for a system without Unix sockets (before Windows
// 10, version 1803).
func lacksUnix(family int, err error) error {
	if family != windows.AF_UNIX || !errors.Is(err, windows.WSAEAFNOSUPPORT) {
		return err
	}
	return fmt.Errorf("sock: no Unix sockets here (%w): %w", err, errors.ErrUnsupported)
}

const socketFlags = windows.WSA_FLAG_OVERLAPPED | windows.WSA_FLAG_NO_HANDLE_INHERIT

// fionbio is FIONBIO of winsock2.h: whether calls don't block.
const fionbio = 0x8004667e

func setNonblock(fd windows.Handle) error {
	on := uint32(1)
	r, _, errno := syscall.SyscallN(procIoctlsocket.Addr(), uintptr(fd), fionbio, uintptr(unsafe.Pointer(&on)))
	if failed(r) {
		return SysErr("ioctlsocket", errno)
	}
	return nil
}

// failed reports whether a register holds SOCKET_ERROR, an int of -1.
func failed(r uintptr) bool { return int32(r) == -1 }

func bind(fd windows.Handle, sa windows.Sockaddr) error         { return windows.Bind(fd, sa) }
func listenOn(fd windows.Handle, backlog int) error             { return windows.Listen(fd, backlog) }
func startConnect(fd windows.Handle, sa windows.Sockaddr) error { return windows.Connect(fd, sa) }
func shutdownWriting(fd windows.Handle) error                   { return windows.Shutdown(fd, windows.SHUT_WR) }
func closeSocket(fd windows.Handle) error                       { return windows.Closesocket(fd) }

func getsockname(fd windows.Handle) (windows.Sockaddr, error) { return windows.Getsockname(fd) }
func getpeername(fd windows.Handle) (windows.Sockaddr, error) { return windows.Getpeername(fd) }

func getsockoptInt(fd windows.Handle, level, option int) (int, error) {
	return windows.GetsockoptInt(fd, level, option)
}

func setsockoptInt(fd windows.Handle, level, option, value int) error {
	return windows.SetsockoptInt(fd, level, option, value)
}

// duplicate returns another socket for the same endpoint.
func duplicate(orig uintptr) (windows.Handle, error) {
	if err := winsock(); err != nil {
		return invalid, err
	}
	var info windows.WSAProtocolInfo
	if err := windows.WSADuplicateSocket(windows.Handle(orig), windows.GetCurrentProcessId(), &info); err != nil {
		return invalid, err
	}
	return windows.WSASocket(-1, -1, -1, &info, 0, socketFlags) // FROM_PROTOCOL_INFO
}

// IsOpen returns an error if h is not an open socket.
func IsOpen(h eventloop.Handle) error {
	_, err := getsockoptInt(windows.Handle(h), windows.SOL_SOCKET, 0x1008) // SO_TYPE
	return SysErr("getsockopt", err)
}
