package pollertest

import (
	"errors"
	"time"

	"github.com/sudoXpg/netloop/eventloop"
)

// waitChecks test how long Wait waits, and Close.
func waitChecks() []check {
	return []check{
		{Rule{26, "a timeout of zero does not wait"}, zeroTimeout},
		{Rule{27, "Wait never returns before its timeout"}, neverEarly},
		{Rule{28, "Wait returns at once when a handle is ready already"}, readyAlready},
		{Rule{29, "Wait with nothing registered keeps its timeout"}, emptyPoller},
		{Rule{30, "after Close every call but Wake and Close returns ErrClosed"}, closedPoller},
		{Rule{31, "Close leaves the registered handles open"}, closeKeepsHandles},
		{Rule{32, "a handle may be used with another poller and Net of the same backend"}, twoBackends},
	}
}

// zeroTimeout: ready or not. The clock may advance between two readings, but
// the poller must not wait.
func zeroTimeout(e *env) {
	a, b := e.pair()
	t := e.add(a, eventloop.Readable)
	if events := e.wait(8, 0); len(events) > 0 {
		e.Fatalf("an idle handle was reported: %+v", events)
	}
	e.send(b, a, "x")
	if events := e.wait(8, 0); len(events) != 1 || events[0].Token != t {
		e.Fatalf("Wait reported %+v, want token %d", events, t)
	}
}

// neverEarly: systems count in milliseconds, so what is not whole is rounded up.
func neverEarly(e *env) {
	a, _ := e.pair()
	e.add(a, eventloop.Readable)
	for _, d := range []time.Duration{
		1, time.Microsecond, 999 * time.Microsecond, time.Millisecond, time.Millisecond + 1,
		2500 * time.Microsecond, 15*time.Millisecond + 600*time.Microsecond,
	} {
		start := e.o.Now()
		if events := e.wait(8, d); len(events) > 0 {
			e.Fatalf("an idle handle was reported: %+v", events)
		}
		if took := e.o.Now().Sub(start); took < d {
			e.Errorf("Wait returned after %v, its timeout is %v", took, d)
		}
	}
}

// readyAlready: whatever the timeout, forever and more than the system can
// count included.
func readyAlready(e *env) {
	a, _ := e.pair()
	t := e.add(a, eventloop.Writable)
	for _, d := range []time.Duration{-1, -time.Hour, 0, time.Nanosecond, time.Hour, 1<<63 - 1} {
		if events := e.wait(8, d); len(events) != 1 || events[0].Token != t {
			e.Fatalf("Wait(%v) reported %+v, want token %d", d, events, t)
		}
	}
}

// emptyPoller: before the first Add and after the last Remove.
func emptyPoller(e *env) {
	e.expectNothing()
	a, _ := e.pair()
	e.add(a, both)
	e.remove(a)
	e.expectNothing()
}

// closedPoller: the second Close is no error either.
func closedPoller(e *env) {
	b := e.backend()
	x, y := e.pair()
	if err := b.Add(x, e.fresh(), both); err != nil {
		e.Fatalf("Add: %v", err)
	}
	if err := b.Close(); err != nil {
		e.Fatalf("Close: %v", err)
	}
	_, waitErr := b.Wait(make([]eventloop.Event, 8), -1)
	for _, c := range []struct {
		call string
		err  error
	}{
		{"Add", b.Add(y, e.fresh(), both)},
		{"Modify", b.Modify(x, e.fresh(), 0)},
		{"Remove", b.Remove(x)},
		{"Wait", waitErr},
	} {
		if !errors.Is(c.err, eventloop.ErrClosed) {
			e.Errorf("%s after Close: %v, want ErrClosed", c.call, c.err)
		}
	}
	if err := errors.Join(b.Wake(), b.Close()); err != nil {
		e.Errorf("Wake and Close after Close: %v", err)
	}
}

// closeKeepsHandles: they continue to work, with another poller too.
func closeKeepsHandles(e *env) {
	x, y := e.pair()
	b := e.backend()
	if err := b.Add(x, e.fresh(), both); err != nil {
		e.Fatalf("Add: %v", err)
	}
	if err := b.Close(); err != nil {
		e.Fatalf("Close: %v", err)
	}
	e.send(y, x, "x")
	e.expect(e.add(x, eventloop.Readable), eventloop.Readable)
	e.readNow(x, 1)
}

// twoBackends: one loop accepts for another.
func twoBackends(e *env) {
	x, y := e.pair()
	other := e.elsewhere()
	other.write(x, []byte("from afar"))
	if got := string(e.read(y, 9)); got != "from afar" {
		e.Errorf("read %q, want %q", got, "from afar")
	}
	t := other.add(y, eventloop.Readable)
	e.write(x, []byte("y"))
	other.expect(t, eventloop.Readable)
	e.read(y, 1)
	e.closeWrite(x)
	other.expect(t, eventloop.Readable)
}
