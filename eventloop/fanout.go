package eventloop

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

const (
	sendsPerTurn = 256 // between two looks for new input
	sendsAtOnce  = 64  // to one reader, if it is sent anything but the same as all
	sendsPressed = 64  // times as many, when a topic's readers are far behind
	coolTime     = 5 * time.Second
)

// A fanout is a loop's work on topics.
type fanout struct {
	parts   map[*Topic]*part // looked up, never ranged over
	active  []*part          // with members to be served
	turn    int              // who of them is next
	pressed atomic.Bool      // a topic is far ahead of its readers: send before reading on
	warm    []*part          // hold chunks
	cooler  *Timer
}

// A part is what one loop has of a topic: its members there, and a view of the
// log. It belongs to the loop, but for what the topic uses to call it.
type part struct {
	topic *Topic
	loop  *Loop

	stale   atomic.Bool   // in the loop's list already
	served  atomic.Uint64 // every member that is not blocked has been sent all before this
	cold    atomic.Bool   // holds no chunk
	sending sync.Mutex    // held while a view is sent from; Topic.mark waits for it

	members   vector[*Sub]
	ignored   map[*Sub][]ignored // by who does not want to see them
	finishing map[*Sub]*finish   // where those end that do
	running   bool               // in fanout.active
	warm      bool               // in fanout.warm
	at        int                // the member next in turn
	left      int                // to visit until the round is over
	round     uint64             // head when the round began

	view    []chunk
	head    uint64
	count   uint64 // messages before head
	cooling uint64 // head at the last look of coolDown
	version uint64
	skipEnd uint64

	// Who wrote what lies between maskFrom and head: before round began, and since.
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
	p.left = last // who has taken its place may be yet to be visited
	if last == 0 {
		delete(p.loop.fan.parts, p.topic)
		p.view = nil
		p.cold.Store(true)
		p.topic.leave(p)
	}
}

// sync brings the view up to date, moving members that the window has passed.
func (p *part) sync() {
	t := p.topic
	if p.head == t.head.Load() && p.version == t.version.Load() && !p.cold.Load() {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	p.cold.Store(false)
	base, count := t.base()
	if len(p.view) == 0 || p.view[0].base < base {
		for i := range p.members.len() {
			if s := *p.members.at(i); s.cursor < base {
				s.overrun(base, count)
			}
		}
	}
	old := p.head
	n := len(p.view)
	p.view = append(p.view[:0], t.chunks...)
	if n > len(p.view) {
		clear(p.view[len(p.view):n])
	}
	p.head, p.count, p.version, p.skipEnd = t.head.Load(), t.count, t.version.Load(), t.skipEnd
	p.maskSince(old)
	if !p.warm {
		p.warm = true
		p.loop.fan.keepWarm(p)
	}
}

// maskSince adds the authors of what lies behind off to the mask.
func (p *part) maskSince(off uint64) {
	for i := len(p.view) - 1; i >= 0 && p.view[i].end() > off; i-- {
		k := &p.view[i]
		for j := len(k.index) - 1; j >= 0 && k.start(j) >= off; j-- {
			p.newMask |= authorBits(k.index[j].author) | authorBits(k.index[j].alias)
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

// fanOut sends what was appended, to a bounded number of members, all topics in turn.
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
	if f.pressed.Load() {
		budget *= sendsPressed
	}
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
	if len(f.active) == 0 {
		f.pressed.Store(false)
	}
}

// step serves members until it has sent so many times or the round is over. It
// returns how many times it sent.
func (p *part) step(sends int) int {
	p.sync()
	if p.left == 0 {
		p.served.Store(p.round)
		if p.round == p.head || p.members.len() == 0 {
			p.running = false
			return 0
		}
		p.maskFrom, p.oldMask, p.newMask = p.round, p.newMask, 0
		p.round, p.left = p.head, p.members.len()
	}
	done := 0
	for done < sends && p.left > 0 {
		done += p.serve(sends - done)
	}
	return done
}

// serve sends to the members that want nothing but the stretch up to the head,
// and then to one that is different. It returns how many times it sent.
func (p *part) serve(sends int) int {
	var other *Conn
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
		case c.out != nil || c.subs.next != nil || c.flags&midMessage != 0 || s.missed > 0 || s.finishing() != nil || !s.sees():
			other = c
			done++
		default:
			done += s.catchUp(&st)
		}
	}
	p.sending.Unlock()
	if other != nil && other.flags&closed == 0 {
		other.flush()
	}
	return done
}

// A stretch is what the last reader was sent, which the next one often wants, too.
type stretch struct {
	from uint64
	data []byte
}

// catchUp sends everything up to the head, none of which s skips, and returns
// how many times it sent.
func (s *Sub) catchUp(st *stretch) (done int) {
	c, p := s.conn, s.part
	for s.cursor < p.head && c.flags&(blocked|closed) == 0 {
		if s.cursor != st.from || st.data == nil {
			st.from, st.data = s.cursor, p.chunkAt(s.cursor).rest(s.cursor)
		}
		s.sent(c.send(st.data), len(st.data))
		done++
	}
	return done
}

// keepWarm looks after p's chunks until they can go.
func (f *fanout) keepWarm(p *part) {
	f.warm = append(f.warm, p)
	if f.cooler == nil {
		f.cooler = p.loop.AfterFunc(coolTime, p.loop.coolDown)
	}
}

// coolDown lets go of the chunks of topics that have been quiet for a while.
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

// cooled lets the view go if nothing was appended for a while and everybody
// has read everything.
func (p *part) cooled() bool {
	t := p.topic
	if p.members.len() == 0 {
		return true
	}
	if head := t.Head(); p.running || p.head != head || p.cooling != head {
		p.cooling = head
		return false
	}
	for i := range p.members.len() {
		if (*p.members.at(i)).cursor < p.head {
			return false
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.head.Load() != p.head { // somebody has just appended
		return false
	}
	p.view = nil
	p.cold.Store(true)
	t.cool()
	return true
}
