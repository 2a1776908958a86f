package sock

import (
	"time"

	"golang.org/x/sys/unix"
)

const (
	keepIdle           = unix.TCP_KEEPIDLE
	unacknowledged     = unix.TCP_ABORT_THRESHOLD
	unacknowledgedUnit = time.Millisecond
	inheritsKeepAlive  = false // not documented
)
