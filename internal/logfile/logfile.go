// Package logfile writes a log to a file and rotates it.
//
// The file may be moved, removed or truncated by others at any time, as
// logrotate(8) does: the next write goes to the file at the path then. A path may
// also lead to a FIFO, a device or a standard stream. Those are written to, but
// never rotated.
package logfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/sudoXpg/netloop/internal/osutil"
)

// Options configure a File.
type Options struct {
	// Path is the path of the file. A symbolic link is followed, and never replaced.
	Path string
	// Mode is the mode of created files.
	Mode fs.FileMode
	// MaxBytes is the size above which a regular file is rotated; 0 means never.
	MaxBytes int64
	// Keep is how many rotated files are kept; 0 keeps all.
	Keep int
	// Compress compresses rotated files with gzip.
	Compress bool
	// Now is the clock that rotated files are named by, time.Now if nil.
	Now func() time.Time
}

// A File is an io.WriteCloser. One goroutine at a time may use it.
type File struct {
	o       Options
	f       *os.File
	shared  bool   // f is a standard stream of the process, which stays open
	name    string // the path of a regular file, behind all links; "" if f is not rotated
	tidying sync.WaitGroup
}

// Open returns a File. It creates the file if needed. A FIFO without a reader is
// not an error: writes before there is one are lost.
func Open(o Options) (*File, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	f := &File{o: o}
	if err := f.open(); err != nil && !errors.Is(err, osutil.ErrNoReader) {
		return nil, err
	}
	return f, nil
}

// Write implements io.Writer. The data of one call goes to one file. After an
// error the file is opened again at the next call. A file that can't be rotated is
// still written to: n says how much.
func (f *File) Write(p []byte) (n int, err error) {
	if f.f != nil && f.replaced() {
		_ = f.shut() // it is no longer the log
	}
	if f.f == nil {
		if err := f.open(); err != nil {
			return 0, err
		}
	}
	var kept error
	if f.full(len(p)) {
		if kept = f.rotate(); f.f == nil {
			return 0, kept
		}
	}
	if n, err = f.f.Write(p); err != nil {
		_ = f.shut() // err has the cause
	}
	return n, errors.Join(err, kept)
}

// Close closes the file, and waits until rotated files are compressed.
func (f *File) Close() error {
	f.tidying.Wait()
	return f.shut()
}

func (f *File) shut() error {
	open := f.f
	f.f = nil
	if open == nil || f.shared {
		return nil
	}
	return open.Close()
}

func (f *File) open() error {
	target, stream, err := resolve(f.o.Path)
	if err != nil {
		return err
	}
	if std := standard[target]; std != nil {
		f.f, f.shared, f.name = std(), true, ""
		return nil
	}
	opened, err := osutil.OpenAppend(f.o.Path, f.o.Mode)
	if err != nil {
		return err
	}
	info, err := opened.Stat()
	if err != nil {
		return errors.Join(err, opened.Close())
	}
	f.f, f.shared, f.name = opened, false, ""
	if info.Mode().IsRegular() && !stream {
		f.name = target
	}
	return nil
}

// replaced reports whether the path leads to another file than the open one, or
// to none.
func (f *File) replaced() bool {
	if f.shared {
		return false
	}
	there, err := os.Stat(f.o.Path)
	if err != nil {
		return true
	}
	open, err := f.f.Stat()
	return err != nil || !os.SameFile(there, open)
}

// full reports whether the file must be rotated before n more bytes are written.
// It asks for the size each time, because others may have truncated the file.
func (f *File) full(n int) bool {
	if f.name == "" || f.o.MaxBytes == 0 {
		return false
	}
	info, err := f.f.Stat()
	return err == nil && info.Size() > 0 && info.Size()+int64(n) > f.o.MaxBytes
}

