package netloop_test

import (
	"fmt"
	"time"

	"github.com/sudoXpg/netloop/eventloop"
	"github.com/sudoXpg/netloop/eventloop/sim"
)

// A patient connection waits for some time and then closes. A deadline costs no
// goroutine, no timer and no allocation.
type patient struct {
	wait  time.Duration
	since time.Time
	late  func(time.Duration)
}

func (p *patient) Opened(c *eventloop.Conn) {
	p.since = c.Loop().Now()
	c.SetDeadline(p.wait)
}

// Deadline is called when it has passed. Without this method the connection would be
// closed with ErrDeadline.
func (p *patient) Deadline(c *eventloop.Conn) {
	p.late(c.Loop().Now().Sub(p.since) - p.wait)
	c.Abort(nil)
}

func (p *patient) Received(c *eventloop.Conn, _ []byte) { c.SetDeadline(p.wait) }
func (p *patient) Drained(*eventloop.Conn)              {}
func (p *patient) Closed(*eventloop.Conn, error)        {}

// 10,000 connections with a deadline each, from one second to eleven, in a simulated
// world, whose clock jumps and which needs no descriptors. The real one looks the same:
// see examples/deadlines.
func Example_deadlines() {
	const conns = 10_000
	world := sim.New(sim.Options{})
	g, err := eventloop.New(eventloop.Options{Open: world.Open, Now: world.Now, Executor: world.Executor()})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer g.Close()
	opened, passed, early, latest := 0, 0, 0, time.Duration(0)
	_, err = g.Listen("tcp", "127.0.0.1:9000", func(*eventloop.Conn) eventloop.Handler {
		opened++
		return &patient{wait: time.Second + time.Duration(opened%100)*100*time.Millisecond, late: func(d time.Duration) {
			passed++
			latest = max(latest, d)
			if d < 0 {
				early++
			}
		}}
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	loop := g.Loops()[0]
	for i := range conns {
		if _, err := world.Dial("tcp", "127.0.0.1:9000"); err != nil {
			fmt.Println(err)
			return
		}
		if i%50 == 0 {
			_ = loop.Step(0)
		}
	}
	for passed < conns { // Run, in a simulated world
		if err := loop.Step(time.Second); err != nil {
			fmt.Println(err)
			return
		}
	}
	fmt.Println(passed, "deadlines,", early, "early, none more than 8 ms late:", latest <= 8*time.Millisecond)
	// Output:
	// 10000 deadlines, 0 early, none more than 8 ms late: true
}
