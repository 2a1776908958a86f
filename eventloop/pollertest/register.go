package pollertest

import "github.com/sudoXpg/netloop/eventloop"

// registerChecks test which handles a poller knows, and under which tokens.
func registerChecks() []check {
	return []check{
		{Rule{1, "an event carries all 64 bits of its token"}, wholeToken},
		{Rule{2, "adding a handle twice is an error and changes nothing"}, addTwice},
		{Rule{3, "modifying a handle that was never added is an error"}, modifyUnknown},
		{Rule{4, "removing a handle that was never added is an error"}, removeUnknown},
		{Rule{5, "a removed handle is unknown and may be added again"}, addAfterRemove},
		{Rule{6, "after Remove nothing is reported for the handle"}, quietAfterRemove},
		{Rule{7, "after Remove, close and reuse of its number no old event arrives"}, reusedHandle},
		{Rule{8, "Modify replaces the token"}, modifyToken},
		{Rule{9, "after Modify no event of the old interest arrives"}, modifyInterest},
	}
}

// wholeToken: tokens use their upper half, their top bit and zero.
func wholeToken(e *env) {
	a, b := e.pair()
	e.send(b, a, "x")
	for _, t := range []eventloop.Token{0, 1, 1 << 31, 1 << 32, 1 << 63, 0x0123456789abcdef} {
		if err := e.b.Add(a, t, eventloop.Readable); err != nil {
			e.Fatalf("Add under token %#x: %v", t, err)
		}
		e.expect(t, eventloop.Readable)
		e.remove(a)
	}
}

// addTwice: the first registration stays as it is.
func addTwice(e *env) {
	a, b := e.pair()
	t := e.add(a, eventloop.Readable)
	e.wantError("the second Add", e.b.Add(a, e.fresh(), both))
	e.expectNothing()
	e.send(b, a, "x")
	if got := e.expect(t, eventloop.Readable); got&eventloop.Writable != 0 {
		e.Errorf("reported %03b: the refused Add has changed the interest", got)
	}
}

// modifyUnknown: also when the interest is none.
func modifyUnknown(e *env) {
	a, _ := e.pair()
	e.wantError("Modify", e.b.Modify(a, e.fresh(), both))
	e.wantError("Modify", e.b.Modify(a, e.fresh(), 0))
	e.expectNothing()
}

// removeUnknown: the error is the only effect.
func removeUnknown(e *env) {
	a, _ := e.pair()
	e.wantError("Remove", e.b.Remove(a))
}

// addAfterRemove: Remove forgets everything.
func addAfterRemove(e *env) {
	a, _ := e.pair()
	e.add(a, both)
	e.remove(a)
	e.wantError("Modify after Remove", e.b.Modify(a, e.fresh(), both))
	e.wantError("the second Remove", e.b.Remove(a))
	e.expect(e.add(a, eventloop.Writable), eventloop.Writable)
}

// quietAfterRemove: neither what was ready before nor what comes later.
func quietAfterRemove(e *env) {
	a, b := e.pair()
	e.send(b, a, "x")
	e.expect(e.add(a, both), both)
	e.remove(a)
	e.expectNothing()
	e.close(b)
	e.expectNothing()
}

// reusedHandle: the system gives numbers out again; whatever was ready under
// the old token must not be seen, and the new one must be.
func reusedHandle(e *env) {
	ln := e.listen("tcp4", "127.0.0.1:0")
	for range 20 {
		c := e.mustDial("tcp4", e.address(ln))
		s, _ := e.accept(ln)
		e.send(c, s, "x")
		e.add(s, both)
		e.remove(s)
		e.close(s)
		again, err := e.b.Listen("tcp4", "127.0.0.1:0", eventloop.ListenOptions{})
		if err != nil {
			e.Fatalf("Listen: %v", err)
		}
		e.keep(again)
		t := e.add(again, eventloop.Readable)
		for _, ev := range e.wait(8, 0) {
			e.Fatalf("token %d was reported; the only one registered is %d, and idle", ev.Token, t)
		}
		e.remove(again)
		e.close(again)
		e.close(c)
	}
}

// modifyToken: the old token is never reported again.
func modifyToken(e *env) {
	a, _ := e.pair()
	e.expect(e.add(a, eventloop.Writable), eventloop.Writable)
	t := e.modify(a, eventloop.Writable)
	e.expect(t, eventloop.Writable)
	e.expect(t, eventloop.Writable)
}

// modifyInterest: neither a condition that was reported before nor one that was
// not reported yet.
func modifyInterest(e *env) {
	a, b := e.pair()
	e.expect(e.add(a, eventloop.Writable), eventloop.Writable)
	e.modify(a, eventloop.Readable)
	e.expectNothing()
	e.modify(a, eventloop.Writable)
	t := e.modify(a, eventloop.Readable)
	e.expectNothing()
	e.send(b, a, "x")
	if got := e.expect(t, eventloop.Readable); got != eventloop.Readable {
		e.Errorf("reported %03b, want Readable only", got)
	}
}
