//go:build unix

package sock

import (
	"sync"
	"testing"

	"golang.org/x/sys/unix"
)

func TestWakerIsReadableFromWakeToDrain(t *testing.T) {
	w, err := OpenWaker()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	readable := func() bool {
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(w.Handle()), Events: unix.POLLIN}}, 0)
		return n > 0 && err == nil
	}
	for range 3 {
		if readable() || w.Drain() {
			t.Fatal("woken by nobody")
		}
		for range 100_000 { // more than a pipe holds
			if err := w.Wake(); err != nil {
				t.Fatal(err)
			}
		}
		if !readable() {
			t.Fatal("a Wake was lost")
		}
		if !w.Drain() {
			t.Error("Drain knows of no Wake")
		}
	}
}

func TestWakerMayBeClosedUnderAWake(t *testing.T) {
	for range 100 {
		w, err := OpenWaker()
		if err != nil {
			t.Fatal(err)
		}
		var wakers sync.WaitGroup
		for range 2 {
			wakers.Go(func() {
				if err := w.Wake(); err != nil {
					t.Errorf("Wake: %v", err)
				}
			})
		}
		if err := w.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
		wakers.Wait()
		if err := w.Close(); err != nil {
			t.Errorf("the second Close: %v", err)
		}
	}
}

func TestAWakeThatFailedIsTriedAgain(t *testing.T) {
	w, err := OpenWaker()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	ends := w.ends
	closed := ends
	breakEnds(&closed)
	w.ends = closed
	if w.Wake() == nil {
		t.Error("Wake without a descriptor is no error")
	}
	w.ends = ends
	if err := w.Wake(); err != nil {
		t.Fatal(err)
	}
	if n, err := unix.Poll([]unix.PollFd{{Fd: int32(w.Handle()), Events: unix.POLLIN}}, 0); n != 1 || err != nil {
		t.Errorf("the second Wake is lost: %d, %v", n, err)
	}
}
