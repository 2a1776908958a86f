package eventloop

import (
	"math"
	"slices"
)

// A Sub is a connection's subscription to a topic: its cursor. It belongs to
// the connection's loop.
type Sub struct {
	conn   *Conn
	part   *part // nil once closed
	next   *Sub  // of the same connection
	cursor uint64
	self   uint64
	missed uint32 // messages that LagNotice is to tell of
	place  uint32 // in part.members
}

// A finish is where a subscription ends.
type finish struct{ off, count uint64 }

// An ignored is an author whom a subscription skips up to an offset.
type ignored struct{ author, until uint64 }

// maxFinishing is how many subscriptions of a connection can be about to end.
const maxFinishing = 16

// unknown stands for a number of missed messages that was not counted.
const unknown = math.MaxUint32

// authorBits maps an author to one of 64 bits, so that a set of authors is
// a word: if two sets have no bit in common they have no author in common.
func authorBits(author uint64) uint64 {
	if author == 0 {
		return 0
	}
	return 1 << (author * 0x9E3779B97F4A7C15 >> 58)
}

// Subscribe subscribes the connection to the topic's messages from offset from on, except
// those whose author is self. from is an offset as returned by Append, Head or Oldest; one
// inside a message means the next message. Everything written to the connection before is
// sent first. If the topic no longer goes back that far, LagNotice(0) is sent.
func (c *Conn) Subscribe(t *Topic, self, from uint64) *Sub {
	s := &Sub{conn: c, self: self}
	if c.flags&(closed|closing|dialing|ended) != 0 {
		return s
	}
	s.part = c.loop.fan.part(c.loop, t)
	s.part.add(s, from)
	at := &c.subs
	for *at != nil {
		at = &(*at).next
	}
	*at = s
	c.markDirty()
	return s
}

// Close ends the subscription. A message that has been sent in part is still
// completed.
func (s *Sub) Close() {
	p, c := s.part, s.conn
	if p == nil {
		return
	}
	if s.begun() {
		s.keepRest()
	}
	c.unlink(s)
	p.remove(s)
	s.part = nil
	c.markDirty() // the outbox may have waited for it
}

// Finish is like Close, but the messages appended so far are sent first, except
// those that are skipped. Everything subscribed to or written later comes after
// them. If the connection already has maxFinishing (16) subscriptions that are
// finishing, a LagNotice is sent in place of the messages of this one.
func (s *Sub) Finish() {
	p, c := s.part, s.conn
	if p == nil || s.finishing() != nil {
		return
	}
	p.sync()
	others := 0
	for o := c.subs; o != nil; o = o.next {
		if o.finishing() != nil {
			others++
		}
	}
	if p.finishing == nil {
		p.finishing = make(map[*Sub]*finish)
	}
	p.finishing[s] = &finish{p.head, p.count}
	switch {
	case s.over():
		s.Close()
	case others < maxFinishing:
		c.markDirty()
	default:
		if s.begun() {
			s.keepRest()
		}
		s.lag(p.count - p.ordinal(s.cursor))
		missed := s.missed
		s.Close()
		_, _ = c.Write(p.topic.lagNotice(missed))
	}
}

// FinishSubs ends all subscriptions of the connection, as Sub.Finish does, so that
// something can be written that nothing may follow.
func (c *Conn) FinishSubs() {
	for s := c.subs; s != nil; {
		next := s.next
		s.Finish()
		s = next
	}
}

// finishing returns where s ends, or nil if it does not.
func (s *Sub) finishing() *finish {
	if s.part == nil || len(s.part.finishing) == 0 {
		return nil
	}
	return s.part.finishing[s]
}

// over reports whether s has reached the place where it finishes.
func (s *Sub) over() bool {
	f := s.finishing()
	return f != nil && s.cursor >= f.off && s.missed == 0 && !s.begun()
}

// unlink removes s from the connection's list.
func (c *Conn) unlink(s *Sub) {
	at := &c.subs
	for *at != s {
		at = &(*at).next
	}
	*at, s.next = s.next, nil
}

// begun reports whether part of a message of s has been sent.
func (s *Sub) begun() bool { return s.conn.flags&midMessage != 0 && s.conn.subs == s }

// begin notes that part of a message of s has been sent.
func (s *Sub) begin() {
	c := s.conn
	c.unlink(s)
	s.next, c.subs = c.subs, s
	c.flags |= midMessage
}

// Ignore skips the messages of author from now on, including those that are in the
// topic already and not sent yet.
func (s *Sub) Ignore(author uint64) { s.ignore(author, math.MaxUint64) }

// Unignore undoes Ignore for messages that are appended from now on.
func (s *Sub) Unignore(author uint64) {
	if s.part != nil && slices.ContainsFunc(s.part.ignored[s], func(g ignored) bool { return g.author == author }) {
		s.ignore(author, s.part.topic.Head())
	}
}

func (s *Sub) ignore(author, until uint64) {
	p := s.part
	if p == nil {
		return
	}
	list := slices.DeleteFunc(p.ignored[s], func(g ignored) bool { return g.author == author || g.until <= s.cursor })
	if until > s.cursor {
		list = append(list, ignored{author, until})
	}
	if len(list) == 0 {
		delete(p.ignored, s)
		return
	}
	if p.ignored == nil {
		p.ignored = make(map[*Sub][]ignored)
	}
	p.ignored[s] = list
}

