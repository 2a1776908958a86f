package sock

import (
	"time"

	"golang.org/x/sys/unix"
)

const (
	keepIdle           = unix.TCP_KEEPIDLE
	unacknowledged     = unix.TCP_USER_TIMEOUT // tcp(7)
	unacknowledgedUnit = time.Millisecond
	// inheritsKeepAlive: an accepted socket copies its listener's options, so
	// that keep-alive costs no system call per connection.
	inheritsKeepAlive = true
)
