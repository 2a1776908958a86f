package account_test

import (
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/sudoXpg/netloop/eventloop/looptest"
	"github.com/sudoXpg/netloop/internal/account"
)

// However many users log in at once, hashing takes the memory of a few hashes,
// including garbage, and returns it. The peak is measured for a whole process, so
// a child is used.
func TestManyHashesTakeTheMemoryOfAFew(t *testing.T) {
	if info, ok := debug.ReadBuildInfo(); ok && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"}) {
		t.Skip("the race detector takes memory of its own for each byte")
	}
	const child, jobs = "ACCOUNT_CHILD", 40
	if os.Getenv(child) == "" {
		cmd := looptest.Again(t.Context(), "-test.run=^"+t.Name()+"$", "-test.v")
		cmd.Env = append(os.Environ(), child+"=1")
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		if strings.Contains(string(out), "SKIP") {
			t.Skipf("the child process could not measure its memory:\n%s", out)
		}
		return
	}
	phc := mustHash(t, "correct horse", account.Default)
	runtime.GC()
	debug.FreeOSMemory()
	if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0); err != nil {
		t.Skipf("the kernel does not begin the peak anew: %v", err)
	}
	before := resident(t, "VmRSS")
	p := account.NewPool(account.PoolOptions{Workers: 1})
	var wg sync.WaitGroup
	wg.Add(jobs)
	for range jobs {
		if _, ok := p.Submit(account.Job{Run: func() {
			defer wg.Done()
			if match, err := account.Verify(phc, "correct horse"); !match || err != nil {
				t.Errorf("%v, %v", match, err)
			}
		}}); !ok {
			t.Error("a job was turned away")
			wg.Done()
		}
	}
	wg.Wait()
	p.Close()
	const hash = 19 << 10
	peak, after := resident(t, "VmHWM")-before, resident(t, "VmRSS")-before
	t.Logf("%d hashes took %d KiB, and %d KiB are left", jobs, peak, after)
	// The runtime needs a few MiB for itself.
	const spare = 8 << 10
	if peak > 4*hash+spare || after > spare {
		t.Error("that is more than four hashes and 8 MiB, or more than 8 MiB are left")
	}
}

// resident returns a value of /proc/self/status, in KiB.
func resident(t *testing.T, name string) int {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Skipf("/proc, which tells how much memory is resident, can't be read: %v", err)
	}
	for line := range strings.Lines(string(status)) {
		if f := strings.Fields(line); len(f) == 3 && f[0] == name+":" {
			n, err := strconv.Atoi(f[1])
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
	}
	t.Skipf("this kernel says nothing about %s in /proc/self/status", name)
	return 0
}
