package tlsfilter_test

import (
	"crypto/tls"
	"net"
	"testing"

	"github.com/sudoXpg/netloop"
	"github.com/sudoXpg/netloop/eventloop"
	"github.com/sudoXpg/netloop/eventloop/looptest"
	"github.com/sudoXpg/netloop/eventloop/sim"
	"github.com/sudoXpg/netloop/filter/tlsfilter"
	"github.com/sudoXpg/netloop/internal/testcert"
)

// secure returns TLS for the suite, in one version. workers step the handshakes; nil: a pool.
func secure(version uint16, workers eventloop.Executor) *looptest.Secure {
	hs := &tlsfilter.Handshakes{Executor: workers}
	server := &tls.Config{Certificates: []tls.Certificate{testcert.New("a.test")}, DynamicRecordSizingDisabled: true}
	client := &tls.Config{InsecureSkipVerify: true, MaxVersion: version, DynamicRecordSizingDisabled: true} //nolint:gosec // self-signed
	return &looptest.Secure{
		Server: func(accept func(*eventloop.Conn) eventloop.Handler) func(*eventloop.Conn) eventloop.Handler {
			return hs.Server(server, accept, nil)
		},
		Client: func(h eventloop.Handler) eventloop.Handler { return hs.Client(client, h) },
		Peer: func(c net.Conn) (looptest.Secured, error) {
			t := tls.Client(c, client)
			return t, t.Handshake()
		},
	}
}

// What the loop promises holds over TLS, too.
func TestCarriesTheLoop(t *testing.T) {
	for _, b := range netloop.Backends() {
		t.Run(b.Name, func(t *testing.T) {
			// netpoll starts pollers for the process when it is used first; the suite counts.
			if be, err := b.Open(); err != nil || be.Close() != nil {
				t.Fatal(err)
			}
			var skip map[string]string
			if b.Name == "netpoll" {
				skip = map[string]string{
					"a graceful close with unread input delivers 1 MiB whole": "pauses a peer that continues to send: " +
						"netpoll can't pause reading, and a connection with more than 1 MiB unread is closed",
				}
			}
			for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
				t.Run(tls.VersionName(version), func(t *testing.T) {
					looptest.Run(t, looptest.Options{Open: b.Open, Secure: secure(version, nil), Skip: skip})
				})
			}
		})
	}
}

func TestCarriesTheLoopInASimulatedWorld(t *testing.T) {
	for name, f := range map[string]sim.Faults{
		"without faults": {},
		"with faults": {
			ShortRead: 0.3, ShortWrite: 0.2, WouldBlock: 0.2,
			Reorder: 0.5, Partial: 0.5, LateWake: 0.2, LateWait: 0.2,
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := sim.New(sim.Options{Seed: 1, Faults: f})
			looptest.Run(t, looptest.Options{
				Open:     w.Open,
				Dial:     func(network, address string) (looptest.Raw, error) { return w.Dial(network, address) },
				Now:      w.Now,
				Executor: w.Executor(),
				Handles:  w.Handles,
				Secure:   secure(tls.VersionTLS13, w.Executor()),
			})
		})
	}
}
