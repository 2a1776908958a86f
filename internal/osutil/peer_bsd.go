//go:build openbsd || netbsd || dragonfly

package osutil

import (
	"encoding/binary"
	"errors"
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// peerOptions are where these systems tell who has connected, as getpeereid(3)
// asks: LOCAL_PEEREID of NetBSD and LOCAL_PEERCRED of DragonFly in sys/un.h,
// SO_PEERCRED of OpenBSD in sys/socket.h. at is where the effective user is in
// the answer, in bytes: behind the process, behind the version, at the beginning.
var peerOptions = map[string]struct{ level, option, at int }{
	"netbsd":    {0, 3, 4},
	"dragonfly": {0, 1, 4},
	"openbsd":   {unix.SOL_SOCKET, 0x1022, 0},
}

// socketPeer asks for the structure with the one call of x/sys that takes as much
// as is needed of it: 20 bytes, for an address and a number.
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
