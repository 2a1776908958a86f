// Command gnet is the broadcaster of bench/peers over panjf2000/gnet with its
// defaults: one event loop, in which a line is written to one connection after
// the other. gnet buffers what a socket does not take, without a limit.
package main

import (
	"bytes"
	"fmt"
	"os"

	"github.com/panjf2000/gnet/v2"
	"github.com/panjf2000/gnet/v2/pkg/logging"
)

// A server belongs to its only event loop.
type server struct {
	gnet.BuiltinEventEngine
	greeting []byte
	peers    []gnet.Conn // the context of each is its index
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "gnet:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) < 1 || len(args) > 2 {
		return fmt.Errorf("usage: gnet PORT [GREETING]")
	}
	s := &server{}
	if len(args) == 2 {
		s.greeting = []byte(args[1])
	}
	return gnet.Run(s, "tcp4://127.0.0.1:"+args[0], gnet.WithLogLevel(logging.ErrorLevel))
}

// OnOpen returns the greeting of a new connection.
func (s *server) OnOpen(c gnet.Conn) ([]byte, gnet.Action) {
	c.SetContext(len(s.peers))
	s.peers = append(s.peers, c)
	return s.greeting, gnet.None
}

// OnClose is also called from within Write, when that fails.
func (s *server) OnClose(c gnet.Conn, _ error) gnet.Action {
	at, known := c.Context().(int)
	if !known {
		return gnet.None
	}
	last := len(s.peers) - 1
	s.peers[at] = s.peers[last]
	s.peers[at].SetContext(at)
	s.peers[last] = nil
	s.peers = s.peers[:last]
	return gnet.None
}

// OnTraffic leaves the beginning of a line in gnet's buffer.
func (s *server) OnTraffic(c gnet.Conn) gnet.Action {
	data, err := c.Peek(-1)
	if err != nil {
		return gnet.Close
	}
	end := bytes.LastIndexByte(data, '\n') + 1
	if end == 0 {
		return gnet.None
	}
	for line := range bytes.Lines(data[:end]) {
		s.broadcast(c, line)
	}
	if _, err := c.Discard(end); err != nil {
		return gnet.Close
	}
	return gnet.None
}

// broadcast walks backwards because OnClose moves the last peer forward.
func (s *server) broadcast(from gnet.Conn, line []byte) {
	for i := len(s.peers) - 1; i >= 0; i-- {
		if p := s.peers[i]; p != from {
			_, _ = p.Write(line) // a connection that failed has been closed
		}
	}
}
