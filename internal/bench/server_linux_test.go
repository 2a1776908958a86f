package bench

import (
	"bufio"
	"crypto/tls"
	"io"
	"net"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/sudoXpg/netloop/internal/testcert"
)

// A testServer is a broadcaster, one goroutine per connection.
type testServer struct {
	greeting  string
	tls       bool
	websocket bool         // a line is a message
	pongs     atomic.Int32 // answers to a Ping, with websocket
	hello     chan bool    // gets an element for each ClientHello, which is answered
	// line is called for each line that a client sends, under the server's
	// mutex. It returns the text to broadcast; "" closes the sender.
	line func(from int, text string) string

	ln      net.Listener
	done    sync.WaitGroup
	mu      sync.Mutex
	conns   map[int]net.Conn
	sources map[netip.Addr]bool
	begun   int
	peak    int
}

func (s *testServer) start(t *testing.T) Config {
	t.Helper()
	var err error
	if s.ln, err = net.Listen("tcp4", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	s.conns, s.sources = map[int]net.Conn{}, map[netip.Addr]bool{}
	if s.line == nil {
		s.line = func(_ int, text string) string { return text }
	}
	s.done.Go(func() {
		config := &tls.Config{Certificates: []tls.Certificate{testcert.New("localhost")}}
		for {
			c, err := s.ln.Accept()
			if err != nil {
				return
			}
			s.done.Go(func() {
				defer c.Close()
				if s.tls {
					secured := tls.Server(c, config)
					// Before the connection is one of those that a broadcast, which holds the
					// mutex, writes to: the generator makes one handshake at a time.
					if secured.Handshake() != nil {
						return
					}
					c = secured
				}
				if s.websocket {
					upgraded, err := upgradeConn(c, &s.pongs)
					if err != nil {
						return
					}
					c = upgraded
				}
				s.serve(c)
			})
		}
	})
	t.Cleanup(func() {
		_ = s.ln.Close()
		s.mu.Lock()
		for _, c := range s.conns {
			_ = c.Close()
		}
		s.mu.Unlock()
		s.done.Wait()
	})
	c := validConfig()
	c.Address = s.ln.Addr().String()
	c.Duration = 100_000_000
	return c
}

func (s *testServer) serve(c net.Conn) {
	s.mu.Lock()
	id := s.begun
	s.begun++
	s.conns[id] = c
	s.peak = max(s.peak, len(s.conns))
	s.sources[c.RemoteAddr().(*net.TCPAddr).AddrPort().Addr()] = true
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		delete(s.conns, id)
		s.mu.Unlock()
	}()
	if _, err := c.Write([]byte(s.greeting)); err != nil {
		return
	}
	r := bufio.NewReader(c)
	if first, err := r.Peek(2); s.hello != nil && err == nil && first[0] == 0x16 && first[1] == 3 {
		s.hello <- true
		_, _ = c.Write([]byte{0x16, 3, 3, 0, 1})
		_, _ = io.Copy(io.Discard, r)
		return
	}
	for {
		text, err := r.ReadString('\n')
		if err != nil || !s.broadcast(id, text) {
			return
		}
	}
}

func (s *testServer) broadcast(from int, text string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := s.line(from, text)
	for id, c := range s.conns {
		if id != from {
			_, _ = c.Write([]byte(out))
		}
	}
	return out != ""
}

// chat makes a line function for a server with a prompt: the first line of each
// client is its name, answered by welcome.
func (s *testServer) chat(welcome string) func(int, string) string {
	names := map[int]string{}
	return func(from int, text string) string {
		name, known := names[from]
		if !known {
			names[from] = strings.TrimSpace(text)
			_, _ = s.conns[from].Write([]byte(welcome))
			return names[from] + " has joined\r\n"
		}
		return name + ": " + strings.TrimSpace(text) + "\r\n"
	}
}

// objects is a line function for a server that speaks JSON.
func (s *testServer) objects(from int, text string) string {
	tell := func(line string) string {
		_, _ = s.conns[from].Write([]byte(line))
		return " \n"
	}
	switch post, isPost := strings.CutPrefix(text, `{"type":"post"`); {
	case isPost:
		tell(`{"type":"ack"}` + "\n")
		return `{"type":"message"` + post
	case strings.HasPrefix(text, `{"type":"hello"`):
		return tell(`{"type":"welcome"}` + "\n")
	case strings.HasPrefix(text, `{"type":"login"`), strings.HasPrefix(text, `{"type":"join"`):
		return tell(`{"type":"joined"}` + "\n")
	}
	return tell(`{"type":"error","text":"what?"}` + "\n")
}
