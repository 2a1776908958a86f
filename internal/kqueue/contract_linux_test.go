package kqueue

import (
	"syscall"
	"testing"

	"github.com/sudoXpg/netloop/eventloop"
	"github.com/sudoXpg/netloop/eventloop/looptest"
	"github.com/sudoXpg/netloop/eventloop/pollertest"
	"github.com/sudoXpg/netloop/internal/kqueue/kevent"
	"github.com/sudoXpg/netloop/internal/kqueue/kqueuetest"
	"github.com/sudoXpg/netloop/internal/sock/socktest"
)

// The suites run over a model of each system. On the systems themselves they run
// over Open (kqueue_bsd_test.go).

// over returns what opens a poller over one model of a system.
func over(system string) func() (eventloop.Backend, error) {
	model := kqueuetest.New(system)
	return func() (eventloop.Backend, error) { return open(model, kevent.DialectOf(system)) }
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
		open := func() (eventloop.Backend, error) {
			p, err := open(kqueuetest.New("freebsd"), kevent.DialectOf("freebsd"))
			if err == nil {
				p.batch = batch
			}
			return p, err
		}
		t.Run(string(rune('0'+batch)), func(t *testing.T) { pollertest.Run(t, pollertest.Options{Open: open}) })
	}
}

func TestDescriptors(t *testing.T) {
	for _, system := range kqueuetest.Systems() {
		t.Run(system, func(t *testing.T) { socktest.Backend(t, over(system)) })
	}
}

// looptest runs the test that called it once more, in a child: one for each.

func TestDarwinCarriesTheLoop(t *testing.T)    { carriesTheLoop(t, "darwin") }
func TestDragonFlyCarriesTheLoop(t *testing.T) { carriesTheLoop(t, "dragonfly") }
func TestFreeBSDCarriesTheLoop(t *testing.T)   { carriesTheLoop(t, "freebsd") }
func TestNetBSDCarriesTheLoop(t *testing.T)    { carriesTheLoop(t, "netbsd") }
func TestOpenBSDCarriesTheLoop(t *testing.T)   { carriesTheLoop(t, "openbsd") }

func carriesTheLoop(t *testing.T, system string) {
	looptest.Run(t, looptest.Options{Open: over(system), LimitDescriptors: func() error {
		return syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{
			Cur: looptest.ChildDescriptors, Max: looptest.ChildDescriptors,
		})
	}})
}
