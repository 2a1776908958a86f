package socktest

import (
	"testing"
	"time"

	"github.com/sudoXpg/netloop/eventloop"
)

// A Skip is a test of Backend not to run, with the reason that t.Skip reports.
type Skip struct{ Name, Reason string }

// Backend tests what backends over descriptors have in common and pollertest
// can't see: no allocation, no bad descriptors, quirks of the system.
func Backend(t *testing.T, open func() (eventloop.Backend, error), skips ...Skip) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, eventloop.Backend)
	}{
		{"a turn does not allocate", turnDoesNotAllocate},
		{"only open descriptors are added", onlyOpenDescriptors},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, s := range skips {
				if s.Name == test.name {
					t.Skip(s.Reason)
				}
			}
			test.run(t, mustOpen(t, open))
		})
	}
	quirks(t, open)
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

// pair returns the two ends of a connection, opened by b.
func pair(t *testing.T, b eventloop.Backend) (x, y eventloop.Handle) {
	t.Helper()
	keep := func(h eventloop.Handle, err error) eventloop.Handle {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := b.CloseHandle(h); err != nil {
				t.Error(err)
			}
		})
		return h
	}
	ln := keep(b.Listen("tcp4", "127.0.0.1:0", eventloop.ListenOptions{}))
	at, err := b.LocalAddr(ln)
	if err != nil {
		t.Fatal(err)
	}
	x = keep(b.Dial("tcp4", at.String()))
	if err := b.Add(ln, 0, eventloop.Readable); err != nil {
		t.Fatal(err)
	}
	if n, err := b.Wait(make([]eventloop.Event, 1), time.Minute); n != 1 || err != nil {
		t.Fatalf("nobody to accept: %d, %v", n, err)
	}
	if err := b.Remove(ln); err != nil {
		t.Fatal(err)
	}
	y, _, err = b.Accept(ln)
	return x, keep(y, err)
}

func turnDoesNotAllocate(t *testing.T, b eventloop.Backend) {
	x, y := pair(t, b)
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

// onlyOpenDescriptors: the system reports a bad descriptor late or, with interest 0, never.
func onlyOpenDescriptors(t *testing.T, b eventloop.Backend) {
	for _, h := range []eventloop.Handle{1 << 20, 1<<31 - 1, ^eventloop.Handle(0)} {
		for _, i := range []eventloop.Interest{0, eventloop.Readable} {
			if err := b.Add(h, 1, i); err == nil {
				t.Errorf("Add(%#x, interest %d) is no error", h, i)
			}
		}
	}
}
