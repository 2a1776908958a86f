//go:build solaris && !illumos

package sock

import (
	"time"

	"golang.org/x/sys/unix"

	"github.com/sudoXpg/netloop/eventloop"
)

const inheritsKeepAlive = false // not documented

// tuneKeepAlive sets the times of probes. The options of other systems came with
// Solaris 11.4, these are older (tcp(7P)).
func tuneKeepAlive(fd int, k eventloop.KeepAlive) error {
	options := []tcpOption{
		{unix.TCP_KEEPALIVE_THRESHOLD, in(time.Millisecond, k.Idle)},
		{unix.TCP_KEEPALIVE_ABORT_THRESHOLD, in(time.Millisecond, time.Duration(k.Count)*k.Interval)},
	}
	if k.Unacknowledged > 0 {
		options = append(options, tcpOption{unix.TCP_ABORT_THRESHOLD, in(time.Millisecond, k.Unacknowledged)})
	}
	return setTCPOptions(fd, options...)
}
