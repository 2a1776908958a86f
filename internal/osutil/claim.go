package osutil

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
)

// lockSuffix is the suffix of the file beside a Unix socket whose lock means
// that the socket is in use.
const lockSuffix = ".lock"

// ErrSomebodyListens is the error of ClaimSocket if another process serves the address.
var ErrSomebodyListens = errors.New("another process listens there")

// A SocketClaim is this process's right to use the path of a Unix socket.
type SocketClaim struct {
	path   string // absolute
	lock   *os.File
	socket fs.FileInfo // the file created at the path, nil before
}

// claims are the claims of the process, by path, because on some systems locks
// belong to processes and not to open files (see lock_fcntl.go). The mutex guards
// the claims, too.
var claims = struct {
	sync.Mutex
	of map[string]*SocketClaim
}{of: map[string]*SocketClaim{}}

// ClaimSocket gives this process the right to create a Unix socket at path, until
// Release or the end of the process. The error is ErrSomebodyListens if another
// process has it. After success, a file at the path was left by a process that is
// gone, or belongs to a program that does not use claims.
//
// A lock on a file beside the socket decides, because a connection attempt can't:
// the BSDs and macOS refuse it (ECONNREFUSED) even when only the backlog of a live
// listener is full.
func ClaimSocket(path string) (*SocketClaim, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	claims.Lock()
	defer claims.Unlock()
	if claims.of[path] != nil {
		return nil, ErrSomebodyListens
	}
	lock, err := lockBeside(path + lockSuffix)
	if err != nil {
		return nil, err
	}
	c := &SocketClaim{path: path, lock: lock}
	claims.of[path] = c
	return c, nil
}

// A SocketPathError means that a path is too long for a Unix socket.
type SocketPathError struct{ Path string }

func (e *SocketPathError) Error() string {
	return fmt.Sprintf("the path of a Unix socket has at most %d bytes here, and this one %d", MaxSocketPath, len(e.Path))
}

// lockBeside creates and locks a file that its holder removes when it unlocks it.
func lockBeside(name string) (*os.File, error) {
	for {
		f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			return nil, err
		}
		if err = lockFile(f); err != nil {
			_ = f.Close()
			if errors.Is(err, errLocked) {
				err = ErrSomebodyListens
			}
			return nil, err
		}
		open, err := f.Stat()
		if err != nil {
			return nil, errors.Join(err, f.Close())
		}
		if there, err := os.Stat(name); err == nil && os.SameFile(open, there) {
			return f, nil
		}
		_ = f.Close() // it was removed between opening and locking
	}
}

// Made records the file at the path, so that Release removes no other file.
func (c *SocketClaim) Made() {
	claims.Lock()
	defer claims.Unlock()
	c.socket, _ = os.Lstat(c.path) // without it nothing is removed
}

// There reports whether that file is still at the path.
func (c *SocketClaim) There() bool {
	claims.Lock()
	defer claims.Unlock()
	return c.there()
}

func (c *SocketClaim) there() bool {
	there, err := os.Lstat(c.path)
	return err == nil && c.socket != nil && os.SameFile(there, c.socket)
}

// Release removes the file recorded by Made, unless another one has replaced
// it, and gives up the claim. It may be called again.
func (c *SocketClaim) Release() error {
	claims.Lock()
	defer claims.Unlock()
	if claims.of[c.path] != c {
		return nil
	}
	delete(claims.of, c.path)
	var err error
	if c.there() {
		err = os.Remove(c.path)
	}
	// Remove it while it is locked, so that no other process locks a removed file;
	// where an open file can't be removed, afterwards. It may have been removed
	// already, and created again by another process.
	own, statErr := c.lock.Stat()
	name := c.path + lockSuffix
	remove := func() bool {
		there, err := os.Stat(name)
		return err == nil && statErr == nil && os.SameFile(there, own) && os.Remove(name) == nil
	}
	removed := remove()
	err = errors.Join(err, c.lock.Close())
	if !removed {
		remove()
	}
	return err
}
