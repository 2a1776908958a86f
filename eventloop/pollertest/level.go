package pollertest

import "github.com/sudoXpg/netloop/eventloop"

// levelChecks test that conditions are reported as long as they hold.
func levelChecks() []check {
	return []check{
		{Rule{10, "Readable is reported by every Wait while there is something to read"}, readableStays},
		{Rule{11, "Readable ends when everything is read"}, readableEnds},
		{Rule{12, "Writable is reported by every Wait while there is room"}, writableStays},
		{Rule{13, "Writable ends when Write would block and returns when the peer reads"}, writableReturns},
		{Rule{14, "one Wait reports a handle once, with all its conditions together"}, together},
		{Rule{15, "a condition that is not asked for is not reported"}, onlyAsked},
		{Rule{16, "with more ready handles than room each is reported within a bounded number of Waits"}, fair},
		{Rule{17, "a listener is Readable until its backlog is empty"}, listenerLevel},
	}
}

// readableStays: reading a part changes nothing.
func readableStays(e *env) {
	a, b := e.pair()
	e.send(b, a, "xyz")
	t := e.add(a, eventloop.Readable)
	for range 3 {
		e.expect(t, eventloop.Readable)
		e.expect(t, eventloop.Readable)
		if got := e.readNow(a, 1); got != 1 {
			e.Fatalf("Read returned %d bytes, want 1", got)
		}
	}
}

// readableEnds: and starts again with the next byte.
func readableEnds(e *env) {
	a, b := e.pair()
	t := e.add(a, eventloop.Readable)
	for range 2 {
		e.expectNothing()
		e.send(b, a, "x")
		e.expect(t, eventloop.Readable)
		e.readNow(a, 8)
	}
	e.expectNothing()
}

// writableStays: having written changes nothing while there is room.
func writableStays(e *env) {
	a, _ := e.pair()
	t := e.add(a, eventloop.Writable)
	for range 3 {
		e.expect(t, eventloop.Writable)
		e.expect(t, eventloop.Writable)
		if n, err := e.b.Write(a, []byte("x")); n != 1 || err != nil {
			e.Fatalf("Write: %d, %v", n, err)
		}
	}
}

// writableReturns: and not a byte is lost on the way.
func writableReturns(e *env) {
	a, b := e.pair()
	t, sent := e.fill(a)
	e.read(b, sent)
	e.expect(t, eventloop.Writable)
	if _, err := e.b.Write(a, []byte("x")); err != nil {
		e.Errorf("Write of a Writable handle: %v", err)
	}
}

// together: two conditions of one handle are one event.
func together(e *env) {
	a, b := e.pair()
	e.send(b, a, "x")
	t := e.add(a, both)
	if events := e.wait(8, patience); len(events) != 1 || events[0] != (eventloop.Event{Token: t, Ready: both}) {
		e.Errorf("Wait reported %+v, want token %d once, Readable and Writable", events, t)
	}
}

// onlyAsked: in both directions.
func onlyAsked(e *env) {
	a, b := e.pair()
	e.send(b, a, "x")
	if got := e.expect(e.add(a, eventloop.Writable), eventloop.Writable); got != eventloop.Writable {
		e.Errorf("asked for Writable, got %03b", got)
	}
	if got := e.expect(e.modify(a, eventloop.Readable), eventloop.Readable); got != eventloop.Readable {
		e.Errorf("asked for Readable, got %03b", got)
	}
}

// fair: no handle starves, with room for one event or for three.
func fair(e *env) {
	const pairs = 10
	waiting := make(map[eventloop.Token]bool)
	var handles []eventloop.Handle
	for range pairs {
		a, b := e.pair()
		handles = append(handles, a, b)
	}
	var tokens []eventloop.Token
	for _, h := range handles {
		tokens = append(tokens, e.add(h, eventloop.Writable))
	}
	for _, room := range []int{1, 3} {
		for _, t := range tokens {
			waiting[t] = true
		}
		for range 4 * len(tokens) {
			events := e.wait(room, patience)
			if len(events) == 0 {
				e.Fatal("Wait reported nothing, everything was ready")
			}
			for _, ev := range events {
				delete(waiting, ev.Token)
			}
		}
		if len(waiting) > 0 {
			e.Errorf("%d of %d ready handles were not reported in %d Waits with room for %d",
				len(waiting), len(tokens), 4*len(tokens), room)
		}
	}
}

// listenerLevel: two newcomers, two Accepts.
func listenerLevel(e *env) {
	ln := e.listen("tcp4", "127.0.0.1:0")
	t := e.add(ln, eventloop.Readable)
	e.expectNothing()
	for range 2 {
		h, err := e.b.Dial("tcp4", e.address(ln))
		if err != nil {
			e.Fatalf("Dial: %v", err)
		}
		e.keep(h)
	}
	for range 2 {
		e.expect(t, eventloop.Readable)
		e.expect(t, eventloop.Readable)
		h, _, err := e.b.Accept(ln)
		if err != nil {
			e.Fatalf("Accept on a Readable listener: %v", err)
		}
		e.keep(h)
	}
	e.expectNothing()
	if _, _, err := e.b.Accept(ln); err != eventloop.ErrWouldBlock {
		e.Errorf("Accept with nobody there: %v, want ErrWouldBlock", err)
	}
}
