// Package kqueueloop tests that the loop runs on package kqueue over a model of
// each system.
package kqueueloop

import (
	"testing"

	"github.com/sudoXpg/netloop/eventloop"
	"github.com/sudoXpg/netloop/eventloop/looptest"
	"github.com/sudoXpg/netloop/internal/kqueue"
	"github.com/sudoXpg/netloop/internal/kqueue/kevent"
	"github.com/sudoXpg/netloop/internal/kqueue/kqueuetest"
	"github.com/sudoXpg/netloop/internal/sock/socktest"
)

func TestMain(m *testing.M) { socktest.Main(m) }

func TestDarwinCarriesTheLoop(t *testing.T)    { carriesTheLoop(t, "darwin") }
func TestDragonFlyCarriesTheLoop(t *testing.T) { carriesTheLoop(t, "dragonfly") }
func TestFreeBSDCarriesTheLoop(t *testing.T)   { carriesTheLoop(t, "freebsd") }
func TestNetBSDCarriesTheLoop(t *testing.T)    { carriesTheLoop(t, "netbsd") }
func TestOpenBSDCarriesTheLoop(t *testing.T)   { carriesTheLoop(t, "openbsd") }

// carriesTheLoop runs looptest, which runs the calling test once more, in a
// child: each system needs its own test.
func carriesTheLoop(t *testing.T, system string) {
	model := kqueuetest.New(system)
	looptest.Run(t, looptest.Options{
		Open:             func() (eventloop.Backend, error) { return kqueue.Over(model, kevent.DialectOf(system)) },
		LimitDescriptors: socktest.LimitDescriptors,
		Plain:            system != "darwin", // filters never meet kqueue
	})
}

func TestEverySystemCarriesTheLoop(t *testing.T) {
	if n := len(kqueuetest.Systems()); n != 5 {
		t.Errorf("%d systems have a model, 5 of them a test here", n)
	}
}
