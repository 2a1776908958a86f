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

// lockName is the file whose lock stands for the folder. It is not removed with
// the lock: that would let two processes lock two files.
const lockName = "lock"

// errLocked is the error of lockFile if another process has the lock.
var errLocked = errors.New("locked")

// A FolderInUseError means that another process has the lock of a folder.
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

// LockFolder creates folder if needed, for its owner only, and locks it for
// this process until unlock is called or the process ends in any way. If
// another process has the lock the error is a *FolderInUseError.
//
// On a network file system each machine may have its own lock.
func LockFolder(folder string) (unlock func() error, err error) {
	if err := MakeFolder(folder); err != nil {
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

// FolderUser returns the process that has the lock of folder, 0 if unknown. used is
// false if no process has it, or if that can't be found out.
func FolderUser(folder string) (pid int, used bool) {
	f, err := os.OpenFile(filepath.Join(folder, lockName), os.O_RDWR, 0)
	if err != nil {
		return 0, false
	}
	defer func() { _ = f.Close() }()
	if !errors.Is(lockFile(f), errLocked) {
		return 0, false
	}
	return readPID(f), true
}

// writePID writes the ID of this process, for processes that find the folder locked.
func writePID(f *os.File) error {
	if err := f.Truncate(0); err != nil {
		return err
	}
	_, err := f.WriteAt(fmt.Appendln(nil, os.Getpid()), 0)
	return err
}

// readPID returns the process ID that the owner of the lock has written, or 0.
func readPID(f *os.File) int {
	text, err := io.ReadAll(io.NewSectionReader(f, 0, 32))
	line, _, whole := bytes.Cut(text, []byte("\n"))
	pid, bad := strconv.Atoi(string(line))
	if err != nil || bad != nil || !whole || pid < 0 {
		return 0
	}
	return pid
}
