//go:build (linux && (amd64 || arm64 || loong64)) || (darwin && (amd64 || arm64)) || (freebsd && (amd64 || arm64 || riscv64))

package netpoll

import (
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/sudoXpg/netloop/eventloop/looptest"
	"github.com/sudoXpg/netloop/eventloop/pollertest"
	"github.com/sudoXpg/netloop/internal/sock/socktest"
)

// netpoll's pollers stay, so they are started before anything is counted.
func TestMain(m *testing.M) {
	b, err := Open()
	if err == nil {
		err = b.Close()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "netpoll:", err)
		os.Exit(1)
	}
	goleak.VerifyTestMain(m, goleak.IgnoreCurrent())
}

// bothEnds: pollertest has both ends of a connection in the backend.
const bothEnds = "needs a peer that does not read, and netpoll, which is the peer here, can't stop reading; " +
	"TestAStalledPeer shows it with a peer of package net"

func TestContract(t *testing.T) {
	pollertest.Run(t, pollertest.Options{Open: Open, Skip: map[string]string{
		"R13": bothEnds, "R25": bothEnds, "R50": bothEnds, "R73": bothEnds,
	}})
}

func TestCarriesTheLoop(t *testing.T) {
	looptest.Run(t, looptest.Options{
		Open:             Open,
		LimitDescriptors: socktest.LimitDescriptors,
		Skip: map[string]string{
			"a graceful close with unread input delivers 1 MiB whole": "pauses a peer that goes on sending: " +
				"netpoll can't pause reading, and a connection with more than 1 MiB unread is closed",
		},
	})
}
