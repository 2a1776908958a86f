//go:build aix || dragonfly || freebsd || netbsd

package sock

import (
	"time"

	"golang.org/x/sys/unix"
)

const (
	keepIdle           = unix.TCP_KEEPIDLE
	unacknowledged     = 0 // no such option
	unacknowledgedUnit = time.Second
	inheritsKeepAlive  = false // only FreeBSD inherits the times, which is not documented
)
