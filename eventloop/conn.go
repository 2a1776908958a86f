package eventloop

import (
	"io"
	"net/netip"
	"sync/atomic"
	"time"
)

// A Handler is told what happens to a connection: always on its loop, one call
// after the other.
type Handler interface {
	// Opened: the connection can be used.
	Opened(c *Conn)
	// Received brings bytes. data is valid during the call only.
	Received(c *Conn, data []byte)
	// Drained: everything queued has been given to the system, after a time when
	// the peer's slowness kept it waiting.
	Drained(c *Conn)
	// Closed is the last call, and comes exactly once. err is nil after Close,
	// io.EOF if the peer closed first, and else what went wrong.
	Closed(c *Conn, err error)
}

// A DeadlineHandler is a Handler that wants to know when a deadline has passed.
// Without this method the connection is aborted with ErrDeadline.
type DeadlineHandler interface {
	Deadline(c *Conn)
}

// An EOFHandler is a Handler that wants to know when the peer has shut down its
// sending side. It can still write, and must Close some time. Without this
// method the connection is closed gracefully.
type EOFHandler interface {
	EOF(c *Conn)
}

// A DrainHandler is a Handler that wants to say goodbye when the group drains:
// after this call the connection is closed gracefully.
type DrainHandler interface {
	Draining(c *Conn)
}

type flags uint16

const (
	closed     flags = 1 << iota // the handle is gone
	dialing                      // not connected yet
	paused                       // by Pause
	offloaded                    // by Offload
	blocked                      // the system takes no more bytes at present
	closing                      // Close was called: nothing is delivered any more
	lingering                    // everything is sent, waiting for the peer to close
	eof                          // the peer has shut down its side
	queued                       // in the loop's dirty list
	partial                      // the first entry of the outbox is sent in part
	waited                       // has been blocked since the last Drained
	midMessage                   // part of a message of the first Sub is sent
)

// A Conn is a connection. It belongs to one loop: only Close and Post may be
// called from elsewhere. It holds no buffer while it has nothing to send.
type Conn struct {
	loop    *Loop
	handler Handler
	h       Handle
	token   Token
	peer    netip.AddrPort
	out     *outbox // nil: empty
	subs    *Sub    // the first has sent part of a message, if flags says so

	deadline tick // if hasDeadline
	lastRead tick
	progress tick // when the peer last took something, if blocked
	idle     tick // how many ticks may pass without a Read; 0: any
	flags    flags
	interest Interest
	hasDue   bool        // deadline is set
	asked    atomic.Bool // Close was called
}

// Loop returns the loop that the connection belongs to.
func (c *Conn) Loop() *Loop { return c.loop }

// RemoteAddr returns the peer's address; the zero AddrPort for a Unix socket.
func (c *Conn) RemoteAddr() netip.AddrPort { return c.peer }

// Handler returns the present handler.
func (c *Conn) Handler() Handler { return c.handler }

// SetHandler replaces the handler. Opened is not called again.
func (c *Conn) SetHandler(h Handler) { c.handler = h }

// Post has f called on the connection's loop if it is still open then. It may
// be called from any goroutine. The error is ErrBusy or ErrClosed.
func (c *Conn) Post(f func()) error { return c.loop.post(task{f: f, conn: c}) }

// Close closes the connection gracefully: what was written or appended to its
// topics before is sent, then the peer is told that no more comes, and what it
// still sends is discarded until it closes, too (LingerTimeout at most), so
// that no byte on its way is lost. It may be called from any goroutine. In one
// of the connection's own callbacks it takes effect when that returns, so that
// nothing follows a farewell, and elsewhere on its loop in the same turn.
// Nothing is received from then on.
func (c *Conn) Close() {
	if !c.asked.Swap(true) {
		_ = c.loop.post(task{conn: c}) // a stopped loop closes it anyway
	}
}

