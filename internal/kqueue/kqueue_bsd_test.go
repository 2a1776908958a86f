//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package kqueue

import (
	"testing"

	"github.com/sudoXpg/netloop/eventloop/looptest"
	"github.com/sudoXpg/netloop/eventloop/pollertest"
	"github.com/sudoXpg/netloop/internal/sock/socktest"
)

func TestContract(t *testing.T) { pollertest.Run(t, pollertest.Options{Open: Open}) }

func TestDescriptors(t *testing.T) { socktest.Backend(t, Open) }

func TestCarriesTheLoop(t *testing.T) {
	looptest.Run(t, looptest.Options{Open: Open, LimitDescriptors: socktest.LimitDescriptors})
}
