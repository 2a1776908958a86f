//go:build unix

package kqueue

import (
	"testing"

	"github.com/sudoXpg/netloop/eventloop"
	"github.com/sudoXpg/netloop/eventloop/looptest"
	"github.com/sudoXpg/netloop/internal/sock/socktest"
)

func TestMain(m *testing.M) { socktest.Main(m) }

// carriesTheLoop runs looptest, which runs the test that called it once more, in
// a child: it must be called from a test of its own.
func carriesTheLoop(t *testing.T, open func() (eventloop.Backend, error)) {
	looptest.Run(t, looptest.Options{Open: open, LimitDescriptors: socktest.LimitDescriptors})
}
