package sqlite_test

import (
	"os"
	"testing"

	"github.com/sudoXpg/netloop/internal/store"
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
