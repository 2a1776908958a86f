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
	"time"

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
	// A folder has many names there: short ones, and in any case.
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
// A socket that a dead server has left there is replaced.
func Listen(path string) (net.Listener, error) {
	l, err := listenLocal(path)
	switch {
	case errors.Is(err, osutil.ErrSomebodyListens):
		return nil, fmt.Errorf("no door for the administrator: %w (is another chatsrv running with this data folder? stop it, or choose another folder)", err)
	case errors.Is(err, errNotOurs):
		return nil, fmt.Errorf("no door for the administrator: %w (run chatsrv as the user who ran it before, or remove that file)", err)
	case err != nil:
		return nil, fmt.Errorf("no door for the administrator: %w", err)
	}
	return l, nil
}

// Dial connects to the server that listens at path.
func Dial(path string) (net.Conn, error) {
	c, err := dialLocal(path)
	switch {
	case errors.Is(err, errNobodyListens):
		// A pipe has no folder, and can't be removed.
		if pid, used := osutil.FolderUser(filepath.Dir(path)); used {
			return nil, fmt.Errorf("%s uses this data folder, but can't be reached at %s: it is another command of chatsrv, or a server whose socket somebody has removed, which makes it anew within %s (try again)", process(pid), path, DoorCheck)
		}
		return nil, fmt.Errorf("no chatsrv is running with this data folder: %w (start it, or give its data folder with --data)", err)
	case errors.Is(err, errNotOurs):
		return nil, fmt.Errorf("permission denied: %w (run this as the user who runs chatsrv, or as %s)", err, superuser())
	case err != nil:
		return nil, fmt.Errorf("chatsrv can't be reached: %w", err)
	}
	return c, nil
}

func process(pid int) string {
	if pid == 0 {
		return "another process"
	}
	return fmt.Sprint("process ", pid)
}

// DoorCheck is how often a server checks whether its socket is still there.
const DoorCheck = 5 * time.Second

func superuser() string {
	if runtime.GOOS == "windows" {
		return "administrator"
	}
	return "root"
}
