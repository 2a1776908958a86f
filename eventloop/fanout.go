package eventloop

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

const (
	sendsPerTurn = 256 // before input is read again
	sendsAtOnce  = 64  // to one reader, unless it is sent the same as all
	turnsPressed = 8   // times as many in a turn, when a topic's readers are far behind,
	sendsPressed = 64  // and times as many until something is read again
	coolTime     = 5 * time.Second
	coolPart     = 16 // of a chunk, what part may be filled in coolTime when it goes
)

// A fanout is a loop's work on topics.
type fanout struct {
	parts   map[*Topic]*part // looked up, never ranged over
	active  []*part          // with members to be served
	turn    int              // the index of the next one
	pressed atomic.Bool      // a topic is far ahead of its readers: send before reading on
	owed    int              // how many sends, while it is, until one connection is read
	warm    []*part          // hold chunks
	cooler  *Timer

	gathering gathering // of the connection that is sent to
}

// A part is what one loop has of a topic: its members there, and a view of the
// log. It belongs to the loop, except for the fields that the topic uses to
// call it.
type part struct {
	topic *Topic
	loop  *Loop

	stale   atomic.Bool   // in the loop's list already
	served  atomic.Uint64 // every member that is not blocked has been sent all before this
	sending sync.Mutex    // held while a view is sent from; Topic.mark waits for it

	members   vector[*Sub]
	ignored   map[*Sub][]ignored // by the subscription that skips them
	finishing map[*Sub]*finish   // where the finishing ones end
	running   bool               // in fanout.active
	warm      bool               // in fanout.warm
	at        int                // the member next in turn
	left      int                // to visit until the round ends
	round     uint64             // head when the round began
	least     uint64             // the lowest cursor that this round has seen

	low     uint64 // guarded by topic.mu: what lies before is not needed
	view    []chunk
	head    uint64
	count   uint64 // messages before head
	cooling uint64 // head at the last look of coolDown
	version uint64
	skipEnd uint64

	// The authors between maskFrom and head: before the round began, and since.
	maskFrom         uint64
	oldMask, newMask uint64
}

// part returns the loop's part of t, a new one if need be.
func (f *fanout) part(l *Loop, t *Topic) *part {
	if p := f.parts[t]; p != nil {
		return p
	}
	if f.parts == nil {
		f.parts = make(map[*Topic]*part)
	}
	p := &part{topic: t, loop: l, version: ^uint64(0)}
	f.parts[t] = p
	t.join(p)
	p.round = t.Head()
	p.least = p.round
	p.served.Store(p.round)
	return p
}

// notify tells the loop that the topic has grown. It may be called from any goroutine.
func (p *part) notify() {
	if p.stale.Load() || p.stale.Swap(true) {
		return
	}
	l := p.loop
	l.mu.Lock()
	l.stale = append(l.stale, p)
	l.mu.Unlock()
	l.wake()
}

func (p *part) add(s *Sub, from uint64) {
	p.sync()
	if from < p.head {
		p.reach(from)
	}
	base := p.head
	if len(p.view) > 0 {
		base = p.view[0].base
	}
	switch {
	case from < base:
		s.cursor = base
		s.lag(unknown)
	case from >= p.head:
		s.cursor = p.head
	default:
		s.cursor = p.chunkAt(from).boundary(from)
	}
	p.least = min(p.least, s.cursor)
	s.place = uint32(p.members.len())
	p.members.push(s)
	if p.left > 0 {
		p.left++ // it is visited in this round, too, and must not take another one's place
	}
}

func (p *part) remove(s *Sub) {
	last := p.members.len() - 1
	moved := *p.members.at(last)
	*p.members.at(int(s.place)) = moved
	moved.place = s.place
	p.members.pop()
	delete(p.ignored, s)
	delete(p.finishing, s)
	p.left = last // the member that took its place may still have to be visited
	if last == 0 {
		delete(p.loop.fan.parts, p.topic)
		p.view = nil
		p.topic.leave(p)
	}
}

