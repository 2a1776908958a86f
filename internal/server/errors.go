package server

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall" //nolint:depguard // only the names of errors, no system call
)

// listenError puts a failure to listen into words for whoever started the
// server: the place, the cause and the way out.
func listenError(network, address string, err error) error {
	cause := err
	if sys, ok := errors.AsType[*os.SyscallError](err); ok {
		cause = familiar(sys.Err)
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

func remedy(network string, cause error) string {
	switch {
	case errors.Is(cause, syscall.EADDRINUSE) && network == "unix":
		return "another chatsrv? if not, remove the file"
	case errors.Is(cause, syscall.EADDRINUSE):
		return "another chatsrv? try --port"
	case errors.Is(cause, fs.ErrPermission) && network == "unix":
		return "may this user write to the folder?"
	case errors.Is(cause, fs.ErrPermission):
		return "ports below 1024 are often for the administrator only; try --port"
	case errors.Is(cause, syscall.EADDRNOTAVAIL):
		return "no interface of this machine has that address; see --bind"
	case errors.Is(cause, syscall.EAFNOSUPPORT):
		return "this machine does not have that family of addresses; try -4 or -6"
	case errors.Is(cause, fs.ErrNotExist) && network == "unix":
		return "the folder does not exist"
	}
	return ""
}
