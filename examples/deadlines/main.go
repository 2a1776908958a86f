// Command deadlines opens many connections to itself, each with its own deadline, and
// prints how late these were. A deadline costs no goroutine, no timer and no
// allocation. Each connection takes two descriptors here.
//
//	go run ./examples/deadlines -n 10000
package main

import (
	"flag"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/sudoXpg/netloop"
)

func main() {
	n := flag.Int("n", 10_000, "number of connections")
	spread := flag.Duration("spread", 5*time.Second, "period over which to spread the deadlines, starting at one second")
	flag.Parse()

	g, err := netloop.New(netloop.Options{})
	if err != nil {
		log.Fatal(err)
	}
	t := &tally{g: g, left: *n}
	ln, err := g.Listen("tcp", "127.0.0.1:0", func(*netloop.Conn) netloop.Handler {
		t.opened++
		wait := time.Second + *spread*time.Duration(t.opened)/time.Duration(*n)
		return &patient{tally: t, wait: wait}
	})
	if err != nil {
		log.Fatal(err)
	}
	for range *n {
		if err := g.Dial("tcp", ln.Addr().String(), caller{t}); err != nil {
			log.Fatal(err)
		}
	}
	if err := g.Run(); err != nil {
		log.Fatal(err)
	}
	_, _ = fmt.Fprintf(os.Stdout, "%d of %d deadlines passed, %d of them early, the latest %s late; %d calls failed\n", t.passed, *n, t.early, t.latest, t.failed)
}

// A tally counts what happened. It belongs to the one loop.
type tally struct {
	g                             *netloop.Group
	opened, passed, early, failed int
	left                          int // callers not closed yet
	latest                        time.Duration
}

// A patient connection closes when its deadline has passed.
type patient struct {
	*tally
	wait  time.Duration
	since time.Time
}

// Opened implements netloop.Handler.
func (p *patient) Opened(c *netloop.Conn) {
	p.since = time.Now()
	c.SetDeadline(p.wait)
}

// Deadline implements eventloop.DeadlineHandler.
func (p *patient) Deadline(c *netloop.Conn) {
	late := time.Since(p.since) - p.wait
	p.passed++
	p.latest = max(p.latest, late)
	if late < 0 {
		p.early++
	}
	c.Close()
}

// Received implements netloop.Handler.
func (p *patient) Received(*netloop.Conn, []byte) {}

// Drained implements netloop.Handler.
func (p *patient) Drained(*netloop.Conn) {}

// Closed implements netloop.Handler.
func (p *patient) Closed(*netloop.Conn, error) {}

// A caller is the other end of a patient connection.
type caller struct{ *tally }

// Opened implements netloop.Handler.
func (caller) Opened(*netloop.Conn) {}

// Received implements netloop.Handler.
func (caller) Received(*netloop.Conn, []byte) {}

// Drained implements netloop.Handler.
func (caller) Drained(*netloop.Conn) {}

// Closed implements netloop.Handler. The last one ends the program.
func (c caller) Closed(conn *netloop.Conn, err error) {
	if !conn.RemoteAddrPort().IsValid() {
		if c.failed++; c.failed == 1 {
			log.Print(err)
		}
	}
	if c.left--; c.left == 0 {
		c.g.Drain(time.Second)
	}
}
