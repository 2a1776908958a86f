//go:build (linux || darwin || freebsd) && (amd64 || arm64)

// Command netpoll is the broadcaster of bench/peers over cloudwego/netpoll, as
// its examples use it: a line is written and flushed to one connection after
// the other.
package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"sync"

	"github.com/cloudwego/netpoll"
)

type server struct {
	greeting string
	mu       sync.RWMutex
	peers    []*peer
}

// A peer has a mutex because netpoll refuses a second writer while one flushes.
type peer struct {
	netpoll.Connection
	mu sync.Mutex
	at int // index in peers
}

type peerKey struct{}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "netpoll:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) < 1 || len(args) > 2 {
		return fmt.Errorf("usage: netpoll PORT [GREETING]")
	}
	s := &server{}
	if len(args) == 2 {
		s.greeting = args[1]
	}
	ln, err := netpoll.CreateListener("tcp", "127.0.0.1:"+args[0])
	if err != nil {
		return err
	}
	loop, err := netpoll.NewEventLoop(s.request, netpoll.WithOnConnect(s.connect))
	if err != nil {
		return err
	}
	return loop.Serve(ln)
}

func (s *server) connect(ctx context.Context, conn netpoll.Connection) context.Context {
	p := &peer{Connection: conn}
	s.mu.Lock()
	p.at = len(s.peers)
	s.peers = append(s.peers, p)
	s.mu.Unlock()
	_ = conn.AddCloseCallback(func(netpoll.Connection) error {
		s.leave(p)
		return nil
	})
	if s.greeting != "" {
		p.send([]byte(s.greeting))
	}
	return context.WithValue(ctx, peerKey{}, p)
}

func (s *server) leave(p *peer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	last := len(s.peers) - 1
	s.peers[p.at] = s.peers[last]
	s.peers[p.at].at = p.at
	s.peers[last] = nil
	s.peers = s.peers[:last]
}

// request is called when there is something to read; Until waits for the rest
// of a line.
func (s *server) request(ctx context.Context, conn netpoll.Connection) error {
	from, _ := ctx.Value(peerKey{}).(*peer)
	r := conn.Reader()
	for r.Len() > 0 {
		line, err := r.Until('\n')
		if err != nil {
			return err
		}
		s.broadcast(from, line)
	}
	return r.Release()
}

func (s *server) broadcast(from *peer, line []byte) {
	// A snapshot: a flush may wait for the poller, which may wait in leave.
	s.mu.RLock()
	peers := slices.Clone(s.peers)
	s.mu.RUnlock()
	for _, p := range peers {
		if p != from {
			p.send(line)
		}
	}
}

func (p *peer) send(line []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	w := p.Writer()
	if _, err := w.WriteBinary(line); err == nil {
		_ = w.Flush() // the callback removes a connection that failed
	}
}
