package pollertest

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sudoXpg/netloop/eventloop"
)

// wakeChecks test ending a Wait from elsewhere.
func wakeChecks() []check {
	return []check{
		{Rule{33, "a Wake before Wait ends the next Wait"}, wakeBefore},
		{Rule{34, "a Wake from another goroutine ends a Wait without timeout"}, wakeDuring},
		{Rule{35, "many Wakes neither block nor end more than a Wait or two"}, wakesCoalesce},
		{Rule{36, "no Wake is ever lost"}, wakeNotLost},
		{Rule{37, "a Wake is no event and hides none"}, wakeHidesNothing},
		{Rule{38, "Wake may be called after and during Close"}, wakeAndClose},
	}
}

// wakeBefore: each ends one Wait, and the one after it waits again.
func wakeBefore(e *env) {
	e.inTime("Wait after Wake", func() error {
		for range 3 {
			if err := e.b.Wake(); err != nil {
				return err
			}
			n, err := e.b.Wait(make([]eventloop.Event, 8), -1)
			if err != nil {
				return err
			}
			if n != 0 {
				return fmt.Errorf("%d events, want none", n)
			}
		}
		return nil
	})
	e.wake()
	e.wait(8, patience)
	e.expectNothing()
}

// wakeDuring: the waker can't know whether Wait has begun, and need not.
func wakeDuring(e *env) {
	for range 100 {
		var done sync.WaitGroup
		done.Go(func() {
			if err := e.b.Wake(); err != nil {
				e.Errorf("Wake: %v", err)
			}
		})
		e.inTime("Wait without timeout", func() error {
			_, err := e.b.Wait(make([]eventloop.Event, 8), -1)
			return err
		})
		done.Wait()
	}
}

// wakesCoalesce: a backend that writes each Wake to a pipe would fill it and block.
func wakesCoalesce(e *env) {
	for range 100_000 {
		e.wake()
	}
	e.wait(8, patience)
	e.wait(8, quiet)
	e.expectNothing()
}

// wakeNotLost: several goroutines make work and Wake, the loop takes what there
// is and waits. A lost Wake leaves work behind and the loop waiting forever.
func wakeNotLost(e *env) {
	const wakers, each = 4, 5000
	var work atomic.Int64
	var done sync.WaitGroup
	for range wakers {
		done.Go(func() {
			for range each {
				work.Add(1)
				if err := e.b.Wake(); err != nil {
					e.Errorf("Wake: %v", err)
				}
			}
		})
	}
	e.inTime("a loop that waits for work", func() error {
		events := make([]eventloop.Event, 8)
		for left := int64(wakers * each); left > 0; left -= work.Swap(0) {
			if _, err := e.b.Wait(events, -1); err != nil {
				return err
			}
		}
		return nil
	})
	done.Wait()
}

// wakeHidesNothing: what is ready comes with it or right after, room for one
// event or not.
func wakeHidesNothing(e *env) {
	a, _ := e.pair()
	t := e.add(a, eventloop.Writable)
	for _, room := range []int{1, 8} {
		for range 10 {
			e.wake()
			seen := false
			for range 2 {
				for _, ev := range e.wait(room, patience) {
					if ev.Token != t {
						e.Fatalf("token %#x was reported, the only one is %d", ev.Token, t)
					}
					seen = true
				}
			}
			if !seen {
				e.Fatal("a ready handle was not reported in two Waits after a Wake")
			}
		}
	}
}

// wakeAndClose: posting to a loop that ends is a common race.
func wakeAndClose(e *env) {
	for range 20 {
		b := e.backend()
		var done sync.WaitGroup
		for range 2 {
			done.Go(func() {
				for range 100 {
					if err := b.Wake(); err != nil {
						e.Errorf("Wake: %v", err)
					}
				}
			})
		}
		if err := b.Close(); err != nil {
			e.Errorf("Close: %v", err)
		}
		done.Wait()
	}
}

func (e *env) wake() {
	e.Helper()
	if err := e.b.Wake(); err != nil {
		e.Fatalf("Wake: %v", err)
	}
}

// inTime runs f, which uses the poller and could wait forever, and fails the
// rule if it does. The goroutine is then lost, like the rule.
func (e *env) inTime(what string, f func() error) {
	e.Helper()
	done := make(chan error, 1)
	go func() { done <- f() }()
	watchdog := time.NewTimer(patience)
	defer watchdog.Stop()
	select {
	case err := <-done:
		if err != nil {
			e.Fatalf("%s: %v", what, err)
		}
	case <-watchdog.C:
		e.Fatalf("%s: still waiting after %v, a Wake was lost", what, patience)
	}
}
