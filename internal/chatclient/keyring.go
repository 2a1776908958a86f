package chatclient

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"github.com/zalando/go-keyring"
)

// keyringService is the name under which passwords are in the keyring.
const keyringService = "chat (netloop)"

// ErrNoPassword is the error for an account without a password in the keyring.
var ErrNoPassword = errors.New("there is no password in the keyring")

// ErrNoKeyring is the error on a system, or in a session, without a keyring.
var ErrNoKeyring = errors.New("there is no keyring here")

// An Account is a user's account on a server, of which the system's keyring can have the
// password.
type Account struct {
	Name    string
	Address string // HOST:PORT
}

// String returns NAME@HOST:PORT, as the keyring has it.
func (a Account) String() string { return strings.ToLower(a.Name + "@" + a.Address) }

// Password returns the password in the keyring.
func (a Account) Password(ctx context.Context) (password string, err error) {
	err = inKeyring(ctx, func() error {
		found, err := keyring.Get(keyringService, a.String())
		if err == nil {
			password = found
		}
		return err
	})
	if err != nil {
		return "", err // the keyring may still be answering
	}
	return password, nil
}

// SavePassword adds the password to the keyring, or replaces it.
func (a Account) SavePassword(ctx context.Context, password string) error {
	return inKeyring(ctx, func() error { return keyring.Set(keyringService, a.String(), password) })
}

// ForgetPassword removes the password from the keyring.
func (a Account) ForgetPassword(ctx context.Context) error {
	return inKeyring(ctx, func() error { return keyring.Delete(keyringService, a.String()) })
}

// inKeyring calls f, which uses the keyring. That may ask the user to unlock it, for as long
// as ctx lasts.
func inKeyring(ctx context.Context, f func() error) error {
	if !haveKeyring() {
		return ErrNoKeyring
	}
	done := make(chan error, 1)
	go func() { done <- f() }()
	select {
	case err := <-done:
		switch {
		case errors.Is(err, keyring.ErrNotFound):
			return ErrNoPassword
		case errors.Is(err, keyring.ErrUnsupportedPlatform):
			return ErrNoKeyring
		case err != nil:
			return fmt.Errorf("the keyring can't be used: %w", err)
		}
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// haveKeyring reports whether there can be a keyring. With D-Bus there is none without a bus
// for the user's session, and package dbus would start one that stays.
func haveKeyring() bool {
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
		return true
	}
	if address := os.Getenv("DBUS_SESSION_BUS_ADDRESS"); address != "" {
		return address != "autolaunch:"
	}
	_, err := os.Stat(filepath.Join("/run/user", strconv.Itoa(os.Getuid()), "bus"))
	return err == nil
}
