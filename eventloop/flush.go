package eventloop

import "slices"

// An entry of an outbox is a place in the connection's byte stream: behind all
// that its topics held when it was queued, before all that they got later.
type entry struct {
	data []byte
	at   gate
	more []gate // with several topics, the others
	mark mark   // with no data: what happens here
	// alone marks the rest of a trailer, to which nothing may be added.
	alone bool
}

// A mark is a place in the stream at which something happens that is not sent.
type mark uint8

const (
	startSealing mark = iota + 1 // SetFilter was called
	endWriting                   // CloseWrite was called
	endStream                    // the connection is closed
)

// A gate is a place in a topic as one subscription reads it.
type gate struct {
	sub *Sub
	off uint64
}

// An outbox is what was written to one connection. A connection has one only
// while there is something in it; its loop keeps a few empty ones for reuse.
type outbox struct {
	entries []entry // the first may be sent in part; then its data is what is left
	size    int     // bytes
	spare   []byte  // empty, for the data of the next entry
}

const (
	maxSpareOutboxes = 256
	maxSpareBytes    = 1 << 10 // in each
	maxSpareEntries  = 8
)

// outbox returns the connection's outbox, a new one if need be.
func (c *Conn) outbox() *outbox {
	l := c.loop
	if last := len(l.outboxes) - 1; c.out == nil && last >= 0 {
		c.out, l.outboxes = l.outboxes[last], l.outboxes[:last]
	} else if c.out == nil {
		c.out = &outbox{}
	}
	return c.out
}

// pop removes the first entry, whose memory was data, and the outbox with the last one.
func (c *Conn) pop(data []byte) {
	o := c.out
	if cap(data) <= maxSpareBytes && cap(data) > cap(o.spare) {
		o.spare = data[:0]
	}
	o.entries[0] = entry{}
	if len(o.entries) > maxSpareEntries {
		o.entries = o.entries[1:]
	} else { // a few may be moved, so that their slice keeps its capacity
		o.entries = slices.Delete(o.entries, 0, 1)
	}
	if len(o.entries) > 0 {
		return
	}
	c.out = nil
	if l := c.loop; len(l.outboxes) < maxSpareOutboxes && cap(o.entries) <= maxSpareEntries {
		l.outboxes = append(l.outboxes, o)
	}
}

// Write queues a copy of p and never blocks. In the connection's stream, p comes after everything
// that was appended before to the topics it is subscribed to, and before everything appended later;
// it is never inside another message. If more than OutboxLimit bytes would be queued, the connection
// is aborted with ErrOutboxFull. The error is ErrOutboxFull or ErrClosed and may be ignored.
func (c *Conn) Write(p []byte) (int, error) {
	if c.flags&(closed|closing|dialing|ended) != 0 {
		return 0, ErrClosed
	}
	if len(p) == 0 {
		return 0, nil
	}
	if c.queued()+len(p) > c.loop.g.opts.OutboxLimit {
		c.Abort(ErrOutboxFull)
		return 0, ErrOutboxFull
	}
	c.enqueue(entry{data: p})
	return len(p), nil
}

// Buffered returns the number of bytes that Write has queued and that are not sent
// yet. With a Filter it includes bytes that are sealed and not sent, until Drained
// is called.
func (c *Conn) Buffered() int {
	n := c.queued()
	if c.filter != nil && c.flags&owed != 0 {
		n += len(c.filter.rest)
	}
	return n
}

// queued returns how many bytes are in the outbox.
func (c *Conn) queued() int {
	if c.out == nil {
		return 0
	}
	return c.out.size
}

// enqueue puts e into the outbox, with a copy of its data, behind all that the topics hold now.
func (c *Conn) enqueue(e entry) {
	for s := c.subs; s != nil; s = s.next {
		g := gate{s, s.part.topic.Head()}
		if f := s.finishing(); f != nil {
			g.off = f.off
		}
		if s == c.subs {
			e.at = g
		} else {
			e.more = append(e.more, g)
		}
	}
	o := c.outbox()
	o.size += len(e.data)
	if len(e.data) > 0 {
		c.flags |= owed
	}
	if n := len(o.entries); n > 0 && e.more == nil && e.mark == 0 {
		if b := &o.entries[n-1]; b.at == e.at && b.more == nil && b.mark == 0 && !b.alone {
			b.data = append(b.data, e.data...)
			c.markDirty()
			return
		}
	}
	if e.mark == 0 {
		e.data = append(o.spare, e.data...)
		o.spare = nil
	}
	o.entries = append(o.entries, e)
	c.markDirty()
}

