package eventloop

import "io"

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

// read reads once; a level-triggered poller reports the rest again.
func (c *Conn) read() {
	l := c.loop
	if c.filter != nil && c.filter.more && !c.asked.Load() {
		return // readPending delivers what the filter has first
	}
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
		switch {
		case c.asked.Load(): // set before closing is
		case c.filter != nil:
			c.feed(l.rbuf[:n])
		default:
			c.handler.Received(c, l.rbuf[:n])
			c.returned()
		}
	}
}

// receivedEOF acts on the end of what the peer sends.
func (c *Conn) receivedEOF() {
	c.flags |= eof
	switch {
	case c.flags&lingering != 0:
		c.finish()
		return
	case c.asked.Load():
	case c.filter != nil:
		c.feed(nil)
	default:
		c.peerEnded()
	}
	c.update()
}

// peerEnded tells the handler that the peer sends no more.
func (c *Conn) peerEnded() {
	if h, ok := c.handler.(EOFHandler); ok {
		h.EOF(c)
		c.returned()
	} else {
		c.beginClose()
	}
	c.update()
}

// returned checks, after a callback, whether it has called Close.
func (c *Conn) returned() {
	if c.asked.Load() {
		c.beginClose()
	}
}
