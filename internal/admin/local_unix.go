//go:build unix

package admin

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/sudoXpg/netloop/internal/osutil"
)

const (
	// maxSocketPath is the longest name of a socket that all systems take: the
	// shortest sun_path has 104 bytes, one of them the NUL (unix(4) of macOS).
	maxSocketPath = 103
	// maxTempExtra is how much longer, at most, the path is at which a socket is created.
	maxTempExtra = len("/.a4294967295/s")
)

// listenLocal listens on a Unix socket at path for processes of this user and of
// root only: others may not write to the socket (mode 0600, from the moment it can
// be found), and where the system tells the peer's user (Linux, macOS, the BSDs),
// others are refused. On solaris, illumos and aix only the mode protects it.
//
// A socket without a listener is replaced; for any other file the error is
// osutil.ErrSomebodyListens or errNotOurs. If path is too long for a socket, it becomes
// a symbolic link to a socket in a temporary folder of its own. Close removes
// everything created. The listener has a method There() bool, which reports whether its
// file is still there.
func listenLocal(path string) (net.Listener, error) {
	claim, err := osutil.ClaimSocket(path)
	if err != nil {
		return nil, fmt.Errorf("listen %s: %w", path, err)
	}
	l, err := listenClaimed(path, claim)
	if err != nil {
		return nil, errors.Join(err, claim.Release())
	}
	return l, nil
}

func listenClaimed(path string, claim *osutil.SocketClaim) (*localListener, error) {
	if err := removeStale(path); err != nil {
		return nil, fmt.Errorf("listen %s: %w", path, err)
	}
	socket := path
	if len(path) > maxSocketPath || len(filepath.Dir(path))+maxTempExtra > maxSocketPath {
		folder, err := os.MkdirTemp("", "chatsrv-") // of mode 0700
		if err != nil {
			return nil, err
		}
		socket = filepath.Join(folder, "s")
		if len(socket) > maxSocketPath {
			return nil, errors.Join(os.Remove(folder), fmt.Errorf("listen %s: the path is too long for a socket, and so is that of the temporary folder, %s (choose a shorter one, or set $TMPDIR)", path, folder))
		}
	}
	l, err := bindPrivately(socket)
	if err == nil && socket != path {
		if err = os.Symlink(socket, path); err != nil {
			_ = l.Close()
		}
	}
	if err != nil {
		removeSocket(socket, socket != path)
		return nil, fmt.Errorf("listen %s: %w", path, err)
	}
	claim.Made()
	return &localListener{UnixListener: l, claim: claim, path: path, socket: socket}, nil
}

// bindPrivately returns a listener at path that was never open to others: its
// socket is created in a folder that only its owner may enter, and moved to its
// place with its mode set. A umask would work, too, but applies to the whole
// process.
func bindPrivately(path string) (*net.UnixListener, error) {
	folder, err := os.MkdirTemp(filepath.Dir(path), ".a")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.Remove(folder) }()
	born := filepath.Join(folder, "s")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: born, Net: "unix"})
	if err != nil {
		return nil, err
	}
	l.SetUnlinkOnClose(false) // it is no longer at that path
	if err = os.Chmod(born, 0o600); err == nil {
		err = os.Rename(born, path)
	}
	if err != nil {
		_ = l.Close()
		_ = os.Remove(born)
		return nil, err
	}
	return l, nil
}

// removeStale makes room for a socket at path, which is claimed, or returns why it
// can't.
func removeStale(path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	socket, linked := path, false
	switch info.Mode().Type() {
	case fs.ModeSocket:
	case fs.ModeSymlink:
		linked = true
		if socket, err = os.Readlink(path); err != nil {
			return err
		}
	default:
		return errors.New("there is a file that is no socket: remove it, or choose another place")
	}
	if uid := owner(info); uid != self() && self() != 0 {
		return errNotOurs
	}
	if len(socket) <= maxSocketPath {
		c, err := net.Dial("unix", socket)
		switch {
		case err == nil:
			_ = c.Close()
			return osutil.ErrSomebodyListens
		case !errors.Is(err, unix.ECONNREFUSED) && !errors.Is(err, fs.ErrNotExist):
			return err // a full backlog, for example: the socket is in use
		}
	}
	if at, err := os.Lstat(socket); linked && err == nil && at.Mode().Type() == fs.ModeSocket {
		removeSocket(socket, true)
	}
	return os.Remove(path)
}

