package pollfd

import "golang.org/x/sys/unix"

// hangUpFlag asks for a peer that has shut down its side.
const hangUpFlag = unix.POLLRDHUP
