package kqueuetest

import (
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/sudoXpg/netloop/internal/kqueue/kevent"
)

func TestASecondAddChangesNeitherFlagsNorDisabledState(t *testing.T) {
	onEach(t, all, func(e *env) {
		a, _ := e.local()
		e.change(a, kevent.Write, kevent.Add, nil)
		e.change(a, kevent.Write, kevent.Add|kevent.Clear, nil)
		for range 2 { // with EV_CLEAR there would be no second one
			if ev := e.want(a, kevent.Write); ev.Flags != kevent.Add {
				e.Errorf("flags %#x, want those of the first Add", ev.Flags)
			}
		}
		e.change(a, kevent.Write, kevent.Disable, nil)
		e.change(a, kevent.Write, kevent.Add, nil)
		e.wantNone()
		e.change(a, kevent.Write, kevent.Add|kevent.Enable, nil)
		e.want(a, kevent.Write)
		e.change(a, kevent.Write, kevent.Delete, nil)
		e.change(a, kevent.Write, kevent.Delete, unix.ENOENT)
		e.wantNone()
	})
}

func TestFiltersOfADescriptorAreIndependent(t *testing.T) {
	onEach(t, all, func(e *env) {
		a, b := e.local()
		e.write(b, "xyz")
		e.change(a, kevent.Read, kevent.Add, nil)
		e.change(a, kevent.Write, kevent.Add, nil)
		got := e.take(8)
		if len(got) != 2 || got[0].Filter == got[1].Filter || got[0].Ident != got[1].Ident {
			e.Fatalf("got %+v, want one event of each filter", got)
		}
		e.change(a, kevent.Write, kevent.Delete, nil)
		if ev := e.want(a, kevent.Read); ev.Data != 3 {
			e.Errorf("%d bytes to read, want 3", ev.Data)
		}
	})
}

func TestChangingAMissingEventIsENOENT(t *testing.T) {
	onEach(t, all, func(e *env) {
		a, _ := e.local()
		e.change(a, kevent.Read, kevent.Delete, unix.ENOENT)
		e.change(a, kevent.Read, kevent.Enable, unix.ENOENT)
		e.change(a, kevent.Read, kevent.Disable, unix.ENOENT)
	})
}

func TestAClosedDescriptorIsBad(t *testing.T) {
	onEach(t, all, func(e *env) {
		a, _ := e.local()
		e.change(a, kevent.Read, kevent.Add, nil)
		e.closeNow(a)
		for _, fd := range []int{a, 1 << 20, -1} {
			e.change(fd, kevent.Read, kevent.Add, unix.EBADF)
			e.change(fd, kevent.Read, kevent.Delete, unix.EBADF)
		}
		if _, err := e.m.Kevent(e.kq+1000, nil, nil, 0); err != unix.EBADF {
			e.Errorf("kevent of no queue: %v", err)
		}
		if err := e.m.Close(e.kq + 1000); err != unix.EBADF {
			e.Errorf("close of no queue: %v", err)
		}
	})
}

func TestAMissingFeatureIsInvalid(t *testing.T) {
	onEach(t, without(kevent.Receipt), func(e *env) {
		a, _ := e.local()
		e.change(a, kevent.Read, kevent.Add|kevent.Receipt, unix.EINVAL)
	})
	onEach(t, without(kevent.Dispatch), func(e *env) {
		a, _ := e.local()
		e.change(a, kevent.Read, kevent.Add|kevent.Dispatch, unix.EINVAL)
	})
	onEach(t, withoutUser, func(e *env) { e.change(0, kevent.User, kevent.Add, unix.EINVAL) })
	onEach(t, all, func(e *env) {
		a, _ := e.local()
		e.change(a, kevent.User+1, kevent.Add, unix.EINVAL)
		e.change(a, kevent.Read, kevent.Add|kevent.EOF, unix.EINVAL)
	})
	if _, err := New("plan9").Kqueue(); err != unix.ENOSYS {
		t.Errorf("kqueue on a system without it: %v", err)
	}
}

func TestFilesAreNotSupported(t *testing.T) {
	onEach(t, all, func(e *env) {
		f, err := os.Create(e.TempDir() + "/f")
		if err != nil {
			e.Fatal(err)
		}
		defer f.Close()
		e.change(int(f.Fd()), kevent.Write, kevent.Add, unix.EINVAL)
	})
}

func TestErrorsAreEventsIfThereIsRoom(t *testing.T) {
	onEach(t, all, func(e *env) {
		a, b := e.local()
		e.write(b, "x")
		bad := kevent.Event{Ident: uintptr(a), Filter: kevent.Write, Flags: kevent.Delete}
		good := kevent.Event{Ident: uintptr(a), Filter: kevent.Read, Flags: kevent.Add}
		events := make([]kevent.Event, 2)
		n, err := e.m.Kevent(e.kq, []kevent.Event{bad, good}, events, -1)
		if n != 1 || err != nil || events[0].Flags&kevent.Error == 0 || events[0].Data != int64(unix.ENOENT) {
			e.Fatalf("got %+v, %v, want ENOENT as an event and nothing pending", events[:max(n, 0)], err)
		}
		e.want(a, kevent.Read) // the change after it was made
		// Without room the call ends with the error.
		if n, err := e.m.Kevent(e.kq, []kevent.Event{bad, good}, nil, 0); n != -1 || err != unix.ENOENT {
			e.Errorf("without room: %d, %v", n, err)
		}
	})
}

func TestReceipts(t *testing.T) {
	onEach(t, withReceipt, func(e *env) {
		a, b := e.local()
		e.write(b, "x")
		e.change(a, kevent.Read, kevent.Add, nil) // is pending
		changes := []kevent.Event{
			{Ident: uintptr(a), Filter: kevent.Write, Flags: kevent.Add | kevent.Receipt},
			{Ident: uintptr(b), Filter: kevent.Read, Flags: kevent.Delete | kevent.Receipt},
		}
		events := make([]kevent.Event, 8)
		n, err := e.m.Kevent(e.kq, changes, events, -1)
		if n != 2 || err != nil {
			e.Fatalf("%d receipts, %v, want two and no pending event", n, err)
		}
		for i, want := range []unix.Errno{0, unix.ENOENT} {
			r := events[i]
			if r.Ident != changes[i].Ident || r.Flags != changes[i].Flags|kevent.Error || r.Data != int64(want) {
				e.Errorf("receipt %+v of %+v, want %d", r, changes[i], want)
			}
		}
		// Without room for a receipt the changes after it are not made.
		changes[0].Flags = kevent.Delete | kevent.Receipt
		changes[1].Flags = kevent.Add | kevent.Receipt
		e.write(a, "y")
		if n, err := e.m.Kevent(e.kq, changes, nil, 0); n != 0 || err != nil {
			e.Fatalf("without room: %d, %v", n, err)
		}
		e.want(a, kevent.Read)
	})
}

func TestClosedDescriptorsAreForgotten(t *testing.T) {
	onEach(t, all, func(e *env) {
		a, b := e.local()
		e.write(b, "x")
		e.change(a, kevent.Read, kevent.Add, nil)
		e.change(a, kevent.Write, kevent.Add, nil)
		e.closeNow(a)
		r, w := e.pipe()
		if r != a {
			e.Fatalf("the number %d was not given out again, but %d", a, r)
		}
		e.write(w, "y")
		e.wantNone()
		e.change(r, kevent.Read, kevent.Delete, unix.ENOENT)
		e.change(r, kevent.Read, kevent.Enable, unix.ENOENT)
		e.change(r, kevent.Read, kevent.Add, nil)
		e.want(r, kevent.Read)
	})
}
