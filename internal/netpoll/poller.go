//go:build (linux && (amd64 || arm64 || loong64)) || (darwin && (amd64 || arm64)) || (freebsd && (amd64 || arm64 || riscv64))

package netpoll

import (
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/sudoXpg/netloop/eventloop"
)

// A poller belongs to its loop, except for Wake and marking, which netpoll's
// goroutines use.
//
// It never checks all handles. One whose condition may have begun to hold is
// marked, once, and from then on Wait checks it until no condition holds.
type poller struct {
	network

	regs   map[eventloop.Handle]*registration
	queue  []*registration // to be checked, in this order
	spare  []*registration // the queue's memory while it is rebuilt
	timer  *time.Timer
	closed bool

	bell  chan struct{} // holds one token after a mark or a Wake
	woken atomic.Bool

	mu     sync.Mutex
	marked []*registration // to go to the queue
}

// A registration is that of a handle with one poller. It belongs to the
// poller's loop, except for queued.
type registration struct {
	poller   *poller
	source   source
	token    eventloop.Token
	interest eventloop.Interest
	removed  bool
	queued   atomic.Bool // in marked or queue
}

var (
	_ eventloop.Backend  = (*poller)(nil)
	_ eventloop.Unlinker = (*poller)(nil)
)

func newPoller() *poller {
	timer := time.NewTimer(time.Hour)
	timer.Stop()
	return &poller{
		regs:  make(map[eventloop.Handle]*registration),
		bell:  make(chan struct{}, 1),
		timer: timer,
	}
}

// Add implements eventloop.Poller.
func (p *poller) Add(h eventloop.Handle, t eventloop.Token, i eventloop.Interest) error {
	if p.closed {
		return eventloop.ErrClosed
	}
	if p.regs[h] != nil {
		return os.NewSyscallError("add", syscall.EEXIST)
	}
	s := sockets.get(h)
	if s == nil {
		return badHandle("add")
	}
	r := &registration{poller: p, source: s, token: t, interest: i}
	p.regs[h] = r
	s.watch(r)
	r.mark()
	return nil
}

// Modify implements eventloop.Poller.
func (p *poller) Modify(h eventloop.Handle, t eventloop.Token, i eventloop.Interest) error {
	if p.closed {
		return eventloop.ErrClosed
	}
	r := p.regs[h]
	if r == nil {
		return os.NewSyscallError("modify", syscall.ENOENT)
	}
	r.token, r.interest = t, i
	r.mark()
	return nil
}

// Remove implements eventloop.Poller.
func (p *poller) Remove(h eventloop.Handle) error {
	if p.closed {
		return eventloop.ErrClosed
	}
	r := p.regs[h]
	if r == nil {
		return os.NewSyscallError("remove", syscall.ENOENT)
	}
	delete(p.regs, h)
	p.forget(r)
	return nil
}

func (p *poller) forget(r *registration) {
	r.removed = true
	r.source.unwatch(r)
}

// mark makes Wait check the source of r. It may be called from any goroutine.
func (r *registration) mark() {
	if r.queued.Swap(true) {
		return
	}
	p := r.poller
	p.mu.Lock()
	p.marked = append(p.marked, r)
	p.mu.Unlock()
	p.ring()
}

func (p *poller) ring() {
	select {
	case p.bell <- struct{}{}:
	default:
	}
}

// Wait implements eventloop.Poller.
func (p *poller) Wait(events []eventloop.Event, timeout time.Duration) (int, error) {
	if p.closed {
		return 0, eventloop.ErrClosed
	}
	if len(events) == 0 {
		return 0, os.NewSyscallError("wait", syscall.EINVAL)
	}
	var over <-chan time.Time
	if timeout > 0 {
		p.timer.Reset(timeout)
		defer p.timer.Stop()
		over = p.timer.C
	}
	for {
		woken := p.woken.Swap(false) // before checking, so that later ones are kept
		if n := p.collect(events); n > 0 || woken || timeout == 0 {
			return n, nil
		}
		select {
		case <-p.bell:
		case <-over:
			return p.collect(events), nil
		}
	}
}

// collect checks the sources in the queue, each once and as many as there is
// room for. Ready ones go to its end, the others are removed.
func (p *poller) collect(events []eventloop.Event) (n int) {
	p.mu.Lock()
	p.queue = append(p.queue, p.marked...)
	clear(p.marked)
	p.marked = p.marked[:0]
	p.mu.Unlock()

	asked, ready := 0, p.spare[:0]
	for asked < len(p.queue) && n < len(events) {
		r := p.queue[asked]
		asked++
		r.queued.Store(false) // before checking, so that a later change marks it
		if r.removed || r.interest == 0 {
			continue
		}
		is := r.source.ready(r.interest)
		if is == 0 {
			continue
		}
		events[n] = eventloop.Event{Token: r.token, Ready: is}
		n++
		if !r.queued.Swap(true) {
			ready = append(ready, r)
		}
	}
	left := copy(p.queue, p.queue[asked:])
	clear(p.queue[left:])
	p.queue = append(p.queue[:left], ready...)
	clear(ready)
	p.spare = ready
	return n
}

// Wake implements eventloop.Poller.
func (p *poller) Wake() error {
	p.woken.Store(true)
	p.ring()
	return nil
}

// Close implements eventloop.Poller.
func (p *poller) Close() error {
	if p.closed {
		return nil
	}
	p.closed = true
	for _, r := range p.regs {
		p.forget(r)
	}
	p.regs, p.queue, p.spare = nil, nil, nil
	return nil
}
