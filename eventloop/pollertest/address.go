package pollertest

import (
	"net"
	"net/netip"
	"strconv"

	"github.com/sudoXpg/netloop/eventloop"
)

// addressChecks test addresses and families.
func addressChecks() []check {
	return []check{
		{Rule{58, "LocalAddr of a listener on port 0 is the address it got"}, localAddr},
		{Rule{59, "the peer that Accept returns is the LocalAddr of the side that dialled"}, peerAddr},
		{Rule{60, "tcp6 works over IPv6"}, overIPv6},
		{Rule{61, "a tcp6 wildcard is not reached over IPv4"}, v6only},
		{Rule{62, "a tcp4 wildcard is not reached over IPv6"}, v4only},
		{Rule{63, "a tcp wildcard is reached over both families, IPv4 peers named as such"}, dualStack},
		{Rule{64, "names, malformed addresses, foreign families and unknown networks are errors"}, badAddresses},
	}
}

// tcpAddr returns what h is bound to.
func (e *env) tcpAddr(h eventloop.Handle) netip.AddrPort {
	e.Helper()
	a, err := e.b.LocalAddr(h)
	if err != nil {
		e.Fatalf("LocalAddr: %v", err)
	}
	t, ok := a.(*net.TCPAddr)
	if !ok {
		e.Fatalf("LocalAddr of a TCP socket is %v, a %T", a, a)
	}
	return t.AddrPort()
}

// at returns host with the port of ln.
func (e *env) at(host string, ln eventloop.Handle) string {
	e.Helper()
	return net.JoinHostPort(host, strconv.Itoa(int(e.tcpAddr(ln).Port())))
}

// ipv6 returns why there is no IPv6 loopback address here, or nil.
func (e *env) ipv6() error {
	e.Helper()
	ln, err := e.b.Listen("tcp6", "[::1]:0", eventloop.ListenOptions{})
	if err == nil {
		err = e.b.CloseHandle(ln)
	}
	return err
}

// needIPv6 skips the rule on a machine without an IPv6 loopback address.
func (e *env) needIPv6() {
	e.Helper()
	if err := e.ipv6(); err != nil {
		e.Skipf("no IPv6 here: %v", err)
	}
}

// localAddr: the address of an accepted connection is the listener's.
func localAddr(e *env) {
	ln := e.listen("tcp4", "127.0.0.1:0")
	a := e.tcpAddr(ln)
	if a.Addr().Unmap().String() != "127.0.0.1" || a.Port() == 0 {
		e.Fatalf("listening on %v, want a port of 127.0.0.1", a)
	}
	e.mustDial("tcp4", a.String())
	s, _ := e.accept(ln)
	if got := e.tcpAddr(s); got != a {
		e.Errorf("LocalAddr of an accepted connection is %v, the listener's is %v", got, a)
	}
}

// peerAddr: an IPv4-mapped address would hide the family.
func peerAddr(e *env) {
	ln := e.listen("tcp4", "127.0.0.1:0")
	for range 3 {
		c := e.mustDial("tcp4", e.address(ln))
		if _, peer := e.accept(ln); peer != e.tcpAddr(c) {
			e.Errorf("Accept names %v, it was %v", peer, e.tcpAddr(c))
		}
	}
}

// overIPv6: addresses included.
func overIPv6(e *env) {
	e.needIPv6()
	ln := e.listen("tcp6", "[::1]:0")
	c := e.mustDial("tcp6", e.address(ln))
	s, peer := e.accept(ln)
	if peer != e.tcpAddr(c) || peer.Addr() != netip.IPv6Loopback() {
		e.Errorf("Accept names %v, it was %v", peer, e.tcpAddr(c))
	}
	e.write(c, []byte("six"))
	if got := string(e.read(s, 3)); got != "six" {
		e.Errorf("read %q, want %q", got, "six")
	}
}

// v6only: another listener must be able to use the port with IPv4.
func v6only(e *env) {
	e.needIPv6()
	var err error
	for range 10 {
		ln := e.listen("tcp6", ":0")
		e.mustDial("tcp6", e.at("::1", ln))
		e.accept(ln)
		e.notReached(ln, "tcp4", "127.0.0.1")
		var v4 eventloop.Handle
		if v4, err = e.b.Listen("tcp4", e.at("", ln), eventloop.ListenOptions{}); err == nil {
			e.keep(v4)
			return
		}
		// Another program may have that port of IPv4, but not every time.
	}
	e.Fatalf("Listen on the same port of IPv4: %v", err)
}

// v4only: with the wildcard written either way.
func v4only(e *env) {
	e.needIPv6()
	for _, wildcard := range []string{":0", "0.0.0.0:0"} {
		ln := e.listen("tcp4", wildcard)
		e.mustDial("tcp4", e.at("127.0.0.1", ln))
		e.accept(ln)
		e.notReached(ln, "tcp6", "::1")
	}
}

// notReached dials the port of ln, which has no newcomers, at host. That fails,
// unless another program listens there.
func (e *env) notReached(ln eventloop.Handle, network, host string) {
	e.Helper()
	c, err := e.dial(network, e.at(host, ln))
	if err != nil {
		e.wantError("Dial over "+network, err)
		return
	}
	e.add(ln, eventloop.Readable)
	e.expectNothing()
	e.remove(ln)
	e.close(c)
}

// dualStack: on a machine without IPv6 the same Listen gives IPv4.
func dualStack(e *env) {
	for _, wildcard := range []string{":0", "[::]:0"} {
		ln := e.listen("tcp", wildcard)
		c := e.mustDial("tcp", e.at("127.0.0.1", ln))
		if _, peer := e.accept(ln); peer != e.tcpAddr(c) {
			e.Errorf("over IPv4 Accept names %v, it was %v", peer, e.tcpAddr(c))
		}
		if e.ipv6() != nil || e.tcpAddr(ln).Addr().Is4() {
			continue // no IPv6, or a system without dual stack
		}
		c = e.mustDial("tcp", e.at("::1", ln))
		if _, peer := e.accept(ln); peer != e.tcpAddr(c) {
			e.Errorf("over IPv6 Accept names %v, it was %v", peer, e.tcpAddr(c))
		}
	}
}

// badAddresses: the error comes at once and in words, nothing is looked up.
func badAddresses(e *env) {
	for _, c := range []struct{ network, address string }{
		{"tcp", "localhost:0"},
		{"tcp", "example.invalid:80"},
		{"tcp", "127.0.0.1"},
		{"tcp", "127.0.0.1:http"},
		{"tcp", "127.0.0.1:65536"},
		{"tcp", "127.0.0.1:-1"},
		{"tcp", "::1:80"},
		{"tcp", ""},
		{"tcp4", "[::1]:0"},
		{"tcp6", "127.0.0.1:0"},
		{"udp", "127.0.0.1:0"},
		{"", "127.0.0.1:0"},
	} {
		if ln, err := e.b.Listen(c.network, c.address, eventloop.ListenOptions{}); err == nil {
			e.close(ln)
			e.Errorf("Listen(%q, %q) is no error", c.network, c.address)
		}
		if h, err := e.b.Dial(c.network, c.address); err == nil {
			e.close(h)
			e.Errorf("Dial(%q, %q) is no error", c.network, c.address)
		}
	}
}
