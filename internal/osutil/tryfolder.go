package osutil

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// TryFolder returns an error if files can't be created in folder, or, if it does
// not exist, if it can't be created. It leaves nothing behind.
func TryFolder(folder string) error {
	folder, err := filepath.Abs(folder)
	if err != nil {
		return err
	}
	for {
		info, err := os.Stat(folder)
		switch {
		case err == nil && !info.IsDir():
			return &fs.PathError{Op: "open", Path: folder, Err: syscall.ENOTDIR}
		case err == nil:
			return tryMake(folder)
		case !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ENOTDIR), folder == filepath.Dir(folder):
			return err
		}
		folder = filepath.Dir(folder)
	}
}

func tryMake(folder string) error {
	probe, err := os.CreateTemp(folder, ".probe")
	if err != nil {
		return err
	}
	return errors.Join(probe.Close(), os.Remove(probe.Name()))
}

// TrySocket returns an error if a Unix socket can't be created at path, or can't
// replace the one there.
func TrySocket(path string) error {
	if len(path) > MaxSocketPath {
		return &SocketPathError{Path: path}
	}
	info, err := os.Lstat(path)
	switch {
	case err == nil && info.Mode().Type() != fs.ModeSocket:
		return syscall.EADDRINUSE
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return err
	}
	folder := filepath.Dir(path)
	if _, err := os.Stat(folder); err != nil {
		return err
	}
	return TryFolder(folder)
}
