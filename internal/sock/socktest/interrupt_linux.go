package socktest

import (
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sudoXpg/netloop/eventloop"
)

// interrupted sends signals to the thread that waits, as the garbage collector
// does to preempt it, until the Wait returns.
func interrupted(t *testing.T, b eventloop.Backend) {
	const timeout = 30 * time.Millisecond
	type result struct {
		n    int
		err  error
		took time.Duration
	}
	thread, done := make(chan int), make(chan result)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		thread <- unix.Gettid()
		start := time.Now()
		n, err := b.Wait(make([]eventloop.Event, 4), timeout)
		done <- result{n, err, time.Since(start)}
	}()
	tid := <-thread
	for {
		select {
		case r := <-done:
			if r.n != 0 || r.err != nil || r.took < timeout {
				t.Errorf("Wait(%v) returned %d, %v after %v", timeout, r.n, r.err, r.took)
			}
			return
		default:
			if err := unix.Tgkill(unix.Getpid(), tid, unix.SIGURG); err != nil {
				t.Fatal(err)
			}
		}
	}
}
