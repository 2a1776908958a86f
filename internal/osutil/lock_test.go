package osutil

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/sudoXpg/netloop/eventloop/looptest"
)

// scratch returns a folder. The clean-up of t.TempDir fails under Wine.
func scratch(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "osutil")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// lockElsewhere starts a process that has the lock of folder, until kill is called.
func lockElsewhere(t *testing.T, folder string) (pid int, kill func()) {
	t.Helper()
	cmd := looptest.Again(t.Context(), "-test.run=^TestAnotherProcessHoldsTheLock$", "-test.v")
	if runtime.GOOS == "windows" { // where no other program has to start it, not even Wine
		cmd = exec.CommandContext(t.Context(), os.Args[0], cmd.Args[len(cmd.Args)-2:]...)
	}
	cmd.Env = append(os.Environ(), lockedFolder+"="+folder)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if _, err := fmt.Sscanf(strings.TrimSpace(lines.Text()), "locked by %d", &pid); err == nil {
			break
		}
	}
	if pid == 0 {
		_ = cmd.Wait()
		t.Fatal("the other process has no lock")
	}
	kill = func() {
		_ = cmd.Process.Kill()
		_, _ = io.Copy(io.Discard, out)
		if err := cmd.Wait(); !isExit(err) {
			t.Error(err)
		}
		_ = in.Close()
	}
	return pid, kill
}

func isExit(err error) bool {
	_, ok := errors.AsType[*exec.ExitError](err)
	return ok
}

const lockedFolder = "OSUTIL_LOCK"

func TestAnotherProcessHoldsTheLock(t *testing.T) {
	folder := os.Getenv(lockedFolder)
	if folder == "" {
		return // it only runs as the other process of the next test
	}
	if _, err := LockFolder(folder); err != nil {
		t.Fatal(err)
	}
	fmt.Println("locked by", os.Getpid())
	_, _ = io.Copy(io.Discard, os.Stdin)
}

func TestTheSecondProcessIsToldWhichProcessHasTheFolder(t *testing.T) {
	folder := filepath.Join(scratch(t), "made", "for", "it")
	pid, kill := lockElsewhere(t, folder)
	for range 2 { // asking does not take the lock
		_, err := LockFolder(folder)
		used, ok := errors.AsType[*FolderInUseError](err)
		if !ok || used.Folder != folder || used.PID != pid {
			t.Errorf("got %v, want that process %d has %s", err, pid, folder)
		} else if s := err.Error(); !strings.Contains(s, folder) || !strings.Contains(s, fmt.Sprint(pid)) {
			t.Errorf("the sentence %q names not both", s)
		}
	}
	if who, used := FolderUser(folder); who != pid || !used {
		t.Errorf("the folder is used by %d, %v; want %d", who, used, pid)
	}
	kill()
	if who, used := FolderUser(folder); used {
		t.Errorf("a process that is gone, %d, uses the folder", who)
	}
	unlock, err := LockFolder(folder)
	if err != nil {
		t.Fatalf("after the other was killed: %v", err)
	}
	if err := unlock(); err != nil {
		t.Error(err)
	}
}

func TestAnUnlockedFolderCanBeLocked(t *testing.T) {
	folder := scratch(t)
	for range 3 {
		unlock, err := LockFolder(folder)
		if err != nil {
			t.Fatal(err)
		}
		if err := unlock(); err != nil {
			t.Error(err)
		}
	}
}

func TestALockFileWithoutAProcessIDNamesNoProcess(t *testing.T) {
	for _, text := range []string{"", "12", "x\n", "-5\n", strings.Repeat("1", 100)} {
		f, err := os.CreateTemp(scratch(t), "")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteString(text); err != nil {
			t.Fatal(err)
		}
		if pid := readPID(f); pid != 0 {
			t.Errorf("%q names %d", text, pid)
		}
		f.Close()
	}
	if s := (&FolderInUseError{Folder: "x"}).Error(); !strings.Contains(s, "another process") {
		t.Error(s)
	}
}

func TestAFolderThatCannotBeCreatedIsNamed(t *testing.T) {
	file := filepath.Join(scratch(t), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := LockFolder(file); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("a file as folder: %v", err)
	}
}
