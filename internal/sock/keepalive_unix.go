//go:build aix || darwin || dragonfly || freebsd || illumos || linux || netbsd

package sock

import (
	"time"

	"golang.org/x/sys/unix"

	"github.com/sudoXpg/netloop/eventloop"
)

// tuneKeepAlive sets the times of probes.
func tuneKeepAlive(fd int, k eventloop.KeepAlive) error {
	options := []tcpOption{
		{keepIdle, in(time.Second, k.Idle)},
		{unix.TCP_KEEPINTVL, in(time.Second, k.Interval)},
		{unix.TCP_KEEPCNT, k.Count},
	}
	if k.Unacknowledged > 0 && unacknowledged != 0 {
		options = append(options, tcpOption{unacknowledged, in(unacknowledgedUnit, k.Unacknowledged)})
	}
	return setTCPOptions(fd, options...)
}
