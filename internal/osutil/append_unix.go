//go:build unix

package osutil

import (
	"errors"
	"os"
	"os/signal"

	"golang.org/x/sys/unix"
)

// OpenAppend opens a file to append to it, and creates it with mode perm if it
// does not exist. It does not wait for the reader of a FIFO: without one the error
// is ErrNoReader (ENXIO, open(2)).
func OpenAppend(path string, perm os.FileMode) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY|unix.O_NONBLOCK, perm)
	if errors.Is(err, unix.ENXIO) {
		return nil, &os.PathError{Op: "open", Path: path, Err: ErrNoReader}
	}
	return f, err
}

// IsUnread reports whether err means that a FIFO, pipe or socket has no reader.
func IsUnread(err error) bool {
	return errors.Is(err, ErrNoReader) || errors.Is(err, unix.EPIPE)
}

// IgnoreBrokenPipes makes writes to the standard output or the standard error
// fail with EPIPE when they have lost their reader. Without it such a write ends
// the process (os/signal, "SIGPIPE").
func IgnoreBrokenPipes() { signal.Ignore(unix.SIGPIPE) }
