package server_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sudoXpg/netloop/eventloop/sim"
	"github.com/sudoXpg/netloop/internal/server"
)

// Whatever faults the network has, every client sees the others' lines whole,
// once, and in one order.
func TestAllReadersSeeOneOrderUnderFaults(t *testing.T) {
	seeds := uint64(60)
	if testing.Short() {
		seeds = 20
	}
	for seed := range seeds {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 2))
			world := sim.New(sim.Options{Seed: seed, Faults: sim.SomeFaults(seed), SocketBuffer: 64 + rng.IntN(4096)})
			f := startIn(t, world, func(o *server.Options) {
				o.Loop.Loops, o.Loop.StallTimeout = 1+int(seed%2), 24*time.Hour
				if seed%3 == 0 {
					classicStyle(o)
				}
			})
			converse(f, rng)
		})
	}
}

func converse(f *fixture, rng *rand.Rand) {
	f.t.Helper()
	names := []string{"observer", "ann", "bob", "eve"}
	peers := make([]*peer, len(names))
	seen := make([]strings.Builder, len(names))
	for i, name := range names {
		peers[i] = f.dialPatiently()
		peers[i].sends(name + "\r\n")
		peers[i].readPatiently()
	}
	for _, p := range peers {
		p.readPatiently() // the joins of the others
	}
	for line := range 60 {
		i := 1 + rng.IntN(len(names)-1)
		rest := fmt.Sprintf("line %d %s\r\n", line, strings.Repeat("x", rng.IntN(200)))
		for len(rest) > 0 {
			n := 1 + rng.IntN(len(rest))
			peers[i].sends(rest[:n])
			rest = rest[n:]
			k := rng.IntN(len(names))
			seen[k].WriteString(peers[k].reads())
		}
	}
	for i, p := range peers {
		seen[i].WriteString(p.readPatiently())
	}
	order := strings.SplitAfter(seen[0].String(), "\n")
	if n := len(order) - 1; n != 60 {
		f.t.Errorf("the observer saw %d lines of 60", n)
	}
	for i := 1; i < len(names); i++ {
		var want strings.Builder
		for _, line := range order {
			if !strings.HasPrefix(line, names[i]+": ") {
				want.WriteString(line)
			}
		}
		if diff := cmp.Diff(want.String(), seen[i].String()); diff != "" {
			f.t.Errorf("%s: %s", names[i], diff)
		}
	}
}

// dialPatiently waits until a server short of descriptors has accepted.
func (f *fixture) dialPatiently() *peer {
	f.t.Helper()
	p, got := f.dial(), ""
	for range 2000 {
		if got += p.reads(); strings.HasSuffix(got, prompt) {
			return p
		}
		f.world.Advance(100 * time.Millisecond)
	}
	f.t.Fatal("never accepted")
	return nil
}

// readPatiently reads until nothing more comes for a while.
func (p *peer) readPatiently() string {
	p.f.t.Helper()
	var all strings.Builder
	for range 20 {
		all.WriteString(p.reads())
		p.f.world.Advance(10 * time.Millisecond)
	}
	return all.String()
}
