// Command graceful is an echo server that stops gracefully at SIGINT or SIGTERM:
// it accepts no more clients, tells the connected ones, sends what is queued,
// and closes connections that take longer than -grace. A second signal ends it
// at once.
//
//	go run ./examples/graceful -listen :9000
package main

import (
	"context"
	"errors"
	"flag"
	"log"
	"os/signal"
	"syscall"
	"time"

	"github.com/sudoXpg/netloop"
)

func main() {
	listen := flag.String("listen", ":9000", "address to listen on")
	grace := flag.Duration("grace", 10*time.Second, "time to wait at shutdown for pending data to be sent")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	g, err := netloop.New(netloop.Options{})
	if err != nil {
		log.Fatal(err)
	}
	ln, err := g.Listen("tcp", *listen, func(*netloop.Conn) netloop.Handler { return echo{} })
	if err != nil {
		log.Fatal(err)
	}
	log.Printf("listening on %s", ln.Addr())
	done := make(chan error)
	go func() { done <- g.Run() }()
	select {
	case err := <-done: // the loop failed
		log.Fatal(err)
	case <-ctx.Done():
	}
	stop() // a second signal is not caught
	log.Printf("stopping, %d connections", g.Conns())
	last, cancel := context.WithTimeout(context.Background(), *grace)
	defer cancel()
	if err := errors.Join(g.Shutdown(last), <-done); err != nil {
		log.Print(err)
	}
}

// An echo sends back what it receives, and waits for a client that does not read.
type echo struct{}

// Opened implements netloop.Handler.
func (echo) Opened(*netloop.Conn) {}

// Received implements netloop.Handler.
func (echo) Received(c *netloop.Conn, data []byte) {
	_, _ = c.Write(data) // Closed gets the error
	if c.Buffered() > 64<<10 {
		c.Pause()
	}
}

// Drained implements netloop.Handler.
func (echo) Drained(c *netloop.Conn) { c.Resume() }

// Draining implements eventloop.DrainHandler.
func (echo) Draining(c *netloop.Conn) { _, _ = c.Write([]byte("the server stops: goodbye\n")) }

// Closed implements netloop.Handler.
func (echo) Closed(*netloop.Conn, error) {}
