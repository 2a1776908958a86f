package bench

import (
	"os"
	"strings"
	"testing"
	"time"
)

// echoing returns a server that sends each line back to its sender alone.
func echoing(websocket, secure bool) *testServer {
	s := &testServer{websocket: websocket, tls: secure}
	s.line = func(from int, text string) string {
		_, _ = s.conns[from].Write([]byte(text))
		return " "
	}
	return s
}

func TestEveryLineComesBackToItsClient(t *testing.T) {
	for _, websocket := range []bool{false, true} {
		for _, secure := range []bool{false, true} {
			c := echoing(websocket, secure).start(t)
			c.WebSocket, c.TLS, c.Mode, c.Login, c.Clients, c.Size, c.PID = websocket, secure, Echo, LoginEcho, 10, 129, os.Getpid()
			r, err := Run(c)
			if err != nil {
				t.Fatal(err)
			}
			if r.Lines == 0 || r.Deliveries != r.Lines || r.Latency.Count == 0 || r.Missing != 0 || r.PerSecond <= 0 {
				t.Errorf("WebSocket %v, TLS %v: %d lines, %d latencies, %d missing, %v/s", websocket, secure, r.Lines, r.Latency.Count, r.Missing, r.PerSecond)
			}
		}
	}
}

func TestEveryClientWaitsForItsLine(t *testing.T) {
	// The server answers only the first line of each client, which is no part of the load.
	s := echoing(true, false)
	echo, answered, unanswered := s.line, map[int]bool{}, 0
	s.line = func(from int, text string) string {
		if answered[from] {
			unanswered++
			return " "
		}
		answered[from] = true
		return echo(from, text)
	}
	c := s.start(t)
	c.WebSocket, c.Mode, c.Login, c.Clients, c.Duration = true, Echo, LoginEcho, 10, time.Millisecond
	c, err := c.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	p, err := newPoller()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.close)
	g := newGenerator(p, c)
	t.Cleanup(g.close)
	g.limitDrain = 100 * time.Millisecond
	if _, err := newEchoer(g).run(); err == nil || !strings.Contains(err.Error(), "nothing came back") {
		t.Errorf("error %v", err)
	}
	count := func() int {
		s.mu.Lock()
		defer s.mu.Unlock()
		return unanswered
	}
	for limit := g.now() + time.Minute; count() < 10 && g.now() < limit; {
		if _, err := g.pump(g.now()+time.Millisecond, never); err != nil {
			t.Fatal(err)
		}
	}
	if err := g.quiet(forever); err != nil {
		t.Fatal(err)
	}
	if got := count(); got != 10 {
		t.Errorf("%d lines of 10 clients under way, want 10", got)
	}
}

func TestIdleConnectionsOfAnEchoServerGetTheirLinesBack(t *testing.T) {
	s := echoing(true, false)
	got := map[int]int{}
	echo := s.line
	s.line = func(from int, text string) string {
		got[from]++
		return echo(from, text)
	}
	c := s.start(t)
	c.WebSocket, c.Mode, c.Login, c.Clients, c.PID, c.Duration = true, Idle, LoginEcho, 20, os.Getpid(), time.Millisecond
	if _, err := Run(c); err != nil {
		t.Fatal(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(got) != 20 {
		t.Errorf("%d of 20 clients sent a line", len(got))
	}
}

func TestAnEchoOfSomethingElseIsAnError(t *testing.T) {
	s := echoing(false, false)
	var first string
	s.line = func(from int, text string) string {
		if l, ok := ParseLine([]byte(text)); ok && l.Seq == 0 {
			first = text
		}
		_, _ = s.conns[from].Write([]byte(first))
		return " "
	}
	c := s.start(t)
	c.Mode, c.Login, c.Clients = Echo, LoginEcho, 2
	if _, err := Run(c); err == nil || !strings.Contains(err.Error(), "and got line 0 of client") {
		t.Errorf("error %v", err)
	}
}
