package sock

import (
	"golang.org/x/sys/unix"

	"github.com/sudoXpg/netloop/eventloop"
)

var _ eventloop.Resetter = Net{}

// Reset implements eventloop.Resetter. SIOCOUTQ tells whether everything has
// arrived: it returns the number of bytes that the peer's system has not
// acknowledged (tcp(7)). Other systems do not tell, so they have no Reset.
func (Net) Reset(h eventloop.Handle) {
	if n, err := unix.IoctlGetInt(int(h), unix.SIOCOUTQ); err != nil || n != 0 {
		return
	}
	// If that fails the connection is closed in the usual way. It is for TCP only:
	// on a Unix socket, where the close is noticed, the option has no effect.
	_ = unix.SetsockoptLinger(int(h), unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1})
}
