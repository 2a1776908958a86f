//go:build unix

package netloop_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"os/signal"
	"syscall"
	"time"

	"github.com/sudoXpg/netloop"
)

// A polite connection is told when the server stops.
type polite struct{}

func (polite) Opened(*netloop.Conn)                  {}
func (polite) Received(c *netloop.Conn, data []byte) { c.Write(data) }
func (polite) Drained(*netloop.Conn)                 {}
func (polite) Closed(*netloop.Conn, error)           {}

// Draining is called when the group shuts down; the connection is closed after it.
func (polite) Draining(c *netloop.Conn) { c.Write([]byte("goodbye\n")) }

// A server that stops on SIGTERM: it accepts no more connections, sends what is
// queued, and after ten seconds aborts the connections that are left.
func Example_gracefulStop() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	g, err := netloop.New(netloop.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	opened := make(chan struct{})
	ln, err := g.Listen("tcp", "127.0.0.1:0", func(*netloop.Conn) netloop.Handler {
		close(opened)
		return polite{}
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	done := make(chan error)
	go func() { done <- g.Run() }()

	client, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()
	<-opened
	go func() { _ = syscall.Kill(syscall.Getpid(), syscall.SIGTERM) }()

	<-ctx.Done()
	last, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	go func() {
		words, _ := io.ReadAll(client)
		fmt.Printf("the client reads %q\n", words)
		client.Close()
	}()
	fmt.Println("shutdown:", g.Shutdown(last), "run:", <-done)
	// Output:
	// the client reads "goodbye\n"
	// shutdown: <nil> run: <nil>
}
