//go:build (linux || darwin || freebsd) && (amd64 || arm64)

// Command netpollshared is the broadcaster of bench/peers over
// cloudwego/netpoll with coalescing above it: readers append to one shared
// batch, and one goroutine writes each batch to every connection at once,
// leaving out its own lines. Because netpoll's Flush waits until the socket has
// taken everything, every connection's cursor would always be at the same
// place: the batch is the part of the log between the cursors and its head.
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
	wake     chan struct{} // holds one token while the batch is not empty

	mu    sync.Mutex
	peers []*peer
	batch batch
}

// A batch is the text received since the last one was taken, with the author of each piece.
type batch struct {
	text   []byte
	pieces []piece
}

type piece struct {
	from *peer
	end  int
}

// A peer's Writer is used by one goroutine at a time: by connect until the
// peer is in the list, and by the flusher from then on.
type peer struct {
	netpoll.Connection
	at     int  // index in peers
	spoken bool // wrote a piece of the batch being flushed; the flusher's
}

type peerKey struct{}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "netpollshared:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) < 1 || len(args) > 2 {
		return fmt.Errorf("usage: netpollshared PORT [GREETING]")
	}
	s := &server{wake: make(chan struct{}, 1)}
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
	go s.flushAll()
	return loop.Serve(ln)
}

func (s *server) connect(ctx context.Context, conn netpoll.Connection) context.Context {
	p := &peer{Connection: conn}
	if s.greeting != "" {
		p.send([]byte(s.greeting))
		_ = conn.Writer().Flush()
	}
	s.mu.Lock()
	p.at = len(s.peers)
	s.peers = append(s.peers, p)
	s.mu.Unlock()
	_ = conn.AddCloseCallback(func(netpoll.Connection) error {
		s.leave(p)
		return nil
	})
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
		s.mu.Lock()
		s.batch.text = append(s.batch.text, line...)
		s.batch.pieces = append(s.batch.pieces, piece{from, len(s.batch.text)})
		s.mu.Unlock()
	}
	select {
	case s.wake <- struct{}{}:
	default:
	}
	return r.Release()
}

func (s *server) flushAll() {
	for range s.wake {
		// A snapshot: a flush may wait for the poller, which may wait in leave.
		s.mu.Lock()
		b, peers := s.batch, slices.Clone(s.peers)
		s.batch = batch{} // not reused: netpoll may still refer to the text
		s.mu.Unlock()
		for _, p := range b.pieces {
			p.from.spoken = true
		}
		for _, p := range peers {
			p.take(b)
		}
		for _, p := range b.pieces {
			p.from.spoken = false
		}
	}
}

// take sends a batch to a peer, without the pieces that are its own.
func (p *peer) take(b batch) {
	if !p.spoken {
		p.send(b.text)
	} else {
		begin := 0
		for _, piece := range b.pieces {
			if piece.from != p {
				p.send(b.text[begin:piece.end])
			}
			begin = piece.end
		}
	}
	_ = p.Writer().Flush() // the callback removes a connection that failed
}

func (p *peer) send(text []byte) {
	_, _ = p.Writer().WriteBinary(text)
}
