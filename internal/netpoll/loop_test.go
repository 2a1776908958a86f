//go:build (linux && (amd64 || arm64 || loong64)) || (darwin && (amd64 || arm64)) || (freebsd && (amd64 || arm64 || riscv64))

package netpoll

import (
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"github.com/sudoXpg/netloop/eventloop"
)

// A paused Handler is told why it was closed when it resumes.
type paused struct {
	opened chan *eventloop.Conn
	closed chan error
}

// Opened implements eventloop.Handler.
func (h *paused) Opened(c *eventloop.Conn) {
	c.Pause()
	h.opened <- c
}

// Received implements eventloop.Handler.
func (h *paused) Received(*eventloop.Conn, []byte) {}

// Drained implements eventloop.Handler.
func (h *paused) Drained(*eventloop.Conn) {}

// Closed implements eventloop.Handler.
func (h *paused) Closed(_ *eventloop.Conn, err error) { h.closed <- err }

func TestAHandlerIsToldThatTooMuchWasUnread(t *testing.T) {
	g, err := eventloop.New(eventloop.Options{Open: Open})
	if err != nil {
		t.Fatal(err)
	}
	over := make(chan error, 1)
	go func() { over <- g.Run() }()
	h := &paused{opened: make(chan *eventloop.Conn, 1), closed: make(chan error, 1)}
	ln, err := g.Listen("tcp", "127.0.0.1:0", func(*eventloop.Conn) eventloop.Handler { return h })
	if err != nil {
		t.Fatal(err)
	}
	peer, err := net.DialTimeout("tcp", ln.Addr().String(), patience)
	if err != nil {
		t.Fatal(err)
	}
	defer peer.Close()
	if err := peer.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	c := <-h.opened
	if _, err := io.CopyN(peer, zeroes{}, 64<<20); err == nil {
		t.Error("64 MiB that nobody reads can be sent")
	}
	select {
	case err := <-h.closed:
		t.Errorf("a paused connection got Closed: %v", err)
	default:
	}
	if err := c.Post(c.Resume); err != nil {
		t.Fatal(err)
	}
	if err := <-h.closed; !errors.Is(err, errUnread) {
		t.Errorf("Closed got %v, want %v", err, errUnread)
	}
	if err := errors.Join(g.Close(), <-over); err != nil {
		t.Error(err)
	}
}

type zeroes struct{}

func (zeroes) Read(p []byte) (int, error) { return len(p), nil }
