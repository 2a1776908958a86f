// Package looptest is what eventloop promises its users as a test suite that
// runs over any backend: servers and clients that echo, stall, hang up and
// broadcast, each behaviour one subtest named by what it shows.
//
// The suite never sleeps and never asserts how long something took: it waits
// for events, and counts turns, calls and bytes. On a real backend the other side of a
// connection is package net's; in a simulated world it is whatever
// Options.Dial returns, and everything happens in the test's own goroutine,
// which takes the loops' turns while it waits.
package looptest

import (
	"os"
	"testing"
	"time"

	"github.com/sudoXpg/netloop/eventloop"
)

// A Raw is one end of a connection in a simulated world. It never blocks: its
// methods return eventloop.ErrWouldBlock instead.
type Raw interface {
	Read(p []byte) (int, error)
	Write(p []byte) (int, error)
	CloseWrite() error
	Close() error
	// Reset closes with a reset, as a crashed peer does.
	Reset() error
}

// Options tell Run what to test.
type Options struct {
	// Open returns a new Backend for each loop.
	Open func() (eventloop.Backend, error)
	// Dial connects to a listener of a simulated world. nil: a real backend,
	// which package net can reach. The rest is for simulated worlds, too.
	Dial func(network, address string) (Raw, error)
	// Now is the virtual clock, which moves when a Wait has nothing else to do.
	Now func() time.Time
	// Executor runs jobs without goroutines.
	Executor eventloop.Executor
	// Handles returns how many handles are open. nil: the descriptors of this
	// process are counted, where the system lists them.
	Handles func() int
	// LimitDescriptors sets the limit of open files of this process (RLIMIT_NOFILE,
	// setrlimit(2)) to ChildDescriptors. It is called in a child process: the
	// test binary, run again for the test that called Run, which must do nothing before
	// that. nil: the behaviours that need it are skipped.
	LimitDescriptors func() error
	// Skip names behaviours not to run, each with the reason that t.Skip reports.
	Skip map[string]string
}

// A behaviour is one subtest.
type behaviour struct {
	name string
	run  func(*env)
}

// Run tests the loop over one backend, each behaviour in a subtest of t.
func Run(t *testing.T, o Options) {
	t.Helper()
	if o.Open == nil {
		t.Fatal("looptest: Options.Open is nil")
	}
	if os.Getenv(childVariable) != "" {
		child(t, o)
		return
	}
	warmUp(t, o)
	known := make(map[string]bool)
	for _, b := range behaviours() {
		known[b.name] = true
		t.Run(b.name, func(t *testing.T) {
			if reason, ok := o.Skip[b.name]; ok {
				t.Skip(reason)
			}
			e := newEnv(t, o)
			b.run(e)
			e.finish()
		})
	}
	for name := range o.Skip {
		if !known[name] {
			t.Errorf("looptest: Options.Skip names %q, which is no behaviour", name)
		}
	}
}

// behaviours returns the whole suite, by topic.
func behaviours() []behaviour {
	var all []behaviour
	for _, topic := range [][]behaviour{
		streamBehaviours(), closeBehaviours(), abortBehaviours(), farewellBehaviours(),
		topicBehaviours(), placeBehaviours(), slowBehaviours(), fairBehaviours(),
		timeBehaviours(), taskBehaviours(), listenBehaviours(), dialBehaviours(),
		groupBehaviours(), descriptorBehaviours(),
	} {
		all = append(all, topic...)
	}
	return all
}
