//go:build e2e && unix

package e2e

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// patience is the longest wait for anything. A test fails when it is exceeded;
// no test passes because of it.
const patience = 2 * time.Minute

// chatsrv is the path of the server under test, and scratch a folder that is
// removed when all tests have ended.
var chatsrv, scratch string

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	flag.Parse()
	dir, err := os.MkdirTemp("", "e2e")
	if err == nil {
		// Some servers run as another user.
		err = os.Chmod(dir, 0o755)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	scratch = dir
	// On machines without Go, scripts/run-suites.sh names one that was built elsewhere.
	if chatsrv = os.Getenv("E2E_CHATSRV"); chatsrv == "" {
		chatsrv = filepath.Join(dir, "chatsrv")
		build := exec.Command("go", "build", "-o", chatsrv, "github.com/sudoXpg/netloop/cmd/chatsrv")
		if out, err := build.CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "build chatsrv: %v\n%s", err, out)
			return 1
		}
	}
	code := m.Run()
	if err := stopWine(); err != nil {
		fmt.Fprintf(os.Stderr, "stop Wine: %v\n", err)
		code = 1
	}
	if err := goleak.Find(); code == 0 && err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	return code
}

// folder returns a new folder that is removed after the test. Its path is short
// enough for a Unix socket, which the path of t.TempDir may not be.
func folder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "e2e")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}
