package sim_test

import (
	"errors"
	"net"
	"net/netip"
	"syscall"
	"testing"

	"github.com/sudoXpg/netloop/eventloop"
	"github.com/sudoXpg/netloop/eventloop/sim"
)

func addr(s string) netip.Addr { return netip.MustParseAddr(s) }

func TestAnUnspecifiedTargetIsThisMachine(t *testing.T) {
	w := sim.New(sim.Options{})
	for _, tc := range []struct{ network, listen, dial, from string }{
		{"tcp", "127.0.0.1:80", "0.0.0.0:80", "127.0.0.1"},
		{"tcp", "127.0.0.1:81", ":81", "127.0.0.1"},
		{"tcp", "[::1]:82", "[::]:82", "::1"},
		{"tcp6", "[::]:83", ":83", "::1"},
	} {
		ln, err := w.Listen(tc.network, tc.listen, eventloop.ListenOptions{})
		if err != nil {
			t.Fatal(err)
		}
		c, err := w.Dial(tc.network, tc.dial)
		if err != nil {
			t.Errorf("Dial(%s, %s): %v", tc.network, tc.dial, err)
			continue
		}
		if host, _, err := net.SplitHostPort(c.LocalAddr().String()); host != tc.from || err != nil {
			t.Errorf("Dial(%s, %s) comes from %v", tc.network, tc.dial, c.LocalAddr())
		}
		if _, err := ln.Accept(); err != nil {
			t.Errorf("%s: %v", tc.dial, err)
		}
	}
}

func TestAClientMayComeFromAnyAddress(t *testing.T) {
	r := newRig(t, sim.Options{})
	ln, err := r.b.Listen("tcp", ":80", eventloop.ListenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct{ source, target string }{
		{"192.0.2.7", "198.51.100.1:80"},
		{"2001:db8::7", "[2001:db8::1]:80"},
	} {
		if _, err := r.w.DialFrom(addr(tc.source), "tcp", tc.target); err != nil {
			t.Fatal(err)
		}
		h, peer, err := r.b.Accept(ln)
		if err != nil || peer.Addr() != addr(tc.source) {
			t.Errorf("from %s: peer %v, %v", tc.source, peer, err)
		}
		if local, err := r.b.LocalAddr(h); err != nil || local.String() != tc.target {
			t.Errorf("accepted at %v, %v; want %s", local, err, tc.target)
		}
	}
}

func TestListenersClashIfTheyCouldGetTheSameConnection(t *testing.T) {
	for _, tc := range []struct {
		name              string
		net1, addr1, net2 string
		addr2             string
		reuse             bool
		clash             bool
	}{
		{"same address", "tcp", "127.0.0.1:80", "tcp4", "127.0.0.1:80", false, true},
		{"other port", "tcp", "127.0.0.1:80", "tcp", "127.0.0.1:81", false, false},
		{"other address", "tcp", "127.0.0.1:80", "tcp", "127.0.0.2:80", false, false},
		{"wildcard over address", "tcp4", ":80", "tcp", "127.0.0.2:80", false, true},
		{"dual stack over IPv4", "tcp", "[::]:80", "tcp4", "0.0.0.0:80", false, true},
		{"IPv6 only beside IPv4", "tcp6", "[::]:80", "tcp4", "0.0.0.0:80", false, false},
		{"shared", "tcp", ":80", "tcp", ":80", true, false},
		{"unix", "unix", "/a", "unix", "/a", false, true},
		{"other unix", "unix", "/a", "unix", "/b", false, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := sim.New(sim.Options{})
			o := eventloop.ListenOptions{ReusePort: tc.reuse}
			first, err := w.Listen(tc.net1, tc.addr1, o)
			if err != nil {
				t.Fatal(err)
			}
			_, err = w.Listen(tc.net2, tc.addr2, o)
			if clash := errors.Is(err, syscall.EADDRINUSE); clash != tc.clash {
				t.Errorf("second Listen: %v, clash wanted: %v", err, tc.clash)
			}
			if err := first.Close(); err != nil {
				t.Fatal(err)
			}
			if tc.clash {
				if _, err := w.Listen(tc.net2, tc.addr2, o); err != nil {
					t.Errorf("after the first is closed: %v", err)
				}
			}
		})
	}
}

func TestListenersThatShareAPortShareTheConnections(t *testing.T) {
	w := sim.New(sim.Options{Seed: 3})
	var lns [2]*sim.Listener
	for i := range lns {
		ln, err := w.Listen("tcp", ":80", eventloop.ListenOptions{ReusePort: true})
		if err != nil {
			t.Fatal(err)
		}
		lns[i] = ln
	}
	for range 40 {
		if _, err := w.Dial("tcp", "127.0.0.1:80"); err != nil {
			t.Fatal(err)
		}
	}
	for i, ln := range lns {
		n := 0
		for ; ; n++ {
			if _, err := ln.Accept(); err != nil {
				break
			}
		}
		if n < 5 || n > 35 {
			t.Errorf("listener %d got %d of 40 connections", i, n)
		}
	}
}

func TestDialFailsLikeTheSystems(t *testing.T) {
	w := sim.New(sim.Options{})
	for _, tc := range []struct {
		network, address string
		want             error
	}{
		{"tcp", "127.0.0.1:1", syscall.ECONNREFUSED},
		{"tcp6", "[::1]:1", syscall.ECONNREFUSED},
		{"tcp6", "127.0.0.1:1", syscall.EAFNOSUPPORT},
		{"tcp4", "[::1]:1", syscall.EAFNOSUPPORT},
		{"unix", "/nowhere", syscall.ENOENT},
	} {
		if _, err := w.Dial(tc.network, tc.address); !errors.Is(err, tc.want) {
			t.Errorf("Dial(%s, %s): %v, want %v", tc.network, tc.address, err, tc.want)
		}
	}
	for _, bad := range [][2]string{{"udp", "127.0.0.1:1"}, {"tcp", "localhost:1"}, {"tcp", "127.0.0.1"}, {"tcp", ":99999"}, {"unix", ""}} {
		if _, err := w.Dial(bad[0], bad[1]); err == nil {
			t.Errorf("Dial(%s, %q) found nothing wrong", bad[0], bad[1])
		}
	}
}
