//go:build e2e

package e2e

import (
	"errors"
	"fmt"
	"os"
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

// settlesAt checks that the server comes to have want descriptors. It is looked
// at once in each turn of its loop, a thousand turns at most.
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

// However somebody goes, nothing of him stays behind in the server.
func TestDescriptorsAreGivenBack(t *testing.T) {
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

// comeAndGo lets forty people join and depart.
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

// depart lets p go in one of several ways.
func depart(p *person, way transport, i int) error {
	switch i % 4 {
	case 0:
		if way.kind == "tcp" {
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
		// Too much, unread when it closes.
		return errors.Join(p.send(strings.Repeat("x", 20000)), p.leaves())
	}
}
