//go:build unix

package socktest

import (
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sudoXpg/netloop/eventloop"
)

// Backend tests what backends over descriptors have in common and pollertest
// can't see: no allocation, no bad descriptors, quirks of the system.
func Backend(t *testing.T, open func() (eventloop.Backend, error)) {
	t.Run("a turn does not allocate", func(t *testing.T) { turnDoesNotAllocate(t, mustOpen(t, open)) })
	t.Run("only open descriptors are added", func(t *testing.T) { onlyOpenDescriptors(t, mustOpen(t, open)) })
	t.Run("a hang-up alone is Readable", func(t *testing.T) { hangUpIsReadable(t, mustOpen(t, open)) })
	t.Run("an interrupted Wait is continued", func(t *testing.T) { interrupted(t, mustOpen(t, open)) })
	t.Run("out of descriptors Open says so", func(t *testing.T) {
		WithFiles(t, 32, func(t *testing.T) { openOutOfFiles(t, open) })
	})
}

func mustOpen(t *testing.T, open func() (eventloop.Backend, error)) eventloop.Backend {
	t.Helper()
	b, err := open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

// pair returns two connected descriptors.
func pair(t *testing.T) (a, b eventloop.Handle) {
	t.Helper()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, fd := range fds {
			if err := unix.Close(fd); err != nil {
				t.Error(err)
			}
		}
	})
	return eventloop.Handle(fds[0]), eventloop.Handle(fds[1])
}

func turnDoesNotAllocate(t *testing.T, b eventloop.Backend) {
	x, y := pair(t)
	if err := b.Add(x, 1, eventloop.Writable); err != nil {
		t.Fatal(err)
	}
	if err := b.Add(y, 2, eventloop.Readable); err != nil {
		t.Fatal(err)
	}
	events := make([]eventloop.Event, 256)
	n := testing.AllocsPerRun(100, func() {
		if err := b.Wake(); err != nil {
			t.Error(err)
		}
		for _, timeout := range []time.Duration{-1, 0, time.Second} {
			if n, err := b.Wait(events, timeout); n != 1 || err != nil {
				t.Errorf("Wait: %d, %v", n, err)
			}
		}
		for _, i := range []eventloop.Interest{0, eventloop.Readable, eventloop.Writable} {
			if err := b.Modify(x, 1, i); err != nil {
				t.Error(err)
			}
		}
	})
	if n != 0 {
		t.Errorf("a turn allocates %v times", n)
	}
}

// onlyOpenDescriptors: the system tells late or, of interest 0, never.
func onlyOpenDescriptors(t *testing.T, b eventloop.Backend) {
	for _, h := range []eventloop.Handle{1 << 20, 1<<31 - 1, ^eventloop.Handle(0)} {
		for _, i := range []eventloop.Interest{0, eventloop.Readable} {
			if err := b.Add(h, 1, i); err == nil {
				t.Errorf("Add(%#x, interest %d) is no error", h, i)
			}
		}
	}
}

// hangUpIsReadable: of a pipe whose writer is gone some systems report POLLHUP
// and no POLLIN.
func hangUpIsReadable(t *testing.T, b eventloop.Backend) {
	var p [2]int
	if err := unix.Pipe(p[:]); err != nil {
		t.Fatal(err)
	}
	defer unix.Close(p[0])
	if err := b.Add(eventloop.Handle(p[0]), 7, eventloop.Readable); err != nil {
		t.Fatal(err)
	}
	if err := unix.Close(p[1]); err != nil {
		t.Fatal(err)
	}
	var events [4]eventloop.Event
	n, err := b.Wait(events[:], 10*time.Second)
	if n != 1 || err != nil || events[0].Token != 7 || events[0].Ready&eventloop.Readable == 0 {
		t.Errorf("Wait: %v, %v, want token 7 to be Readable", events[:n], err)
	}
}

func openOutOfFiles(t *testing.T, open func() (eventloop.Backend, error)) {
	for range 100 {
		b, err := open()
		if err == eventloop.ErrTooManyFiles {
			return
		}
		if err != nil {
			t.Fatalf("Open without descriptors: %v, want ErrTooManyFiles itself", err)
		}
		defer b.Close()
	}
	t.Error("100 backends in spite of the limit")
}
