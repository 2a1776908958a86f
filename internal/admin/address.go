package admin

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/sudoXpg/netloop/internal/osutil"
)

// Path returns where the server with this data folder listens: admin.sock in the
// folder, on Windows a pipe whose name is made from the folder's.
func Path(folder string) (string, error) {
	folder, err := filepath.Abs(folder)
	if err != nil {
		return "", err
	}
	if runtime.GOOS != "windows" {
		return filepath.Join(folder, "admin.sock"), nil
	}
	// One folder has many names there: short ones, and in whatever case.
	if real, err := filepath.EvalSymlinks(folder); err == nil {
		folder = real
	}
	return pipe(folder), nil
}

// pipe returns the name of the pipe for a folder.
func pipe(folder string) string {
	sum := sha256.Sum256([]byte(strings.ToLower(folder)))
	return `\\.\pipe\chatsrv-` + hex.EncodeToString(sum[:8])
}

// Listen listens at path for the server's user and for root or administrators.
// What a server that is gone has left there is replaced.
func Listen(path string) (net.Listener, error) {
	l, err := osutil.ListenLocal(path)
	switch {
	case errors.Is(err, osutil.ErrSomebodyListens):
		return nil, fmt.Errorf("no door for the administrator: %w (is another chatsrv running with this data folder? stop it, or choose another folder)", err)
	case errors.Is(err, osutil.ErrNotOurs):
		return nil, fmt.Errorf("no door for the administrator: %w (run chatsrv as the user who ran it before, or remove that file)", err)
	case err != nil:
		return nil, fmt.Errorf("no door for the administrator: %w", err)
	}
	return l, nil
}

// Dial connects to the server that listens at path.
func Dial(path string) (net.Conn, error) {
	c, err := osutil.DialLocal(path)
	switch {
	case errors.Is(err, osutil.ErrNobodyListens):
		return nil, fmt.Errorf("no chatsrv is running with this data folder: %w (start it, or name the folder that it has)", err)
	case errors.Is(err, osutil.ErrNotOurs):
		return nil, fmt.Errorf("permission denied: %w (run this as the user who runs chatsrv, or as %s)", err, superuser())
	case err != nil:
		return nil, fmt.Errorf("chatsrv can't be reached: %w", err)
	}
	return c, nil
}

func superuser() string {
	if runtime.GOOS == "windows" {
		return "administrator"
	}
	return "root"
}
