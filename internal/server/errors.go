package server

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"strings"
	"syscall" //nolint:depguard // only the names of errors, no system call

	"github.com/sudoXpg/netloop/eventloop"
	"github.com/sudoXpg/netloop/internal/osutil"
	"github.com/sudoXpg/netloop/internal/sock"
)

// TryListen checks whether this machine has the address, and returns the error
// that Listen would return if not. It does not bind the port, as a server may
// be running there.
func TryListen(network, address string) error {
	var err error
	if network == "unix" {
		if !sock.IsAbstract(address) {
			err = osutil.TrySocket(address)
		}
	} else {
		err = tryTCP(network, address)
	}
	if err == nil {
		return nil
	}
	return listenError(network, address, err)
}

// tryTCP listens at the address for a moment, at any port.
func tryTCP(network, address string) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return err
	}
	h, err := sock.Net{}.Listen(network, net.JoinHostPort(host, "0"), eventloop.ListenOptions{})
	if err != nil {
		return err
	}
	return sock.Net{}.CloseHandle(h)
}

// listenError describes a failure to listen to the user who started the server:
// the address, the cause and the way out.
func listenError(network, address string, err error) error {
	cause := err
	if sys, ok := errors.AsType[*os.SyscallError](err); ok {
		cause = familiar(sys.Err)
	} else if path, ok := errors.AsType[*fs.PathError](err); ok {
		cause = path.Err
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

// IsNoAddress reports whether Listen failed because this machine does not have
// the address, or does not have it yet.
func IsNoAddress(err error) bool { return errors.Is(err, syscall.EADDRNOTAVAIL) }

func remedy(network string, cause error) string {
	switch {
	case errors.Is(cause, syscall.EADDRINUSE) && network == "unix":
		return "another chatsrv? if not, remove the file"
	case errors.Is(cause, syscall.EADDRINUSE):
		return "another chatsrv? try --port"
	case errors.As(cause, new(*osutil.SocketPathError)):
		return "choose a shorter one"
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
