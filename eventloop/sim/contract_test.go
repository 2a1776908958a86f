package sim_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/sudoXpg/netloop/eventloop"
	"github.com/sudoXpg/netloop/eventloop/pollertest"
	"github.com/sudoXpg/netloop/eventloop/sim"
)

func TestWorldKeepsTheContractOfABackend(t *testing.T) {
	w := sim.New(sim.Options{})
	pollertest.Run(t, pollertest.Options{Open: w.Open, Now: w.Now})
	if n := w.Handles(); n != 0 {
		t.Errorf("%d handles left open", n)
	}
}

// Other faults break single rules of the suite, which check what one call does:
// spurious readiness, for example, is always allowed and makes "nothing is
// reported" impossible.
func TestFaultsKeepTheContractOfABackend(t *testing.T) {
	for seed := range uint64(3) {
		w := sim.New(sim.Options{Seed: seed, Faults: sim.Faults{
			ShortRead: 0.5, ShortWrite: 0.5, Reorder: 0.5, LateWait: 0.5, LateWake: 0.5, LateBy: time.Second,
		}})
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			pollertest.Run(t, pollertest.Options{Open: w.Open, Now: w.Now})
		})
	}
}

var _ eventloop.Executor = (*sim.Executor)(nil)
