package eventloop

import (
	"io"
	"net"
	"net/netip"
	"sync/atomic"
	"time"
)

// A Handler receives the events of a connection. Its methods are called on the
// connection's loop, one at a time.
//
// To keep a peer that sends and does not read its answers from filling the
// outbox, Pause in Received when Buffered is above a mark of your own, and
// Resume in Drained:
//
//	func (h *handler) Received(c *eventloop.Conn, data []byte) {
//		c.Write(answer(data))
//		if c.Buffered() > 64<<10 {
//			c.Pause()
//		}
//	}
//
//	func (h *handler) Drained(c *eventloop.Conn) { c.Resume() }
type Handler interface {
	// Opened is called when the connection can be used.
	Opened(c *Conn)
	// Received is called with bytes from the peer. data is valid during the call only; it
	// may be changed.
	Received(c *Conn, data []byte)
	// Drained is called when Buffered has come down to 0: the system has taken
	// everything that Write queued. It is called once each time that happens,
	// even if the system took everything in the turn in which it was written,
	// but not after Close. It does not wait for messages of topics.
	Drained(c *Conn)
	// Closed is the last call, and comes exactly once. err is nil after Close,
	// io.EOF if the peer closed first, and otherwise the cause.
	Closed(c *Conn, err error)
}

// A DeadlineHandler is a Handler that is told when a deadline has passed.
// Without this method the connection is aborted with ErrDeadline.
type DeadlineHandler interface {
	Deadline(c *Conn)
}

// An EOFHandler is a Handler that is told when the peer has shut down its
// sending side. It can still write, and must call Close eventually. Without
// this method the connection is closed gracefully.
type EOFHandler interface {
	EOF(c *Conn)
}

// A DrainHandler is a Handler that is told when the group drains, so that it
// can say goodbye: after Draining returns, the connection is closed gracefully.
type DrainHandler interface {
	Draining(c *Conn)
}

type flags uint16

const (
	closed     flags = 1 << iota // the handle is closed
	dialing                      // not connected yet
	paused                       // by Pause
	offloaded                    // by Offload
	blocked                      // the system takes no more bytes at present
	closing                      // Close was called: nothing is delivered any more
	lingering                    // everything is sent, waiting for the peer to close
	eof                          // the peer has shut down its side
	queued                       // in the loop's dirty list
	partial                      // the first entry of the outbox is sent in part
	waited                       // has been blocked since everything was sent
	owed                         // Drained is due once the outbox is empty
	midMessage                   // part of a message of the first Sub is sent
	ended                        // CloseWrite was called: nothing more is written
	shut                         // and the peer has been told so
	trailed                      // its Trailer is drawn at the end of the stream
)

// A Conn is a connection. It belongs to one loop: only Close and Post may be
// called from elsewhere. It holds no buffer while it has nothing to send.
type Conn struct {
	loop    *Loop
	handler Handler
	h       Handle
	token   Token
	peer    peerAddr
	out     *outbox    // nil: empty
	filter  *filtering // nil: none
	subs    *Sub       // the first has sent part of a message, if flags says so

	deadline tick // if hasDeadline
	lastRead tick
	progress tick // when the peer last took something, if blocked
	idle     tick // how many ticks may pass without a Read; 0: no limit
	flags    flags
	interest Interest
	hasDue   bool        // deadline is set
	asked    atomic.Bool // Close was called
}

// Loop returns the loop that the connection belongs to.
func (c *Conn) Loop() *Loop { return c.loop }

// LocalAddr returns the connection's own address, a *net.TCPAddr or a *net.UnixAddr.
// It asks the system; nil if the connection is closed.
func (c *Conn) LocalAddr() net.Addr {
	if c.flags&closed != 0 {
		return nil
	}
	a, err := c.loop.be.LocalAddr(c.h)
	if err != nil {
		return nil
	}
	return a
}

// RemoteAddr returns the peer's address: a *net.TCPAddr, or a *net.UnixAddr, whose
// Name is the path that was dialled and empty for a connection that was accepted.
func (c *Conn) RemoteAddr() net.Addr {
	if peer := c.RemoteAddrPort(); peer.IsValid() {
		return net.TCPAddrFromAddrPort(peer)
	}
	return &net.UnixAddr{Net: "unix", Name: c.loop.paths[c]}
}

// RemoteAddrPort returns the peer's address without allocating; the zero AddrPort
// for a Unix socket.
func (c *Conn) RemoteAddrPort() netip.AddrPort { return c.loop.unpack(c.peer) }

// Handler returns the current handler.
func (c *Conn) Handler() Handler { return c.handler }

// SetHandler replaces the handler. Opened is not called again.
func (c *Conn) SetHandler(h Handler) { c.handler = h }

