package eventloop

import "slices"

// The limits of one write to a connection with several topics. The next write sends the rest.
const (
	maxPieces   = 16       // topics
	maxGathered = 16 << 10 // bytes, unless one piece alone is larger
)

// A gathering holds the pieces of one write to a connection. A loop has one, which all of
// its connections share.
type gathering struct {
	pieces []piece
	size   int    // of their data
	joined []byte // their data, for the write
}

// A piece is the part of a topic that goes into one write to a connection.
type piece struct {
	sub  *Sub
	part *part // of sub, locked for sending
	data []byte
}

// sendTopics sends a piece of each topic that has new messages and is not held back by the
// outbox. All pieces are sent in one write, as far as maxPieces and maxGathered allow, in the
// order in which the topics were subscribed to. It reports whether there was anything to do.
func (c *Conn) sendTopics() bool {
	g := &c.loop.fan.gathering
	found := g.gather(c)
	n := 0
	if len(g.pieces) > 0 {
		n = g.send(c)
	}
	for _, p := range g.pieces {
		p.part.sending.Unlock()
	}
	for _, p := range g.pieces {
		k := min(n, len(p.data))
		p.sub.sent(k, len(p.data))
		if n -= k; k < len(p.data) {
			break
		}
	}
	clear(g.pieces)
	g.pieces, g.size = g.pieces[:0], 0
	return found
}

// gather collects the pieces that can be sent to c now. It reports whether there is anything
// to do, even if it found no piece: a lag notice to send, or messages to skip.
func (g *gathering) gather(c *Conn) (found bool) {
	for s := c.subs; s != nil; {
		next := s.next
		switch end := s.limit(); {
		case s.behind(end) && s.missed > 0: // the notice is sent first, but not before what is gathered
			if len(g.pieces) == 0 {
				s.notice()
			}
			return true
		case s.behind(end):
			found = true
			if !g.add(s, end) || s.finishing() != nil { // what was subscribed to later comes after all of it
				return true
			}
		case s.over():
			s.Close()
		}
		s = next
	}
	return found
}

// add adds the next piece of s, if there is one and it fits. Its part is locked until it is
// sent, so that nothing is in it that is skipped from now on. add reports whether more can be
// added.
func (g *gathering) add(s *Sub, end uint64) (more bool) {
	p := s.part
	if len(g.pieces) == maxPieces || slices.ContainsFunc(g.pieces, func(o piece) bool { return o.part == p }) {
		return false
	}
	p.sending.Lock()
	p.sync()
	var data []byte
	if s.missed == 0 { // else sync has just moved it
		data = s.run(end)
	}
	if len(data) == 0 || len(g.pieces) > 0 && g.size+len(data) > maxGathered {
		p.sending.Unlock()
		return len(data) == 0 && s.missed == 0
	}
	g.pieces = append(g.pieces, piece{s, p, data})
	g.size += len(data)
	return true
}

// send sends the pieces in order and returns how many of their bytes were taken. A single
// piece is written from its topic's chunk; several are copied into one buffer, or into the
// record of a filter that seals.
func (g *gathering) send(c *Conn) (n int) {
	if len(g.pieces) > 1 && (c.filter == nil || !c.filter.sealing) {
		g.joined = g.joined[:0]
		for _, p := range g.pieces {
			g.joined = append(g.joined, p.data...)
		}
		return c.write(g.joined)
	}
	for _, p := range g.pieces {
		k := c.send(p.data)
		if n += k; k < len(p.data) {
			break
		}
	}
	return n
}
