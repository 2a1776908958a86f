package eventloop

// A Trailer is a Handler that keeps something at the end of its connection's
// stream, behind everything else: a prompt, or a line that is being typed and
// that the server echoes. It is erased before anything else is sent, from
// whatever source, and drawn again when nothing is left to send, so that nothing
// is ever written into the middle of it. See Conn.Trail.
//
// Both methods append to dst. They are called on the connection's loop, and may
// not call methods of the connection.
type Trailer interface {
	// Undraw appends the bytes that erase what Draw has drawn, or nothing if nothing is
	// drawn.
	Undraw(dst []byte) []byte
	// Draw appends the bytes that bring the trailer up to date, or nothing if it is up to
	// date.
	Draw(dst []byte) []byte
}

// Trail draws the trailer at the end of this turn if on is true, and again whenever
// something else was sent. Call it again when the trailer has changed.
// If on is false, Trail leaves the trailer in the stream as it is and stops redrawing it.
// The handler must be a Trailer.
//
// A trailer costs readers without one nothing: see BenchmarkTrailer.
func (c *Conn) Trail(on bool) {
	if !on {
		c.flags &^= trailed
		return
	}
	c.flags |= trailed
	c.markDirty()
}

// sendTrailer erases the trailer if anything else is to be sent now, and
// otherwise brings it up to date. It reports whether it has sent anything.
func (c *Conn) sendTrailer() bool {
	t, ok := c.handler.(Trailer)
	if !ok || c.flags&partial != 0 {
		return false
	}
	l := c.loop
	if c.hasMore() {
		l.trailer = t.Undraw(l.trailer[:0])
	} else {
		l.trailer = t.Draw(l.trailer[:0])
	}
	if len(l.trailer) == 0 {
		return false
	}
	n := c.send(l.trailer)
	if rest := l.trailer[n:]; len(rest) > 0 && c.flags&closed == 0 {
		c.insist(rest) // what is begun is finished before anything else
		c.out.entries[0].alone = true
	}
	return true
}

// hasMore reports whether there is anything to send but the trailer.
func (c *Conn) hasMore() bool {
	if c.out != nil {
		return true
	}
	for s := c.subs; s != nil; s = s.next {
		if s.behind(s.limit()) {
			return true
		}
	}
	return false
}
