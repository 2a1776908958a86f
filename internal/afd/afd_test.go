//go:build windows

package afd

import (
	"testing"

	"github.com/sudoXpg/netloop/eventloop/looptest"
	"github.com/sudoXpg/netloop/eventloop/pollertest"
	"github.com/sudoXpg/netloop/internal/sock/socktest"
)

func TestMain(m *testing.M) { socktest.Main(m) }

func TestContract(t *testing.T) {
	pollertest.Run(t, pollertest.Options{Open: Open, Skip: socktest.ContractSkips()})
}

func TestDescriptors(t *testing.T) {
	var skips []socktest.Skip
	if socktest.Wine() {
		skips = append(skips, socktest.Skip{
			Name:   "only open descriptors are added",
			Reason: "Wine answers SIO_BASE_HANDLE for what is no socket, too",
		})
	}
	socktest.Backend(t, Open, skips...)
}

func TestCarriesTheLoop(t *testing.T) {
	looptest.Run(t, looptest.Options{Open: Open, Handles: socktest.OpenHandles})
}
