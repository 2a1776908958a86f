package logfile

import (
	"compress/gzip"
	"errors"
	"io"
	"io/fs"
	"os"
)

// compressed is the suffix of a compressed file's name.
const compressed = ".gz"

// Compress replaces a file by FILE.gz of that mode, which appears whole or not at
// all.
func Compress(path string, mode fs.FileMode) error {
	in, err := os.Open(path)
	if err != nil {
		return err
	}
	fresh := path + ".tmp"
	out, err := os.OpenFile(fresh, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, mode)
	if err != nil {
		return errors.Join(err, in.Close())
	}
	z := gzip.NewWriter(out)
	_, err = io.Copy(z, in)
	err = errors.Join(err, z.Close())
	if err == nil {
		err = out.Sync()
	}
	if err = errors.Join(err, out.Close(), in.Close()); err != nil {
		return errors.Join(err, os.Remove(fresh))
	}
	if err := os.Rename(fresh, path+compressed); err != nil {
		return err
	}
	return os.Remove(path)
}