// Post calls f on the connection's loop, if the connection is still open by
// then. Post may be called from any goroutine. The error is ErrBusy or
// ErrClosed.
func (c *Conn) Post(f func()) error { return c.loop.post(task{f: f, conn: c}) }

// Complete is like Post, but PostLimit does not apply. It is for the end of an
// operation that was begun on the loop and that the connection waits for. The
// error is ErrClosed.
func (c *Conn) Complete(f func()) error { return c.loop.post(task{f: f, conn: c, sure: true}) }

// Close closes the connection gracefully: everything written to it, or appended
// to its topics, before the call is sent; then the sending side is shut down,
// and input is discarded until the peer closes, too, but for at most
// LingerTimeout, so that no byte in flight is lost. Close may be called from
// any goroutine. In one of the connection's own callbacks it takes effect when
// that callback returns, so that nothing follows a farewell; elsewhere on its
// loop it takes effect in the same turn. Nothing is received after that.
func (c *Conn) Close() {
	if !c.asked.Swap(true) {
		_ = c.loop.post(task{conn: c}) // a stopped loop closes it anyway
	}
}

// CloseWrite shuts down the sending side once everything written to the connection,
// or appended to its topics, before the call is sent. The connection's subscriptions
// end there. It continues to receive. Write returns ErrClosed from now on, and Close
// must still be called. Calling CloseWrite again, or after Close, has no effect.
func (c *Conn) CloseWrite() {
	if c.flags&(closed|closing|dialing|ended) != 0 {
		return
	}
	c.flags |= ended
	c.enqueue(entry{mark: endWriting})
}

// Abort closes the connection at once and drops what is queued. Closed gets
// err, unless a Filter has failed before.
func (c *Conn) Abort(err error) {
	if c.flags&closed != 0 {
		return
	}
	if c.filter != nil && c.filter.err != nil {
		err = c.filter.err
	}
	l := c.loop
	c.flags |= closed
	c.asked.Store(true)
	c.out = nil
	c.flags &^= midMessage
	c.closeSubs()
	l.wheel.clear(c.token.slot())
	l.vacate(c.token)
	_ = l.be.Remove(c.h)
	_ = l.be.CloseHandle(c.h)
	if err == ErrStalled { //nolint:errorlint // ours, unwrapped
		l.n.stalled.Add(1)
	}
	l.gone = append(l.gone, farewell{c, err})
}

// Pause stops reading: further bytes wait in the system's buffers and, when
// these are full, at the peer.
func (c *Conn) Pause() { c.setFlag(paused) }

// Resume undoes Pause. It does nothing to a connection that is not paused.
func (c *Conn) Resume() {
	if c.flags&paused != 0 {
		c.clearFlag(paused)
	}
}

func (c *Conn) setFlag(f flags) {
	c.flags |= f
	c.update()
}

func (c *Conn) clearFlag(f flags) {
	c.flags &^= f
	c.lastRead = c.loop.nowTick // the peer was not idle, we were
	if c.idle > 0 {
		c.schedule(c.lastRead + c.idle + 1)
	}
	c.update()
	if c.filter != nil {
		c.readOn()
	}
}

// Offload runs work on the Executor and then done on the loop, if the connection is
// still open. Nothing is received in between, but Closed may be called while work runs.
// The error is that of the Executor, ErrBusy if other work is already offloaded, or
// ErrClosed; neither function is called then.
func (c *Conn) Offload(work, done func()) error {
	return c.OffloadTo(c.loop.g.opts.Executor, work, done)
}

// OffloadTo is like Offload, but runs work on e instead of Options.Executor, for example
// to bound how much work of one kind runs at a time.
func (c *Conn) OffloadTo(e Executor, work, done func()) error {
	switch {
	case c.flags&closed != 0:
		return ErrClosed
	case c.flags&offloaded != 0:
		return ErrBusy
	}
	err := e.Execute(func() {
		work()
		_ = c.loop.post(task{conn: c, sure: true, f: func() {
			c.clearFlag(offloaded)
			done()
		}})
	})
	if err == nil {
		c.setFlag(offloaded)
	}
	return err
}

// SetDeadline has Deadline called after d, and replaces an earlier deadline.
// The call comes at most 4 ms late and never early. 0 clears the deadline.
// After Close it has no effect.
func (c *Conn) SetDeadline(d time.Duration) {
	if !c.asked.Load() {
		c.setDeadline(d)
	}
}

func (c *Conn) setDeadline(d time.Duration) {
	c.hasDue = d > 0
	if c.hasDue {
		c.deadline = c.loop.after(d)
		c.schedule(c.deadline)
	}
}

