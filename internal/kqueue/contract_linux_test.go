package kqueue

import (
	"strconv"
	"testing"

	"github.com/sudoXpg/netloop/eventloop"
	"github.com/sudoXpg/netloop/eventloop/pollertest"
	"github.com/sudoXpg/netloop/internal/kqueue/kevent"
	"github.com/sudoXpg/netloop/internal/kqueue/kqueuetest"
	"github.com/sudoXpg/netloop/internal/sock/socktest"
)

// The suites run over a model of each system: looptest in kqueueloop, so that each
// of two test programs takes half the time. On the systems themselves they run over
// Open (kqueue_bsd_test.go).

// over returns what opens a poller over one model of a system.
func over(system string) func() (eventloop.Backend, error) {
	model := kqueuetest.New(system)
	return func() (eventloop.Backend, error) { return Over(model, kevent.DialectOf(system)) }
}

func TestContract(t *testing.T) {
	for _, system := range kqueuetest.Systems() {
		t.Run(system, func(t *testing.T) { pollertest.Run(t, pollertest.Options{Open: over(system)}) })
	}
}

// With room for few of the kernel's events each batch is full, and most of them
// split the two of a handle.
func TestContractInSmallBatches(t *testing.T) {
	for _, batch := range []int{1, 2, 3} {
		small := func() (eventloop.Backend, error) {
			b, err := over("freebsd")()
			if err == nil {
				b.(*poller).batch = batch
			}
			return b, err
		}
		t.Run(strconv.Itoa(batch), func(t *testing.T) { pollertest.Run(t, pollertest.Options{Open: small}) })
	}
}

func TestDescriptors(t *testing.T) {
	for _, system := range kqueuetest.Systems() {
		t.Run(system, func(t *testing.T) { socktest.Backend(t, over(system)) })
	}
}
