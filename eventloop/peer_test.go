package eventloop

import (
	"net"
	"net/netip"
	"sync"
	"testing"
	"unsafe"
)

// Ten thousand idle clients consist mostly of connections. The allocator rounds up
// to its size classes: 96, 112, 128, ... bytes.
func TestAConnIsSmall(t *testing.T) {
	const most = 112
	if size := unsafe.Sizeof(Conn{}); unsafe.Sizeof(uintptr(0)) == 8 && size > most {
		t.Errorf("a Conn has %d bytes, want %d at most", size, most)
	}
}

func TestRemoteAddrPortIsThatOfTheAcceptedPeer(t *testing.T) {
	b := newBench(t, 1)
	l := b.g.loops[0]
	for _, want := range []netip.AddrPort{
		{}, // of a Unix socket
		netip.AddrPortFrom(netip.Addr{}, 80),
		netip.MustParseAddrPort("0.0.0.0:0"),
		netip.MustParseAddrPort("192.0.2.1:65535"),
		netip.MustParseAddrPort("[::]:0"),
		netip.MustParseAddrPort("[2001:db8::1]:9034"),
		netip.MustParseAddrPort("[::ffff:192.0.2.1]:1"),
		netip.MustParseAddrPort("[::ffff:192.0.2.1%eth0]:1"),
		netip.MustParseAddrPort("[fe80::1%eth0]:2"),
		netip.MustParseAddrPort("[fe80::1%wlan1]:2"),
		netip.MustParseAddrPort("[fe80::2%eth0]:3"),
	} {
		var c *Conn
		l.adopt(newcomer{1, want}, func(n *Conn) Handler { c = n; return mute{} })
		check := func(when string) {
			t.Helper()
			if got := c.RemoteAddrPort(); got != want {
				t.Errorf("%s, RemoteAddrPort is %v, want %v", when, got, want)
			}
			addr := net.Addr(&net.UnixAddr{Net: "unix"})
			if want.IsValid() {
				addr = net.TCPAddrFromAddrPort(want)
			}
			if got := c.RemoteAddr(); got.Network() != addr.Network() || got.String() != addr.String() {
				t.Errorf("%s, RemoteAddr is %v, want %v", when, got, addr)
			}
		}
		check("open")
		c.Abort(nil)
		b.step()
		check("closed")
	}
	if n := len(l.zones); n != 2 {
		t.Errorf("%d zones are kept for eth0 and wlan1", n)
	}
}

func TestRemoteAddrPortOfAZonedPeerIsReadByOtherGoroutines(t *testing.T) {
	b := newBench(t, 1)
	l := b.g.loops[0]
	var wg sync.WaitGroup
	for i := range 8 {
		want := netip.AddrPortFrom(netip.MustParseAddr("fe80::1").WithZone(string(rune('a'+i))), 1)
		l.adopt(newcomer{1, want}, func(c *Conn) Handler {
			wg.Go(func() {
				if got := c.RemoteAddrPort(); got != want {
					t.Errorf("RemoteAddrPort is %v, want %v", got, want)
				}
			})
			return mute{}
		})
	}
	wg.Wait()
}
