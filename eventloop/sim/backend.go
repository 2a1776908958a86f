package sim

import (
	"math"
	"os"
	"syscall"
	"time"

	"github.com/sudoXpg/netloop/eventloop"
)

// A backend is what one loop sees of a World. World.mu guards it.
type backend struct {
	world   *World
	name    int64
	closed  bool
	watched []*watch
	next    int   // where the next scan of watched begins
	found   []int // where the last scan found its events

	woken  bool
	wakeAt time.Duration // when the Wake is noticed
}

var _ eventloop.Backend = (*backend)(nil)

// A watch is the registration of a socket with a backend.
type watch struct {
	backend  *backend
	socket   *socket
	at       int // its place in backend.watched
	token    eventloop.Token
	interest eventloop.Interest
}

// watch returns the registration of s with b, or nil.
func (b *backend) watch(s *socket) *watch {
	for _, wt := range s.watches {
		if wt.backend == b {
			return wt
		}
	}
	return nil
}

// remove takes the registration out of both lists. The backend's last one takes
// its place, which delays that one's turn by at most a round.
func (wt *watch) remove() {
	b := wt.backend
	last := len(b.watched) - 1
	b.watched[wt.at] = b.watched[last]
	b.watched[wt.at].at = wt.at
	b.watched[last] = nil
	b.watched = b.watched[:last]
	s := wt.socket
	for i, other := range s.watches {
		if other == wt {
			s.watches = append(s.watches[:i], s.watches[i+1:]...)
			break
		}
	}
}

func (b *backend) Add(h eventloop.Handle, t eventloop.Token, i eventloop.Interest) error {
	w := b.world
	w.mu.Lock()
	defer w.mu.Unlock()
	err := b.add(h, t, i)
	w.record(opAdd, int64(h), t, int(i), err)
	return err
}

func (b *backend) add(h eventloop.Handle, t eventloop.Token, i eventloop.Interest) error {
	if b.closed {
		return eventloop.ErrClosed
	}
	s := b.world.lookup(h)
	if s == nil {
		return os.NewSyscallError("add", syscall.EBADF)
	}
	if b.watch(s) != nil {
		return os.NewSyscallError("add", syscall.EEXIST)
	}
	wt := &watch{backend: b, socket: s, at: len(b.watched), token: t, interest: i}
	b.watched = append(b.watched, wt)
	s.watches = append(s.watches, wt)
	return nil
}

func (b *backend) Modify(h eventloop.Handle, t eventloop.Token, i eventloop.Interest) error {
	w := b.world
	w.mu.Lock()
	defer w.mu.Unlock()
	wt, err := b.registered("modify", h)
	if err == nil {
		wt.token, wt.interest = t, i
	}
	w.record(opModify, int64(h), t, int(i), err)
	return err
}

func (b *backend) Remove(h eventloop.Handle) error {
	w := b.world
	w.mu.Lock()
	defer w.mu.Unlock()
	wt, err := b.registered("remove", h)
	if err == nil {
		wt.remove()
	}
	w.record(opRemove, int64(h), 0, 0, err)
	return err
}

func (b *backend) registered(call string, h eventloop.Handle) (*watch, error) {
	if b.closed {
		return nil, eventloop.ErrClosed
	}
	s := b.world.lookup(h)
	if s == nil {
		return nil, os.NewSyscallError(call, syscall.EBADF)
	}
	wt := b.watch(s)
	if wt == nil {
		return nil, os.NewSyscallError(call, syscall.ENOENT)
	}
	return wt, nil
}

func (b *backend) Wait(events []eventloop.Event, timeout time.Duration) (int, error) {
	w := b.world
	w.mu.Lock()
	defer w.mu.Unlock()
	n, err := b.wait(events, timeout)
	for _, ev := range events[:n] {
		w.record(opEvent, b.name, ev.Token, int(ev.Ready), nil)
	}
	w.record(opWait, b.name, 0, n, err)
	return n, err
}

func (b *backend) wait(events []eventloop.Event, timeout time.Duration) (int, error) {
	w := b.world
	switch {
	case b.closed:
		return 0, eventloop.ErrClosed
	case len(events) == 0:
		return 0, os.NewSyscallError("wait", syscall.EINVAL)
	}
	deadline := time.Duration(math.MaxInt64)
	if timeout >= 0 && timeout < deadline-w.now {
		deadline = w.now + timeout
	}
	if len(w.jobs) > 0 && w.rng.IntN(4) == 0 {
		w.runJob(b)
	}
	for {
		n := b.collect(events)
		woken := b.woken && b.wakeAt <= w.now
		if woken {
			b.woken = false
		}
		switch {
		case n > 0 || woken:
			return n, nil
		case w.runJob(b):
		case b.woken && b.wakeAt <= deadline:
			w.now = b.wakeAt
		case timeout < 0:
			w.waiting++
			w.changed.Wait()
			w.waiting--
		default:
			w.now = max(w.now, deadline)
			if timeout > 0 && w.hit(faultLateWait, b.name) {
				w.now += w.late()
			}
			return 0, nil
		}
	}
}

// collect fills events from the watched sockets, continuing where it last ran
// out of room, and returns how many.
func (b *backend) collect(events []eventloop.Event) int {
	w := b.world
	total := len(b.watched)
	if total == 0 {
		return 0
	}
	var spurious *watch
	if w.hit(faultSpurious, b.name) {
		spurious = b.watched[w.rng.IntN(total)]
	}
	b.found = b.found[:0]
	n := 0
	for i := 0; i < total && n < len(events); i++ {
		at := (b.next + i) % total
		wt := b.watched[at]
		ready := wt.socket.ready(wt.interest)
		if wt == spurious && !wt.socket.connecting {
			ready |= wt.interest & (eventloop.Readable | eventloop.Writable)
		}
		if ready == 0 {
			continue
		}
		events[n] = eventloop.Event{Token: wt.token, Ready: ready}
		b.found = append(b.found, at)
		n++
	}
	full := n == len(events)
	if n > 1 && w.hit(faultPartial, b.name) {
		n, full = w.some(n-1), true
	}
	if full {
		b.next = b.found[n-1] + 1
	}
	if n > 1 && w.hit(faultReorder, b.name) {
		w.rng.Shuffle(n, func(i, j int) { events[i], events[j] = events[j], events[i] })
	}
	return n
}

// busy reports whether Wait would return at once.
func (b *backend) busy() bool {
	if b.closed {
		return false
	}
	if b.woken && b.wakeAt <= b.world.now {
		return true
	}
	for _, wt := range b.watched {
		if wt.socket.ready(wt.interest) != 0 {
			return true
		}
	}
	return false
}

func (b *backend) Wake() error {
	w := b.world
	w.mu.Lock()
	defer w.mu.Unlock()
	if b.closed {
		return nil
	}
	w.record(opWake, b.name, 0, 0, nil)
	if !b.woken {
		b.woken, b.wakeAt = true, w.now
		if w.hit(faultLateWake, b.name) {
			b.wakeAt += w.late()
		}
	}
	w.notify()
	return nil
}

// Close forgets the registrations.
func (b *backend) Close() error {
	w := b.world
	w.mu.Lock()
	defer w.mu.Unlock()
	for len(b.watched) > 0 {
		b.watched[len(b.watched)-1].remove()
	}
	b.closed = true
	return nil
}
