//go:build unix && !linux

package sock

import (
	"errors"
	"io"
	"net/netip"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/sudoXpg/netloop/eventloop"
)

// maxIO bounds one read or write: some systems refuse more than 31 bits.
const maxIO = 1 << 30

// Accept implements eventloop.Net.
func (Net) Accept(ln eventloop.Handle) (eventloop.Handle, netip.AddrPort, error) {
	for range maxPassedOver {
		fd, sa, err := accept(int(ln))
		if err != nil {
			if err := acceptErr(errnoOf(err)); err != nil {
				return 0, netip.AddrPort{}, err
			}
			continue
		}
		if err := noSigpipe(fd); err != nil {
			unix.Close(fd) // the connection is gone: options can't be set any more
			continue
		}
		if _, local := sa.(*unix.SockaddrUnix); !local && tuneTCP(fd) != nil {
			unix.Close(fd)
			continue
		}
		return eventloop.Handle(fd), addrPort(sa), nil
	}
	return 0, netip.AddrPort{}, eventloop.ErrWouldBlock
}

// Read implements eventloop.Net.
func (Net) Read(h eventloop.Handle, p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for {
		n, err := unix.Read(int(h), p[:min(len(p), maxIO)])
		switch {
		case err == unix.EINTR:
		case err != nil:
			return 0, ioErr("read", errnoOf(err))
		case n == 0:
			return 0, io.EOF
		default:
			return n, nil
		}
	}
}

// Write implements eventloop.Net.
func (Net) Write(h eventloop.Handle, p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for {
		n, err := unix.SendmsgN(int(h), p[:min(len(p), maxIO)], nil, nil, writeFlags)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return 0, ioErr("write", errnoOf(err))
		}
		return n, nil
	}
}

// errnoOf returns the number in an error of package unix, which is always an Errno.
func errnoOf(err error) syscall.Errno {
	errno, _ := errors.AsType[syscall.Errno](err)
	return errno
}
