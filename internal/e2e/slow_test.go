//go:build e2e && unix

package e2e

import (
	"fmt"
	"net"
	"os"
	"strings"
	"testing"
)

// stall makes the buffers of p's connection small at both ends.
func stall(t *testing.T, p *person) {
	t.Helper()
	if err := p.conn.(*net.TCPConn).SetReadBuffer(4096); err != nil {
		t.Fatal(err)
	}
}

// wake makes p's buffer large again: through a small one data arrives at the
// pace of TCP's timers.
func wake(t *testing.T, p *person) {
	t.Helper()
	if err := p.conn.(*net.TCPConn).SetReadBuffer(4 << 20); err != nil {
		t.Fatal(err)
	}
}

// plenty is a number of lines of talk that exceeds the buffers of a connection:
// 12 MB.
const plenty = 3000

// onEveryBackend runs f once for each backend, with a server that has these
// flags and that f must stop.
func onEveryBackend(t *testing.T, f func(t *testing.T, s *server), flags ...string) {
	t.Helper()
	for _, backend := range native().backends(t) {
		t.Run(backend, func(t *testing.T) {
			t.Parallel()
			f(t, start(t, append(flags, "--backend", backend)...))
		})
	}
}

// gather makes people of these names join, and see each other.
func gather(t *testing.T, s *server, names ...string) []*person {
	t.Helper()
	var all []*person
	for _, name := range names {
		p := meet(t, s, name, 0)
		if err := p.joins(); err != nil {
			t.Fatal(err)
		}
		for _, other := range all {
			if err := other.sees("*** " + name + " joined\r\n"); err != nil {
				t.Fatal(err)
			}
		}
		all = append(all, p)
	}
	return all
}

func leave(t *testing.T, people []*person) {
	t.Helper()
	for _, p := range people {
		if err := p.leaves(); err != nil {
			t.Error(err)
		}
	}
}

