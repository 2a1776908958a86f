package eventloop

import (
	"math"
	"slices"
	"testing"
	"time"
	"unsafe"

	"pgregory.net/rapid"
)

// A wheelModel is a wheel that checks every slot every time.
type wheelModel struct {
	*rapid.T
	w   *wheel
	due map[uint32]tick
}

const modelSlots = 600 // more than a page of the wheel's nodes

// distances are the edge cases: the next tick, the ends of both levels, and the
// longest distance at which ticks can be compared.
var distances = rapid.OneOf(
	rapid.IntRange(-3, 3),
	rapid.IntRange(wheelSlots-3, wheelSlots+3),
	rapid.IntRange(0, 3*wheelSlots),
	rapid.IntRange(0, 2*wheelSlots*wheelSlots),
	rapid.IntRange(wheelSlots*wheelSlots-wheelSlots-3, wheelSlots*wheelSlots+wheelSlots+3),
	rapid.IntRange(1<<30, 1<<31-1<<26),
)

// change sets, moves forward or clears one slot in both.
func (m *wheelModel) change() {
	slot := rapid.Uint32Range(0, modelSlots-1).Draw(m.T, "slot")
	t := m.w.now + tick(distances.Draw(m.T, "distance"))
	real := t
	if !m.w.now.before(t) {
		real = m.w.now + 1
	}
	switch rapid.SampledFrom([]string{"set", "set", "atLatest", "clear"}).Draw(m.T, "change") {
	case "set":
		m.w.set(slot, t)
		m.due[slot] = real
	case "atLatest":
		m.w.atLatest(slot, t)
		if due, ok := m.due[slot]; !ok || t.before(due) {
			m.due[slot] = real
		}
	case "clear":
		m.w.clear(slot)
		delete(m.due, slot)
	}
}

// advance moves both, with changes from inside the callbacks, and checks that
// exactly those that were due have fired.
func (m *wheelModel) advance(now tick) {
	before := m.w.now
	m.w.advance(now, func(slot uint32) {
		due, ok := m.due[slot]
		switch {
		case !ok:
			m.Fatalf("slot %d fired and was not set", slot)
		case m.w.now.before(due):
			m.Fatalf("slot %d fired at %d, due at %d", slot, m.w.now, due)
		case m.w.now.before(before) || now.before(m.w.now):
			m.Fatalf("slot %d fired at %d, between %d and %d", slot, m.w.now, before, now)
		}
		delete(m.due, slot)
		for range rapid.IntRange(0, 2).Draw(m.T, "changes inside") {
			m.change()
		}
	})
	if m.w.now != now {
		m.Fatalf("the wheel is at %d, not at %d", m.w.now, now)
	}
	for slot, due := range m.due {
		if !now.before(due) {
			m.Fatalf("slot %d did not fire: it is %d and it was due at %d", slot, now, due)
		}
	}
}

// check checks that the wheel wakes up in time for the next slot.
func (m *wheelModel) check() {
	next, ok := m.w.upcoming()
	if ok != (len(m.due) > 0) {
		m.Fatalf("upcoming says %v with %d slots set", ok, len(m.due))
	}
	for slot, due := range m.due {
		if due.before(next) {
			m.Fatalf("upcoming says %d, slot %d is due at %d", next, slot, due)
		}
	}
	if ok && !m.w.now.before(next) {
		m.Fatalf("upcoming says %d, which is not after %d", next, m.w.now)
	}
}

func TestAWheelFiresEverySlotInTimeAndNoneEarly(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		m := &wheelModel{T: rt, w: newWheel(), due: make(map[uint32]tick)}
		m.w.now = rapid.OneOf(
			rapid.Just(tick(0)),
			rapid.Custom(func(t *rapid.T) tick { return -tick(rapid.Uint32Range(1, 1<<17).Draw(t, "ticks before wrapping")) }),
			rapid.Custom(func(t *rapid.T) tick { return tick(rapid.Uint32().Draw(t, "now")) }),
		).Draw(rt, "start")
		steps := rapid.OneOf(rapid.IntRange(0, 3), rapid.IntRange(0, 2*wheelSlots), rapid.IntRange(0, 1<<18), rapid.IntRange(1<<24, 1<<25))
		rt.Repeat(map[string]func(*rapid.T){
			"":        func(*rapid.T) { m.check() },
			"change":  func(*rapid.T) { m.change() },
			"change2": func(*rapid.T) { m.change() },
			"advance": func(t *rapid.T) { m.advance(m.w.now + tick(steps.Draw(t, "ticks"))) },
			"next": func(*rapid.T) {
				if next, ok := m.w.upcoming(); ok {
					m.advance(next)
				}
			},
		})
	})
}

func TestAWheelFiresInTheOrderOfDueTimes(t *testing.T) {
	w := newWheel()
	w.now = ^tick(0) - 40000 // wraps on the way
	for slot := range uint32(1000) {
		w.set(slot, w.now+1+tick(slot*7919%65521))
	}
	var fired []tick
	start := w.now
	w.advance(start+1<<17, func(slot uint32) {
		fired = append(fired, w.now-start)
		if want := tick(1 + slot*7919%65521); fired[len(fired)-1] != want {
			t.Fatalf("slot %d fired after %d ticks, want %d", slot, fired[len(fired)-1], want)
		}
	})
	if len(fired) != 1000 || !slices.IsSorted(fired) {
		t.Errorf("%d of 1000 fired, in order: %v", len(fired), slices.IsSorted(fired))
	}
}

func TestADueTimeTakesAFewBytes(t *testing.T) {
	if n := unsafe.Sizeof(node{}); n > 16 {
		t.Errorf("%d bytes for each connection", n)
	}
	w := newWheel()
	w.set(100_000, 1)
	if n := testing.AllocsPerRun(100, func() { w.set(100_000, 1<<20); w.atLatest(99_999, 300); w.clear(100_000) }); n != 0 {
		t.Errorf("%v allocations to set a time", n)
	}
}

func TestVeryLongTimeoutsDoNotWrapAround(t *testing.T) {
	b := newBench(t, 1)
	c := b.conn(0)
	for _, d := range []time.Duration{math.MaxInt64, 200 * 24 * time.Hour, 400 * 24 * time.Hour} {
		c.SetDeadline(d)
		c.SetIdleTimeout(d)
		for range 100 {
			b.now = b.now.Add(time.Hour)
			b.step()
		}
		if c.flags&closed != 0 {
			t.Fatalf("%v were over after a few days", d)
		}
		c.SetDeadline(0)
	}
	c.SetIdleTimeout(-time.Hour) // the same as none
	b.now = b.now.Add(time.Hour)
	b.step()
	if c.flags&closed != 0 {
		t.Error("a negative time was over")
	}
}

func TestTicksRoundUp(t *testing.T) {
	for d, want := range map[time.Duration]tick{0: 0, 1: 1, tickLength: 1, tickLength + 1: 2, time.Second: 250} {
		if got := ticksIn(d); got != want {
			t.Errorf("%v is %d ticks, want %d", d, got, want)
		}
	}
}
