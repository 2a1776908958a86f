//go:build unix

package kqueue

import (
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"github.com/sudoXpg/netloop/internal/kqueue/kevent"
	"github.com/sudoXpg/netloop/internal/sock"
)

var _ kevent.Waker = (*userWaker)(nil)

// openWaker opens the waker of the dialect and registers it.
func (p *poller) openWaker() error {
	if p.dialect.User {
		p.waker = &userWaker{calls: p.calls, kq: p.kq, trigger: [1]kevent.Event{
			{Filter: kevent.User, Fflags: kevent.Trigger},
		}}
		p.wake = kevent.Event{Filter: kevent.User, Flags: kevent.Add | kevent.Clear}
	} else {
		w, fd, err := p.calls.OpenWaker()
		if err != nil {
			return err
		}
		p.waker = w
		p.wake = kevent.Event{Ident: uintptr(fd), Filter: kevent.Read, Flags: kevent.Add}
	}
	p.changes[0] = p.wake
	if err := p.submit(p.changes[:1])[0]; err != nil {
		_ = p.waker.Close() // the first error is returned
		return sock.SysErr("kevent", err)
	}
	return nil
}

// A userWaker is a user event of the queue itself, which needs no descriptor.
// The kernel resets it when it is taken from the queue (EV_CLEAR).
type userWaker struct {
	pending atomic.Bool
	// mu keeps Close from closing the queue under a Wake, and trigger to one
	// Wake at a time.
	mu      sync.Mutex
	closed  bool
	calls   kevent.Calls
	kq      int
	trigger [1]kevent.Event
}

// Wake triggers the event. After Close it does nothing.
func (w *userWaker) Wake() error {
	if w.pending.Swap(true) {
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return nil
	}
	for {
		_, err := w.calls.Kevent(w.kq, w.trigger[:], nil, 0)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			w.pending.Store(false)
		}
		return sock.SysErr("kevent", err)
	}
}

// Drain reports whether there was a Wake since the last Drain. The kernel has
// reset the event already, and only then pending is cleared: sock.Waker.Drain
// says why in this order.
func (w *userWaker) Drain() bool { return w.pending.Swap(false) }

// Close makes every later Wake do nothing; the owner of the queue closes it.
func (w *userWaker) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = true
	return nil
}