// rotate renames the file, with the time in its name, and begins a new one.
func (f *File) rotate() error {
	name := f.name
	if err := f.shut(); err != nil { // Windows can't rename an open file
		return err
	}
	base, ext := split(name)
	at := f.o.Now().UTC()
	aside := base + "-" + at.Format(stampForm) + ext
	for exists(aside) || exists(aside+compressed) {
		at = at.Add(time.Millisecond) // so that the names are in the order of the files
		aside = base + "-" + at.Format(stampForm) + ext
	}
	if err := os.Rename(name, aside); err != nil {
		return errors.Join(err, f.open())
	}
	if err := f.open(); err != nil {
		return err
	}
	f.tidying.Wait()
	f.tidying.Go(func() { tidy(name, f.o) })
	return nil
}

// stampForm is the time in the name of a rotated file.
const stampForm = "2006-01-02T15-04-05.000"

// split returns the name of a file without its extension, and the extension.
func split(name string) (base, ext string) {
	ext = filepath.Ext(name)
	return strings.TrimSuffix(name, ext), ext
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// standard are the process's standard streams, which can't always be opened by
// name: a service's may be a socket.
var standard = map[string]func() *os.File{
	"/dev/stdout": stdout, "/dev/fd/1": stdout, "/proc/self/fd/1": stdout,
	"/dev/stderr": stderr, "/dev/fd/2": stderr, "/proc/self/fd/2": stderr,
}

func stdout() *os.File { return os.Stdout }
func stderr() *os.File { return os.Stderr }

// maxLinks is how many symbolic links are followed, as on Linux.
const maxLinks = 40

// resolve follows the symbolic links at path, the last element only, and returns
// where they lead, which need not exist. stream reports whether the path went
// through /dev or /proc: a file there is a stream of some process, even if it is a
// regular file. A standard stream is returned by its name.
func resolve(path string) (target string, stream bool, err error) {
	target = path
	for range maxLinks {
		if target, err = filepath.Abs(target); err != nil {
			return "", false, err
		}
		if standard[target] != nil {
			return target, true, nil
		}
		stream = stream || strings.HasPrefix(target, "/dev/") || strings.HasPrefix(target, "/proc/")
		next, err := os.Readlink(target)
		if err != nil {
			return target, stream, nil //nolint:nilerr // it is not a link; opening it returns the error
		}
		if !filepath.IsAbs(next) {
			next = filepath.Join(filepath.Dir(target), next)
		}
		target = next
	}
	return "", false, fmt.Errorf("%s: too many symbolic links", path)
}

// Try checks whether Open would work, and leaves no file behind: it would belong
// to the user who tries.
func Try(path string, mode fs.FileMode) error {
	missing := !exists(path)
	f, err := Open(Options{Path: path, Mode: mode})
	if err != nil {
		return err
	}
	err = f.Close()
	if missing {
		err = errors.Join(err, os.Remove(path))
	}
	return err
}

// rotated returns the rotated files of the log called name, the oldest first.
func rotated(name string) ([]string, error) {
	entries, err := os.ReadDir(filepath.Dir(name))
	if err != nil {
		return nil, err
	}
	base, ext := split(name)
	var list []string
	for _, e := range entries {
		path := filepath.Join(filepath.Dir(name), e.Name())
		stamp, ok := strings.CutPrefix(strings.TrimSuffix(path, compressed), base+"-")
		if !ok || !e.Type().IsRegular() || !strings.HasSuffix(stamp, ext) || len(stamp) < len(stampForm)+len(ext) {
			continue
		}
		if _, err := time.Parse(stampForm, stamp[:len(stampForm)]); err == nil {
			list = append(list, path)
		}
	}
	slices.Sort(list)
	return list, nil
}

// tidy removes the oldest rotated files and compresses the others. Failures are
// tried again after the next rotation.
func tidy(name string, o Options) {
	list, err := rotated(name)
	if err != nil {
		return
	}
	for i, path := range list {
		switch {
		case o.Keep > 0 && i < len(list)-o.Keep:
			_ = os.Remove(path)
		case o.Compress && !strings.HasSuffix(path, compressed):
			_ = Compress(path, o.Mode)
		}
	}
}
