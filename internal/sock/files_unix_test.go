//go:build unix

package sock

import (
	"testing"

	"github.com/sudoXpg/netloop/eventloop"
	"github.com/sudoXpg/netloop/internal/sock/socktest"
)

// When descriptors run out, a connection waits in the backlog and is accepted
// as soon as one is free.
func TestAcceptOutOfFilesLosesNoConnection(t *testing.T) {
	socktest.WithFiles(t, 32, func(t *testing.T) {
		ln, address := listener(t, "tcp4", "127.0.0.1:0")
		client, err := Net{}.Dial("tcp4", address)
		if err != nil {
			t.Fatal(err)
		}
		defer closeHandle(t, client)
		hoard := exhaust(t)
		for range 3 {
			if _, _, err := (Net{}).Accept(ln); err != eventloop.ErrTooManyFiles {
				t.Fatalf("Accept without descriptors: %v, want ErrTooManyFiles itself", err)
			}
		}
		closeHandle(t, hoard[0])
		h, _, err := Net{}.Accept(ln)
		if err != nil {
			t.Fatalf("Accept with one descriptor to have: %v", err)
		}
		hoard[0] = h
		for _, h := range hoard {
			closeHandle(t, h)
		}
	})
}

// Everything that opens a descriptor returns the same error when there is none.
func TestOpeningOutOfFilesIsErrTooManyFiles(t *testing.T) {
	socktest.WithFiles(t, 32, func(t *testing.T) {
		hoard := exhaust(t)
		if _, err := (Net{}).Listen("tcp", "127.0.0.1:0", eventloop.ListenOptions{}); err != eventloop.ErrTooManyFiles {
			t.Errorf("Listen: %v", err)
		}
		if _, err := (Net{}).Dial("tcp", "127.0.0.1:1"); err != eventloop.ErrTooManyFiles {
			t.Errorf("Dial: %v", err)
		}
		if _, err := OpenWaker(); err != eventloop.ErrTooManyFiles {
			t.Errorf("OpenWaker: %v", err)
		}
		for _, h := range hoard {
			closeHandle(t, h)
		}
	})
}

// exhaust takes every descriptor that is left.
func exhaust(t *testing.T) (hoard []eventloop.Handle) {
	t.Helper()
	for range 1000 {
		fd, err := newSocket(2) // AF_INET everywhere
		if err == eventloop.ErrTooManyFiles {
			return hoard
		}
		if err != nil {
			t.Fatal(err)
		}
		hoard = append(hoard, eventloop.Handle(fd))
	}
	t.Fatal("1000 descriptors in spite of the limit")
	return nil
}
