package socktest

import (
	"errors"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// Vanish makes a connection's system stop answering, as if its cable were cut: a
// filter on the socket drops every incoming packet.
func Vanish(t testing.TB, conn syscall.Conn) {
	t.Helper()
	raw, err := conn.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var filterErr error
	err = raw.Control(func(fd uintptr) {
		nothing := unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K}
		filterErr = unix.SetsockoptSockFprog(int(fd), unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &unix.SockFprog{Len: 1, Filter: &nothing})
	})
	if err := errors.Join(err, filterErr); err != nil {
		t.Fatal(err)
	}
}
