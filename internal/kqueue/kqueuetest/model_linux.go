package kqueuetest

import (
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sudoXpg/netloop/internal/kqueue/kevent"
	"github.com/sudoXpg/netloop/internal/sock"
)

// A Model implements the calls as one system would. Its methods may be called
// from any goroutine.
type Model struct {
	kevent.Descriptors
	// Longest is the longest time that one Kevent waits, if positive: that of
	// the system, unless a test sets less.
	Longest time.Duration

	rules  rules
	mu     sync.Mutex
	queues map[int]*queue
}

var _ kevent.Calls = (*Model)(nil)

// New returns a model of a system, by its GOOS. There is no kqueue on systems
// not in Systems.
func New(system string) *Model {
	r := systems[system]
	return &Model{rules: r, Longest: r.longest, queues: make(map[int]*queue)}
}

// Kqueue implements kevent.Calls. kqueue(2), all systems, DESCRIPTION: it
// "returns a descriptor"; ERRORS: EMFILE, ENFILE. The descriptor is an eventfd,
// which is also what ends a kevent that waits.
func (m *Model) Kqueue() (int, error) {
	if m.rules.flags == 0 {
		return -1, unix.ENOSYS
	}
	fd, err := unix.Eventfd(0, unix.EFD_NONBLOCK|unix.EFD_CLOEXEC)
	if err != nil {
		return -1, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.queues[fd] = &queue{rules: m.rules, fd: fd, signal: [8]byte{1}}
	return fd, nil
}

// Close implements kevent.Calls.
func (m *Model) Close(kq int) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.queues[kq] == nil {
		return unix.EBADF
	}
	delete(m.queues, kq)
	return unix.Close(kq)
}

// OpenWaker implements kevent.Calls.
func (m *Model) OpenWaker() (kevent.Waker, int, error) {
	w, err := sock.OpenWaker()
	if err != nil {
		return nil, 0, err
	}
	return w, int(w.Handle()), nil
}

// Kevent implements kevent.Calls. kqueue(2), all systems, DESCRIPTION: "All
// changes contained in the changelist are applied before any pending events are
// read from the queue"; ERRORS: EBADF.
func (m *Model) Kevent(kq int, changes, events []kevent.Event, timeout time.Duration) (int, error) {
	m.mu.Lock()
	q := m.queues[kq]
	m.mu.Unlock()
	if q == nil {
		return -1, unix.EBADF
	}
	if len(changes) > kevent.MaxChanges {
		return -1, unix.EINVAL // a rule of kevent.Calls, not of a system
	}
	if n, err := q.apply(changes, events); n != 0 || err != nil {
		return n, err
	}
	if len(events) == 0 {
		if timeout != 0 && !m.rules.emptyReturns {
			return -1, unix.EINVAL
		}
		return 0, nil
	}
	if m.Longest > 0 && (timeout < 0 || timeout > m.Longest) {
		timeout = m.Longest
	}
	return q.wait(events, timeout)
}
