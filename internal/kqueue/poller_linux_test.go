package kqueue

import (
	"errors"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sudoXpg/netloop/eventloop"
	"github.com/sudoXpg/netloop/internal/kqueue/kevent"
	"github.com/sudoXpg/netloop/internal/kqueue/kqueuetest"
)

// meddler is a layer between a poller and the model that injects failures.
type meddler struct {
	*kqueuetest.Model
	t *testing.T
	// fail returns the error for a change that is not to be made, or 0.
	fail func(c kevent.Event) unix.Errno
	// waits counts the calls that ask for events and make no changes.
	waits int
	// interrupt counts calls with changes that end with EINTR, after the changes.
	interrupt int
}

// Kevent implements kevent.Calls. It makes a change fail by applying it to an
// impossible descriptor, and replaces EBADF by the error.
func (m *meddler) Kevent(kq int, changes, events []kevent.Event, timeout time.Duration) (int, error) {
	var errno unix.Errno
	made := make([]kevent.Event, len(changes))
	for i, c := range changes {
		if c.Flags&kevent.Receipt != 0 && len(events) != len(changes) {
			m.t.Errorf("room for %d receipts of %d changes", len(events), len(changes))
		}
		if made[i] = c; m.fail != nil && m.fail(c) != 0 {
			errno = m.fail(c)
			made[i].Filter, made[i].Ident = kevent.Read, 1<<20
		}
	}
	if len(changes) == 0 {
		m.waits++
	}
	n, err := m.Model.Kevent(kq, made, events, timeout)
	if err == unix.EBADF && errno != 0 {
		err = errno
	}
	for i := range events[:max(n, 0)] {
		if ev := &events[i]; len(changes) > 0 && ev.Data == int64(unix.EBADF) && errno != 0 {
			ev.Data = int64(errno)
		}
	}
	if len(changes) > 0 && m.interrupt > 0 {
		m.interrupt--
		return -1, unix.EINTR
	}
	return n, err
}

// onEach runs f over each system's model.
func onEach(t *testing.T, f func(t *testing.T, p *poller, m *meddler)) {
	for _, system := range kqueuetest.Systems() {
		t.Run(system, func(t *testing.T) {
			m := &meddler{Model: kqueuetest.New(system), t: t}
			p, err := open(m, kevent.DialectOf(system))
			if err != nil {
				t.Fatal(err)
			}
			defer func() {
				if err := p.Close(); err != nil {
					t.Error(err)
				}
			}()
			f(t, p, m)
		})
	}
}

// pair returns two connected Unix sockets.
func pair(t *testing.T) (a, b eventloop.Handle) {
	t.Helper()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, fd := range fds {
			if err := unix.Close(fd); err != nil && err != unix.EBADF {
				t.Error(err)
			}
		}
	})
	return eventloop.Handle(fds[0]), eventloop.Handle(fds[1])
}

// tcpPair returns two connected TCP sockets.
func tcpPair(t *testing.T, n eventloop.Net) (a, b eventloop.Handle) {
	t.Helper()
	ln, err := n.Listen("tcp4", "127.0.0.1:0", eventloop.ListenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { check(t, n.CloseHandle(ln)) }()
	addr, err := n.LocalAddr(ln)
	if err != nil {
		t.Fatal(err)
	}
	if a, err = n.Dial("tcp4", addr.String()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = n.CloseHandle(a) })
	for err = eventloop.ErrWouldBlock; err == eventloop.ErrWouldBlock; {
		b, _, err = n.Accept(ln)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = n.CloseHandle(b) })
	return a, b
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wait polls once.
func wait(t *testing.T, p *poller, room int) []eventloop.Event {
	t.Helper()
	events := make([]eventloop.Event, room)
	n, err := p.Wait(events, 0)
	check(t, err)
	return events[:n]
}

