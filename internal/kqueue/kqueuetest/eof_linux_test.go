package kqueuetest

import (
	"testing"

	"golang.org/x/sys/unix"

	"github.com/sudoXpg/netloop/eventloop"
	"github.com/sudoXpg/netloop/internal/kqueue/kevent"
)

var listenOptions eventloop.ListenOptions

// connections runs f over connected sockets of both kinds, on each system.
func connections(t *testing.T, f func(e *env, a, b int)) {
	onEach(t, all, func(e *env) {
		a, b := e.local()
		f(e, a, b)
	})
	onEach(t, all, func(e *env) {
		_, a, b := e.tcp()
		f(e, a, b)
	})
}

func TestTheEndComesWithUnreadData(t *testing.T) {
	connections(t, func(e *env, a, b int) {
		e.write(b, "xyz")
		if err := unix.Shutdown(b, unix.SHUT_WR); err != nil {
			e.Fatal(err)
		}
		e.change(a, kevent.Read, kevent.Add, nil)
		if ev := e.until(a, kevent.Read, ends); ev.Data != 3 || ev.Fflags != 0 || ev.Flags != kevent.Add|kevent.EOF {
			e.Errorf("got %+v, want 3 bytes, the end, no error and the flags of the registration", ev)
		}
	})
}

func TestAPeerThatHasShutDownItsSideCanStillBeWrittenTo(t *testing.T) {
	connections(t, func(e *env, a, b int) {
		if err := unix.Shutdown(b, unix.SHUT_WR); err != nil {
			e.Fatal(err)
		}
		e.change(a, kevent.Read, kevent.Add, nil)
		e.until(a, kevent.Read, ends)
		e.change(a, kevent.Read, kevent.Delete, nil)
		e.change(a, kevent.Write, kevent.Add, nil)
		if ev := e.want(a, kevent.Write); ends(ev) {
			e.Errorf("got %+v, want no end", ev)
		}
	})
}

func TestAShutdownByThisSideEndsWritingOnly(t *testing.T) {
	connections(t, func(e *env, a, b int) {
		e.change(a, kevent.Write, kevent.Add, nil)
		if ev := e.want(a, kevent.Write); ends(ev) {
			e.Fatalf("got %+v, want no end yet", ev)
		}
		if err := unix.Shutdown(a, unix.SHUT_WR); err != nil {
			e.Fatal(err)
		}
		e.change(a, kevent.Read, kevent.Add, nil)
		if ev := e.want(a, kevent.Write); !ends(ev) || ev.Fflags != 0 {
			e.Errorf("got %+v, want the end and no error", ev)
		}
		e.write(b, "x") // it is still read
		e.until(a, kevent.Read, func(ev kevent.Event) bool { return !ends(ev) })
	})
}

func TestAResetEndsBothWithAnError(t *testing.T) {
	connections(t, func(e *env, a, b int) {
		e.write(a, "never read")
		e.change(b, kevent.Read, kevent.Add, nil)
		e.until(b, kevent.Read, func(ev kevent.Event) bool { return ev.Data == 10 })
		e.closeNow(b)
		for _, f := range []kevent.Filter{kevent.Read, kevent.Write} {
			e.change(a, f, kevent.Add, nil)
			e.until(a, f, func(ev kevent.Event) bool { return ends(ev) && ev.Fflags != 0 })
		}
		if _, err := unix.Read(a, make([]byte, 8)); err != unix.ECONNRESET {
			e.Errorf("the error of the socket was taken from its owner: %v", err)
		}
	})
}

func TestPipesEnd(t *testing.T) {
	onEach(t, all, func(e *env) {
		r, w := e.pipe()
		e.change(r, kevent.Read, kevent.Add, nil)
		e.wantNone()
		e.write(w, "x")
		if ev := e.want(r, kevent.Read); ev.Data != 1 || ends(ev) {
			e.Errorf("got %+v, want one byte", ev)
		}
		e.closeNow(w)
		if ev := e.want(r, kevent.Read); ev.Data != 1 || !ends(ev) {
			e.Errorf("got %+v, want one byte and the end", ev)
		}
	})
	onEach(t, all, func(e *env) {
		r, w := e.pipe()
		e.change(w, kevent.Write, kevent.Add, nil)
		if ev := e.want(w, kevent.Write); ends(ev) {
			e.Errorf("got %+v, want no end", ev)
		}
		e.closeNow(r)
		if ev := e.want(w, kevent.Write); !ends(ev) {
			e.Errorf("got %+v, want the end", ev)
		}
	})
}
