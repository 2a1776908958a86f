// Package pollertest is the contract of an eventloop.Backend as a test suite:
// every promise of eventloop.Poller and eventloop.Net is one numbered rule, and
// every rule is one subtest. A new backend is right when it passes.
//
// The suite knows backends by their interface only. It uses the loopback
// addresses, free ports and short timeouts, never sleeps, and runs unchanged on
// every system and over simulated sockets.
package pollertest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/sudoXpg/netloop/eventloop"
)

// Options tell Run what to test.
type Options struct {
	// Open returns a new Backend. It is called at least once per rule; handles
	// opened by one of these backends must work with the others.
	Open func() (eventloop.Backend, error)
	// Now is the clock that the timeouts of Wait are measured with, a virtual
	// one for a simulation. nil means time.Now.
	Now func() time.Time
	// Skip names rules not to run, as "R07", each with the reason that t.Skip
	// reports. A backend that skips a rule breaks a promise: say why.
	Skip map[string]string
}

// A Rule is one promise of the contract.
type Rule struct {
	// Number never changes: the 7 of "R07".
	Number int
	// Sentence is what the rule promises.
	Sentence string
}

// ID returns the name of the rule in Options.Skip: "R07".
func (r Rule) ID() string { return fmt.Sprintf("R%02d", r.Number) }

// String returns the rule as in documentation, which is also the name of its subtest.
func (r Rule) String() string { return r.ID() + " " + r.Sentence }

// Rules returns all rules in the order of their numbers.
func Rules() []Rule {
	all := checks()
	rules := make([]Rule, len(all))
	for i, c := range all {
		rules[i] = c.Rule
	}
	return rules
}

// Run tests one backend against every rule, each in a subtest of t.
func Run(t *testing.T, o Options) {
	t.Helper()
	if o.Open == nil {
		t.Fatal("pollertest: Options.Open is nil")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	known := make(map[string]bool)
	for _, c := range checks() {
		known[c.ID()] = true
		t.Run(c.String(), func(t *testing.T) {
			if reason, ok := o.Skip[c.ID()]; ok {
				t.Skip(reason)
			}
			c.run(newEnv(t, o))
		})
	}
	for id := range o.Skip {
		if !known[id] {
			t.Errorf("pollertest: Options.Skip names %s, which is no rule", id)
		}
	}
}

// A check is a Rule with the test of it.
type check struct {
	Rule
	run func(*env)
}

// checks returns the whole contract in the order of the numbers: a new rule
// gets the next number, whatever its topic.
func checks() []check {
	var all []check
	for _, topic := range [][]check{
		registerChecks(), levelChecks(), hangupChecks(), waitChecks(), wakeChecks(),
		connectChecks(), streamChecks(), addressChecks(), unixChecks(), manyChecks(),
	} {
		all = append(all, topic...)
	}
	slices.SortFunc(all, func(a, b check) int { return a.Number - b.Number })
	return all
}
