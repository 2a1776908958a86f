package epoll

import (
	"math"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sudoXpg/netloop/eventloop"
	"github.com/sudoXpg/netloop/internal/sock"
)

// wakeToken is the token of the waker, the only one that Add and Modify refuse.
const wakeToken = ^eventloop.Token(0)

// maxBatch is the most events that one Wait takes from the kernel.
const maxBatch = 1024

// poller belongs to its loop; only Wake may be called from elsewhere.
type poller struct {
	sock.Net

	fd     int
	waker  *sock.Waker
	state  []state // by descriptor
	events []unix.EpollEvent
	closed bool
}

// A state is the registration of a descriptor. One with interest 0 is
// registered here but not with epoll, because epoll always reports a peer that
// hung up.
type state uint8

const (
	unknown state = iota
	detached
	attached
)

var _ eventloop.Backend = (*poller)(nil)

// Open returns a new epoll instance.
func Open() (eventloop.Backend, error) {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, sock.SysErr("epoll_create1", err)
	}
	waker, err := sock.OpenWaker()
	if err != nil {
		unix.Close(fd)
		return nil, err
	}
	p := &poller{fd: fd, waker: waker, events: make([]unix.EpollEvent, 64)}
	if err := p.control(unix.EPOLL_CTL_ADD, int(waker.Handle()), wakeToken, eventloop.Readable); err != nil {
		_ = p.Close()
		return nil, err
	}
	return p, nil
}

// Add implements eventloop.Poller.
func (p *poller) Add(h eventloop.Handle, t eventloop.Token, i eventloop.Interest) error {
	if p.closed {
		return eventloop.ErrClosed
	}
	if p.of(h) != unknown {
		return sock.SysErr("epoll_ctl", unix.EEXIST)
	}
	return p.move(h, t, i)
}

// Modify implements eventloop.Poller.
func (p *poller) Modify(h eventloop.Handle, t eventloop.Token, i eventloop.Interest) error {
	if p.closed {
		return eventloop.ErrClosed
	}
	if p.of(h) == unknown {
		return sock.SysErr("epoll_ctl", unix.ENOENT)
	}
	return p.move(h, t, i)
}

// Remove implements eventloop.Poller.
func (p *poller) Remove(h eventloop.Handle) error {
	if p.closed {
		return eventloop.ErrClosed
	}
	was := p.of(h)
	if was == unknown {
		return sock.SysErr("epoll_ctl", unix.ENOENT)
	}
	p.state[h] = unknown
	if was == attached {
		return p.control(unix.EPOLL_CTL_DEL, int(h), 0, 0)
	}
	return nil
}

// move changes the registration of h to interest i.
func (p *poller) move(h eventloop.Handle, t eventloop.Token, i eventloop.Interest) error {
	if t == wakeToken || h > math.MaxInt32 {
		return sock.SysErr("epoll_ctl", unix.EINVAL)
	}
	i &= eventloop.Readable | eventloop.Writable
	was, next := p.of(h), attached
	if i == 0 {
		next = detached
	}
	var err error
	switch {
	case was == attached && next == attached:
		err = p.control(unix.EPOLL_CTL_MOD, int(h), t, i)
	case was == attached:
		err = p.control(unix.EPOLL_CTL_DEL, int(h), 0, 0)
	case next == attached:
		err = p.control(unix.EPOLL_CTL_ADD, int(h), t, i)
	case was == unknown: // the kernel only has to check that the descriptor is open
		_, err = unix.FcntlInt(uintptr(h), unix.F_GETFD, 0)
		err = sock.SysErr("fcntl", err)
	}
	if err == nil {
		p.set(h, next)
	}
	return err
}

// control is epoll_ctl(2). The token travels in the 64 bits of user data, which
// package unix splits in two.
func (p *poller) control(op, fd int, t eventloop.Token, i eventloop.Interest) error {
	ev := unix.EpollEvent{Fd: int32(uint32(t)), Pad: int32(uint32(t >> 32))}
	if i&eventloop.Readable != 0 {
		// A half-closed peer is reported with Readable only: a paused reader
		// that still has something to write must not spin.
		ev.Events |= unix.EPOLLIN | unix.EPOLLRDHUP
	}
	if i&eventloop.Writable != 0 {
		ev.Events |= unix.EPOLLOUT
	}
	return sock.SysErr("epoll_ctl", unix.EpollCtl(p.fd, op, fd, &ev))
}

func (p *poller) of(h eventloop.Handle) state {
	if h < eventloop.Handle(len(p.state)) {
		return p.state[h]
	}
	return unknown
}

// set records the state of h, which the kernel has just accepted as a
// descriptor: the table never grows beyond the limit of descriptors.
func (p *poller) set(h eventloop.Handle, s state) {
	if h >= eventloop.Handle(len(p.state)) {
		p.state = append(p.state, make([]state, int(h)+1-len(p.state))...)
	}
	p.state[h] = s
}

// Wait implements eventloop.Poller.
func (p *poller) Wait(events []eventloop.Event, timeout time.Duration) (int, error) {
	if p.closed {
		return 0, eventloop.ErrClosed
	}
	if len(events) == 0 {
		return 0, sock.SysErr("epoll_wait", unix.EINVAL)
	}
	var end time.Time
	if timeout > 0 {
		end = time.Now().Add(timeout)
	}
	for {
		n, err := unix.EpollWait(p.fd, p.room(len(events)), sock.Milliseconds(timeout))
		if err != nil && err != unix.EINTR {
			return 0, sock.SysErr("epoll_wait", err)
		}
		n, woken := p.translate(events, max(n, 0))
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
func (p *poller) room(n int) []unix.EpollEvent {
	n = min(n, maxBatch)
	if n > len(p.events) {
		p.events = make([]unix.EpollEvent, n)
	}
	return p.events[:n]
}

// translate converts n events of the kernel and removes the waker's.
func (p *poller) translate(events []eventloop.Event, n int) (filled int, woken bool) {
	for i := range p.events[:n] {
		ev := &p.events[i]
		t := eventloop.Token(uint32(ev.Fd)) | eventloop.Token(uint32(ev.Pad))<<32
		if t == wakeToken {
			woken = p.waker.Drain()
			continue
		}
		events[filled] = eventloop.Event{Token: t, Ready: ready(ev.Events)}
		filled++
	}
	return filled, woken
}

func ready(events uint32) (r eventloop.Interest) {
	if events&unix.EPOLLIN != 0 {
		r |= eventloop.Readable
	}
	if events&unix.EPOLLOUT != 0 {
		r |= eventloop.Writable
	}
	if events&(unix.EPOLLRDHUP|unix.EPOLLHUP|unix.EPOLLERR) != 0 {
		r |= eventloop.HangUp | eventloop.Readable
	}
	return r
}

// Wake implements eventloop.Poller.
func (p *poller) Wake() error { return p.waker.Wake() }

// Close implements eventloop.Poller.
func (p *poller) Close() error {
	if p.closed {
		return nil
	}
	p.closed = true
	p.state, p.events = nil, nil
	err := sock.SysErr("close", unix.Close(p.fd))
	if wakerErr := p.waker.Close(); err == nil {
		err = wakerErr
	}
	return err
}
