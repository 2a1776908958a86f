//go:build unix

package kqueue

import (
	"time"

	"golang.org/x/sys/unix"

	"github.com/sudoXpg/netloop/eventloop"
	"github.com/sudoXpg/netloop/internal/kqueue/kevent"
	"github.com/sudoXpg/netloop/internal/sock"
)

// Wait implements eventloop.Poller.
//
// No handle starves. A level-triggered event that was taken goes to the tail of
// the kernel's queue, and every event taken is reported: the kernel is asked for
// as many as there is room for, and the two events of one handle need less room,
// not more. So every ready handle moves up by a whole batch with each Wait.
func (p *poller) Wait(events []eventloop.Event, timeout time.Duration) (int, error) {
	if p.closed {
		return 0, eventloop.ErrClosed
	}
	if len(events) == 0 {
		return 0, sock.SysErr("kevent", unix.EINVAL)
	}
	var end time.Time
	if timeout > 0 {
		end = time.Now().Add(timeout)
	}
	for {
		batch := p.room(len(events))
		taken, err := p.calls.Kevent(p.kq, nil, batch, min(timeout, longest))
		if err != nil && err != unix.EINTR {
			return 0, sock.SysErr("kevent", err)
		}
		n, woken := p.translate(events, batch[:max(taken, 0)])
		if taken == len(batch) {
			p.complete(events, batch)
		}
		if n > 0 || woken || timeout == 0 {
			return n, nil
		}
		if timeout > 0 {
			// Interrupted, or the timeout is longer than the kernel accepts.
			if timeout = time.Until(end); timeout <= 0 {
				return 0, nil
			}
		}
	}
}

// room returns the kernel's buffer for n events. A buffer that is too small for
// the loop's request grows once.
func (p *poller) room(n int) []kevent.Event {
	n = min(n, p.batch)
	if n > len(p.events) {
		p.events = make([]kevent.Event, n)
	}
	return p.events[:n]
}

// translate converts a batch of the kernel to events, one for each handle, and
// removes the waker's.
func (p *poller) translate(events []eventloop.Event, batch []kevent.Event) (filled int, woken bool) {
	p.turn++
	for i := range batch {
		ev := &batch[i]
		if p.isWake(ev) {
			woken = p.waker.Drain()
			continue
		}
		if !p.of(eventloop.Handle(ev.Ident)).known {
			continue
		}
		e := &p.entries[ev.Ident]
		if e.turn != p.turn {
			e.turn, e.at, e.seen = p.turn, int32(filled), 0
			events[filled] = eventloop.Event{Token: e.token}
			filled++
		}
		e.seen |= condition(ev.Filter)
		events[e.at].Ready |= p.ready(e, ev)
	}
	return filled, woken
}

func (p *poller) isWake(ev *kevent.Event) bool {
	return ev.Filter == p.wake.Filter && ev.Ident == p.wake.Ident
}

// ready returns the conditions that an event of a handle with the entry e
// means. Its flags still include those that it was registered with.
func (p *poller) ready(e *entry, ev *kevent.Event) eventloop.Interest {
	end := ev.Flags&kevent.EOF != 0
	switch {
	case ev.Filter == kevent.Read && end:
		return eventloop.Readable | eventloop.HangUp
	case ev.Filter == kevent.Read:
		return eventloop.Readable
	case end && (ev.Fflags != 0 || e.filters&eventloop.Readable == 0 && p.gone(int(ev.Ident))):
		return eventloop.Writable | eventloop.Readable | eventloop.HangUp
	default:
		return eventloop.Writable
	}
}

// gone reports whether a connection that can't be written to has ended, and was
// not only shut down by this side, which is EOF for the write filter, too. The
// error that ended it (fflags) is cleared once it was read. The read filter
// knows better; gone is for handles that are not watched for reading.
func (p *poller) gone(fd int) bool { return p.calls.IsConnected(fd) != nil }

// complete completes a full batch: the second event of a handle may still be in
// the kernel's queue, and poll tells whether it is.
func (p *poller) complete(events []eventloop.Event, batch []kevent.Event) {
	fds := p.halves[:0]
	for i := range batch {
		ev := &batch[i]
		if p.isWake(ev) {
			continue
		}
		e := p.of(eventloop.Handle(ev.Ident))
		switch e.seen {
		case e.filters:
		case eventloop.Readable:
			fds = append(fds, kevent.PollFd{Fd: int32(ev.Ident), Events: kevent.PollOut})
		default:
			fds = append(fds, kevent.PollFd{Fd: int32(ev.Ident), Events: kevent.PollIn})
		}
	}
	p.halves = fds
	if len(fds) == 0 {
		return
	}
	if err := p.calls.Poll(fds); err != nil {
		return // the next Wait reports it
	}
	for _, fd := range fds {
		r := &events[p.entries[fd.Fd].at].Ready
		if fd.Revents&(kevent.PollHup|kevent.PollErr) != 0 {
			*r |= eventloop.HangUp | eventloop.Readable
		}
		if fd.Revents != 0 {
			*r |= both &^ p.entries[fd.Fd].seen
		}
	}
}
