package server

import (
	"errors"
	"os"
	"syscall"
	"testing"
)

func TestListenErrorsNameTheAddressTheCauseAndTheWayOut(t *testing.T) {
	for _, c := range []struct {
		network, address string
		cause            error
		want             string
	}{
		{"tcp", ":9034", syscall.EADDRINUSE, "listen tcp [::]:9034: " + syscall.EADDRINUSE.Error() + " (another chatsrv? try --port)"},
		{"tcp4", ":80", os.ErrPermission, "listen tcp4 0.0.0.0:80: permission denied (ports below 1024 are often for the administrator only; try --port)"},
		{"tcp6", "[2001:db8::1]:9034", syscall.EADDRNOTAVAIL, "listen tcp6 [2001:db8::1]:9034: " + syscall.EADDRNOTAVAIL.Error() + " (no interface of this machine has that address; see --bind)"},
		{"tcp6", ":9034", syscall.EAFNOSUPPORT, "listen tcp6 [::]:9034: " + syscall.EAFNOSUPPORT.Error() + " (this machine does not have that family of addresses; try -4 or -6)"},
		{"unix", "/run/x", syscall.EADDRINUSE, "listen unix /run/x: " + syscall.EADDRINUSE.Error() + " (another chatsrv? if not, remove the file)"},
		{"unix", "/no/x", os.ErrNotExist, "listen unix /no/x: file does not exist (the folder does not exist)"},
		{"tcp", ":1", errors.New("odd"), "listen tcp [::]:1: odd"},
	} {
		err := listenError(c.network, c.address, os.NewSyscallError("bind", c.cause))
		if err.Error() != c.want || !errors.Is(err, c.cause) {
			t.Errorf("%q, want %q", err, c.want)
		}
	}
}
