package looptest

import (
	"net"

	"github.com/sudoXpg/netloop/eventloop"
	"github.com/sudoXpg/netloop/eventloop/internal/toyfilter"
)

// A script is a Handler made of functions, any of which may be nil. Without
// deadline, eof or draining the Handler does not have that method.
type script struct {
	opened   func(c *eventloop.Conn)
	received func(c *eventloop.Conn, data []byte)
	drained  func(c *eventloop.Conn)
	deadline func(c *eventloop.Conn)
	eof      func(c *eventloop.Conn)
	draining func(c *eventloop.Conn) // goes with neither of the two
	closed   func(c *eventloop.Conn, err error)
}

// A witness is a Handler that follows a script, records what happens and
// reports what must not happen. env.mu guards it.
type witness struct {
	e      *env
	s      script
	conn   *eventloop.Conn
	toy    *toyfilter.Filter // below it, if there is one
	got    []byte            // all that was received
	used   bool              // belongs to a connection, so Closed must come
	opens  int
	drains int
	closes int
	err    error // what Closed got
}

type (
	witnessDeadline struct{ *witness }
	witnessEOF      struct{ *witness }
	witnessDraining struct{ *witness }
	witnessBoth     struct {
		*witness
		eventloop.DeadlineHandler
		eventloop.EOFHandler
	}
)

var (
	_ eventloop.Handler         = (*witness)(nil)
	_ eventloop.DeadlineHandler = witnessDeadline{}
	_ eventloop.EOFHandler      = witnessEOF{}
	_ eventloop.DrainHandler    = witnessDraining{}
)

// handler makes a Handler for one connection. mu is held.
func (e *env) handler(s script) (*witness, eventloop.Handler) {
	w := &witness{e: e, s: s}
	e.all = append(e.all, w)
	switch {
	case s.deadline != nil && s.eof != nil:
		return w, witnessBoth{w, witnessDeadline{w}, witnessEOF{w}}
	case s.deadline != nil:
		return w, witnessDeadline{w}
	case s.eof != nil:
		return w, witnessEOF{w}
	case s.draining != nil:
		return w, witnessDraining{w}
	}
	return w, w
}

func (w *witness) call(c *eventloop.Conn, what string, f func()) {
	w.e.enter(c.Loop(), what)
	defer w.e.leave(c.Loop())
	if w.closes > 0 {
		w.e.Errorf("%s after Closed", what)
	}
	f()
}

// Opened implements eventloop.Handler.
func (w *witness) Opened(c *eventloop.Conn) {
	w.call(c, "Opened", func() {
		if w.opens++; w.opens > 1 {
			w.e.Errorf("Opened %d times", w.opens)
		}
		w.conn, w.used = c, true
		if w.e.filtered {
			w.filter()
		}
		if w.s.opened != nil {
			w.s.opened(c)
		}
	})
}

// filter puts a toy below the connection.
func (w *witness) filter() {
	w.toy = toyfilter.New(w.e.Errorf)
	if err := w.conn.SetFilter(w.toy); err != nil {
		w.e.Errorf("SetFilter: %v", err)
	}
}

// Received implements eventloop.Handler.
func (w *witness) Received(c *eventloop.Conn, data []byte) {
	w.call(c, "Received", func() {
		if len(data) == 0 || w.opens == 0 {
			w.e.Errorf("Received %d bytes, opened %d times", len(data), w.opens)
		}
		w.got = append(w.got, data...)
		if w.s.received != nil {
			w.s.received(c, data)
		}
		clear(data) // valid during the call only
	})
}

// Drained implements eventloop.Handler.
func (w *witness) Drained(c *eventloop.Conn) {
	w.call(c, "Drained", func() {
		if c.Buffered() != 0 {
			w.e.Errorf("Drained with %d bytes queued", c.Buffered())
		}
		w.drains++
		if w.s.drained != nil {
			w.s.drained(c)
		}
	})
}

// Closed implements eventloop.Handler.
func (w *witness) Closed(c *eventloop.Conn, err error) {
	w.call(c, "Closed", func() {
		w.used = true
		w.err = err
		w.closes++
		if w.s.closed != nil {
			w.s.closed(c, err)
		}
	})
}

// Deadline implements eventloop.DeadlineHandler.
func (w witnessDeadline) Deadline(c *eventloop.Conn) {
	w.call(c, "Deadline", func() { w.s.deadline(c) })
}

// EOF implements eventloop.EOFHandler.
func (w witnessEOF) EOF(c *eventloop.Conn) {
	w.call(c, "EOF", func() { w.s.eof(c) })
}

// Draining implements eventloop.DrainHandler.
func (w witnessDraining) Draining(c *eventloop.Conn) {
	w.call(c, "Draining", func() { w.s.draining(c) })
}

// listen opens a listener whose connections follow the script.
func (e *env) listen(network, address string, s script) net.Addr {
	e.Helper()
	ln, err := e.g.Listen(network, address, e.accept(s))
	if err != nil {
		e.Fatalf("Listen: %v", err)
	}
	return ln.Addr()
}

// accept returns an accept function for Group.Listen, whose connections follow the script.
func (e *env) accept(s script) func(*eventloop.Conn) eventloop.Handler {
	accept := func(c *eventloop.Conn) eventloop.Handler {
		e.enter(c.Loop(), "accept")
		defer e.leave(c.Loop())
		w, h := e.handler(s)
		w.conn, w.used = c, true
		e.conns = append(e.conns, w)
		return h
	}
	if e.secure != nil {
		return e.secure.Server(accept)
	}
	return accept
}

// dialing returns the handler for a Dial on behalf of h.
func (e *env) dialing(h eventloop.Handler) eventloop.Handler {
	if e.secure != nil {
		return e.secure.Client(h)
	}
	return h
}

// serve listens on the loopback address and connects one peer.
func (e *env) serve(s script) (*peer, *witness) {
	e.Helper()
	return e.connect(e.listen("tcp", loopback, s))
}

// connect connects a peer to a listener and waits for its connection to open.
func (e *env) connect(to net.Addr) (*peer, *witness) {
	e.Helper()
	var n int
	e.look(func() { n = len(e.conns) })
	p := e.dial(to)
	var w *witness
	e.until("the connection is open", func() bool {
		if len(e.conns) == n {
			return false
		}
		w = e.conns[n]
		return w.opens > 0
	})
	return p, w
}

// dialled makes the group connect to an address, following the script.
func (e *env) dialled(network, address string, s script) *witness {
	e.Helper()
	e.mu.Lock()
	w, h := e.handler(s)
	w.used = true
	e.mu.Unlock()
	if err := e.g.Dial(network, address, e.dialing(h)); err != nil {
		e.Fatalf("Dial %s: %v", address, err)
	}
	return w
}

// write writes p to the connection, on its loop.
func (w *witness) write(p []byte) {
	w.e.Helper()
	w.e.on(w.conn.Loop(), func() { w.conn.Write(p) })
}

// untilClosed waits for Closed and returns what it got.
func (w *witness) untilClosed() (err error) {
	w.e.Helper()
	w.e.until("the connection is closed", func() bool {
		err = w.err
		return w.closes > 0
	})
	return err
}

// wantClosed waits for Closed, which must get exactly this error.
func (w *witness) wantClosed(want error) {
	w.e.Helper()
	if err := w.untilClosed(); err != want {
		w.e.Errorf("Closed got %v, want %v", err, want)
	}
}

// untilGot waits until n bytes were received.
func (w *witness) untilGot(n int) {
	w.e.Helper()
	w.e.until("the bytes are received", func() bool { return len(w.got) >= n })
}
