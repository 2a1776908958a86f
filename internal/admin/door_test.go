package admin

import (
	"bytes"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/sudoXpg/netloop/internal/osutil"
)

func TestASocketThatWasRemovedIsCreatedAgain(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("nobody can remove a pipe")
	}
	path := place(t)
	d, err := Open(path, parrot, time.Millisecond, func(err error) { t.Error(err) })
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		for range 2 {
			if err := d.Close(); err != nil {
				t.Error(err)
			}
		}
		if _, err := os.Lstat(path); !os.IsNotExist(err) {
			t.Errorf("the socket stays: %v", err)
		}
	}()
	for range 3 {
		for end := time.Now().Add(time.Minute); ; {
			var out bytes.Buffer
			_, err := Call(path, Request{Args: []string{"hello"}}, &out)
			if err == nil && strings.Contains(out.String(), "hello") {
				break
			}
			if time.Now().After(end) {
				t.Fatalf("it does not answer: %v", err)
			}
			<-time.After(time.Millisecond)
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
}

func TestARunningServerWhoseSocketIsGoneIsReported(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("nobody can remove a pipe")
	}
	folder, err := os.MkdirTemp("", "admin")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(folder) }()
	path, err := Path(folder)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Dial(path); err == nil || !strings.HasPrefix(err.Error(), "no chatsrv is running with this data folder") {
		t.Errorf("without a server: %v", err)
	}
	unlock, err := osutil.LockFolder(folder)
	if err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS == "solaris" || runtime.GOOS == "illumos" || runtime.GOOS == "aix" {
		t.Skip("a process does not see its own locks there")
	}
	if _, err := Dial(path); err == nil || !strings.Contains(err.Error(), "uses this data folder, but can't be reached at "+path+": it is another command of chatsrv, or a server") {
		t.Errorf("with a server: %v", err)
	}
	if err := unlock(); err != nil {
		t.Error(err)
	}
}
