package server

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"strings"
)

// listenError puts a failure to listen into words for whoever started the
// server: the place, the cause and the way out.
func listenError(network, address string, err error) error {
	cause := err
	if sys, ok := errors.AsType[*os.SyscallError](err); ok {
		cause = sys.Err
	}
	where := "listen " + network + " " + place(network, address)
	if hint := remedy(network, cause); hint != "" {
		return fmt.Errorf("%s: %w (%s)", where, cause, hint)
	}
	return fmt.Errorf("%s: %w", where, cause)
}

// place writes an address without a host as the wildcard that it means.
func place(network, address string) string {
	switch {
	case network == "unix" || !strings.HasPrefix(address, ":"):
		return address
	case network == "tcp4":
		return "0.0.0.0" + address
	}
	return "[::]" + address
}

// removeStale removes the Unix socket at path if nobody listens on it: what a
// server leaves behind that was killed. It reports whether it did.
func removeStale(path string) bool {
	// Connecting to any other kind of file is refused, too.
	if info, err := os.Lstat(path); err != nil || info.Mode().Type() != fs.ModeSocket {
		return false
	}
	c, err := net.Dial("unix", path)
	if err == nil {
		_ = c.Close()
		return false
	}
	return errors.Is(err, errRefused) && os.Remove(path) == nil
}

func remedy(network string, cause error) string {
	switch {
	case errors.Is(cause, errInUse) && network == "unix":
		return "another chatsrv? if not, remove the file"
	case errors.Is(cause, errInUse):
		return "another chatsrv? try --port"
	case errors.Is(cause, fs.ErrPermission) && network == "unix":
		return "may this user write to the folder?"
	case errors.Is(cause, fs.ErrPermission):
		return "ports below 1024 are often for the administrator only; try --port"
	case errors.Is(cause, errNoAddress):
		return "no interface of this machine has that address; see --bind"
	case errors.Is(cause, errNoFamily):
		return "this machine does not have that family of addresses; try -4 or -6"
	case errors.Is(cause, fs.ErrNotExist) && network == "unix":
		return "the folder does not exist"
	}
	return ""
}
