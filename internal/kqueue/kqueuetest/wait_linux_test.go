package kqueuetest

import (
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sudoXpg/netloop/internal/kqueue/kevent"
)

func TestConditionsThatHoldAreReportedInTurn(t *testing.T) {
	onEach(t, all, func(e *env) {
		const handles = 5
		for range handles {
			a, _ := e.local()
			e.change(a, kevent.Write, kevent.Add, nil)
		}
		for range 3 {
			seen := make(map[uintptr]bool)
			for range handles {
				seen[e.take(1)[0].Ident] = true
			}
			if len(seen) != handles {
				e.Fatalf("%d of %d were reported, one by one", len(seen), handles)
			}
		}
	})
}

func TestAConditionThatNoLongerHoldsIsNotReported(t *testing.T) {
	onEach(t, all, func(e *env) {
		a, b := e.local()
		e.change(a, kevent.Read, kevent.Add, nil)
		e.write(b, "x")
		e.want(a, kevent.Read)
		e.want(a, kevent.Read)
		if _, err := unix.Read(a, make([]byte, 8)); err != nil {
			e.Fatal(err)
		}
		e.wantNone()
	})
}

func TestDisabledEventsAreNotReported(t *testing.T) {
	onEach(t, all, func(e *env) {
		a, _ := e.local()
		e.change(a, kevent.Write, kevent.Add|kevent.Disable, nil)
		e.wantNone()
		e.change(a, kevent.Write, kevent.Enable, nil)
		e.want(a, kevent.Write)
		e.change(a, kevent.Write, kevent.Disable, nil)
		e.wantNone()
	})
}

func TestOneshotAndDispatch(t *testing.T) {
	onEach(t, all, func(e *env) {
		a, _ := e.local()
		e.change(a, kevent.Write, kevent.Add|kevent.Oneshot, nil)
		e.want(a, kevent.Write)
		e.wantNone()
		e.change(a, kevent.Write, kevent.Enable, unix.ENOENT)
	})
	onEach(t, withDispatch, func(e *env) {
		a, _ := e.local()
		e.change(a, kevent.Write, kevent.Add|kevent.Dispatch, nil)
		e.want(a, kevent.Write)
		e.wantNone()
		e.change(a, kevent.Write, kevent.Enable, nil)
		e.want(a, kevent.Write)
	})
}

func TestUserEvents(t *testing.T) {
	onEach(t, withUser, func(e *env) {
		e.trigger(unix.ENOENT)
		e.change(0, kevent.User, kevent.Add|kevent.Clear, nil)
		e.wantNone()
		e.trigger(nil)
		e.trigger(nil)
		e.want(0, kevent.User)
		e.wantNone() // cleared
		e.change(0, kevent.User, kevent.Delete, nil)
		e.change(0, kevent.User, kevent.Add, nil)
		e.trigger(nil)
		e.want(0, kevent.User)
		e.want(0, kevent.User) // not cleared
	})
}

func TestTimeouts(t *testing.T) {
	onEach(t, all, func(e *env) {
		a, _ := e.local()
		e.change(a, kevent.Read, kevent.Add, nil)
		e.wantNone()
		e.notBefore(2500*time.Microsecond, 2500*time.Microsecond)
		e.m.Longest = time.Millisecond
		e.notBefore(time.Hour, time.Millisecond)
		e.notBefore(-1, time.Millisecond)
	})
}

// notBefore checks that a kevent without events ends by itself, not before d has passed.
func (e *env) notBefore(timeout, d time.Duration) {
	e.Helper()
	for {
		start := time.Now()
		n, err := e.m.Kevent(e.kq, nil, make([]kevent.Event, 1), timeout)
		if err == unix.EINTR {
			continue
		}
		if took := time.Since(start); n != 0 || err != nil || took < d {
			e.Errorf("a timeout of %v: %d, %v after %v", timeout, n, err, took)
		}
		return
	}
}

// Where the page does not say that this returns at once, it must not be tried.
func TestNoRoomForEvents(t *testing.T) {
	onEach(t, all, func(e *env) {
		want := error(unix.EINVAL)
		if e.m.rules.emptyReturns {
			want = nil
		}
		if _, err := e.m.Kevent(e.kq, nil, nil, -1); err != want {
			e.Errorf("without room or timeout: %v, want %v", err, want)
		}
		if n, err := e.m.Kevent(e.kq, nil, nil, 0); n != 0 || err != nil {
			e.Errorf("without room: %d, %v", n, err)
		}
	})
}

// The steps of a kevent that waits, one by one: between them, others make changes.
func TestOnlyATriggerWakesAWaitingThread(t *testing.T) {
	onEach(t, withUser, func(e *env) {
		q := e.m.queues[e.kq]
		a, _ := e.local()
		e.change(0, kevent.User, kevent.Add|kevent.Clear, nil)
		events := make([]kevent.Event, 8)
		if n := q.scan(events); n > 0 {
			e.Fatalf("got %+v", events[:n])
		}
		e.change(a, kevent.Write, kevent.Add, nil)
		for e.woken(q, time.Millisecond) {
			e.Fatal("a thread that waits was told of a change")
		}
		e.trigger(nil)
		if !e.woken(q, time.Minute) {
			e.Fatal("a thread that waits was not told of a trigger")
		}
		if n := q.scan(events); n != 2 {
			e.Errorf("got %+v, want both events", events[:n])
		}
	})
}

// woken sleeps, and reports whether that ended early.
func (e *env) woken(q *queue, timeout time.Duration) bool {
	e.Helper()
	for {
		err := q.sleep(timeout)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			e.Fatal(err)
		}
		return q.polled[len(q.polled)-1].Revents != 0
	}
}

func TestOneThreadWaits(t *testing.T) {
	onEach(t, all, func(e *env) {
		q := e.m.queues[e.kq]
		q.enter()
		defer q.leave()
		if _, err := e.m.Kevent(e.kq, nil, make([]kevent.Event, 1), 0); err != unix.EBUSY {
			e.Errorf("a second thread that waits: %v", err)
		}
	})
}

func TestASignalInterrupts(t *testing.T) {
	onEach(t, all, func(e *env) {
		thread, done := make(chan int), make(chan error, 1)
		go func() {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			thread <- unix.Gettid()
			_, err := e.m.Kevent(e.kq, nil, make([]kevent.Event, 1), time.Minute)
			done <- err
		}()
		tid := <-thread
		for {
			select {
			case err := <-done:
				if err != unix.EINTR {
					e.Errorf("a kevent that a signal met: %v, want EINTR", err)
				}
				return
			default:
				if err := unix.Tgkill(unix.Getpid(), tid, unix.SIGURG); err != nil {
					e.Fatal(err)
				}
			}
		}
	})
}
