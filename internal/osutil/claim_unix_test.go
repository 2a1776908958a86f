//go:build unix

package osutil

import (
	"errors"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
)

func empty(t *testing.T, folder string) bool {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	return len(entries) == 0
}

func TestOnlyOneProcessAtATimeHasAClaim(t *testing.T) {
	folder := scratch(t)
	path := filepath.Join(folder, "s")
	for range 3 {
		var all sync.WaitGroup
		var won atomic.Int32
		claimed := make(chan *SocketClaim, 20)
		for range 20 {
			all.Go(func() {
				if c, err := ClaimSocket(path); err == nil {
					won.Add(1)
					claimed <- c
				} else if !errors.Is(err, ErrSomebodyListens) {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if won.Load() != 1 {
			t.Errorf("%d claims", won.Load())
		}
		c := <-claimed
		for range 2 {
			if err := c.Release(); err != nil {
				t.Error(err)
			}
		}
	}
	if !empty(t, folder) {
		t.Error("something was left behind")
	}
}

// The socket and lock of a running server were removed, and another server has created its
// own.
func TestAReleaseLeavesTheLockOfAnotherProcessAlone(t *testing.T) {
	path := filepath.Join(scratch(t), "s")
	first, err := ClaimSocket(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(path + lockSuffix); err != nil {
		t.Fatal(err)
	}
	others, err := lockBeside(path + lockSuffix)
	if err != nil {
		t.Fatal(err)
	}
	if err := first.Release(); err != nil {
		t.Error(err)
	}
	own, err := others.Stat()
	if err != nil {
		t.Fatal(err)
	}
	if there, err := os.Stat(path + lockSuffix); err != nil || !os.SameFile(there, own) {
		t.Errorf("the lock of the other process is gone: %v", err)
	}
	if err := others.Close(); err != nil {
		t.Error(err)
	}
}
