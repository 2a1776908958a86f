// Command stdnet is the broadcaster of bench/peers over package net: a
// goroutine that reads and one that writes per connection, one write per line.
//
// Usage: stdnet [-tls FILE] PORT [GREETING], with a certificate and its key in the file.
package main

import (
	"bufio"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"sync"
)

// backlog is how many lines a connection may be behind before it is dropped: as
// programs of this kind do with a reader that stalls.
const backlog = 128

type server struct {
	greeting string
	mu       sync.RWMutex
	peers    map[*peer]struct{}
}

type peer struct {
	conn  net.Conn
	lines chan []byte
}

func main() {
	fmt.Fprintln(os.Stderr, "stdnet:", run(os.Args[1:]))
	os.Exit(1)
}

// run serves until an error, and returns it.
func run(args []string) error {
	f := flag.NewFlagSet("stdnet", flag.ContinueOnError)
	file := f.String("tls", "", "")
	if err := f.Parse(args); err != nil {
		return err
	}
	if f.NArg() != 1 && f.NArg() != 2 {
		return errors.New("usage: stdnet [-tls FILE] PORT [GREETING]")
	}
	ln, err := net.Listen("tcp4", "127.0.0.1:"+f.Arg(0))
	if err != nil {
		return err
	}
	if *file != "" {
		pair, err := tls.LoadX509KeyPair(*file, *file)
		if err != nil {
			return err
		}
		ln = tls.NewListener(ln, &tls.Config{Certificates: []tls.Certificate{pair}})
	}
	s := &server{peers: map[*peer]struct{}{}, greeting: f.Arg(1)}
	for {
		conn, err := ln.Accept()
		if err != nil {
			return err
		}
		go s.serve(&peer{conn: conn, lines: make(chan []byte, backlog)})
	}
}

func (s *server) serve(p *peer) {
	s.mu.Lock()
	s.peers[p] = struct{}{}
	s.mu.Unlock()
	go p.write(s.greeting)
	r := bufio.NewReader(p.conn)
	for {
		line, err := r.ReadBytes('\n')
		if err != nil {
			break
		}
		s.broadcast(p, line)
	}
	s.mu.Lock()
	delete(s.peers, p)
	s.mu.Unlock()
	close(p.lines)
	_ = p.conn.Close()
}

func (s *server) broadcast(from *peer, line []byte) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for p := range s.peers {
		if p == from {
			continue
		}
		select {
		case p.lines <- line:
		default:
			_ = p.conn.Close() // its reader ends, and removes it
		}
	}
}

func (p *peer) write(greeting string) {
	if greeting != "" {
		_, _ = p.conn.Write([]byte(greeting))
	}
	for line := range p.lines {
		if _, err := p.conn.Write(line); err != nil {
			_ = p.conn.Close()
		}
	}
}
