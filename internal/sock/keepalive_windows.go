package sock

import (
	"errors"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"

	"github.com/sudoXpg/netloop/eventloop"
)

const inheritsKeepAlive = false // not documented

// tuneKeepAlive sets the times of probes. Before Windows 10, version 1709, there
// is only SIO_KEEPALIVE_VALS, and there are always ten probes.
func tuneKeepAlive(fd windows.Handle, k eventloop.KeepAlive) error {
	err := setsockoptInt(fd, ipprotoTCP, windows.TCP_KEEPIDLE, in(time.Second, k.Idle))
	if err != nil {
		return keepAliveValues(fd, k)
	}
	options := []tcpOption{
		{windows.TCP_KEEPINTVL, in(time.Second, k.Interval)},
		{windows.TCP_KEEPCNT, k.Count},
	}
	if k.Unacknowledged > 0 {
		options = append(options, tcpOption{windows.TCP_MAXRT, in(time.Second, k.Unacknowledged)})
	}
	return setTCPOptions(fd, options...)
}

func keepAliveValues(fd windows.Handle, k eventloop.KeepAlive) error {
	values := windows.TCPKeepalive{
		OnOff: 1, Time: uint32(in(time.Millisecond, k.Idle)), Interval: uint32(in(time.Millisecond, k.Interval)),
	}
	var returned uint32
	err := windows.WSAIoctl(fd, windows.SIO_KEEPALIVE_VALS, (*byte)(unsafe.Pointer(&values)),
		uint32(unsafe.Sizeof(values)), nil, 0, &returned, nil, 0)
	if errors.Is(err, windows.WSAEOPNOTSUPP) {
		return nil
	}
	return SysErr("WSAIoctl", err)
}
