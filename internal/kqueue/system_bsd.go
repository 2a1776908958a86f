//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package kqueue

import (
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sudoXpg/netloop/eventloop"
	"github.com/sudoXpg/netloop/internal/kqueue/kevent"
	"github.com/sudoXpg/netloop/internal/sock"
)

// Open returns a new kernel event queue.
func Open() (eventloop.Backend, error) {
	return Over(&system{}, kevent.DialectOf(runtime.GOOS))
}

// These don't compile on a system with other values of the flags.
var (
	_ = [1]int{}[unix.EV_ADD-kevent.Add]
	_ = [1]int{}[unix.EV_DELETE-kevent.Delete]
	_ = [1]int{}[unix.EV_CLEAR-kevent.Clear]
	_ = [1]int{}[unix.EV_ERROR-kevent.Error]
	_ = [1]int{}[unix.EV_EOF-kevent.EOF]
)

// system makes the calls of this system.
type system struct {
	kevent.Descriptors
	out []unix.Kevent_t // of the goroutine that waits
}

// Kqueue implements kevent.Calls. Not all systems open a queue close-on-exec;
// the lock prevents a fork in between.
func (*system) Kqueue() (int, error) {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	kq, err := unix.Kqueue()
	if err == nil {
		unix.CloseOnExec(kq)
	}
	return kq, err
}

// Kevent implements kevent.Calls. The memory for changes is on the stack, so
// that a Wake may happen while the loop waits.
func (s *system) Kevent(kq int, changes, events []kevent.Event, timeout time.Duration) (int, error) {
	var in, receipts [kevent.MaxChanges]unix.Kevent_t
	for i, c := range changes {
		unix.SetKevent(&in[i], int(c.Ident), number(c.Filter), int(c.Flags))
		in[i].Fflags = c.Fflags
	}
	out := receipts[:]
	if len(events) > len(receipts) {
		if len(events) > len(s.out) {
			s.out = make([]unix.Kevent_t, len(events))
		}
		out = s.out
	}
	var limit *unix.Timespec
	if timeout >= 0 {
		ts := unix.NsecToTimespec(int64(timeout))
		limit = &ts
	}
	n, err := unix.Kevent(kq, in[:len(changes)], out[:len(events)], limit)
	for i := range max(n, 0) {
		ev := &out[i]
		events[i] = kevent.Event{
			Ident: uintptr(ev.Ident), Filter: filter(int(ev.Filter)), Flags: kevent.Flags(ev.Flags),
			Fflags: ev.Fflags, Data: int64(ev.Data),
		}
	}
	return n, err
}

// Close implements kevent.Calls.
func (*system) Close(kq int) error { return unix.Close(kq) }

// OpenWaker implements kevent.Calls.
func (*system) OpenWaker() (kevent.Waker, int, error) {
	w, err := sock.OpenWaker()
	if err != nil {
		return nil, 0, err
	}
	return w, int(w.Handle()), nil
}

// number returns the system's number of a filter.
func number(f kevent.Filter) int {
	switch f {
	case kevent.Read:
		return unix.EVFILT_READ
	case kevent.Write:
		return unix.EVFILT_WRITE
	default:
		return userFilter
	}
}

// filter is the inverse of number.
func filter(number int) kevent.Filter {
	switch number {
	case unix.EVFILT_READ:
		return kevent.Read
	case unix.EVFILT_WRITE:
		return kevent.Write
	default:
		return kevent.User
	}
}
