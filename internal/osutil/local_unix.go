//go:build unix

package osutil

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
)

const (
	// maxSocketPath is the longest name of a socket that all systems take: the
	// shortest sun_path has 104 bytes, one of them the NUL (unix(4) of macOS).
	maxSocketPath = 103
	// nursery is how much longer a path is where sockets are made, at most.
	nursery = len("/.a4294967295/s")
)

// ListenLocal listens on a Unix socket at path for processes of this user and of
// root, and of nobody else: nobody else may write to the socket (mode 0600, from
// the moment it can be found), and where the system tells who has connected
// (Linux, macOS, the BSDs), others are turned away. solaris, illumos and aix leave
// it at the mode.
//
// A socket that nobody listens on any more is replaced, any other file is
// ErrSomebodyListens or ErrNotOurs. If path is too long for a socket, there is a
// symbolic link, to a socket in a folder of its own among the temporary files.
// Close removes what was made.
func ListenLocal(path string) (net.Listener, error) {
	if err := removeStale(path); err != nil {
		return nil, fmt.Errorf("listen %s: %w", path, err)
	}
	socket := path
	if len(path) > maxSocketPath || len(filepath.Dir(path))+nursery > maxSocketPath {
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
	return &localListener{UnixListener: l, path: path}, nil
}

// bindPrivately returns a listener at path that was never open to others: its
// socket is made in a folder that only its owner may enter, and moved to its
// place with its mode set. A umask would do, too, but the whole process has it.
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
	l.SetUnlinkOnClose(false) // where it was born it is no more
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

// removeStale makes place for a socket at path, or says why there is none.
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
		return ErrNotOurs
	}
	if len(socket) <= maxSocketPath {
		c, err := net.Dial("unix", socket)
		switch {
		case err == nil:
			_ = c.Close()
			return ErrSomebodyListens
		case !errors.Is(err, unix.ECONNREFUSED) && !errors.Is(err, fs.ErrNotExist):
			return err // a full backlog, say: it is not ours to take
		}
	}
	if at, err := os.Lstat(socket); linked && err == nil && at.Mode().Type() == fs.ModeSocket {
		removeSocket(socket, true)
	}
	return os.Remove(path)
}

// removeSocket removes a socket, with the folder that ListenLocal made for it.
func removeSocket(socket string, withFolder bool) {
	_ = os.Remove(socket)
	if withFolder {
		_ = os.Remove(filepath.Dir(socket)) // if it is empty
	}
}

// A localListener accepts those only who may talk to this process.
type localListener struct {
	*net.UnixListener
	path string
	once sync.Once
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

// Close removes what the listener made, unless a successor answers there.
func (l *localListener) Close() error {
	err := l.UnixListener.Close()
	l.once.Do(func() { _ = removeStale(l.path) })
	return err
}

// DialLocal connects to who listens at path (see ListenLocal). The errors are
// ErrNobodyListens, ErrNotOurs, or others of the system. Whoever listens must be
// the owner of path, or root.
func DialLocal(path string) (net.Conn, error) {
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
		return nil, fmt.Errorf("dial %s: %w", path, ErrNotOurs)
	}
	return c, nil
}

func dialErr(path string, err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, unix.ECONNREFUSED), errors.Is(err, unix.ENOTSOCK):
		err = ErrNobodyListens
	case errors.Is(err, fs.ErrPermission):
		err = ErrNotOurs
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

// peerUser returns the user of the process that has connected, at the time when
// it did, or anyUser where the system does not tell.
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

// self returns the user that this process acts for.
func self() int64 { return int64(uint32(os.Geteuid())) }

// anyUser is what mayTalk takes for a user that the system does not tell. Users
// have 32 bits, so that it is none of them.
const anyUser int64 = -1

// mayTalk tells whether a process of user peer may talk to one of user own: if it
// is the same or root. A system that does not tell leaves it to the mode of files.
func mayTalk(peer, own int64) bool {
	return peer == own || peer == 0 || peer == anyUser
}
