//go:build unix

package osutil

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// GiveToOwner changes the owner of files in a folder to the owner of the folder,
// if this process is root, which may have created them for another user. Files
// that do not exist are ignored.
func GiveToOwner(folder string, files ...string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	info, err := os.Stat(folder)
	if err != nil {
		return err
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return nil
	}
	root, err := os.OpenRoot(folder) // follows no link out of it
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	for _, file := range files {
		if err := root.Lchown(file, int(owner.Uid), int(owner.Gid)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}
