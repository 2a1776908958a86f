package sim_test

import (
	"testing"

	"github.com/sudoXpg/netloop/eventloop/looptest"
	"github.com/sudoXpg/netloop/eventloop/sim"
)

func TestCarriesTheLoop(t *testing.T) {
	w := sim.New(sim.Options{})
	looptest.Run(t, looptest.Options{
		Open:     w.Open,
		Dial:     func(network, address string) (looptest.Raw, error) { return w.Dial(network, address) },
		Now:      w.Now,
		Executor: w.Executor(),
		Handles:  w.Handles,
	})
}