// wantReady polls for exactly one event.
func wantReady(t *testing.T, p *poller, want eventloop.Event) {
	t.Helper()
	if got := wait(t, p, 8); len(got) != 1 || got[0] != want {
		t.Fatalf("Wait reported %+v, want %+v", got, want)
	}
}

// untilReady waits until a handle, the only one, is reported with all of want.
func untilReady(t *testing.T, p *poller, want eventloop.Interest) {
	t.Helper()
	events := make([]eventloop.Event, 8)
	for end := time.Now().Add(time.Minute); time.Now().Before(end); {
		n, err := p.Wait(events, time.Until(end))
		check(t, err)
		if n == 1 && events[0].Ready == want {
			return
		}
	}
	t.Fatalf("never reported with %03b, but %03b", want, events[0].Ready)
}

// Both conditions of each handle, however the kernel's batches fall, and as soon
// as its queue allows.
func TestFullBatchesAreWholeAndFair(t *testing.T) {
	onEach(t, func(t *testing.T, p *poller, _ *meddler) {
		const handles = 7
		for i := range handles {
			a, b := pair(t)
			check(t, p.Add(a, eventloop.Token(i), both))
			if _, err := p.Write(b, []byte("x")); err != nil {
				t.Fatal(err)
			}
		}
		for _, room := range []int{1, 2, 3, 5, 2*handles - 1, 2 * handles} {
			seen := make(map[eventloop.Token]bool)
			for range (2*handles + room - 1) / room {
				for _, ev := range wait(t, p, room) {
					if ev.Ready != both {
						t.Fatalf("with room for %d a handle is reported as %03b, it is %03b", room, ev.Ready, both)
					}
					seen[ev.Token] = true
				}
			}
			if len(seen) != handles {
				t.Errorf("with room for %d, %d of %d handles are reported in one round", room, len(seen), handles)
			}
		}
	})
}

// complete must not report conditions that do not hold.
func TestFullBatchesReportOnlyConditionsThatHold(t *testing.T) {
	onEach(t, func(t *testing.T, p *poller, _ *meddler) {
		a, b := pair(t)
		check(t, p.Add(a, 1, both))
		for range 3 {
			if got := wait(t, p, 1); len(got) != 1 || got[0].Ready != eventloop.Writable {
				t.Fatalf("Wait reported %+v, want Writable only", got)
			}
		}
		check(t, p.CloseHandle(b))
		for range 3 {
			if got := wait(t, p, 1); len(got) != 1 || got[0].Ready != both|eventloop.HangUp {
				t.Fatalf("Wait reported %+v, want everything", got)
			}
		}
	})
}

func TestAKeventThatEndsEarlyIsContinued(t *testing.T) {
	onEach(t, func(t *testing.T, p *poller, m *meddler) {
		m.Longest = time.Millisecond
		const timeout = 5 * time.Millisecond
		start := time.Now()
		if n, err := p.Wait(make([]eventloop.Event, 1), timeout); n != 0 || err != nil || time.Since(start) < timeout {
			t.Errorf("Wait(%v): %d, %v after %v", timeout, n, err, time.Since(start))
		}
	})
}

// A waker that stays ready would have Wait spin until its timeout.
func TestAWakeIsReportedOnce(t *testing.T) {
	onEach(t, func(t *testing.T, p *poller, m *meddler) {
		check(t, p.Wake())
		events := make([]eventloop.Event, 8)
		for _, timeout := range []time.Duration{-1, 20 * time.Millisecond} {
			if n, err := p.Wait(events, timeout); n != 0 || err != nil {
				t.Fatalf("Wait: %d, %v", n, err)
			}
		}
		if m.waits > 20 { // two, and a few that were interrupted
			t.Errorf("the kernel was asked %d times by two Waits", m.waits)
		}
	})
}