// removeSocket removes a socket, with the folder that listenLocal made for it.
func removeSocket(socket string, withFolder bool) {
	_ = os.Remove(socket)
	if withFolder {
		_ = os.Remove(filepath.Dir(socket)) // if it is empty
	}
}

// A localListener accepts only processes that may talk to this one.
type localListener struct {
	*net.UnixListener
	claim  *osutil.SocketClaim
	path   string
	socket string // where it is: path, or where a link at path leads
	once   sync.Once
}

func (l *localListener) Accept() (net.Conn, error) {
	for {
		c, err := l.AcceptUnix()
		if err != nil {
			return nil, err
		}
		if uid, err := peerUser(c); err == nil && mayTalk(uid, self()) {
			return c, nil
		}
		_ = c.Close()
	}
}

// There reports whether clients find the listener, that is, whether its file was
// neither removed nor replaced.
func (l *localListener) There() bool { return l.claim.There() }

// Close removes what the listener has created, and nothing that others have put there.
func (l *localListener) Close() error {
	err := l.UnixListener.Close()
	l.once.Do(func() {
		if l.socket != l.path {
			removeSocket(l.socket, true)
		}
		err = errors.Join(err, l.claim.Release())
	})
	return err
}

// dialLocal connects to the listener at path (see listenLocal). The errors are
// errNobodyListens, errNotOurs, or others of the system. The listener must
// belong to the owner of path, or root.
func dialLocal(path string) (net.Conn, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return nil, dialErr(path, err)
	}
	socket := path
	if info.Mode().Type() == fs.ModeSymlink {
		if socket, err = os.Readlink(path); err != nil {
			return nil, dialErr(path, err)
		}
	}
	if len(socket) > maxSocketPath {
		return nil, dialErr(path, fs.ErrNotExist)
	}
	c, err := net.DialUnix("unix", nil, &net.UnixAddr{Name: socket, Net: "unix"})
	if err != nil {
		return nil, dialErr(path, err)
	}
	if uid, err := peerUser(c); err != nil || !mayTalk(uid, owner(info)) {
		_ = c.Close()
		return nil, fmt.Errorf("dial %s: %w", path, errNotOurs)
	}
	return c, nil
}

func dialErr(path string, err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, unix.ECONNREFUSED), errors.Is(err, unix.ENOTSOCK):
		err = errNobodyListens
	case errors.Is(err, fs.ErrPermission):
		err = errNotOurs
	}
	return fmt.Errorf("dial %s: %w", path, err)
}

// owner returns the user that a file belongs to.
func owner(info fs.FileInfo) int64 {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return int64(s.Uid)
	}
	return anyUser
}

// peerUser returns the user of the connected process, as of the time when it
// connected, or anyUser if the system does not tell.
func peerUser(c *net.UnixConn) (uid int64, err error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return 0, err
	}
	if e := raw.Control(func(fd uintptr) { uid, err = socketPeer(int(fd)) }); e != nil {
		return 0, e
	}
	return uid, err
}

// self returns the effective user of this process.
func self() int64 { return int64(uint32(os.Geteuid())) }

// anyUser stands for an unknown user. User IDs have 32 bits, so it is none of
// them.
const anyUser int64 = -1

// mayTalk reports whether a process of user peer may talk to one of user own: if
// it is the same user or root. If the system does not tell the user, the mode of
// the file has to suffice.
func mayTalk(peer, own int64) bool {
	return peer == own || peer == 0 || peer == anyUser
}
