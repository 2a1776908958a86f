package osutil

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
)

// lockName is the file whose lock stands for the folder. It stays when the lock
// is gone: removing it would let two processes lock two files.
const lockName = "lock"

// errLocked is what lockFile says if another process has the lock.
var errLocked = errors.New("locked")

// A FolderInUseError says that another process has the lock of a folder.
type FolderInUseError struct {
	Folder string
	PID    int // of the other process, or 0 if it is not known
}

func (e *FolderInUseError) Error() string {
	who := "another process"
	if e.PID != 0 {
		who = fmt.Sprint("process ", e.PID)
	}
	return fmt.Sprintf("the folder %s is in use by %s: stop that one, or choose another folder", e.Folder, who)
}

// LockFolder makes folder if need be, for its owner only, and locks it for this
// process until unlock is called or the process has ended, in whatever way. If
// another process has it the error is a *FolderInUseError.
//
// A folder on a network file system may be locked on each machine by itself.
func LockFolder(folder string) (unlock func() error, err error) {
	if err := makeFolder(folder); err != nil {
		return nil, fmt.Errorf("no data folder: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(folder, lockName), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("the data folder can't be locked: %w", err)
	}
	if err = lockFile(f); err == nil {
		err = writePID(f)
	} else if errors.Is(err, errLocked) {
		err = &FolderInUseError{Folder: folder, PID: readPID(f)}
	} else {
		err = fmt.Errorf("the data folder %s can't be locked: %w", folder, err)
	}
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return f.Close, nil
}

// writePID leaves the number of this process for whoever finds the folder locked.
func writePID(f *os.File) error {
	if err := f.Truncate(0); err != nil {
		return err
	}
	_, err := f.WriteAt(fmt.Appendln(nil, os.Getpid()), 0)
	return err
}

// readPID returns the number that the owner of the lock has left, or 0.
func readPID(f *os.File) int {
	text, err := io.ReadAll(io.NewSectionReader(f, 0, 32))
	line, _, whole := bytes.Cut(text, []byte("\n"))
	pid, bad := strconv.Atoi(string(line))
	if err != nil || bad != nil || !whole || pid < 0 {
		return 0
	}
	return pid
}
