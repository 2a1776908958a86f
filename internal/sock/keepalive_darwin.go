package sock

import (
	"time"

	"golang.org/x/sys/unix"
)

const (
	keepIdle           = unix.TCP_KEEPALIVE
	unacknowledged     = unix.TCP_RXT_CONNDROPTIME
	unacknowledgedUnit = time.Second
	inheritsKeepAlive  = false // not documented
)