// skips reports whether s skips the message at i of a chunk.
func (s *Sub) skips(k *chunk, i int) bool {
	by := k.authorsOf(i)
	if k.index[i].skip || by.have(s.self) {
		return true
	}
	for _, g := range s.part.ignored[s] {
		if by.have(g.author) && k.start(i) < g.until {
			return true
		}
	}
	return false
}

// sees reports whether s skips nothing of what lies between its cursor and the
// head. It may err on the side of no.
func (s *Sub) sees() bool {
	p := s.part
	bits := authorBits(s.self)
	if len(p.ignored) > 0 {
		for _, g := range p.ignored[s] {
			bits |= authorBits(g.author)
		}
	}
	return bits&(p.oldMask|p.newMask) == 0 && s.cursor >= p.skipEnd && s.cursor >= p.maskFrom
}

// behind reports whether s has not reached end, or was moved there and still
// owes a lag notice, which goes ahead of what was to come after the missed
// messages.
func (s *Sub) behind(end uint64) bool {
	return s != nil && s.part != nil && (s.cursor < end || s.missed > 0 && end > 0)
}

// limit returns how far s may read now: the topic's head, unless something in
// the outbox is to come before that.
func (s *Sub) limit() uint64 {
	s.part.sync()
	end := s.end()
	if e := s.conn.first(); e != nil {
		return min(e.gateOf(s), end)
	}
	return end
}

// end returns the offset up to which s can be sent now. The part is in sync.
func (s *Sub) end() uint64 {
	if f := s.finishing(); f != nil {
		return f.off
	}
	return s.part.head
}

// sendRest sends one stretch before end, to finish the message that was begun.
func (s *Sub) sendRest(end uint64) {
	p := s.part
	p.sending.Lock()
	p.sync()
	var data []byte
	if s.begun() { // else sync has just moved it
		data = s.run(end)
	}
	n := 0
	if len(data) > 0 {
		n = s.conn.send(data)
	}
	p.sending.Unlock()
	s.sent(n, len(data))
}

// sent moves the cursor after n of size bytes were taken.
func (s *Sub) sent(n, size int) {
	s.cursor += uint64(n)
	c := s.conn
	switch {
	case n == size:
		c.flags &^= midMessage
	case c.flags&closed == 0 && n > 0:
		c.flags &^= midMessage
		if k := s.part.chunkAt(s.cursor); k != nil {
			if _, start := k.find(s.cursor); start < s.cursor {
				s.begin()
			}
		}
	}
}

// run returns the next bytes that s can be sent in one piece, having skipped
// what it is to skip. A message that was begun is always finished.
func (s *Sub) run(end uint64) []byte {
	p := s.part
	for s.cursor < end {
		k := p.chunkAt(s.cursor)
		stop := min(end, k.end())
		if s.sees() {
			return k.bytes(s.cursor, stop)
		}
		i, _ := k.find(s.cursor)
		if s.begun() {
			i++
		} else {
			for i < len(k.index) && k.start(i) < stop && s.skips(k, i) {
				i++
			}
			s.cursor = k.start(i)
		}
		for i < len(k.index) && k.start(i) < stop && !s.skips(k, i) {
			i++
		}
		if to := k.start(i); to > s.cursor {
			return k.bytes(s.cursor, to)
		}
	}
	return nil
}

// keepRest moves the rest of the message that s has begun to the front of the
// outbox, so that the chunk can go.
func (s *Sub) keepRest() {
	c := s.conn
	k := s.part.chunkAt(s.cursor)
	i, _ := k.find(s.cursor)
	to := k.start(i + 1)
	c.flags &^= midMessage
	c.insist(k.bytes(s.cursor, to))
	s.cursor = to
}

// overrun moves s to the oldest message that the topic still has.
func (s *Sub) overrun(base, count uint64) {
	if s.begun() {
		s.keepRest()
	}
	if f := s.finishing(); f != nil { // it would not have been sent the rest
		count = min(count, f.count)
	}
	if at := s.part.ordinal(s.cursor); count > at {
		s.lag(count - at)
	}
	s.cursor = base
}

// lag adds to the number of missed messages.
func (s *Sub) lag(missed uint64) {
	s.missed = uint32(min(uint64(s.missed)+missed, unknown))
	s.conn.loop.n.lagged.Add(1)
}

// notice puts the lag notice in front of everything else.
func (s *Sub) notice() {
	missed := s.missed
	s.missed = 0
	s.conn.insist(s.part.topic.lagNotice(missed))
}

// lagNotice returns what is sent in place of missed messages, or nil.
func (t *Topic) lagNotice(missed uint32) []byte {
	f := t.opts.LagNotice
	switch {
	case f == nil:
		return nil
	case missed == unknown:
		return f(0)
	}
	return f(uint64(missed))
}

// insist puts a copy of p at the front of the outbox, to be sent before
// anything else. The outbox may exceed OutboxLimit by that.
func (c *Conn) insist(p []byte) {
	if len(p) == 0 {
		return
	}
	o := c.outbox()
	o.size += len(p)
	c.flags |= owed
	o.entries = slices.Insert(o.entries, 0, entry{data: append([]byte(nil), p...)})
	c.flags |= partial
	c.markDirty()
}