// markDirty makes the loop flush the connection at the end of this turn.
func (c *Conn) markDirty() {
	if c.flags&(queued|closed|blocked) == 0 {
		c.flags |= queued
		c.loop.dirty = append(c.loop.dirty, c)
	}
}

// flushDirty sends what was written to connections in this turn.
func (l *Loop) flushDirty() {
	dirty := l.dirty
	l.dirty = nil // Drained may write
	for i, c := range dirty {
		dirty[i] = nil
		c.flags &^= queued
		if c.flags&(closed|blocked) == 0 {
			c.flush()
		}
	}
	if l.dirty == nil {
		l.dirty = dirty[:0]
	}
}

// flush sends what the connection has, and calls Drained if the outbox is empty
// then and was not before.
func (c *Conn) flush() {
	all := c.sendSome()
	if !all {
		c.markDirty()
	}
	if c.filter != nil {
		c.endTurn(all)
	}
	c.update()
	if c.flags&blocked == 0 {
		c.flags &^= waited
	}
	if c.out == nil && c.flags&(closed|closing|owed) == owed && (c.filter == nil || len(c.filter.rest) == 0) {
		c.flags &^= owed
		c.handler.Drained(c)
		c.returned()
	}
}

// sendSome sends all that the connection has, from whatever source, until the
// system takes no more. A topic may grow as fast as it is sent: after a while
// sendSome returns false, and what is left waits for the next turn.
func (c *Conn) sendSome() bool {
	for n := 0; c.flags&(closed|blocked|lingering) == 0; n++ {
		if n == sendsAtOnce {
			return false
		}
		if c.flags&midMessage != 0 {
			c.subs.sendRest(c.subs.limit())
			continue
		}
		if c.flags&(trailed|ended) == trailed && c.sendTrailer() {
			continue
		}
		if e := c.first(); e != nil && c.reached(e) {
			if e.mark != 0 {
				c.passMark(e.mark)
			} else {
				c.sendEntry(e)
			}
			continue
		}
		if !c.sendTopics() {
			break
		}
	}
	return true
}

// passMark acts on the first entry of the outbox, which is a mark.
func (c *Conn) passMark(m mark) {
	switch {
	case m == startSealing:
		c.pop(nil)
		c.filter.sealing = true
	case c.filter != nil && !c.sealEnd(): // blocked or closed
	case m == endWriting:
		c.pop(nil)
		c.sentHalf()
	default:
		c.pop(nil)
		c.sentAll()
	}
}

func (c *Conn) first() *entry {
	if c.out == nil {
		return nil
	}
	return &c.out.entries[0]
}

// reached reports whether everything that e stands behind has been sent.
func (c *Conn) reached(e *entry) bool {
	if c.flags&partial != 0 {
		return true
	}
	if e.at.sub.behind(e.at.off) {
		return false
	}
	for _, g := range e.more {
		if g.sub.behind(g.off) {
			return false
		}
	}
	return true
}

// gateOf returns how far s may be read before e is sent.
func (e *entry) gateOf(s *Sub) uint64 {
	if e.at.sub == s {
		return e.at.off
	}
	for _, g := range e.more {
		if g.sub == s {
			return g.off
		}
	}
	return 0 // subscribed later: everything of it comes after e
}

func (c *Conn) sendEntry(e *entry) {
	n := c.send(e.data)
	if c.flags&closed != 0 {
		return
	}
	o := c.out
	o.size -= n
	if n < len(e.data) {
		if n > 0 {
			c.flags |= partial
		}
		e.data = e.data[n:]
		return
	}
	c.flags &^= partial
	c.pop(e.data)
}

// send sends p, or a part of it, and returns how much that is. Nothing means that the
// connection is blocked or closed now; so does less than all, unless there is a filter.
func (c *Conn) send(p []byte) int {
	if c.filter != nil && c.filter.sealing {
		return c.sealLater(p)
	}
	return c.write(p)
}

// write gives p to the system and returns how much it took. Less than all
// means that the connection is blocked or closed now.
func (c *Conn) write(p []byte) int {
	l := c.loop
	n, err := l.be.Write(c.h, p)
	l.n.writes.Add(1)
	l.n.bytesOut.Add(uint64(n))
	if n > 0 || c.flags&waited == 0 {
		c.progress = l.nowTick
	}
	if n == len(p) && err == nil {
		return n
	}
	if err != nil && err != ErrWouldBlock { //nolint:errorlint // Net returns it bare, and this is the hot path
		c.Abort(err)
		return 0
	}
	l.n.blocked.Add(1)
	if l.g.opts.StallTimeout > 0 {
		c.schedule(c.progress + ticksIn(l.g.opts.StallTimeout) + 1)
	}
	c.flags |= blocked | waited
	c.update()
	return n
}
