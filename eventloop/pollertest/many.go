package pollertest

import "github.com/sudoXpg/netloop/eventloop"

// manyChecks test that handles do not disturb each other.
func manyChecks() []check {
	return []check{
		{Rule{71, "removing a handle disturbs no other"}, removeOneOfMany},
		{Rule{72, "of many handles exactly the ready ones are reported"}, readyOnesOfMany},
	}
}

// removeOneOfMany: from the front, the middle and the end of whatever the
// backend keeps them in; those that stay can still be modified and removed.
func removeOneOfMany(e *env) {
	var handles []eventloop.Handle
	for range 3 {
		a, b := e.pair()
		handles = append(handles, a, b)
	}
	for victim := range handles {
		tokens := make(map[eventloop.Token]bool)
		for _, h := range handles {
			e.add(h, eventloop.Readable)
		}
		e.remove(handles[victim])
		for i, h := range handles {
			if i != victim {
				tokens[e.modify(h, eventloop.Writable)] = true
			}
		}
		e.expectExactly(tokens)
		for i, h := range handles {
			if i != victim {
				e.remove(h)
			}
		}
		e.expectNothing()
	}
}

// readyOnesOfMany: every third has something to read.
func readyOnesOfMany(e *env) {
	tokens := make(map[eventloop.Token]bool)
	var ends [][2]eventloop.Handle
	for range 30 {
		a, b := e.pair()
		ends = append(ends, [2]eventloop.Handle{a, b})
	}
	for i, end := range ends {
		if i%3 == 0 {
			e.send(end[0], end[1], "x")
		}
	}
	for i, end := range ends {
		if t := e.add(end[1], eventloop.Readable); i%3 == 0 {
			tokens[t] = true
		}
	}
	e.expectExactly(tokens)
}

// expectExactly waits until all of tokens were reported, and none beside them.
func (e *env) expectExactly(tokens map[eventloop.Token]bool) {
	e.Helper()
	seen := make(map[eventloop.Token]bool)
	for range 100 {
		for _, ev := range e.wait(64, patience) {
			if !tokens[ev.Token] {
				e.Fatalf("token %d was reported, it is not ready", ev.Token)
			}
			seen[ev.Token] = true
		}
		if len(seen) == len(tokens) {
			return
		}
	}
	e.Fatalf("%d of %d ready handles were reported in 100 Waits", len(seen), len(tokens))
}
