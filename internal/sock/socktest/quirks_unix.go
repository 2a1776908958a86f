//go:build unix

package socktest

import (
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sudoXpg/netloop/eventloop"
)

// quirks are those of Unix systems.
func quirks(t *testing.T, open func() (eventloop.Backend, error)) {
	t.Run("a hang-up alone is Readable", func(t *testing.T) { hangUpIsReadable(t, mustOpen(t, open)) })
	t.Run("an interrupted Wait is continued", func(t *testing.T) { interrupted(t, mustOpen(t, open)) })
	t.Run("out of descriptors Open says so", func(t *testing.T) {
		WithFiles(t, 32, func(t *testing.T) { openOutOfFiles(t, open) })
	})
}

// hangUpIsReadable: for a pipe whose writer is gone some systems report POLLHUP
// without POLLIN.
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
	n, err := b.Wait(events[:], time.Minute)
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
