//go:build e2e

package e2e

import (
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"testing"
)

// descriptors returns how many the server has open.
func (s *server) descriptors(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", s.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

// settlesAt checks that the server gets to want descriptors. It checks once in
// each turn of the loop, for at most a thousand turns.
func (s *server) settlesAt(t *testing.T, want int, witness *person) {
	t.Helper()
	got := 0
	for range 1000 {
		if got = s.descriptors(t); got == want {
			return
		}
		if err := witness.syncs(); err != nil {
			t.Fatal(err)
		}
	}
	t.Errorf("%d descriptors are open, want %d", got, want)
}

// However a client leaves, the server frees all its descriptors.
func TestDescriptorsAreReleased(t *testing.T) {
	for _, way := range transports() {
		for _, backend := range native().backends(t) {
			t.Run(way.name+"/"+backend, func(t *testing.T) {
				t.Parallel()
				s := start(t, append(way.flags(folder(t)), "--backend", backend)...)
				witness := gather(t, s, "witness")[0]
				base := s.descriptors(t)
				comeAndGo(t, s, way)
				s.settlesAt(t, base, witness)
				if err := witness.leaves(); err != nil {
					t.Error(err)
				}
				s.stops(t)
			})
		}
	}
}

// comeAndGo makes forty people join and leave.
func comeAndGo(t *testing.T, s *server, way transport) {
	t.Helper()
	before := s.descriptors(t)
	var all []*person
	for i := range 40 {
		p := meet(t, s, fmt.Sprintf("p%d", i), 0)
		if err := p.joins(); err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	if got := s.descriptors(t); got != before+len(all) {
		t.Errorf("%d descriptors for %d people, %d without them", got, len(all), before)
	}
	for i, p := range all {
		if err := depart(p, way, i); err != nil {
			t.Error(err)
		}
	}
}

// depart makes p leave in one of several ways.
func depart(p *person, way transport, i int) error {
	switch i % 4 {
	case 0:
		if slices.Contains(way.has, "tcp") {
			return p.drops()
		}
		return p.leaves()
	case 1:
		_, err := p.until("*** p39 joined\r\n")
		return errors.Join(err, p.halfCloses(), p.leaves())
	case 2:
		if err := p.send("/quit\r\n"); err != nil {
			return err
		}
		if _, err := p.until("*** goodbye\r\n"); err != nil {
			return err
		}
		for !p.ended { // others may leave in the same turn
			if err := p.read(); err != nil {
				return err
			}
		}
		return p.leaves()
	default:
		// Too much to be read before it closes.
		return errors.Join(p.send(strings.Repeat("x", 20000)), p.leaves())
	}
}

// However many clients connect, everything else has descriptors left.
func TestConnectionsLeaveDescriptorsForTheRest(t *testing.T) {
	for _, limit := range []string{"64", "100", "128", "200"} {
		t.Run(limit, func(t *testing.T) {
			t.Parallel()
			dir, out := keep(t, []Account{{Name: "alice", Role: "admin"}}), folder(t)
			few := native()
			few.words = append([]string{"sh", "-c", `ulimit -n ` + limit + ` && exec "$@"`, "sh"}, few.words...)
			s := startProgram(t, few, "--data", dir)
			alice := registered(t, s, "alice")
			alice.asks(t, "/set receipts on", "\r\n")
			alice.asks(t, "the first line", "saved #")
			var crowd []net.Conn
			for range 300 {
				c, err := net.Dial(s.places[0].network, s.places[0].address)
				if err != nil {
					t.Fatal(err)
				}
				crowd = append(crowd, c)
			}
			if err := alice.syncs(); err != nil { // the loop has handled all of them
				t.Fatal(err)
			}
			for _, c := range []struct{ command, want string }{
				{"/history", "the first line"}, {"/search first", "the first line"},
			} {
				if text := alice.answer(t, c.command); !strings.Contains(text, c.want) {
					t.Errorf("%s: %q", c.command, text)
				}
			}
			operator{dir: dir}.does(t, "", "", "announce", "hello")
			on(t, dir, "backup", out+"/backup.db")
			for _, c := range crowd {
				if err := c.Close(); err != nil {
					t.Error(err)
				}
			}
			if err := alice.leaves(); err != nil {
				t.Error(err)
			}
			s.stops(t)
		})
	}
}
