package chatclient

import (
	"errors"
	"os"
	"path/filepath"

	"github.com/sudoXpg/netloop/internal/osutil"
)

// replaceFile writes a file that only the user can read, and its folder if that is missing.
// Another process sees the old file or the new one, and never a part.
func replaceFile(path string, data []byte) error {
	folder := filepath.Dir(path)
	if err := osutil.MakeFolder(folder); err != nil {
		return err
	}
	f, err := os.CreateTemp(folder, "."+filepath.Base(path)+"-*") // its mode is 0600
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}
