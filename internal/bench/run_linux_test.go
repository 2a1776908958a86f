package bench

import (
	"errors"
	"io"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestEveryLineReachesEveryReaderInEveryDialect(t *testing.T) {
	for _, login := range []Dialect{LoginNone, LoginClassic, LoginDefault, LoginJSON} {
		for _, mode := range []Mode{Closed, Open} {
			t.Run(string(login)+"/"+string(mode), func(t *testing.T) {
				s := &testServer{tls: mode == Closed}
				switch login {
				case LoginNone:
				case LoginJSON:
					s.line = s.objects
				default:
					s.greeting = "\xff\xfd\x18Welcome.\r\nEnter username : "
					s.line = s.chat("--- nothing yet ---\r\n")
				}
				c := s.start(t)
				c.TLS = s.tls
				c.Login, c.Mode, c.Clients, c.Senders, c.InFlight, c.Rate, c.PID = login, mode, 12, 3, 7, 500, os.Getpid()
				r, err := Run(c)
				if err != nil {
					t.Fatal(err)
				}
				if r.Lines == 0 || r.Deliveries == 0 || r.Missing != 0 || r.Lost != 0 {
					t.Errorf("%d lines, %d deliveries, %d missing, %d lost", r.Lines, r.Deliveries, r.Missing, r.Lost)
				}
				// 9 of the 12 only read, and all of them are sampled.
				if want := r.Lines * 9; r.Latency.Count != want {
					t.Errorf("%d latencies of %d lines, want %d", r.Latency.Count, r.Lines, want)
				}
				if r.Server.RSSPeak < r.Server.RSSBefore || r.Server.RSSBefore == 0 || r.Own.CPUSeconds <= 0 {
					t.Errorf("usage: server %+v, own %+v", r.Server, r.Own)
				}
			})
		}
	}
}

func TestAClosedLoopHasExactlyItsLinesOutstanding(t *testing.T) {
	// The server passes on only the probe, so no line is ever done.
	received := map[string]int{}
	s := &testServer{}
	s.line = func(_ int, text string) string {
		if l, ok := ParseLine([]byte(text)); ok && l.Sender == 2 {
			return text
		}
		received[text]++
		return "nothing\n"
	}
	c := s.start(t)
	c.Clients, c.Senders, c.InFlight, c.Warmup, c.Duration = 10, 2, 5, time.Millisecond, time.Millisecond
	g := testGenerator(t, c)
	if err := newLoader(g).begin(); err != nil {
		t.Fatal(err)
	}
	count := func() int {
		s.mu.Lock()
		defer s.mu.Unlock()
		return len(received)
	}
	if _, err := g.pump(g.now()+time.Minute, func() bool { return count() >= 5 }); err != nil {
		t.Fatal(err)
	}
	if err := g.quiet(forever); err != nil {
		t.Fatal(err)
	}
	if got := count(); got != 5 {
		t.Errorf("%d lines outstanding, want 5", got)
	}
}

// testGenerator brings all clients of c to the start of a load.
func testGenerator(t *testing.T, c Config) *generator {
	t.Helper()
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
	if err := g.open(c.Clients); err != nil {
		t.Fatal(err)
	}
	return g
}

func TestTheOpenLoopChargesAStallToEveryLineItHeldUp(t *testing.T) {
	// The server holds 50 lines back and then sends them all at once: the first
	// of them was in flight for at least as long as the senders took for 50.
	var held []string
	var lines []Line // those held
	s := &testServer{line: func(_ int, text string) string {
		l, _ := ParseLine([]byte(text))
		if l.Sender == 1 { // the probe
			return text
		}
		held = append(held, text)
		if len(held) <= 50 {
			lines = append(lines, l)
		}
		if len(held) == 50 {
			return strings.Join(held, "")
		}
		if len(held) < 50 {
			return " \n"
		}
		return text
	}}
	c := s.start(t)
	c.Mode, c.Rate, c.Clients, c.Duration = Open, 1000, 3, time.Second
	g := testGenerator(t, c)
	l := newLoader(g)
	r, err := l.load()
	if err != nil {
		t.Fatal(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	// Lines that were sent before the warm-up ended do not count.
	lines = slices.DeleteFunc(lines, func(line Line) bool { return line.Sent < l.from })
	if len(lines) < 2 {
		t.Fatalf("%d of the held lines count", len(lines))
	}
	if stall := (lines[len(lines)-1].Sent - lines[0].Sent).Microseconds(); stall <= 0 || r.Latency.Max < float64(stall) {
		t.Errorf("longest latency %.0f µs, but the stall took %d µs", r.Latency.Max, stall)
	}
	if r.Missing != 0 {
		t.Errorf("%d lines missing", r.Missing)
	}
}

func TestStalledReadersNeverRead(t *testing.T) {
	s := &testServer{greeting: "Enter username : "}
	s.line = s.chat("hello\n")
	c := s.start(t)
	c.Login, c.Clients, c.Stalled = LoginDefault, 8, 4
	g := testGenerator(t, c)
	var stalled int
	for _, c := range g.clients {
		if !c.stalled {
			continue
		}
		stalled++
		// At least the probe has come, and is still in the socket.
		if n, err := unix.IoctlGetInt(c.fd, unix.TIOCINQ); err != nil || n == 0 || c.received != 0 {
			t.Errorf("client %d: %d bytes unread, %d lines read, %v", c.id, n, c.received, err)
		}
	}
	if stalled != 4 {
		t.Errorf("%d stalled readers, want 4", stalled)
	}
}

func TestIdleHoldsAllConnectionsOpenAtOnce(t *testing.T) {
	s := &testServer{}
	c := s.start(t)
	c.Mode, c.Clients, c.PID, c.Duration = Idle, 150, os.Getpid(), time.Millisecond
	r, err := Run(c)
	if err != nil {
		t.Fatal(err)
	}
	if s.mu.Lock(); s.peak != 150 {
		t.Errorf("%d connections open at once, want 150", s.peak)
	}
	s.mu.Unlock()
	if want := float64(r.Server.RSSAfter-r.Server.RSSBefore) / 148; r.Server.PerConn != want || r.Server.RSSBefore == 0 {
		t.Errorf("RSS %d -> %d, per connection %v, want %v", r.Server.RSSBefore, r.Server.RSSAfter, r.Server.PerConn, want)
	}
}

func TestChurnCountsGreetedConnectionsFromManySources(t *testing.T) {
	for _, secure := range []bool{false, true} {
		s := &testServer{greeting: "hello", tls: secure}
		c := s.start(t)
		c.Mode, c.InFlight, c.TLS = Churn, 8, secure
		r, err := Run(c)
		if err != nil {
			t.Fatal(err)
		}
		s.mu.Lock()
		if r.Connections == 0 || r.Latency.Count != r.Connections || uint64(s.begun) < r.Connections {
			t.Errorf("TLS %v: %d connections, %d latencies; the server saw %d", secure, r.Connections, r.Latency.Count, s.begun)
		}
		if want := min(s.begun, 1000); len(s.sources) < want/2 {
			t.Errorf("TLS %v: %d sources for %d connections", secure, len(s.sources), s.begun)
		}
		s.mu.Unlock()
	}
}

func TestChurnOfAServerThatNeverGreetsIsAnError(t *testing.T) {
	c := (&testServer{}).start(t)
	c.Mode, c.Duration, c.Setup = Churn, time.Millisecond, 10*time.Millisecond
	if _, err := Run(c); err == nil || !strings.Contains(err.Error(), "no greeting") {
		t.Errorf("error %v, want no greeting", err)
	}
}

func TestAServerThatClosesAWitnessEndsTheRun(t *testing.T) {
	s := &testServer{}
	s.line = func(_ int, text string) string {
		if l, _ := ParseLine([]byte(text)); l.Sender == 1 { // the probe
			return text
		}
		_ = s.conns[1].Close()
		return text
	}
	c := s.start(t)
	if _, err := Run(c); !errors.Is(err, io.EOF) && !errors.Is(err, unix.ECONNRESET) {
		t.Errorf("error %v, want the closed connection", err)
	}
}

func TestARefusedConnectionIsExplained(t *testing.T) {
	s := &testServer{}
	c := s.start(t)
	if err := s.ln.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Run(c); !errors.Is(err, unix.ECONNREFUSED) || !strings.Contains(err.Error(), "is the server running?") {
		t.Errorf("error %v, want connection refused and a hint", err)
	}
}

func TestARunLeavesNoDescriptorBehind(t *testing.T) {
	s := &testServer{greeting: "hello\n"}
	c := s.start(t)
	// count waits until the server has noticed that its clients are gone, and
	// until there are at most so many descriptors.
	count := func(most int) (n int) {
		for end := time.Now().Add(time.Minute); time.Now().Before(end); <-time.After(time.Millisecond) {
			entries, err := os.ReadDir("/proc/self/fd")
			if err != nil {
				t.Fatal(err)
			}
			s.mu.Lock()
			left := len(s.conns)
			s.mu.Unlock()
			if n = len(entries); left == 0 && n <= most {
				break
			}
		}
		return n
	}
	if _, err := Run(c); err != nil {
		t.Fatal(err)
	}
	before := count(math.MaxInt)
	for _, mode := range []Mode{Closed, Idle, Churn} {
		c.Mode, c.Duration = mode, 5*time.Millisecond
		if _, err := Run(c); err != nil {
			t.Fatal(err)
		}
	}
	if after := count(before); after > before {
		t.Errorf("%d descriptors before, %d after", before, after)
	}
}
