//go:build unix

package socktest

import (
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/sudoXpg/netloop/eventloop/looptest"
)

// OpenHandles counts the open descriptors below 4096.
func OpenHandles() (n int) {
	for fd := range 4096 {
		if _, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err == nil {
			n++
		}
	}
	return n
}

// childVar names the test that a child of WithFiles is to run.
const childVar = "SOCKTEST_CHILD"

// WithFiles runs f in a child process with a limit of descriptors. The test
// must do nothing else. A limit in this process would affect all other tests in
// it.
func WithFiles(t *testing.T, limit int, f func(t *testing.T)) {
	t.Helper()
	if os.Getenv(childVar) == t.Name() {
		var lim unix.Rlimit
		if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &lim); err != nil {
			t.Fatal(err)
		}
		set(&lim.Cur, limit)
		if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &lim); err != nil {
			t.Fatal(err)
		}
		f(t)
		return
	}
	pattern := "^" + strings.ReplaceAll(t.Name(), "/", "$/^") + "$"
	cmd := looptest.Again(t.Context(), "-test.run="+pattern, "-test.v")
	cmd.Env = append(os.Environ(), childVar+"="+t.Name())
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("in a child with %d descriptors: %v\n%s", limit, err, out)
	}
}

// set exists because the systems don't agree on the type of a limit.
func set[T int64 | uint64](limit *T, n int) { *limit = T(n) }

// LimitDescriptors is looptest.Options.LimitDescriptors on Unix.
func LimitDescriptors() error {
	var lim unix.Rlimit
	set(&lim.Cur, looptest.ChildDescriptors)
	set(&lim.Max, looptest.ChildDescriptors)
	return unix.Setrlimit(unix.RLIMIT_NOFILE, &lim)
}

// ContractSkips names the rules of pollertest that can't hold here: none.
func ContractSkips() map[string]string { return nil }

// Wine reports whether the test runs on Wine.
func Wine() bool { return false }
