package kqueuetest

import (
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sudoXpg/netloop/internal/kqueue/kevent"
	"github.com/sudoXpg/netloop/internal/sock"
	"github.com/sudoXpg/netloop/internal/sock/socktest"
)

func TestMain(m *testing.M) { socktest.Main(m) }

// An env is one queue of one system's model.
type env struct {
	*testing.T
	m  *Model
	kq int
}

// onEach runs f over each system that has holds for.
func onEach(t *testing.T, has func(rules) bool, f func(*env)) {
	for _, system := range Systems() {
		if !has(systems[system]) {
			continue
		}
		t.Run(system, func(t *testing.T) {
			m := New(system)
			kq, err := m.Kqueue()
			if err != nil {
				t.Fatal(err)
			}
			defer func() {
				if err := m.Close(kq); err != nil {
					t.Error(err)
				}
			}()
			f(&env{T: t, m: m, kq: kq})
		})
	}
}

func all(rules) bool            { return true }
func withUser(r rules) bool     { return r.user }
func withoutUser(r rules) bool  { return !r.user }
func withReceipt(r rules) bool  { return r.flags&kevent.Receipt != 0 }
func withDispatch(r rules) bool { return r.flags&kevent.Dispatch != 0 }
func without(f kevent.Flags) func(rules) bool {
	return func(r rules) bool { return r.flags&f == 0 }
}

// change makes one change and expects this error.
func (e *env) change(fd int, f kevent.Filter, flags kevent.Flags, want error) {
	e.Helper()
	e.submit(kevent.Event{Ident: uintptr(fd), Filter: f, Flags: flags}, want)
}

func (e *env) submit(c kevent.Event, want error) {
	e.Helper()
	n, err := e.m.Kevent(e.kq, []kevent.Event{c}, nil, 0)
	if err != want || err == nil && n != 0 || err != nil && n != -1 {
		e.Fatalf("the change %+v: %d, %v, want %v", c, n, err, want)
	}
}

func (e *env) trigger(want error) {
	e.Helper()
	e.submit(kevent.Event{Filter: kevent.User, Fflags: kevent.Trigger}, want)
}

// take polls for events, at most room.
func (e *env) take(room int) []kevent.Event {
	e.Helper()
	events := make([]kevent.Event, room)
	n, err := e.m.Kevent(e.kq, nil, events, 0)
	if err != nil {
		e.Fatal(err)
	}
	return events[:n]
}

// want polls for exactly one event, of this filter, and returns it.
func (e *env) want(fd int, f kevent.Filter) kevent.Event {
	e.Helper()
	got := e.take(8)
	if len(got) != 1 || got[0].Ident != uintptr(fd) || got[0].Filter != f {
		e.Fatalf("got %+v, want one event of filter %d of %d", got, f, fd)
	}
	return got[0]
}

func (e *env) wantNone() {
	e.Helper()
	if got := e.take(8); len(got) > 0 {
		e.Fatalf("got %+v, want nothing", got)
	}
}

// until waits for an event of fd, because data takes some time to arrive.
func (e *env) until(fd int, f kevent.Filter, holds func(kevent.Event) bool) kevent.Event {
	e.Helper()
	events := make([]kevent.Event, 1)
	for end := time.Now().Add(time.Minute); time.Now().Before(end); {
		n, err := e.m.Kevent(e.kq, nil, events, time.Until(end))
		if err != nil && err != unix.EINTR {
			e.Fatal(err)
		}
		if n == 1 && events[0].Ident == uintptr(fd) && events[0].Filter == f && holds(events[0]) {
			return events[0]
		}
	}
	e.Fatalf("the awaited event of %d never came, the last one was %+v", fd, events[0])
	return kevent.Event{}
}

func ends(ev kevent.Event) bool { return ev.Flags&kevent.EOF != 0 }

// own closes fd when the test ends, unless it is closed already.
func (e *env) own(fd int) int {
	e.Cleanup(func() {
		if err := unix.Close(fd); err != nil && err != unix.EBADF {
			e.Error(err)
		}
	})
	return fd
}

// local returns two connected Unix sockets.
func (e *env) local() (a, b int) {
	e.Helper()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err != nil {
		e.Fatal(err)
	}
	return e.own(fds[0]), e.own(fds[1])
}

// tcp returns a listener, and two connected sockets.
func (e *env) tcp() (ln, a, b int) {
	e.Helper()
	var n sock.Net
	l, err := n.Listen("tcp4", "127.0.0.1:0", listenOptions)
	if err != nil {
		e.Fatal(err)
	}
	ln = e.own(int(l))
	addr, err := n.LocalAddr(l)
	if err != nil {
		e.Fatal(err)
	}
	c, err := n.Dial("tcp4", addr.String())
	if err != nil {
		e.Fatal(err)
	}
	a = e.own(int(c))
	e.change(ln, kevent.Read, kevent.Add, nil)
	ev := e.until(ln, kevent.Read, func(kevent.Event) bool { return true })
	if ev.Data < 1 || ends(ev) {
		e.Errorf("a listener with a newcomer: %+v", ev)
	}
	s, _, err := n.Accept(l)
	if err != nil {
		e.Fatal(err)
	}
	e.wantNone()
	e.change(ln, kevent.Read, kevent.Delete, nil)
	return ln, a, e.own(int(s))
}

func (e *env) pipe() (r, w int) {
	e.Helper()
	var p [2]int
	if err := unix.Pipe(p[:]); err != nil {
		e.Fatal(err)
	}
	return e.own(p[0]), e.own(p[1])
}

func (e *env) write(fd int, s string) {
	e.Helper()
	if n, err := unix.Write(fd, []byte(s)); n != len(s) || err != nil {
		e.Fatal(n, err)
	}
}

func (e *env) closeNow(fd int) {
	e.Helper()
	if err := unix.Close(fd); err != nil {
		e.Fatal(err)
	}
}
