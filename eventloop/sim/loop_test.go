package sim_test

import (
	"testing"

	"github.com/sudoXpg/netloop/eventloop/looptest"
	"github.com/sudoXpg/netloop/eventloop/sim"
)

func TestCarriesTheLoop(t *testing.T) {
	const seed = 1
	for name, f := range map[string]sim.Faults{
		"without faults": {},
		"with faults": {
			ShortRead: 0.3, ShortWrite: 0.2, WouldBlock: 0.2,
			Reorder: 0.5, Partial: 0.5, LateWake: 0.2, LateWait: 0.2,
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := sim.New(sim.Options{Seed: seed, Faults: f})
			looptest.Run(t, looptest.Options{
				Open:     w.Open,
				Dial:     func(network, address string) (looptest.Raw, error) { return w.Dial(network, address) },
				Now:      w.Now,
				Executor: w.Executor(),
				Handles:  w.Handles,
			})
		})
	}
}
