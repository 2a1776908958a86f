package kqueuetest

import (
	"math"
	"slices"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sudoXpg/netloop/internal/kqueue/kevent"
)

// queue is one kernel event queue.
type queue struct {
	rules rules
	fd    int

	mu     sync.Mutex
	signal [8]byte // to write to fd and to read from it,
	drain  [8]byte // fields, so that no turn allocates
	knotes []knote // those taken go to the tail
	taken  []knote // scratch of scan
	// polled has the results of poll for each knote, and for fd after them. It
	// belongs to the one thread that waits.
	polled  []unix.PollFd
	waiting bool
}

// apply makes changes, one after the other, and fills events with their errors
// and receipts.
//
// kqueue(2), all systems, RETURN VALUES: a change that fails puts an event with
// EV_ERROR in its flags and the error in data into the eventlist, "if there is
// enough room"; "otherwise -1 will be returned, and errno will be set".
//
// kqueue(2), macOS, FreeBSD, NetBSD and DragonFly, DESCRIPTION, EV_RECEIPT: it
// "forces EV_ERROR to always be returned", with data zero after a success, and
// pending events are not drained. FreeBSD and NetBSD: without room for the
// receipt, "subsequent changes will not get processed".
func (q *queue) apply(changes, events []kevent.Event) (n int, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, c := range changes {
		errno := q.change(c)
		if errno == 0 && c.Flags&kevent.Receipt == 0 {
			continue
		}
		if n == len(events) {
			if errno != 0 {
				return -1, errno
			}
			return n, nil
		}
		// The pages say that EV_ERROR is set, not that the other flags are not.
		c.Flags |= kevent.Error
		c.Data = int64(errno)
		events[n] = c
		n++
	}
	return n, nil
}

// change makes one change. Its errors are those of kqueue(2), all systems, ERRORS.
func (q *queue) change(c kevent.Event) unix.Errno {
	if c.Flags&^q.rules.flags != 0 {
		return unix.EINVAL
	}
	var id identity
	switch c.Filter {
	case kevent.Read, kevent.Write:
		var err error
		if id, err = identify(c.Ident); err != nil {
			return unix.EBADF // "The specified descriptor is invalid."
		}
	case kevent.User:
		if !q.rules.user {
			return unix.EINVAL // "The specified [...] filter is invalid."
		}
	default:
		return unix.EINVAL
	}
	i := q.find(c, id)
	switch {
	case c.Flags&kevent.Delete != 0:
		if i < 0 {
			return unix.ENOENT // "The event could not be found to be modified or deleted."
		}
		q.knotes = slices.Delete(q.knotes, i, i+1)
		return 0
	case i < 0 && c.Flags&kevent.Add == 0:
		return unix.ENOENT
	case i < 0:
		k := knote{ident: c.Ident, filter: c.Filter, id: id}
		if c.Filter != kevent.User {
			if k.source = sourceOf(c.Ident, c.Filter); k.source == unsupported {
				return unix.EINVAL
			}
		}
		q.knotes = append(q.knotes, k)
		i = len(q.knotes) - 1
	}
	if q.knotes[i].modify(c) {
		q.interrupt()
	}
	return 0
}

// find returns the place of the knote that c names. kqueue(2), all systems,
// DESCRIPTION: a kevent is identified by ident and filter, one per queue; events
// of a descriptor are deleted "on the last close of the descriptor", which shows
// here as a number with another file behind it.
func (q *queue) find(c kevent.Event, id identity) int {
	i := slices.IndexFunc(q.knotes, func(k knote) bool { return k.ident == c.Ident && k.filter == c.Filter })
	if i >= 0 && q.knotes[i].id != id {
		q.knotes = slices.Delete(q.knotes, i, i+1)
		return -1
	}
	return i
}

// interrupt ends a wait of another thread. Only a trigger does: it is not
// documented that a change reaches a thread that already waits, and FreeBSD,
// OpenBSD and DragonFly were observed not to do it (ponyc #6037).
func (q *queue) interrupt() { _, _ = unix.Write(q.fd, q.signal[:]) }

