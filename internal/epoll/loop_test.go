//go:build linux

package epoll

import (
	"testing"

	"github.com/sudoXpg/netloop/eventloop/looptest"
	"github.com/sudoXpg/netloop/internal/sock/socktest"
)

func TestCarriesTheLoop(t *testing.T) {
	looptest.Run(t, looptest.Options{Open: Open, LimitDescriptors: socktest.LimitDescriptors})
}
