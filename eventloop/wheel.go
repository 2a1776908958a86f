package eventloop

import (
	"math/bits"
	"time"
)

// tickLength is the resolution of connection deadlines: they are met up to one
// tick late, never early.
const tickLength = 4 * time.Millisecond

// tick counts tickLengths since the loop started. It wraps after 198 days;
// only differences of up to half of that are ever looked at.
type tick uint32

// before reports whether a comes before b.
func (a tick) before(b tick) bool { return int32(a-b) < 0 }

// longest is what a longer duration counts as: fifty days, beyond which
// ticks could not be compared.
const longest = tickLength << 30

// ticksIn returns the ticks in d, rounded up.
func ticksIn(d time.Duration) tick {
	return tick((min(max(d, 0), longest) + tickLength - 1) / tickLength)
}

const (
	wheelSlots = 256
	none       = ^uint32(0)
)

// ring is one level of the wheel: lists of slots, and which lists are not empty.
type ring struct {
	head [wheelSlots]uint32
	used [wheelSlots / 64]uint64
}

// next returns the distance from bucket i to the next bucket in use after it,
// going round, or 0 if none but perhaps i itself is.
func (r *ring) next(i uint32) uint32 {
	for d := uint32(1); d < wheelSlots; {
		b := (i + d) % wheelSlots
		if w := r.used[b/64] >> (b % 64); w != 0 {
			if d += uint32(bits.TrailingZeros64(w)); d < wheelSlots {
				return d
			}
			return 0
		}
		d += 64 - b%64
	}
	return 0
}

// A wheel keeps one due time for each small integer ("slot"), sixteen bytes each,
// and reports those that have come: a hierarchical timing wheel (Varghese and
// Lauck, SOSP 1987) with two levels, of 1 s and 4 minutes. A due time further off
// is looked at once in 4 minutes. Postponing one is cheap: the callback for the
// old time looks at the real one and sets it again.
type wheel struct {
	now       tick
	near, far ring
	nodes     vector[node] // by slot
}

// A node is a slot's place in the list of its bucket.
type node struct {
	next, prev uint32
	due        tick
	where      uint16 // bucket + 1, far ones from wheelSlots on; 0: not set
}

func newWheel() *wheel {
	w := &wheel{}
	for i := range w.near.head {
		w.near.head[i], w.far.head[i] = none, none
	}
	return w
}

// set makes slot due at t, replacing an earlier setting. A time that has
// passed comes up at the next tick.
func (w *wheel) set(slot uint32, t tick) {
	w.clear(slot)
	for w.nodes.len() <= int(slot) {
		w.nodes.push(node{})
	}
	if !w.now.before(t) {
		t = w.now + 1
	}
	w.nodes.at(int(slot)).due = t
	w.place(slot, t)
}

func (w *wheel) place(slot uint32, t tick) {
	d := t - w.now
	if d < wheelSlots {
		w.push(&w.near, slot, uint32(t)%wheelSlots, 0)
		return
	}
	t = w.now + min(d, wheelSlots*wheelSlots-1)
	w.push(&w.far, slot, uint32(t)/wheelSlots%wheelSlots, wheelSlots)
}

func (w *wheel) push(r *ring, slot, b, level uint32) {
	n, h := w.nodes.at(int(slot)), r.head[b]
	n.next, n.prev = h, none
	if h != none {
		w.nodes.at(int(h)).prev = slot
	}
	r.head[b] = slot
	r.used[b/64] |= 1 << (b % 64)
	n.where = uint16(b+level) + 1
}

// isSet returns the node of slot if it is set.
func (w *wheel) isSet(slot uint32) (*node, bool) {
	if int(slot) >= w.nodes.len() {
		return nil, false
	}
	n := w.nodes.at(int(slot))
	return n, n.where != 0
}

// clear forgets slot.
func (w *wheel) clear(slot uint32) {
	at, ok := w.isSet(slot)
	if !ok {
		return
	}
	b, r := uint32(at.where-1), &w.near
	if b >= wheelSlots {
		b, r = b-wheelSlots, &w.far
	}
	n, p := at.next, at.prev
	if n != none {
		w.nodes.at(int(n)).prev = p
	}
	if p != none {
		w.nodes.at(int(p)).next = n
	} else if r.head[b] = n; n == none {
		r.used[b/64] &^= 1 << (b % 64)
	}
	at.where = 0
}

// atLatest is set, unless slot is due earlier already.
func (w *wheel) atLatest(slot uint32, t tick) {
	if n, ok := w.isSet(slot); ok && !t.before(n.due) {
		return
	}
	w.set(slot, t)
}

// upcoming returns the next tick at which advance has something to do.
func (w *wheel) upcoming() (tick, bool) {
	t, ok := tick(0), false
	if d := w.near.next(uint32(w.now) % wheelSlots); d != 0 {
		t, ok = w.now+tick(d), true
	}
	turn := uint32(w.now) / wheelSlots
	d := w.far.next(turn % wheelSlots)
	if b := turn % wheelSlots; d == 0 && w.far.head[b] != none {
		d = wheelSlots
	}
	if d != 0 {
		if f := tick((turn + d) * wheelSlots); !ok || f.before(t) {
			t, ok = f, true
		}
	}
	return t, ok
}

// advance moves the time to now and calls fire for every slot that came due on
// the way, each no longer set. fire may set and clear slots.
func (w *wheel) advance(now tick, fire func(slot uint32)) {
	for {
		t, ok := w.upcoming()
		if !ok || now.before(t) {
			break
		}
		w.now = t
		if uint32(t)%wheelSlots == 0 {
			w.cascade(uint32(t) / wheelSlots % wheelSlots)
		}
		b := uint32(t) % wheelSlots
		for s := w.near.head[b]; s != none; s = w.near.head[b] {
			w.clear(s)
			fire(s)
		}
	}
	if w.now.before(now) {
		w.now = now
	}
}

// cascade moves the slots of a far bucket whose turn has come to near ones.
func (w *wheel) cascade(b uint32) {
	s := w.far.head[b]
	w.far.head[b] = none
	w.far.used[b/64] &^= 1 << (b % 64)
	for s != none {
		n := *w.nodes.at(int(s))
		w.place(s, n.due)
		s = n.next
	}
}
