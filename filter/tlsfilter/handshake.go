package tlsfilter

import (
	"cmp"
	"iter"
	"sync"

	"github.com/sudoXpg/netloop/eventloop"
)

// A handshake is the handler of a connection until TLS is set up. It belongs to the
// connection's loop, except for what a worker steps.
type handshake struct {
	all    *Handshakes
	make   func(*filter) // makes its tls.Conn
	accept func(*eventloop.Conn) eventloop.Handler
	failed func(*eventloop.Conn, error)

	hello *hello // nil: whole, or there is none
	steps *steps // nil: not begun
	err   error  // why it has failed
}

var _ eventloop.Handler = (*handshake)(nil)

// Opened implements eventloop.Handler. After the deadline the connection is aborted.
func (h *handshake) Opened(c *eventloop.Conn) {
	c.SetDeadline(h.all.timeout())
	if h.hello == nil {
		h.advance(c, nil)
	}
}

// Received implements eventloop.Handler.
func (h *handshake) Received(c *eventloop.Conn, data []byte) {
	if h.hello != nil {
		switch whole := h.hello.add(data); {
		case whole:
			data, h.hello = h.hello.raw, nil
		case len(h.hello.raw) > maxHello:
			h.fail(c, ErrHello)
			return
		default:
			return
		}
	}
	h.advance(c, data)
}

// advance makes a worker step the handshake with what was received. Nothing is
// received until that is done.
func (h *handshake) advance(c *eventloop.Conn, data []byte) {
	if h.steps == nil {
		if !h.all.begin() {
			h.fail(c, ErrTooMany)
			return
		}
		h.steps = newSteps(h.make, h.all.end)
	}
	s := h.steps
	s.filter.wire.in = append(s.filter.wire.in, data...)
	if err := c.OffloadTo(h.all.executor(), s.step, func() { h.stepped(c) }); err != nil {
		h.fail(c, err)
	}
}

// stepped sends the output of a step, and after the last one hands the connection over.
func (h *handshake) stepped(c *eventloop.Conn) {
	s := h.steps
	if s.next == nil && s.err == nil {
		h.complete(c) // its last words are the filter's: the next handler has not written them
		return
	}
	c.Write(s.filter.wire.take(nil))
	if s.next == nil {
		h.fail(c, s.err)
	}
}

// complete hands the connection over.
func (h *handshake) complete(c *eventloop.Conn) {
	h.steps.filter.Idle()
	if err := c.SetFilter(h.steps.filter); err != nil { // it is being closed
		h.fail(c, err)
		return
	}
	next := h.accept(c)
	if next == nil {
		c.Close()
		return
	}
	h.failed = nil
	c.SetDeadline(0)
	c.SetHandler(next)
	next.Opened(c)
}

// fail closes the connection, after sending the pending output of crypto/tls.
func (h *handshake) fail(c *eventloop.Conn, err error) {
	h.err = err
	c.Close()
}

// Drained implements eventloop.Handler.
func (h *handshake) Drained(*eventloop.Conn) {}

// Closed implements eventloop.Handler. If a worker is stepping the handshake, the worker
// ends it.
func (h *handshake) Closed(c *eventloop.Conn, err error) {
	if h.steps != nil {
		h.steps.stop()
	}
	if h.failed != nil {
		h.failed(c, cmp.Or(h.err, err, eventloop.ErrClosed))
	}
}

// Steps are a handshake as a coroutine, which runs only on the goroutine that calls step.
// One goroutine at a time may use it; only stop may be called from another goroutine.
type steps struct {
	filter *filter
	next   func() (struct{}, bool) // nil: it has ended
	halt   func()
	err    error  // how it has ended
	ended  func() // called when it has

	mu      sync.Mutex // guards what follows
	running bool
	stopped bool
}

func newSteps(connect func(*filter), ended func()) *steps {
	s := &steps{filter: &filter{}, ended: ended}
	connect(s.filter)
	w := &s.filter.wire
	s.next, s.halt = iter.Pull(func(yield func(struct{}) bool) {
		w.wait = func() bool { return yield(struct{}{}) }
		s.err = s.filter.tls.Handshake()
		w.wait = nil
	})
	return s
}

// step resumes the handshake until it needs more bytes or has ended.
func (s *steps) step() {
	s.mu.Lock()
	if s.stopped {
		s.mu.Unlock()
		return
	}
	s.running = true
	s.mu.Unlock()
	if _, more := s.next(); !more {
		s.next = nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running = false
	switch {
	case s.stopped:
		s.halt()
		s.ended()
	case s.next == nil:
		s.ended()
	}
}

// stop ends the handshake, if it has not ended: at once, or when the running step
// returns.
func (s *steps) stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped || !s.running && s.next == nil {
		return
	}
	s.stopped = true
	if !s.running {
		s.halt()
		s.ended()
	}
}
