package sim_test

import (
	"fmt"
	"time"

	"github.com/sudoXpg/netloop/eventloop"
	"github.com/sudoXpg/netloop/eventloop/sim"
)

type echo struct{}

func (echo) Opened(*eventloop.Conn)               {}
func (echo) Received(c *eventloop.Conn, p []byte) { _, _ = c.Write(p) }
func (echo) Drained(*eventloop.Conn)              {}
func (echo) Closed(*eventloop.Conn, error)        {}

// An echo server and its client in one goroutine, in a network that splits
// everything into small pieces.
func Example() {
	w := sim.New(sim.Options{Seed: 1, Faults: sim.Faults{ShortWrite: 0.9, ShortRead: 0.9}})
	g, err := eventloop.New(eventloop.Options{Open: w.Open, Now: w.Now, Executor: w.Executor()})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = g.Close() }()
	accept := func(*eventloop.Conn) eventloop.Handler { return echo{} }
	if _, err := g.Listen("tcp", ":9034", accept); err != nil {
		fmt.Println(err)
		return
	}
	c, err := w.Dial("tcp", "127.0.0.1:9034")
	if err != nil {
		fmt.Println(err)
		return
	}
	if _, err := c.Write([]byte("hello, world")); err != nil {
		fmt.Println(err)
		return
	}
	for again := true; again; again = !w.Idle() {
		if err := g.Loops()[0].Step(time.Second); err != nil {
			fmt.Println(err)
			return
		}
	}
	p := make([]byte, 64)
	n, err := c.Read(p)
	fmt.Printf("%s %v\n", p[:n], err)
	// Output: hello, world <nil>
}