// Abort closes the connection at once and drops what is queued. err is what
// Closed will get.
func (c *Conn) Abort(err error) {
	if c.flags&closed != 0 {
		return
	}
	l := c.loop
	c.flags |= closed
	c.asked.Store(true)
	c.out = nil
	c.flags &^= midMessage
	for c.subs != nil {
		c.subs.Close()
	}
	l.wheel.clear(c.token.slot())
	l.vacate(c.token)
	_ = l.be.Remove(c.h)
	_ = l.be.CloseHandle(c.h)
	if err == ErrStalled { //nolint:errorlint // ours, unwrapped
		l.n.stalled.Add(1)
	}
	l.gone = append(l.gone, farewell{c, err})
}

// Pause stops reading: the peer's bytes wait in the system's buffers, and then
// with the peer.
func (c *Conn) Pause() { c.setFlag(paused) }

// Resume undoes Pause.
func (c *Conn) Resume() { c.clearFlag(paused) }

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
}

// Offload runs work on the Executor and then done on the loop, if the
// connection is open still. Nothing is received between. The error is that of
// the Executor, or ErrBusy if there is such work already, or ErrClosed; neither
// function is run then.
func (c *Conn) Offload(work, done func()) error {
	switch {
	case c.flags&closed != 0:
		return ErrClosed
	case c.flags&offloaded != 0:
		return ErrBusy
	}
	err := c.loop.g.opts.Executor.Execute(func() {
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

// SetDeadline sets the time from now at which Deadline is called, replacing an
// earlier one. It is met 8 ms late at most, never early. 0 clears it. After
// Close it has no effect.
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

// update asks the poller for what the connection waits for now.
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

// ready acts on readiness.
func (c *Conn) ready(r Interest) {
	if c.flags&dialing != 0 {
		c.connected()
		return
	}
	if r&Readable != 0 && c.interest&Readable != 0 {
		c.read()
	}
	if r&(Writable|HangUp) != 0 && c.flags&(blocked|closed) == blocked { // after a HangUp a write fails
		c.flags &^= blocked
		c.flush()
	}
}

// read reads once; a level-triggered poller comes back for the rest.
func (c *Conn) read() {
	l := c.loop
	n, err := l.be.Read(c.h, l.rbuf)
	l.n.reads.Add(1)
	switch {
	case err == ErrWouldBlock: //nolint:errorlint // Net returns it bare, and this is the hot path
	case err == io.EOF: //nolint:errorlint // the same
		c.receivedEOF()
	case err != nil && c.flags&lingering != 0: // it has got everything
		c.finish()
	case err != nil:
		c.Abort(err)
	default:
		l.n.bytesIn.Add(uint64(n))
		c.lastRead = l.nowTick
		if !c.asked.Load() { // set before closing is
			c.handler.Received(c, l.rbuf[:n])
			c.returned()
		}
	}
}

func (c *Conn) receivedEOF() {
	c.flags |= eof
	switch h, ok := c.handler.(EOFHandler); {
	case c.flags&lingering != 0:
		c.finish()
		return
	case c.asked.Load():
	case ok:
		h.EOF(c)
		c.returned()
	default:
		c.beginClose()
	}
	c.update()
}

// returned looks, after a callback, whether that has called Close.
func (c *Conn) returned() {
	if c.asked.Load() {
		c.beginClose()
	}
}

// beginClose starts the graceful close: from now on input is discarded, and
// the mark put into the outbox is reached when all before it is sent.
func (c *Conn) beginClose() {
	if c.flags&(closed|closing) != 0 {
		return
	}
	if c.flags&dialing != 0 {
		c.Abort(nil)
		return
	}
	c.asked.Store(true)
	c.enqueue(entry{last: true})
	c.flags |= closing
	c.update()
}

// sentAll goes on with a graceful close: everything is out.
func (c *Conn) sentAll() {
	for c.subs != nil {
		c.subs.Close()
	}
	wait := c.loop.g.opts.LingerTimeout
	if c.flags&eof != 0 || wait < 0 || c.loop.be.CloseWrite(c.h) != nil {
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

// schedule has expire called at t at the latest.
func (c *Conn) schedule(t tick) {
	if c.flags&closed == 0 {
		c.loop.wheel.atLatest(c.token.slot(), t)
	}
}

// expire looks which of a connection's times have come.
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

// checkTimeouts looks at idling and stalling and schedules the next look.
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