// sync brings the view up to date, moving members that the window has passed.
func (p *part) sync() {
	t := p.topic
	if p.head == t.head.Load() && p.version == t.version.Load() {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	p.refresh()
}

// reach extends the view back to off, for a member that begins there, or to the oldest
// message held.
func (p *part) reach(off uint64) {
	p.topic.mu.Lock()
	defer p.topic.mu.Unlock()
	base, _ := p.topic.base()
	p.low = min(p.low, max(off, base))
	p.refresh()
	p.maskFrom = p.head // the masks do not cover what was out of view
}

// refresh is sync with topic.mu held.
func (p *part) refresh() {
	t := p.topic
	base, count := t.base()
	if p.low < base {
		p.low = base
		p.least = max(p.least, base)
		for i := range p.members.len() {
			if s := *p.members.at(i); s.cursor < base {
				s.overrun(base, count)
			}
		}
	}
	first := 0 // this loop no longer needs the others
	for first < len(t.chunks) && t.chunks[first].end() <= p.low {
		first++
	}
	old, n := p.head, len(p.view)
	p.view = append(p.view[:0], t.chunks[first:]...)
	if n > len(p.view) {
		clear(p.view[len(p.view):n])
	}
	p.head, p.count, p.version, p.skipEnd = t.head.Load(), t.count, t.version.Load(), t.skipEnd
	p.maskSince(old)
	if !p.warm && len(p.view) > 0 {
		p.warm = true
		p.loop.fan.keepWarm(p)
	}
}

// trim releases the chunks that every member has been sent, except the last one. A
// round has ended.
func (p *part) trim() {
	n := 0
	for n+1 < len(p.view) && p.view[n].end() <= p.least {
		n++
	}
	if n == 0 {
		return
	}
	p.view = dropFirst(p.view, n)
	t := p.topic
	t.mu.Lock()
	defer t.mu.Unlock()
	p.low = p.least
	t.release(false)
}

// maskSince adds the authors of the messages behind off to the mask.
func (p *part) maskSince(off uint64) {
	for i := len(p.view) - 1; i >= 0 && p.view[i].end() > off; i-- {
		k := &p.view[i]
		for j := len(k.index) - 1; j >= 0 && k.start(j) >= off; j-- {
			p.newMask |= k.authorsOf(j).bits()
		}
	}
}

// chunkAt returns the chunk that holds the byte at off, nil if there is none.
func (p *part) chunkAt(off uint64) *chunk {
	for i := len(p.view) - 1; i >= 0; i-- {
		if k := &p.view[i]; off >= k.base {
			if off < k.end() {
				return k
			}
			return nil
		}
	}
	return nil
}

// ordinal returns how many messages lie before the boundary at off.
func (p *part) ordinal(off uint64) uint64 {
	if k := p.chunkAt(off); k != nil {
		i, _ := k.find(off)
		return k.first + uint64(i)
	}
	return p.count
}

// fanOut sends what was appended to a bounded number of members, serving the topics in
// turn.
func (l *Loop) fanOut() {
	f := &l.fan
	l.mu.Lock()
	for i, p := range l.stale {
		p.stale.Store(false)
		if !p.running && p.members.len() > 0 {
			p.running, p.left = true, 0
			f.active = append(f.active, p)
		}
		l.stale[i] = nil
	}
	l.stale = l.stale[:0]
	l.mu.Unlock()

	budget := sendsPerTurn
	pressed := f.pressed.Load()
	if pressed {
		budget *= turnsPressed
	}
	before := budget
	for len(f.active) > 0 && budget > 0 {
		f.turn %= len(f.active)
		p := f.active[f.turn]
		budget -= 1 + p.step(sendsPerTurn) // a round over blocked readers isn't free
		if !p.running {
			f.active = slices.Delete(f.active, f.turn, f.turn+1)
		} else {
			f.turn++
		}
	}
	switch {
	case len(f.active) == 0:
		f.pressed.Store(false)
		f.owed = 0
	case pressed && f.owed <= 0:
		f.owed = sendsPressed*sendsPerTurn - (before - budget)
	case pressed:
		f.owed -= before - budget
	}
}

// step serves members until it has sent that often or the round ends. It
// returns how often it sent.
func (p *part) step(sends int) int {
	p.sync()
	if p.left == 0 {
		p.served.Store(p.round)
		p.trim()
		if p.round == p.head || p.members.len() == 0 {
			p.running = false
			return 0
		}
		p.maskFrom, p.oldMask, p.newMask = p.round, p.newMask, 0
		p.round, p.left = p.head, p.members.len()
		p.least = p.head
	}
	done := 0
	for done < sends && p.left > 0 {
		done += p.serve(sends - done)
	}
	return done
}

// serve sends to members that only need the stretch up to the head, until one
// needs anything else, which it flushes last. It returns how often it sent.
func (p *part) serve(sends int) int {
	var other *Sub
	var st stretch
	done := 0
	p.sending.Lock()
	p.sync()
	for done < sends && p.left > 0 && other == nil {
		if p.at >= p.members.len() {
			p.at = 0
		}
		s := *p.members.at(p.at)
		p.at++
		p.left-- // before sending: a closed connection starts the round again
		c := s.conn
		switch {
		case s.cursor == p.head || c.flags&(blocked|closed) != 0:
		case c.out != nil || c.subs.next != nil || c.flags&(midMessage|trailed) != 0 || s.missed > 0 || s.finishing() != nil || !s.sees():
			other = s
			done++
		default:
			done += s.catchUp(&st)
		}
		if other == nil && s.cursor < p.head {
			p.saw(s)
		}
	}
	p.sending.Unlock()
	if other != nil && other.conn.flags&closed == 0 {
		other.conn.flush()
		p.saw(other)
	}
	return done
}

// saw records the cursor of a member that this round has visited.
func (p *part) saw(s *Sub) {
	if s.part != nil {
		p.least = min(p.least, s.cursor)
	}
}

// A stretch is what the last reader was sent; the next one is often sent the same.
type stretch struct {
	from uint64
	data []byte
}

// catchUp sends everything up to the head, none of which s skips, and returns
// how often it sent.
func (s *Sub) catchUp(st *stretch) (done int) {
	c, p := s.conn, s.part
	for s.cursor < p.head && c.flags&(blocked|closed) == 0 {
		if s.cursor != st.from || st.data == nil {
			st.from, st.data = s.cursor, p.chunkAt(s.cursor).rest(s.cursor)
		}
		n := 0
		if c.filter == nil {
			n = c.write(st.data)
		} else {
			n = c.send(st.data)
		}
		s.sent(n, len(st.data))
		done++
	}
	if c.filter != nil {
		c.endTurn(true)
	}
	return done
}

// keepWarm makes coolDown check p's chunks until they are released.
func (f *fanout) keepWarm(p *part) {
	f.warm = append(f.warm, p)
	if f.cooler == nil {
		f.cooler = p.loop.AfterFunc(coolTime, p.loop.coolDown)
	}
}

// coolDown releases the chunks of topics to which little was appended for a while.
func (l *Loop) coolDown() {
	f := &l.fan
	f.warm = slices.DeleteFunc(f.warm, func(p *part) bool {
		p.warm = !p.cooled()
		return !p.warm
	})
	f.cooler = nil
	if len(f.warm) > 0 {
		f.cooler = l.AfterFunc(coolTime, l.coolDown)
	}
}

// cooled releases the view if every member has read everything and so little was
// appended for a while that its chunk is too large.
func (p *part) cooled() bool {
	t := p.topic
	if p.members.len() == 0 || len(p.view) == 0 {
		return true
	}
	head := t.Head()
	said := head - p.cooling
	p.cooling = head
	if p.running || p.head != head || said > uint64(cap(p.view[len(p.view)-1].buf)/coolPart) {
		return false
	}
	for i := range p.members.len() {
		if (*p.members.at(i)).cursor < p.head {
			return false
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.head.Load() != p.head { // something has just been appended
		return false
	}
	p.view = nil
	p.low, p.least = p.head, p.head
	t.release(true)
	return true
}
