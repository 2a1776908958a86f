package eventloop

import (
	"container/heap"
	"time"
)

// A Timer is a pending call of a function on a loop. It may be used on that loop only.
type Timer struct {
	loop *Loop
	at   time.Time
	seq  uint64 // the order of those due at the same time
	f    func()
	i    int // place in the heap, -1 when it is not waiting
}

// AfterFunc calls f on the loop once d has passed, never earlier. It must be
// called on the loop; use Post to get there. For timeouts of connections
// SetDeadline is cheaper.
func (l *Loop) AfterFunc(d time.Duration, f func()) *Timer {
	l.timerSeq++
	t := &Timer{loop: l, at: l.g.opts.Now().Add(d), seq: l.timerSeq, f: f}
	heap.Push(&l.timers, t)
	return t
}

// Stop prevents the call and reports whether it was still pending.
func (t *Timer) Stop() bool {
	if t.i < 0 {
		return false
	}
	heap.Remove(&t.loop.timers, t.i)
	return true
}

// runTimers calls what is due now. Timers set meanwhile wait for the next turn.
func (l *Loop) runTimers() {
	last := l.timerSeq
	for len(l.timers) > 0 && !l.timers[0].at.After(l.now) && l.timers[0].seq <= last {
		t := heap.Pop(&l.timers).(*Timer) //nolint:forcetypeassert // only Timers are in it
		t.f()
	}
}

// timerHeap is a heap of timers, the next one first.
type timerHeap []*Timer

func (h timerHeap) Len() int { return len(h) }

func (h timerHeap) Less(i, j int) bool {
	if h[i].at.Equal(h[j].at) {
		return h[i].seq < h[j].seq
	}
	return h[i].at.Before(h[j].at)
}

func (h timerHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].i, h[j].i = i, j
}

// Push is for container/heap.
func (h *timerHeap) Push(x any) {
	t := x.(*Timer) //nolint:forcetypeassert // only Timers are in it
	t.i = len(*h)
	*h = append(*h, t)
}

// Pop is for container/heap.
func (h *timerHeap) Pop() any {
	old := *h
	t := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	t.i = -1
	return t
}
