package store

import (
	"os"
	"runtime"
)

// SyncFolder makes what was created, renamed or removed in a folder durable.
func SyncFolder(dir string) error {
	if runtime.GOOS == "windows" {
		return nil // folders can't be opened for that; NTFS journals them
	}
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	err = f.Sync()
	if e := f.Close(); err == nil {
		err = e
	}
	return err
}
