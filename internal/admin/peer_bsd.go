//go:build openbsd || netbsd || dragonfly

package admin

import (
	"encoding/binary"
	"errors"
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// peerOptions are the socket options that tell a peer's user, as getpeereid(3)
// uses them: LOCAL_PEEREID of NetBSD and LOCAL_PEERCRED of DragonFly in sys/un.h,
// SO_PEERCRED of OpenBSD in sys/socket.h. at is the offset of the effective user
// in the answer, in bytes: behind the process, behind the version, at the
// beginning.
var peerOptions = map[string]struct{ level, option, at int }{
	"netbsd":    {0, 3, 4},
	"dragonfly": {0, 1, 4},
	"openbsd":   {unix.SOL_SOCKET, 0x1022, 0},
}

// socketPeer reads the structure with the one call of x/sys that returns enough
// of it: 20 bytes, meant for an address and a number.
func socketPeer(fd int) (uid int64, err error) {
	o, ok := peerOptions[runtime.GOOS]
	if !ok {
		return 0, errors.ErrUnsupported
	}
	answer, err := unix.GetsockoptIPv6Mreq(fd, o.level, o.option)
	if err != nil {
		return 0, os.NewSyscallError("getsockopt", err)
	}
	return int64(binary.NativeEndian.Uint32(answer.Multiaddr[o.at:])), nil
}
