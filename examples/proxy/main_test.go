package main

import (
	"bytes"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"github.com/sudoXpg/netloop"
)

// patience is how long something that must happen is waited for.
const patience = time.Minute

// dial runs a proxy for target until the test ends and connects to it.
func dial(t *testing.T, target string) *net.TCPConn {
	t.Helper()
	g, err := netloop.New(netloop.Options{})
	if err != nil {
		t.Fatal(err)
	}
	ln, err := g.Listen("tcp", "127.0.0.1:0", func(*netloop.Conn) netloop.Handler { return newClient(target) })
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() { done <- g.Run() }()
	t.Cleanup(func() {
		if err := errors.Join(g.Close(), <-done); err != nil {
			t.Error(err)
		}
	})
	c, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return c.(*net.TCPConn)
}

// The target answers only when the client has ended its side, and slowly.
func TestEachDirectionEndsSeparately(t *testing.T) {
	target, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer target.Close()
	go func() {
		c, err := target.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		question, err := io.ReadAll(c)
		if err == nil {
			_, _ = c.Write(bytes.ToUpper(question))
		}
	}()
	c := dial(t, target.Addr().String())
	question := bytes.Repeat([]byte("is anybody there? "), 500_000)
	if _, err := c.Write(question); err != nil {
		t.Fatal(err)
	}
	if err := c.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(c)
	if err != nil || !bytes.Equal(answer, bytes.ToUpper(question)) {
		t.Errorf("%d bytes came back of %d, %v", len(answer), len(question), err)
	}
}

func TestAClientWhoseTargetIsDownIsClosed(t *testing.T) {
	target, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := target.Addr().String()
	if err := target.Close(); err != nil {
		t.Fatal(err)
	}
	c := dial(t, address)
	if got, err := io.ReadAll(c); len(got) > 0 || err != nil {
		t.Errorf("the client reads %q, %v", got, err)
	}
}
