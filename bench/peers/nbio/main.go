// Command nbio is the broadcaster of bench/peers over lesismal/nbio with its
// defaults: a line is written to one connection after the other, by the poller
// that read it. A connection that is too far behind is closed; by default nbio
// buffers what a socket does not take without a limit.
package main

import (
	"bytes"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"sync"

	"github.com/lesismal/nbio"
	"github.com/lesismal/nbio/logging"
)

// backlog is how many bytes a connection may be behind before nbio closes it.
const backlog = 1 << 20

type server struct {
	greeting []byte
	mu       sync.RWMutex
	peers    []*peer
}

type peer struct {
	*nbio.Conn
	at   int    // index in peers
	part []byte // the beginning of a line; belongs to its poller
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "nbio:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) < 1 || len(args) > 2 {
		return fmt.Errorf("usage: nbio PORT [GREETING]")
	}
	s := &server{}
	if len(args) == 2 {
		s.greeting = []byte(args[1])
	}
	logging.SetLevel(logging.LevelError)
	engine := nbio.NewEngine(nbio.Config{
		Network: "tcp4", Addrs: []string{"127.0.0.1:" + args[0]}, MaxWriteBufferSize: backlog,
	})
	engine.OnOpen(s.open)
	engine.OnClose(s.leave)
	engine.OnData(s.receive)
	if err := engine.Start(); err != nil {
		return err
	}
	defer engine.Stop()
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, os.Interrupt)
	<-interrupted
	return nil
}

func (s *server) open(c *nbio.Conn) {
	p := &peer{Conn: c}
	c.SetSession(p)
	s.mu.Lock()
	p.at = len(s.peers)
	s.peers = append(s.peers, p)
	s.mu.Unlock()
	if len(s.greeting) > 0 {
		_, _ = c.Write(s.greeting) // leave removes a connection that failed
	}
}

func (s *server) leave(c *nbio.Conn, _ error) {
	p, known := c.Session().(*peer)
	if !known {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	last := len(s.peers) - 1
	s.peers[p.at] = s.peers[last]
	s.peers[p.at].at = p.at
	s.peers[last] = nil
	s.peers = s.peers[:last]
}

func (s *server) receive(c *nbio.Conn, data []byte) {
	p, known := c.Session().(*peer)
	if !known {
		return
	}
	for line := range bytes.Lines(data) {
		switch complete := line[len(line)-1] == '\n'; {
		case !complete:
			p.part = append(p.part, line...)
		case len(p.part) > 0:
			s.broadcast(p, append(p.part, line...))
			p.part = nil
		default:
			s.broadcast(p, line)
		}
	}
}

func (s *server) broadcast(from *peer, line []byte) {
	// A snapshot: a write that fails calls leave.
	s.mu.RLock()
	peers := slices.Clone(s.peers)
	s.mu.RUnlock()
	for _, p := range peers {
		if p != from {
			_, _ = p.Write(line)
		}
	}
}
