// Package looptest is a test suite that checks, over any backend, what
// eventloop promises its users: servers and clients echo, stall, hang up and
// broadcast. Each behaviour is one subtest, named by what it shows.
//
// The suite never sleeps and never asserts how long something took: it waits for
// events, and counts turns, calls and bytes. On a real backend the other side of a
// connection uses package net; in a simulated world it is what Options.Dial returns,
// and everything happens in the test's own goroutine, which takes the loops' turns
// while it waits.
package looptest

import (
	"io"
	"net"
	"os"
	"strings"
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
	// Plain leaves out the repeats of behaviours through a filter. It is for a backend
	// that differs only in its poller from another one that is tested. With the
	// flag -short they are always left out.
	Plain bool
	// Secure, if set, has Run show the behaviours that are repeated through a filter through
	// this one, and nothing else.
	Secure *Secure
	// Skip names behaviours not to run, each with the reason that t.Skip reports. They
	// are not run through a filter either.
	Skip map[string]string
}

// A Secure is a filter that is installed after a handshake, such as TLS.
type Secure struct {
	// Server returns the function for Listen that does the handshake and then calls accept.
	Server func(accept func(*eventloop.Conn) eventloop.Handler) func(*eventloop.Conn) eventloop.Handler
	// Client returns the handler for Dial that does the handshake and then passes the
	// connection to h.
	Client func(h eventloop.Handler) eventloop.Handler
	// Peer does the handshake of a peer over c, of which only Read and Write are used,
	// and returns the peer's end.
	Peer func(c net.Conn) (Secured, error)
}

// A Secured is a peer's end of a connection, above the filter.
type Secured interface {
	io.ReadWriter
	// CloseWrite sends the clean end.
	CloseWrite() error
}

// A behaviour is one subtest.
type behaviour struct {
	name string
	run  func(*env)
}

// throughFilter begins the names of behaviours that are repeated through a filter.
const throughFilter = "through a filter: "

// through repeats behaviours through a filter, which must not change them. With
// Options.Secure that is another filter than the toy.
func through(bs []behaviour) []behaviour {
	var all []behaviour
	for _, b := range bs {
		all = append(all, behaviour{throughFilter + b.name, func(e *env) {
			e.filtered, e.secure = e.o.Secure == nil, e.o.Secure
			b.run(e)
		}})
	}
	return all
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
		through := strings.HasPrefix(b.name, throughFilter)
		if o.Secure == nil && (o.Plain || testing.Short()) && through || o.Secure != nil && !through {
			continue
		}
		t.Run(b.name, func(t *testing.T) {
			if reason, ok := o.Skip[strings.TrimPrefix(b.name, throughFilter)]; ok {
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
		topicBehaviours(), placeBehaviours(), slowBehaviours(), drainedBehaviours(), fairBehaviours(),
		timeBehaviours(), taskBehaviours(), listenBehaviours(), refusalBehaviours(), dialBehaviours(),
		groupBehaviours(), halfBehaviours(), descriptorBehaviours(), filterBehaviours(), sealBehaviours(),
		through(streamBehaviours()), through(closeBehaviours()), through(farewellBehaviours()), through(topicBehaviours()),
		through(placeBehaviours()), through(slowBehaviours()), through(drainedBehaviours()), through(halfBehaviours()),
	} {
		all = append(all, topic...)
	}
	return all
}
