package netloop_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net"

	"github.com/sudoXpg/netloop"
)

// highWater is how many bytes may wait for a slow side before the other one is
// not read any more.
const highWater = 256 << 10

// A side is one of the two connections of a proxied one: what it receives goes to
// the other. Both are on one loop, so they use each other without locks.
type side struct {
	target string        // to dial; empty on the side that was dialled
	conn   *netloop.Conn // nil: not open yet, or closed
	other  *side
	ended  bool // the peer sends nothing more
}

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

func (s *side) Received(c *netloop.Conn, data []byte) {
	to := s.other.conn
	if to == nil {
		return
	}
	to.Write(data)
	if to.Buffered() > highWater { // back-pressure, until Drained
		c.Pause()
	}
}

func (s *side) Drained(*netloop.Conn) {
	if from := s.other.conn; from != nil {
		from.Resume()
	}
}

// EOF passes on the end of the peer's side; the other direction stays open.
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

func (s *side) Closed(*netloop.Conn, error) {
	s.conn = nil
	if o := s.other.conn; o != nil {
		o.Close() // what was written to it is sent
	}
}

// proxy makes g pass connections on to target, and returns where it listens.
func proxy(g *netloop.Group, target string) (net.Addr, error) {
	ln, err := g.Listen("tcp", "127.0.0.1:0", func(*netloop.Conn) netloop.Handler {
		client, server := &side{target: target}, &side{}
		client.other, server.other = server, client
		return client
	})
	if err != nil {
		return nil, err
	}
	return ln.Addr(), nil
}

// echoOnce serves one connection of the standard library's: it sends everything back and
// ends its side when the peer has.
func echoOnce(ln net.Listener) {
	c, err := ln.Accept()
	if err != nil {
		return
	}
	defer c.Close()
	_, _ = io.Copy(c, c)
}

// A TCP proxy that stops reading from a fast sender while the receiver is slow, and
// passes on the end of each direction separately. 20 MB go through it and come
// back.
func Example_proxy() {
	g, err := netloop.New(netloop.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	done := make(chan error)
	go func() { done <- g.Run() }()
	target, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer target.Close()
	go echoOnce(target)
	at, err := proxy(g, target.Addr().String())
	if err != nil {
		fmt.Println(err)
		return
	}

	sent := make([]byte, 20<<20)
	_, _ = rand.Read(sent)
	c, err := net.Dial("tcp", at.String())
	if err != nil {
		fmt.Println(err)
		return
	}
	go func() {
		_, _ = c.Write(sent)
		_ = c.(*net.TCPConn).CloseWrite()
	}()
	got, err := io.ReadAll(c)
	fmt.Println(len(got), bytes.Equal(got, sent), err)
	c.Close()
	fmt.Println(g.Shutdown(context.Background()), <-done)
	// Output:
	// 20971520 true <nil>
	// <nil> <nil>
}
