// Command proxy is a TCP proxy with back-pressure, so that a fast sender waits
// for a slow receiver, and with half-close, so that each direction ends
// separately.
//
//	go run ./examples/proxy -listen :9000 -target 127.0.0.1:9034
package main

import (
	"context"
	"flag"
	"log"
	"os/signal"
	"syscall"
	"time"

	"github.com/sudoXpg/netloop"
	"github.com/sudoXpg/netloop/eventloop"
)

// highWater is how many bytes may wait for a slow side before the other one is
// not read any more.
const highWater = 256 << 10

func main() {
	listen := flag.String("listen", ":9000", "address to listen on")
	target := flag.String("target", "127.0.0.1:9034", "address to forward connections to")
	loops := flag.Int("loops", 1, "number of event loops")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	g, err := netloop.New(netloop.Options{Options: eventloop.Options{Loops: *loops}})
	if err != nil {
		log.Fatal(err)
	}
	ln, err := g.Listen("tcp", *listen, func(*netloop.Conn) netloop.Handler { return newClient(*target) })
	if err != nil {
		log.Fatal(err)
	}
	log.Printf("passing connections of %s on to %s", ln.Addr(), *target)
	go func() {
		<-ctx.Done()
		last, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_ = g.Shutdown(last) // Run returns the same error
	}()
	if err := g.Run(); err != nil {
		log.Fatal(err)
	}
}

// A side is one of the two connections of a proxied one: what it receives goes to
// the other. Both are on one loop, so they use each other without locks.
type side struct {
	target string        // to dial; empty on the side that was dialled
	conn   *netloop.Conn // nil: not open yet, or closed
	other  *side
	ended  bool // the peer sends nothing more
}

// newClient returns the handler of a connection to be passed on.
func newClient(target string) *side {
	client, server := &side{target: target}, &side{}
	client.other, server.other = server, client
	return client
}

// Opened implements netloop.Handler.
func (s *side) Opened(c *netloop.Conn) {
	s.conn = c
	switch {
	case s.target != "":
		c.Pause() // until the other side is there
		if err := c.Loop().Dial("tcp", s.target, s.other); err != nil {
			c.Abort(err)
		}
	case s.other.conn == nil: // closed meanwhile
		c.Close()
	default:
		s.other.conn.Resume()
	}
}

// Received implements netloop.Handler.
func (s *side) Received(c *netloop.Conn, data []byte) {
	to := s.other.conn
	if to == nil {
		return
	}
	_, _ = to.Write(data) // Closed gets the error
	if to.Buffered() > highWater {
		c.Pause() // until Drained
	}
}

// Drained implements netloop.Handler.
func (s *side) Drained(*netloop.Conn) {
	if from := s.other.conn; from != nil {
		from.Resume()
	}
}

// EOF implements eventloop.EOFHandler.
func (s *side) EOF(c *netloop.Conn) {
	s.ended = true
	if to := s.other.conn; to != nil {
		to.CloseWrite()
		if s.other.ended {
			to.Close()
			c.Close()
		}
	}
}

// Closed implements netloop.Handler.
func (s *side) Closed(_ *netloop.Conn, err error) {
	if s.conn == nil && s.target == "" {
		log.Print(err) // the target was not reached
	}
	s.conn = nil
	if o := s.other.conn; o != nil {
		o.Close() // what was written to it is sent
	}
}
