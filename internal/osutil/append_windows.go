package osutil

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// OpenAppend opens a file to append to it, and creates it with mode perm if it
// does not exist.
func OpenAppend(path string, perm os.FileMode) (*os.File, error) {
	return os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, perm)
}

// IsUnread reports whether err means that a pipe has no reader.
func IsUnread(err error) bool {
	return errors.Is(err, windows.ERROR_BROKEN_PIPE) || errors.Is(err, windows.ERROR_NO_DATA)
}

// IgnoreBrokenPipes does nothing: there is no SIGPIPE, such a write fails.
func IgnoreBrokenPipes() {}
