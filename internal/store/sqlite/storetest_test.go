package sqlite_test

import (
	"os"
	"runtime"
	"testing"

	"github.com/sudoXpg/netloop/internal/store"
	"github.com/sudoXpg/netloop/internal/store/memory"
	"github.com/sudoXpg/netloop/internal/store/sqlite"
	"github.com/sudoXpg/netloop/internal/store/storetest"
)

// folder is like t.TempDir, which Wine can't clean up.
func folder(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "store")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func TestStore(t *testing.T) {
	for name, o := range map[string]sqlite.Options{"usual": {}, "alone": {Alone: true}, "one reader": {Readers: 1}} {
		t.Run(name, func(t *testing.T) {
			storetest.Run(t, func(t *testing.T) storetest.Open {
				dir := folder(t)
				return func() (store.Store, error) { return sqlite.Open(dir, o) }
			})
		})
	}
}

func TestTheStoreAgreesWithTheModel(t *testing.T) {
	for name, o := range map[string]sqlite.Options{"usual": {}, "alone": {Alone: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			storetest.RunModel(t, func() (storetest.Open, func()) {
				dir, err := os.MkdirTemp(fastest(), "store")
				if err != nil {
					t.Fatal(err)
				}
				return func() (store.Store, error) { return sqlite.Open(dir, o) }, func() { _ = os.RemoveAll(dir) }
			}, func() (storetest.Open, func()) {
				s := memory.New()
				return func() (store.Store, error) { return s, nil }, func() {}
			})
		})
	}
}

// fastest returns a folder in memory if there is one: disks don't matter here.
func fastest() string {
	// It is visible under Wine, too, but not a path of Windows.
	if info, err := os.Stat("/dev/shm"); err == nil && info.IsDir() && runtime.GOOS != "windows" {
		return "/dev/shm"
	}
	return ""
}