// talk makes the people send n lines of 4,000 bytes in turn, each of which all
// the others see, and returns the lines.
func talk(t *testing.T, people []*person, n int) []string {
	t.Helper()
	var said []string
	for i := range n {
		speaker := people[i%len(people)]
		text := fmt.Sprintf("%d %s", i, strings.Repeat("x", 4000-6))
		if err := speaker.send(text + "\r\n"); err != nil {
			t.Fatal(err)
		}
		said = append(said, speaker.name+": "+text+"\r\n")
		for _, other := range people {
			if other != speaker {
				if err := other.sees(said[i]); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	return said
}

// A client that does not read gets its lines later, or is told how many it missed.
func TestAClientThatNeverReadsDoesNotDelayOthers(t *testing.T) {
	onEveryBackend(t, oneNeverReads, "--bind", "127.0.0.1", "--stall-timeout", "1h", "--max-lag", "256KiB")
}

func oneNeverReads(t *testing.T, s *server) {
	t.Helper()
	all := gather(t, s, "stalled", "alice", "bob", "carol")
	stalled, others := all[0], all[1:]
	stall(t, stalled)
	said := talk(t, others, plenty)
	for _, p := range others {
		if err := p.seesNothing(); err != nil {
			t.Error(err)
		}
	}
	if err := stalled.send("/me wakes up\r\n"); err != nil {
		t.Fatal(err)
	}
	for _, p := range others {
		if err := p.sees("* stalled wakes up\r\n"); err != nil {
			t.Error(err)
		}
	}
	wake(t, stalled)
	if err := stalled.syncs(); err != nil {
		t.Fatal(err)
	}
	missed, err := remainder(stalled.in, said)
	if err != nil || missed == 0 {
		t.Errorf("missed %d of %d lines: %v", missed, len(said), err)
	}
	leave(t, all)
	s.stops(t)
}

// remainder checks that got consists of the lines sent, whole, in order and
// once, except for missing lines that a notice counts.
func remainder(got []byte, said []string) (missed int, err error) {
	next := 0
	for line := range strings.Lines(string(got)) {
		var here int
		if n, _ := fmt.Sscanf(line, "*** you missed %d lines\r\n", &here); n == 1 {
			missed += here
			next += here
			continue
		}
		if next >= len(said) || line != said[next] {
			return missed, fmt.Errorf("in the place of line %d there is %.40q", next, line)
		}
		next++
	}
	if next != len(said) {
		return missed, fmt.Errorf("%d of %d lines came or were counted", next, len(said))
	}
	return missed, nil
}

func TestAClientThatNeverReadsIsClosedAndTheOthersAreTold(t *testing.T) {
	const notice = "*** stalled left (too slow)\r\n"
	onEveryBackend(t, func(t *testing.T, s *server) {
		all := gather(t, s, "stalled", "alice", "bob")
		stall(t, all[0])
		alice, bob := all[1], all[2]
		text := strings.Repeat("x", 4000) + "\r\n"
		sent := make(chan error, 1)
		if s.backend == "netpoll" {
			// It can't make alice wait, so bob reads: a connection with more than 1 MiB unread
			// is closed.
			sent <- inTurn(alice, text, bob, "alice: "+text, plenty)
		} else {
			go func() { sent <- alice.send(strings.Repeat(text, plenty)) }()
		}
		// The place of the notice depends on the systems' buffers.
		want := strings.Repeat("alice: "+text, plenty)
		for len(bob.in) < len(want)+len(notice) {
			if err := bob.read(); err != nil {
				t.Fatalf("%.200v", err)
			}
		}
		if got := string(bob.in); strings.Replace(got, notice, "", 1) != want || strings.Count(got, notice) != 1 {
			t.Errorf("bob sees %d bytes, %d times the notice", len(got), strings.Count(got, notice))
		}
		if err := <-sent; err != nil {
			t.Error(err)
		}
		if err := alice.sees(notice); err != nil {
			t.Error(err)
		}
		if _, err := s.log.wait(s.ctx, record{"msg": "leave", "name": "stalled", "reason": "too slow"}); err != nil {
			t.Error(err)
		}
		leave(t, all[1:])
		s.stops(t)
	}, "--bind", "127.0.0.1", "--stall-timeout", "2s", "--max-lag", "16MiB") // so that bob misses nothing
}

// inTurn makes one person send n lines while another one reads them.
func inTurn(from *person, line string, to *person, seen string, n int) error {
	for i := range n {
		if err := from.send(line); err != nil {
			return err
		}
		for len(to.in) < (i+1)*len(seen) {
			if err := to.read(); err != nil {
				return err
			}
		}
	}
	return nil
}

// Lines in flight when the server is told to stop arrive, however late.
func TestAShutdownWaitsForSlowReaders(t *testing.T) {
	onEveryBackend(t, func(t *testing.T, s *server) {
		all := gather(t, s, "slow", "alice", "bob")
		stall(t, all[0])
		said := talk(t, all[1:], plenty)
		if err := s.signal(os.Interrupt); err != nil {
			t.Fatal(err)
		}
		for _, p := range all[1:] {
			if err := p.seesTheEnd(farewell); err != nil {
				t.Error(err)
			}
		}
		slow := all[0]
		wake(t, slow)
		if err := slow.sees(strings.Join(said, "")); err != nil {
			t.Errorf("%.200v", err)
		}
		if err := slow.seesTheEnd(farewell); err != nil {
			t.Errorf("%.200v", err)
		}
		if err := s.exits(0); err != nil {
			t.Error(err)
		}
	}, "--bind", "127.0.0.1", "--grace", "1h", "--stall-timeout", "1h", "--max-lag", "16MiB")
}

func TestASecondSignalEndsAtOnce(t *testing.T) {
	onEveryBackend(t, func(t *testing.T, s *server) {
		all := gather(t, s, "stalled", "alice", "bob")
		stall(t, all[0])
		talk(t, all[1:], plenty)
		if err := s.signal(os.Interrupt); err != nil {
			t.Fatal(err)
		}
		// The first signal has taken effect as far as possible.
		for _, p := range all[1:] {
			if err := p.seesTheEnd(farewell); err != nil {
				t.Error(err)
			}
		}
		if err := s.signal(os.Interrupt); err != nil {
			t.Fatal(err)
		}
		if err := s.exits(1); err != nil {
			t.Error(err)
		}
	}, "--bind", "127.0.0.1", "--grace", "1h", "--stall-timeout", "1h", "--max-lag", "16MiB")
}
