package server_test

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/sudoXpg/netloop/eventloop/sim"
	"github.com/sudoXpg/netloop/internal/server"
)

// However connections come, what they speak, and how they end, each is counted and
// uncounted once.
func TestEveryConnectionIsUncountedOnce(t *testing.T) {
	firsts := []string{
		"", "bob\r\n", "\r\n", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "GET / HTTP/1.1\r\n", "HEAD", "\x16\x03\x01\x00\x05hello", "\x16\x03",
		"SSH-2.0-x\r\n", "{\"type\":\"hello\",\"v\":1}\n", "PROXY UNKNOWN\r\n", line("192.0.2.1"), line("192.0.2.2") + "bob\r\n", line("192.0.2.2") + "GET / HTTP/1.1\r\n\r\n",
		frame("192.0.2.1"), frame("192.0.2.2") + "\x16\x03\x01\x00\x05hello", frame("2001:db8::1") + line("192.0.2.1"), localFrame, "PROXY TCP4 ", "/quit\r\n",
	}
	rapid.Check(t, func(rt *rapid.T) {
		f := startIn(t, sim.New(sim.Options{}), speaksTLS, func(o *server.Options) {
			o.MaxClients, o.MaxRefused, o.MaxPerIP, o.NewPerIP, o.MaxPending, o.NewPerIPWindow = 12, 3, 2, 6, 3, time.Minute
			o.LoginTimeout = 20 * time.Second
		})
		f.listens(server.ListenOptions{Proxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/31")}})
		var open []*peer
		for range rapid.IntRange(1, 60).Draw(rt, "actions") {
			switch rapid.IntRange(0, 5).Draw(rt, "action") {
			case 0, 1: // to the main port
				open = append(open, f.dialFrom(netip.MustParseAddr(fmt.Sprintf("192.0.2.%d", rapid.IntRange(1, 4).Draw(rt, "from")))))
			case 2: // through a proxy, or as a stranger
				open = append(open, f.at(fmt.Sprintf("10.0.0.%d", rapid.IntRange(0, 2).Draw(rt, "proxy"))))
			case 3:
				f.advance(time.Duration(rapid.IntRange(1, 12000).Draw(rt, "ms")) * time.Millisecond)
			case 4:
				if len(open) > 0 {
					p := open[rapid.IntRange(0, len(open)-1).Draw(rt, "who")]
					_, _ = p.c.Write([]byte(rapid.SampledFrom(firsts).Draw(rt, "what")))
					f.settle()
				}
			case 5:
				if len(open) > 0 {
					p := open[rapid.IntRange(0, len(open)-1).Draw(rt, "who")]
					switch rapid.IntRange(0, 2).Draw(rt, "end") {
					case 0:
						_ = p.c.Close()
					case 1:
						_ = p.c.Reset()
					case 2:
						_ = p.c.CloseWrite()
					}
					f.settle()
				}
			}
			if total, byAddress, refusing := f.srv.Counted(); total < 0 || total > 12 || byAddress < 0 || refusing < 0 || refusing > 3 {
				rt.Fatalf("%d connections, %d by address, %d are told why", total, byAddress, refusing)
			}
		}
		for _, p := range open {
			_ = p.c.Close()
		}
		f.settle()
		if total, byAddress, refusing := f.srv.Counted(); total != 0 || byAddress != 0 || refusing != 0 {
			rt.Errorf("%d connections are still counted, %d by address, %d are told why\n%s", total, byAddress, refusing, f.log.String())
		}
	})
}
