package sock

import (
	"slices"
	"time"

	"github.com/sudoXpg/netloop/eventloop"
)

// The maxima of Linux, which are used on all systems: seconds of TCP_KEEPIDLE
// and TCP_KEEPINTVL, and TCP_KEEPCNT.
const (
	maxKeepAliveTime  = 32767 * time.Second
	maxKeepAliveCount = 127
)

var _ eventloop.KeepAliver = Net{}

// KeepAlive implements eventloop.KeepAliver.
func (Net) KeepAlive(h eventloop.Handle, k eventloop.KeepAlive) (inherited bool, err error) {
	fd := descriptor(h)
	if err := setsockoptInt(fd, solSocket, soKeepAlive, 1); err != nil {
		return false, SysErr("setsockopt", err)
	}
	k.Idle = min(k.Idle, maxKeepAliveTime)
	k.Interval = min(k.Interval, maxKeepAliveTime)
	k.Count = min(max(k.Count, 1), maxKeepAliveCount)
	return inheritsKeepAlive, tuneKeepAlive(fd, k)
}

// A tcpOption is one of IPPROTO_TCP.
type tcpOption struct{ name, value int }

// setTCPOptions sets options, and ignores those that are not supported: by an
// older version of the system, or by MPTCP, which an adopted listener may use.
func setTCPOptions(fd descriptor, options ...tcpOption) error {
	for _, o := range options {
		err := setsockoptInt(fd, ipprotoTCP, o.name, o.value)
		if err != nil && !slices.Contains(noSuchOption, err) {
			return SysErr("setsockopt", err)
		}
	}
	return nil
}

// in returns d in units, rounded up, at least 1.
func in(unit, d time.Duration) int {
	return int(max(1, (min(d, maxKeepAliveTime)+unit-1)/unit))
}