func TestInterruptedChangesAreMade(t *testing.T) {
	onEach(t, func(t *testing.T, p *poller, m *meddler) {
		a, _ := pair(t)
		for range 2 {
			m.interrupt = 2
			check(t, p.Add(a, 1, both))
			wantReady(t, p, eventloop.Event{Token: 1, Ready: eventloop.Writable})
			m.interrupt = 2
			check(t, p.Modify(a, 2, eventloop.Readable))
			if got := wait(t, p, 8); len(got) > 0 {
				t.Fatalf("Wait reported %+v", got)
			}
			m.interrupt = 2
			check(t, p.Remove(a))
		}
		m.interrupt = 2
		check(t, p.Wake())
		if n, err := p.Wait(make([]eventloop.Event, 1), -1); n != 0 || err != nil {
			t.Errorf("Wait after Wake: %d, %v", n, err)
		}
	})
}

// noWrite fails changes that add a write filter.
func noWrite(c kevent.Event) unix.Errno {
	if c.Filter == kevent.Write && c.Flags&kevent.Add != 0 {
		return unix.ENOMEM
	}
	return 0
}

func TestAnAddThatFailsHalfwayIsUndone(t *testing.T) {
	onEach(t, func(t *testing.T, p *poller, m *meddler) {
		a, b := pair(t)
		if _, err := p.Write(b, []byte("x")); err != nil {
			t.Fatal(err)
		}
		m.fail = noWrite
		if err := p.Add(a, 1, both); !errors.Is(err, unix.ENOMEM) {
			t.Fatalf("Add: %v, want ENOMEM", err)
		}
		m.fail = nil
		if got := wait(t, p, 8); len(got) > 0 {
			t.Fatalf("Wait reported %+v", got)
		}
		if err := p.Remove(a); err == nil {
			t.Error("Remove after an Add that failed is no error")
		}
		// The kernel has forgotten the other half, too.
		c := kevent.Event{Ident: uintptr(a), Filter: kevent.Read, Flags: kevent.Delete}
		if _, err := m.Kevent(p.kq, []kevent.Event{c}, nil, 0); err != unix.ENOENT {
			t.Errorf("the read filter: %v, want ENOENT", err)
		}
	})
}

func TestAModifyThatFailsCanBeMadeAgain(t *testing.T) {
	onEach(t, func(t *testing.T, p *poller, m *meddler) {
		a, _ := pair(t)
		check(t, p.Add(a, 1, eventloop.Readable))
		m.fail = noWrite
		if err := p.Modify(a, 2, eventloop.Writable); !errors.Is(err, unix.ENOMEM) {
			t.Fatalf("Modify: %v, want ENOMEM", err)
		}
		m.fail = nil
		check(t, p.Modify(a, 3, eventloop.Writable))
		wantReady(t, p, eventloop.Event{Token: 3, Ready: eventloop.Writable})
		check(t, p.Modify(a, 4, 0))
		if got := wait(t, p, 8); len(got) > 0 {
			t.Errorf("Wait reported %+v", got)
		}
	})
}

// It is called too late then, but its effect is there.
func TestRemoveAfterCloseForgets(t *testing.T) {
	onEach(t, func(t *testing.T, p *poller, _ *meddler) {
		a, _ := pair(t)
		check(t, p.Add(a, 1, both))
		check(t, p.CloseHandle(a))
		if err := p.Remove(a); !errors.Is(err, unix.EBADF) {
			t.Errorf("Remove of a closed handle: %v, want EBADF", err)
		}
		again, _ := pair(t)
		if again != a {
			t.Fatalf("the number %d was not given out again, but %d", a, again)
		}
		check(t, p.Add(again, 2, both))
		check(t, p.CloseHandle(again))
		again, _ = pair(t)
		check(t, p.Remove(again)) // the number of another socket: nothing is left to remove
		check(t, p.Add(again, 3, eventloop.Writable))
		wantReady(t, p, eventloop.Event{Token: 3, Ready: eventloop.Writable})
	})
}