// wait takes events from the queue, at least one unless the timeout has passed.
//
// kqueue(2), all systems, DESCRIPTION: the timeout is "a maximum interval to
// wait", NULL "waits indefinitely", zero effects a poll; ERRORS: EINTR, "a signal
// was delivered before the timeout expired and before any events were placed on
// the kqueue".
func (q *queue) wait(events []kevent.Event, timeout time.Duration) (int, error) {
	if !q.enter() {
		return -1, unix.EBUSY // not modelled
	}
	defer q.leave()
	var end time.Time
	if timeout > 0 {
		end = time.Now().Add(timeout)
	}
	for {
		if n := q.scan(events); n > 0 || timeout == 0 {
			return n, nil
		}
		left := timeout
		if timeout > 0 {
			if left = time.Until(end); left <= 0 {
				return 0, nil
			}
		}
		if err := q.sleep(left); err != nil {
			return -1, err
		}
	}
}

// sleep waits until something changes for the knotes that the last scan saw.
func (q *queue) sleep(timeout time.Duration) error {
	var limit *unix.Timespec
	if timeout >= 0 {
		ts := unix.NsecToTimespec(int64(timeout))
		limit = &ts
	}
	_, err := unix.Ppoll(q.polled, limit, nil)
	return err
}

func (q *queue) enter() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	was := q.waiting
	q.waiting = true
	return !was
}

func (q *queue) leave() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.waiting = false
}

// scan takes active events from the queue, as far as there is room.
//
// kqueue(2), all systems, DESCRIPTION: the filter "is also run when the user
// attempts to retrieve the kevent", and what no longer holds "is not returned".
// EV_ONESHOT deletes the event once it is taken, EV_CLEAR resets its state,
// EV_DISPATCH disables it. A condition that still holds is taken again by the
// next call, after all others: no page says so, but kqueue_scan in
// sys/kern/kern_event.c of FreeBSD, OpenBSD and NetBSD puts it at the tail.
func (q *queue) scan(events []kevent.Event) (n int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.look()
	stay, taken := q.knotes[:0], q.taken[:0]
	for i, k := range q.knotes {
		ev, active := kevent.Event{}, false
		if n < len(events) && !k.disabled {
			ev, active = k.report(q.polled[i].Revents)
		}
		if !active {
			stay = append(stay, k)
			continue
		}
		events[n] = ev
		n++
		if k.flags&kevent.Clear != 0 {
			k.triggered = false
		}
		k.disabled = k.flags&kevent.Dispatch != 0
		if k.flags&kevent.Oneshot == 0 {
			taken = append(taken, k)
		}
	}
	q.knotes, q.taken = append(stay, taken...), taken
	return n
}

// look drops the events of descriptors that were closed, polls the others, and
// clears the interrupt.
func (q *queue) look() {
	q.knotes = slices.DeleteFunc(q.knotes, func(k knote) bool {
		if k.filter == kevent.User {
			return false
		}
		id, err := identify(k.ident)
		return err != nil || id != k.id
	})
	_, _ = unix.Read(q.fd, q.drain[:])
	q.polled = q.polled[:0]
	for _, k := range q.knotes {
		fd := unix.PollFd{Fd: int32(k.ident)}
		switch {
		case k.filter == kevent.User || k.disabled:
			fd.Fd = -1
		case k.filter == kevent.Read:
			fd.Events = unix.POLLIN | unix.POLLRDHUP
		default:
			fd.Events = unix.POLLOUT
		}
		q.polled = append(q.polled, fd)
	}
	q.polled = append(q.polled, unix.PollFd{Fd: int32(q.fd), Events: unix.POLLIN})
	for {
		if _, err := unix.Poll(q.polled, 0); err != unix.EINTR {
			return
		}
	}
}

// An identity distinguishes an open file from an earlier one with the same number.
type identity struct{ dev, ino uint64 }

func identify(ident uintptr) (identity, error) {
	if ident > math.MaxInt32 {
		return identity{}, unix.EBADF
	}
	var st unix.Stat_t
	err := unix.Fstat(int(ident), &st)
	return identity{uint64(st.Dev), st.Ino}, err
}
