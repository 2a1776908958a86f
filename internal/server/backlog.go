package server

import (
	"slices"

	"github.com/sudoXpg/netloop/internal/charset"
	"github.com/sudoXpg/netloop/internal/chat"
)

// Limits for members with a format of their own.
const (
	backlogEvents = 1024     // of a room, held until they are rendered
	batchEvents   = 64       // rendered for one of them in a turn
	lowWater      = 16 << 10 // unsent bytes at which nothing more is rendered for one of them
)

// A backlog is the latest events of a room, for members with a format of their own.
// Like a topic it has no queue for each reader; a reader that falls behind what it
// holds is told how many lines it missed. It belongs to its feed.
type backlog struct {
	events []late
	first  uint64 // number of the first
	size   int    // bytes of text
}

// A late event is one that some reader may not have been sent yet.
type late struct {
	chat.Event
	nameKey uint64 // of the author's name
	skip    bool   // withheld from readers that have not been sent it
}

func (l *late) size() int { return len(l.Body) + len(l.Name) }

// next is the number of the next event.
func (b *backlog) next() uint64 { return b.first + uint64(len(b.events)) }

// add appends an event, and drops old ones beyond backlogEvents or limit bytes.
func (b *backlog) add(l late, limit int) {
	b.size += l.size()
	n := 0
	for ; n < len(b.events) && (len(b.events)-n >= backlogEvents || b.size > limit); n++ {
		b.size -= b.events[n].size()
		b.events[n] = late{}
	}
	b.first += uint64(n)
	b.events = append(b.events[n:], l)
}

// skip withholds the events for which which returns true.
func (b *backlog) skip(which func(*late) bool) {
	for i := range b.events {
		if l := &b.events[i]; which(l) {
			l.skip = true
		}
	}
}

// A soloist is a session that reads a room in a format of its own: a place in
// the room's backlog. roomFeed.mu guards it.
type soloist struct {
	stream *stream // its own, with no topic
	peer   *peer
	next   uint64 // number of the event that comes next
	held   bool   // waits for the peer to read
	gone   bool   // has left
}

// join adds a soloist that sees what is published from now on. f.mu is held.
func (f *roomFeed) join(p *peer, l *stream) {
	l.solo = &soloist{stream: l, peer: p, next: f.backlog.next()}
	f.solos = append(f.solos, l.solo)
	f.idle = append(f.idle, l.solo)
}

// part removes a soloist. f.mu is held.
func (f *roomFeed) part(o *soloist) {
	o.gone = true
	not := func(p *soloist) bool { return p == o }
	f.solos = slices.DeleteFunc(f.solos, not)
	f.idle = slices.DeleteFunc(f.idle, not)
	if len(f.solos) == 0 {
		f.backlog = backlog{first: f.backlog.next()}
	}
}

// call makes the idle soloists render what was published. f.mu is held.
func (f *roomFeed) call() {
	f.idle = slices.DeleteFunc(f.idle, func(o *soloist) bool {
		return o.peer.conn.Complete(o.catchUp) == nil
	})
}

// catchUp renders one batch, unless much is unsent, and schedules the next one for
// the next turn.
func (o *soloist) catchUp() {
	f := o.stream.feed
	f.mu.Lock()
	defer f.mu.Unlock()
	o.held = false
	switch {
	case o.gone || o.peer.stage == leaving:
	case o.peer.conn.Buffered() > lowWater:
		o.held = true // until Drained
	default:
		if o.render(batchEvents); o.next == f.backlog.next() {
			f.rest(o)
			return
		}
		_ = o.peer.conn.Complete(o.catchUp)
	}
}

// rest records that o has rendered everything, and empties the backlog if all have. f.mu is
// held.
func (f *roomFeed) rest(o *soloist) {
	f.idle = append(f.idle, o)
	if len(f.idle) == len(f.solos) {
		f.backlog = backlog{first: f.backlog.next()}
	}
}

// render writes the next n events at most, and before them how many were missed. f.mu is
// held.
func (o *soloist) render(n int) {
	p, b := o.peer, &o.stream.feed.backlog
	self := p.self(o.stream.wire)
	p.srv.write(p.conn, charset.Encoding{}, func(dst []byte) []byte { // the format encodes
		if o.next < b.first {
			dst = o.stream.wire.Missed(dst, o.stream.feed.room, b.first-o.next)
			o.next = b.first
		}
		from := int(o.next - b.first)
		for i := from; i < min(len(b.events), from+n) && len(dst) < lowWater; i++ {
			l := &b.events[i]
			dst = o.stream.newDay(dst, l.Event)
			if !l.skip && l.Author != self && !p.member.Ignores(l.Name) {
				dst = o.stream.wire.Event(dst, l.Event)
			}
			o.next++
		}
		return dst
	})
}

// end ends the view: it renders what was published before, or tells a peer that does
// not read how much it misses. f.mu is held.
func (o *soloist) end() {
	o.finish()
	p, f := o.peer, o.stream.feed
	if left := f.backlog.next() - o.next; left > 0 {
		p.send(func(dst []byte) []byte { return o.stream.wire.Missed(dst, f.room, left) })
	}
	f.part(o)
}

// finish renders all that was published before something else is written, but
// not for a peer that does not read. f.mu is held.
func (o *soloist) finish() {
	for o.next < o.stream.feed.backlog.next() && o.peer.conn.Buffered() <= pauseAt {
		o.render(batchEvents)
	}
}

// self returns the author whose events p is not shown in a format.
func (p *peer) self(w wire) uint64 {
	if w.Echo() {
		return 0
	}
	return p.member.ID()
}

// solos calls f for each room that the peer reads in a format of its own.
func (p *peer) solos(f func(*soloist)) {
	p.views(func(v *view) {
		if v.stream.solo != nil {
			f(v.stream.solo)
		}
	})
}

// resumeSolos is called when the peer has read what it was sent.
func (p *peer) resumeSolos() {
	p.solos(func(o *soloist) {
		o.stream.feed.mu.Lock()
		held := o.held
		o.stream.feed.mu.Unlock()
		if held {
			o.catchUp()
		}
	})
}