// Nothing can be written any more, but the peer is there and may still write.
func TestCloseWriteByThisSideIsNotAHangUp(t *testing.T) {
	onEach(t, func(t *testing.T, p *poller, _ *meddler) {
		for _, connected := range []func() (a, b eventloop.Handle){
			func() (a, b eventloop.Handle) { return pair(t) },
			func() (a, b eventloop.Handle) { return tcpPair(t, p) },
		} {
			a, _ := connected()
			check(t, p.Add(a, 1, eventloop.Writable))
			check(t, p.CloseWrite(a))
			for _, i := range []eventloop.Interest{eventloop.Writable, both} {
				check(t, p.Modify(a, 1, i))
				wantReady(t, p, eventloop.Event{Token: 1, Ready: eventloop.Writable})
			}
			check(t, p.Remove(a))
		}
	})
}

func TestAConnectionThatHasEndedHangsUp(t *testing.T) {
	onEach(t, func(t *testing.T, p *poller, _ *meddler) {
		for _, i := range []eventloop.Interest{eventloop.Writable, both} {
			// Both ways are closed: first this one, then the peer's.
			a, b := tcpPair(t, p)
			check(t, p.CloseWrite(a))
			check(t, p.CloseHandle(b))
			check(t, p.Add(a, 1, i))
			untilReady(t, p, both|eventloop.HangUp)
			check(t, p.Remove(a))
			// Reset, before and after the error was read.
			a, b = tcpPair(t, p)
			check(t, p.Add(b, 2, eventloop.Readable))
			if _, err := p.Write(a, []byte("never read")); err != nil {
				t.Fatal(err)
			}
			untilReady(t, p, eventloop.Readable)
			check(t, p.Remove(b))
			check(t, p.CloseHandle(b))
			check(t, p.Add(a, 3, i))
			untilReady(t, p, both|eventloop.HangUp)
			if _, err := p.Read(a, make([]byte, 8)); err == nil {
				t.Error("Read of a connection that was reset is no error")
			}
			untilReady(t, p, both|eventloop.HangUp)
			check(t, p.Remove(a))
		}
	})
}

// A half-closed peer still reads.
func TestAHalfClosedPeerDoesNotDisturbAWriter(t *testing.T) {
	onEach(t, func(t *testing.T, p *poller, _ *meddler) {
		a, b := tcpPair(t, p)
		check(t, p.CloseWrite(b))
		check(t, p.Add(a, 1, eventloop.Readable))
		untilReady(t, p, eventloop.Readable|eventloop.HangUp)
		check(t, p.Modify(a, 2, eventloop.Writable))
		wantReady(t, p, eventloop.Event{Token: 2, Ready: eventloop.Writable})
	})
}

func TestAfterAFailedWakeTheNextOneWorks(t *testing.T) {
	onEach(t, func(t *testing.T, p *poller, m *meddler) {
		if !p.dialect.User {
			t.Skip("woken by a pipe, which can be written to whatever the queue says")
		}
		m.fail = func(kevent.Event) unix.Errno { return unix.ENOMEM }
		if err := p.Wake(); !errors.Is(err, unix.ENOMEM) {
			t.Fatalf("Wake: %v, want ENOMEM", err)
		}
		m.fail = nil
		check(t, p.Wake())
		if n, err := p.Wait(make([]eventloop.Event, 1), -1); n != 0 || err != nil {
			t.Errorf("Wait after Wake: %d, %v", n, err)
		}
	})
}

func TestAFailedOpenLeavesNothingBehind(t *testing.T) {
	m := &meddler{Model: kqueuetest.New("freebsd"), t: t}
	m.fail = func(kevent.Event) unix.Errno { return unix.ENOMEM }
	for _, system := range []string{"freebsd", "netbsd"} {
		if _, err := open(m, kevent.DialectOf(system)); !errors.Is(err, unix.ENOMEM) {
			t.Errorf("%s: open: %v, want ENOMEM", system, err)
		}
	}
}
