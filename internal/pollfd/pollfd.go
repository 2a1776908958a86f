package pollfd

import (
	"os"
	"time"

	"github.com/sudoXpg/netloop/eventloop"
	"github.com/sudoXpg/netloop/internal/sock"
)

// poller belongs to its loop; only Wake may be called from elsewhere.
type poller struct {
	sock.Net

	waker *sock.Waker
	// fds are the polled descriptors, the waker first. A handle with interest 0
	// is not among them: poll always reports a peer that hung up.
	fds     []pollFd
	handles []registration           // parallel to fds
	index   map[eventloop.Handle]int // of fds and handles; detached if not among them
	next    int                      // the next Wait begins after this one
	others  []pollFd                 // the descriptors that rest polls
	closed  bool
}

type registration struct {
	handle eventloop.Handle
	token  eventloop.Token
}

// longestRest is how late a Wait may be that had to ignore a handle for a while.
const longestRest = 10 * time.Millisecond

// detached is the index of a handle with interest 0: the waker's.
const detached = 0

var _ eventloop.Backend = (*poller)(nil)

// Open returns a new set of descriptors to poll.
func Open() (eventloop.Backend, error) {
	waker, err := sock.OpenWaker()
	if err != nil {
		return nil, err
	}
	return &poller{
		waker:   waker,
		fds:     []pollFd{newPollFd(waker.Handle(), eventloop.Readable)},
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
		return os.NewSyscallError("poll", errExists)
	}
	// poll itself would report it only later, and at every Wait.
	if err := sock.IsOpen(h); err != nil {
		return err
	}
	p.index[h] = detached
	return p.Modify(h, t, i)
}

// Modify implements eventloop.Poller.
func (p *poller) Modify(h eventloop.Handle, t eventloop.Token, i eventloop.Interest) error {
	if p.closed {
		return eventloop.ErrClosed
	}
	k, ok := p.index[h]
	if !ok {
		return os.NewSyscallError("poll", errUnknown)
	}
	switch i &= eventloop.Readable | eventloop.Writable; {
	case i == 0:
		p.detach(k)
	case k == detached:
		p.index[h] = len(p.fds)
		p.fds = append(p.fds, newPollFd(h, i))
		p.handles = append(p.handles, registration{handle: h, token: t})
	default:
		p.fds[k] = newPollFd(h, i)
		p.handles[k].token = t
	}
	return nil
}

// Remove implements eventloop.Poller.
func (p *poller) Remove(h eventloop.Handle) error {
	if p.closed {
		return eventloop.ErrClosed
	}
	k, ok := p.index[h]
	if !ok {
		return os.NewSyscallError("poll", errUnknown)
	}
	p.detach(k)
	delete(p.index, h)
	return nil
}

// detach removes the k-th handle from poll. The last one takes its place.
func (p *poller) detach(k int) {
	if k == detached {
		return
	}
	last := len(p.fds) - 1
	p.index[p.handles[k].handle] = detached
	if k < last {
		p.fds[k], p.handles[k] = p.fds[last], p.handles[last]
		p.index[p.handles[k].handle] = k
	}
	p.fds, p.handles = p.fds[:last], p.handles[:last]
}

// newPollFd returns the entry of h for poll.
func newPollFd(h eventloop.Handle, i eventloop.Interest) pollFd {
	fd := pollFd{Fd: descriptor(h)}
	if i&eventloop.Readable != 0 {
		fd.Events |= pollIn | hangUpFlag
	}
	if i&eventloop.Writable != 0 {
		fd.Events |= pollOut
	}
	return fd
}

// Wait implements eventloop.Poller.
func (p *poller) Wait(events []eventloop.Event, timeout time.Duration) (int, error) {
	if p.closed {
		return 0, eventloop.ErrClosed
	}
	if len(events) == 0 {
		return 0, os.NewSyscallError("poll", errInvalid)
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
			// Interrupted, or the timeout is longer than poll accepts.
			if timeout = time.Until(end); timeout <= 0 {
				return 0, nil
			}
		}
	}
}

// poll is poll(2), once. An interrupted one returns nothing.
func (p *poller) poll(events []eventloop.Event, timeout time.Duration) (n int, woken bool, err error) {
	n, err = poll(p.fds, sock.Milliseconds(timeout))
	if err != nil {
		return 0, false, err
	}
	if n > 0 && p.fds[0].Revents != 0 {
		woken = p.waker.Drain()
		n--
	}
	marked := n
	n = p.collect(events, marked)
	if marked > 0 && n == 0 && !woken && timeout != 0 {
		err = p.rest(timeout)
	}
	return n, woken, err
}

// rest is for systems that report conditions without interest, which would make
// poll return again and again: it waits for the other handles only, but not for
// long.
func (p *poller) rest(timeout time.Duration) error {
	p.others = p.others[:0]
	for _, fd := range p.fds {
		if fd.Revents == 0 {
			p.others = append(p.others, fd)
		}
	}
	if timeout < 0 || timeout > longestRest {
		timeout = longestRest
	}
	_, err := poll(p.others, sock.Milliseconds(timeout))
	return err
}

// collect fills events with the marked handles, of which poll counted some. It
// goes round: where one Wait runs out of room, the next one starts, so that no
// handle starves.
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
		if r := ready(p.fds[at]); r != 0 {
			events[n] = eventloop.Event{Token: p.handles[at].token, Ready: r}
			n++
		}
	}
	if n == len(events) {
		p.next = at
	}
	return n
}

func ready(fd pollFd) (r eventloop.Interest) {
	if fd.Revents&pollIn != 0 {
		r |= eventloop.Readable
	}
	if fd.Revents&pollOut != 0 {
		r |= eventloop.Writable
	}
	failed := fd.Revents&pollFailed != 0
	if failed || fd.Revents&peerEnd != 0 && fd.Events&pollIn != 0 {
		r |= eventloop.HangUp | eventloop.Readable
	}
	// POSIX: POLLHUP and POLLOUT exclude each other. A write would not block,
	// but fail.
	if failed && fd.Events&pollOut != 0 {
		r |= eventloop.Writable
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