// SetIdleTimeout aborts the connection with ErrIdle when nothing was received
// for d. 0 means never. Time while reading is paused does not count.
func (c *Conn) SetIdleTimeout(d time.Duration) {
	c.idle = ticksIn(d)
	if c.idle > 0 {
		c.lastRead = c.loop.nowTick
		c.schedule(c.lastRead + c.idle + 1)
	}
}

// attach registers the connection with its loop.
func (c *Conn) attach(i Interest) error {
	if err := c.loop.place(c); err != nil {
		c.flags |= closed
		return err
	}
	c.interest = i
	if err := c.loop.be.Add(c.h, c.token, i); err != nil {
		c.loop.vacate(c.token)
		c.loop.n.open.Add(^uint64(0))
		c.flags |= closed
		return err
	}
	return nil
}

// update tells the poller which conditions the connection waits for now.
func (c *Conn) update() {
	if c.flags&closed != 0 {
		return
	}
	var i Interest
	if c.flags&(paused|offloaded|eof|dialing) == 0 || c.flags&closing != 0 && c.flags&eof == 0 {
		i = Readable
	}
	if c.flags&(blocked|dialing) != 0 {
		i |= Writable
	}
	if i == c.interest {
		return
	}
	c.interest = i
	if err := c.loop.be.Modify(c.h, c.token, i); err != nil {
		c.Abort(err)
	}
}

// beginClose starts the graceful close: from now on input is discarded, and a
// mark in the outbox is reached once everything before it is sent.
func (c *Conn) beginClose() {
	if c.flags&(closed|closing) != 0 {
		return
	}
	if c.flags&dialing != 0 {
		c.Abort(nil)
		return
	}
	c.asked.Store(true)
	c.enqueue(entry{mark: endStream})
	c.flags |= closing
	c.update()
}

// closeSubs ends all subscriptions.
func (c *Conn) closeSubs() {
	for c.subs != nil {
		c.subs.Close()
	}
}

// sentHalf shuts down the sending side: everything before CloseWrite is sent.
func (c *Conn) sentHalf() {
	c.closeSubs()
	if err := c.loop.be.CloseWrite(c.h); err != nil {
		c.Abort(err)
		return
	}
	c.flags |= shut
}

// sentAll continues a graceful close: everything is sent.
func (c *Conn) sentAll() {
	c.closeSubs()
	wait := c.loop.g.opts.LingerTimeout
	if c.flags&eof != 0 || wait < 0 || c.flags&shut == 0 && c.loop.be.CloseWrite(c.h) != nil {
		c.finish()
		return
	}
	c.flags |= lingering
	c.setDeadline(wait)
}

// finish ends a graceful close.
func (c *Conn) finish() {
	if c.flags&eof != 0 && c.flags&lingering == 0 {
		c.Abort(io.EOF)
		return
	}
	c.Abort(nil)
}

// schedule schedules a call of expire at t, or earlier if one is due earlier.
func (c *Conn) schedule(t tick) {
	if c.flags&closed == 0 {
		c.loop.wheel.atLatest(c.token.slot(), t)
	}
}

// expire acts on those of a connection's times that have passed.
func (l *Loop) expire(slot uint32) {
	c, now := *l.conns.at(int(slot)), l.wheel.now
	if c.hasDue && !now.before(c.deadline) {
		c.hasDue = false
		c.deadlinePassed()
	}
	if c.flags&closed == 0 {
		c.checkTimeouts(now)
	}
}

func (c *Conn) deadlinePassed() {
	switch h, ok := c.handler.(DeadlineHandler); {
	case c.flags&lingering != 0:
		if r, ok := c.loop.be.(Resetter); ok {
			r.Reset(c.h)
		}
		c.Abort(nil)
	case c.flags&dialing != 0:
		c.Abort(ErrDeadline)
	case c.flags&closing != 0:
	case ok:
		h.Deadline(c)
		c.returned()
	default:
		c.Abort(ErrDeadline)
	}
}

// checkTimeouts checks for idling and stalling and schedules the next check.
func (c *Conn) checkTimeouts(now tick) {
	o := &c.loop.g.opts
	if c.hasDue {
		c.schedule(c.deadline)
	}
	if c.idle > 0 && c.flags&(paused|offloaded|closing|eof) == 0 {
		due := c.lastRead + c.idle + 1
		if !now.before(due) {
			c.Abort(ErrIdle)
			return
		}
		c.schedule(due)
	}
	if c.flags&blocked != 0 && o.StallTimeout > 0 {
		due := c.progress + ticksIn(o.StallTimeout) + 1
		if !now.before(due) {
			c.Abort(ErrStalled)
			return
		}
		c.schedule(due)
	}
}
