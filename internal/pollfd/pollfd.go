//go:build unix

package pollfd

import (
	"os"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sudoXpg/netloop/eventloop"
	"github.com/sudoXpg/netloop/internal/sock"
)

// poller belongs to its loop; only Wake may be called from elsewhere.
type poller struct {
	sock.Net

	waker *sock.Waker
	// fds is what poll looks at, the waker first. A negative descriptor is
	// passed over by every system: that is how a handle is detached.
	fds     []unix.PollFd
	handles []registration           // parallel to fds
	index   map[eventloop.Handle]int // of fds and handles
	next    int                      // the next Wait looks behind this one first
	closed  bool
}

type registration struct {
	handle eventloop.Handle
	token  eventloop.Token
}

var _ eventloop.Backend = (*poller)(nil)

// Open returns a new set of descriptors to poll.
func Open() (eventloop.Backend, error) {
	waker, err := sock.OpenWaker()
	if err != nil {
		return nil, err
	}
	return &poller{
		waker:   waker,
		fds:     []unix.PollFd{{Fd: int32(waker.FD()), Events: unix.POLLIN}},
		handles: make([]registration, 1),
		index:   make(map[eventloop.Handle]int),
	}, nil
}

// Add implements eventloop.Poller.
func (p *poller) Add(h eventloop.Handle, t eventloop.Token, i eventloop.Interest) error {
	if p.closed {
		return eventloop.ErrClosed
	}
	if _, ok := p.index[h]; ok {
		return os.NewSyscallError("poll", unix.EEXIST)
	}
	// poll itself would tell only later, and at every Wait.
	if _, err := unix.FcntlInt(uintptr(h), unix.F_GETFD, 0); err != nil {
		return os.NewSyscallError("poll", err)
	}
	p.index[h] = len(p.fds)
	p.fds = append(p.fds, pollFd(h, i))
	p.handles = append(p.handles, registration{handle: h, token: t})
	return nil
}

// Modify implements eventloop.Poller.
func (p *poller) Modify(h eventloop.Handle, t eventloop.Token, i eventloop.Interest) error {
	if p.closed {
		return eventloop.ErrClosed
	}
	k, ok := p.index[h]
	if !ok {
		return os.NewSyscallError("poll", unix.ENOENT)
	}
	p.fds[k] = pollFd(h, i)
	p.handles[k].token = t
	return nil
}

// Remove implements eventloop.Poller. The last handle takes the place of h.
func (p *poller) Remove(h eventloop.Handle) error {
	if p.closed {
		return eventloop.ErrClosed
	}
	k, ok := p.index[h]
	if !ok {
		return os.NewSyscallError("poll", unix.ENOENT)
	}
	last := len(p.fds) - 1
	p.fds[k], p.handles[k] = p.fds[last], p.handles[last]
	p.index[p.handles[k].handle] = k
	p.fds, p.handles = p.fds[:last], p.handles[:last]
	delete(p.index, h)
	return nil
}

// pollFd returns what poll is asked about h: nothing, not even whether it hung
// up, for interest 0.
func pollFd(h eventloop.Handle, i eventloop.Interest) unix.PollFd {
	fd := unix.PollFd{Fd: int32(h)}
	if i&eventloop.Readable != 0 {
		fd.Events |= unix.POLLIN | hangUpFlag
	}
	if i&eventloop.Writable != 0 {
		fd.Events |= unix.POLLOUT
	}
	if fd.Events == 0 {
		fd.Fd = -1
	}
	return fd
}

// Wait implements eventloop.Poller.
func (p *poller) Wait(events []eventloop.Event, timeout time.Duration) (int, error) {
	if p.closed {
		return 0, eventloop.ErrClosed
	}
	if len(events) == 0 {
		return 0, os.NewSyscallError("poll", unix.EINVAL)
	}
	var end time.Time
	if timeout > 0 {
		end = time.Now().Add(timeout)
	}
	for {
		n, woken, err := p.poll(events, timeout)
		if err != nil || n > 0 || woken || timeout == 0 {
			return n, err
		}
		if timeout > 0 {
			// Interrupted, or the timeout is more than poll takes at once.
			if timeout = time.Until(end); timeout <= 0 {
				return 0, nil
			}
		}
	}
}

// poll is poll(2), once. An interrupted one found nothing.
func (p *poller) poll(events []eventloop.Event, timeout time.Duration) (n int, woken bool, err error) {
	n, err = unix.Poll(p.fds, sock.Milliseconds(timeout))
	if err != nil {
		if err == unix.EINTR || err == unix.EAGAIN {
			return 0, false, nil
		}
		return 0, false, os.NewSyscallError("poll", err)
	}
	if n > 0 && p.fds[0].Revents != 0 {
		woken = p.waker.Drain()
		n--
	}
	return p.collect(events, n), woken, nil
}

// collect fills events with the marked handles, of which poll counted some. It
// goes round: where one Wait runs out of room, the next one starts, so that
// nobody starves.
func (p *poller) collect(events []eventloop.Event, marked int) (n int) {
	if p.next >= len(p.fds) {
		p.next = 0
	}
	at := p.next
	for range len(p.fds) - 1 {
		if n == marked || n == len(events) {
			break
		}
		if at++; at == len(p.fds) {
			at = 1
		}
		if p.fds[at].Revents == 0 {
			continue
		}
		events[n] = eventloop.Event{Token: p.handles[at].token, Ready: ready(p.fds[at])}
		n++
	}
	if n < marked {
		p.next = at
	}
	return n
}

func ready(fd unix.PollFd) (r eventloop.Interest) {
	if fd.Revents&unix.POLLIN != 0 {
		r |= eventloop.Readable
	}
	if fd.Revents&unix.POLLOUT != 0 {
		r |= eventloop.Writable
	}
	if fd.Revents&(unix.POLLHUP|unix.POLLERR|unix.POLLNVAL|hangUpFlag) != 0 {
		r |= eventloop.HangUp | eventloop.Readable
		// POSIX: POLLHUP and POLLOUT exclude each other. A write would not
		// block, though, it would fail.
		if fd.Revents&(unix.POLLHUP|unix.POLLERR|unix.POLLNVAL) != 0 && fd.Events&unix.POLLOUT != 0 {
			r |= eventloop.Writable
		}
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
	p.fds, p.handles, p.index = nil, nil, nil
	return p.waker.Close()
}
