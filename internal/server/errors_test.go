package server

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"testing"
)

func TestListenErrorsNameThePlaceTheCauseAndTheWayOut(t *testing.T) {
	for _, c := range []struct {
		network, address string
		cause            error
		want             string
	}{
		{"tcp", ":9034", errInUse, "listen tcp [::]:9034: " + errInUse.Error() + " (another chatsrv? try --port)"},
		{"tcp4", ":80", os.ErrPermission, "listen tcp4 0.0.0.0:80: permission denied (ports below 1024 are often for the administrator only; try --port)"},
		{"tcp6", "[2001:db8::1]:9034", errNoAddress, "listen tcp6 [2001:db8::1]:9034: " + errNoAddress.Error() + " (no interface of this machine has that address; see --bind)"},
		{"tcp6", ":9034", errNoFamily, "listen tcp6 [::]:9034: " + errNoFamily.Error() + " (this machine does not have that family of addresses; try -4 or -6)"},
		{"unix", "/run/x", errInUse, "listen unix /run/x: " + errInUse.Error() + " (another chatsrv? if not, remove the file)"},
		{"unix", "/no/x", os.ErrNotExist, "listen unix /no/x: file does not exist (the folder does not exist)"},
		{"tcp", ":1", errors.New("odd"), "listen tcp [::]:1: odd"},
	} {
		err := listenError(c.network, c.address, os.NewSyscallError("bind", c.cause))
		if err.Error() != c.want || !errors.Is(err, c.cause) {
			t.Errorf("%q, want %q", err, c.want)
		}
	}
}

func TestOnlyASocketThatNobodyListensOnIsRemoved(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "socket")
	ln, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	if removeStale(path) {
		t.Error("removed under a listener")
	}
	ln.SetUnlinkOnClose(false)
	if err := ln.Close(); err != nil {
		t.Fatal(err)
	}
	if !removeStale(path) {
		t.Error("a stale socket stays")
	}
	if removeStale(path) {
		t.Error("removed what is not there")
	}
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if removeStale(file) {
		t.Error("removed an ordinary file")
	}
}
