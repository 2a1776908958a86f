package server_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/sudoXpg/netloop/eventloop/sim"
	"github.com/sudoXpg/netloop/internal/server"
)

// proxyAddr is the address of the one proxy, in tests of the PROXY protocol.
const proxyAddr = "10.0.0.1"

// behindProxy starts a server with a listener for that proxy.
func behindProxy(t *testing.T, protocol string, changes ...func(*server.Options)) *fixture {
	t.Helper()
	f := startIn(t, sim.New(sim.Options{}), append([]func(*server.Options){speaksTLS}, changes...)...)
	f.listens(server.ListenOptions{Protocol: protocol, Proxies: []netip.Prefix{netip.MustParsePrefix(proxyAddr + "/32")}})
	return f
}

// line and frame are headers of version 1 and 2.
func line(client string) string {
	family := "TCP4 " + client + " 10.0.0.1"
	if strings.Contains(client, ":") {
		family = "TCP6 " + client + " 2001:db8::1"
	}
	return "PROXY " + family + " 56324 443\r\n"
}

func frame(client string) string {
	addr := netip.MustParseAddr(client)
	family, destination := "\x11", netip.MustParseAddr("10.0.0.1")
	if addr.Is6() {
		family, destination = "\x21", netip.MustParseAddr("2001:db8::1")
	}
	body := string(addr.AsSlice()) + string(destination.AsSlice()) + "\xdc\x04\x01\xbb"
	return "\r\n\r\n\x00\r\nQUIT\n\x21" + family + "\x00" + string(rune(len(body))) + body
}

const localFrame = "\r\n\r\n\x00\r\nQUIT\n\x20\x00\x00\x00"

func TestTheAddressOfAProxysClientIsTheOneThatCounts(t *testing.T) {
	for name, header := range map[string]func(string) string{"version 1": line, "version 2": frame} {
		for _, client := range []string{"192.0.2.77", "2001:db8::77", "::ffff:192.0.2.77"} {
			t.Run(name+" "+client, func(t *testing.T) {
				f := behindProxy(t, "", func(o *server.Options) { o.MaxPerIP = 1 })
				p := f.at(proxyAddr)
				p.sends(header(client) + "bob\r\n/whoami\r\n")
				shown := netip.MustParseAddr(client).Unmap().String()
				p.sees(greeting + alone("bob") + "*** you are bob (a guest), in #lobby, from " + shown + "\r\n")
				f.logged("msg=connect", "conn=1", "address="+netip.AddrPortFrom(netip.MustParseAddr(client).Unmap(), 56324).String(), "proxy=10.0.0.1:")
				refused := f.at(proxyAddr)
				refused.sends(header(client) + "eve\r\n")
				refused.sees("*** your address already has 1 connection, the limit\r\n")
				refused.isClosed()
				f.logged("msg=refused", "reason=max_per_ip", "address="+netip.AddrPortFrom(netip.MustParseAddr(client).Unmap(), 56324).String(), "proxy=10.0.0.1:")
				other := f.at(proxyAddr)
				other.sends(header("198.51.100.1") + "eve\r\n")
				if got := other.reads(); !strings.Contains(got, "as eve") {
					t.Errorf("another client of the proxy: %q", got)
				}
				p.sends("/quit\r\n")
				p.reads()
				p.isClosed()
				again := f.at(proxyAddr)
				again.sends(header(client) + "ann\r\n")
				if got := again.reads(); !strings.Contains(got, "as ann") {
					t.Errorf("after the first has left: %q", got)
				}
			})
		}
	}
}

// A silent client is greeted after the window, as without a proxy.
func TestAProxysClientMayBeSilent(t *testing.T) {
	f := behindProxy(t, "")
	p := f.at(proxyAddr)
	p.sends(line("192.0.2.77"))
	f.advance(140 * time.Millisecond)
	p.sees("")
	f.advance(20 * time.Millisecond)
	p.sees(greeting)
}

func TestAProxysHeaderMayArriveByteByByte(t *testing.T) {
	for _, header := range []string{line("192.0.2.77"), frame("192.0.2.77"), localFrame, "PROXY UNKNOWN\r\n"} {
		f := behindProxy(t, "")
		p := f.at(proxyAddr)
		for _, c := range []byte(header + "bob\r\n") {
			p.sends(string([]byte{c}))
		}
		p.sees(greeting + alone("bob"))
	}
}

func TestAllProtocolsWorkBehindAProxy(t *testing.T) {
	f := behindProxy(t, "")
	p := f.at(proxyAddr)
	p.sends(line("192.0.2.77"))
	c, err := p.secure()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Write([]byte("bob\r\n/whoami\r\n")); err != nil {
		t.Fatal(err)
	}
	f.settle()
	if got := all(t, c); !strings.Contains(got, "from 192.0.2.77") {
		t.Errorf("inside TLS: %q", got)
	}
	web := f.at(proxyAddr)
	web.sends(line("192.0.2.77") + "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	if a, _ := answer(t, "GET", web.reads()); a.StatusCode != 426 {
		t.Errorf("%d", a.StatusCode)
	}
	only := behindProxy(t, "telnet")
	quiet := only.at(proxyAddr)
	quiet.sends(frame("192.0.2.77"))
	quiet.sees(greeting)
	wrapped := behindProxy(t, "tls").at(proxyAddr)
	wrapped.sends(frame("192.0.2.77"))
	if c, err = wrapped.secure(); err != nil {
		t.Fatal(err)
	}
	wrapped.f.advance(time.Second)
	if got := all(t, c); got != greeting {
		t.Errorf("read %q", got)
	}
}

// What a proxy says about itself does not hide its address, nor does what it does not know.
func TestAHeaderWithoutAddressesKeepsTheRealOne(t *testing.T) {
	for what, header := range map[string]string{
		"LOCAL": localFrame, "UNKNOWN": "PROXY UNKNOWN\r\n", "UNSPEC": "\r\n\r\n\x00\r\nQUIT\n\x21\x00\x00\x00",
	} {
		f := behindProxy(t, "")
		p := f.at(proxyAddr)
		p.sends(header + "bob\r\n/whoami\r\n")
		if got := p.reads(); !strings.HasSuffix(got, "from 10.0.0.1\r\n") {
			t.Errorf("%s: %q", what, got)
		}
	}
}

// HAProxy checks a server by sending a header and resetting the connection: LOCAL in version
// 2, and its own address in version 1.
func TestChecksOfAProxyAreNotLogged(t *testing.T) {
	f := behindProxy(t, "", func(o *server.Options) { o.MaxPerIP, o.NewPerIP = 1, 1 })
	for range 10 {
		p := f.at(proxyAddr)
		p.sends(localFrame)
		if err := p.c.Reset(); err != nil {
			t.Fatal(err)
		}
		f.settle()
		p = f.at(proxyAddr)
		own := netip.MustParseAddrPort(p.c.LocalAddr().String())
		p.sends(fmt.Sprintf("PROXY TCP4 %s 127.0.0.1 %d 2\r\n", own.Addr(), own.Port()))
		if err := p.c.Reset(); err != nil {
			t.Fatal(err)
		}
		f.settle()
	}
	if log := f.log.String(); log != "" {
		t.Errorf("logged:\n%s", log)
	}
	p := f.at(proxyAddr)
	p.sends(localFrame + "bob\r\n")
	p.sees(greeting + alone("bob"))
	f.logged("msg=connect", "address=10.0.0.1:")
}

func TestABannedClientBehindAProxyIsRefused(t *testing.T) {
	f := behindProxy(t, "")
	victim := f.at(proxyAddr)
	victim.sends(line("192.0.2.77") + "eve\r\n")
	victim.reads()
	if got, ok := f.srv.Operate("root", "ban eve 1h spam", nil); !ok {
		t.Fatal(got)
	}
	if got := victim.reads(); !strings.Contains(got, "banned") || victim.open {
		t.Errorf("%q", got)
	}
	again := f.at(proxyAddr)
	again.sends(line("192.0.2.77") + "zed\r\n")
	if got := again.reads(); !strings.HasPrefix(got, "*** you are banned for ") {
		t.Errorf("%q", got)
	}
	again.isClosed()
	f.logged("msg=refused", "reason=banned", "address=192.0.2.77:56324")
	other := f.at(proxyAddr)
	other.sends(line("192.0.2.78") + "zed\r\n")
	if got := other.reads(); !strings.Contains(got, "as zed") {
		t.Errorf("another client of the proxy: %q", got)
	}
	web := f.at(proxyAddr)
	web.sends(line("192.0.2.77") + "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	if a, body := answer(t, "GET", web.reads()); a.StatusCode != 503 || !strings.Contains(body, "you are banned") {
		t.Errorf("%d %q", a.StatusCode, body)
	}
}

func TestStrangersAreNotProxies(t *testing.T) {
	f := behindProxy(t, "")
	for range 3 {
		p := f.at("10.0.0.2")
		p.sees("")
		p.isClosed()
	}
	f.logged("level=WARN", "msg=refused", "address=10.0.0.2:", "reason=not_a_proxy", "remedy=")
	if n := f.srv.Stats().Refused["not_a_proxy"]; n != 3 {
		t.Errorf("%d counted", n)
	}
	if n := strings.Count(f.log.String(), "msg=refused"); n != 1 {
		t.Errorf("%d lines", n)
	}
	// Where no header is expected, it is not chat.
	p := f.dial()
	p.sends(line("192.0.2.77") + "bob\r\n")
	p.isClosed()
	f.logged("msg=leave", `reason="not chat: proxy"`)
}

func TestAConnectionWithoutAValidHeaderIsClosed(t *testing.T) {
	for what, c := range map[string]struct{ first, cause string }{
		"no header":           {"bob\r\n", "no PROXY header"},
		"TLS":                 {"\x16\x03\x01", "no PROXY header"},
		"HTTP":                {"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "no PROXY header"},
		"an endless line":     {"PROXY UNKNOWN " + strings.Repeat("x", 100), "header too long"},
		"a long frame":        {"\r\n\r\n\x00\r\nQUIT\n\x21\x11\xff\xff", "header too long"},
		"LF alone":            {"PROXY UNKNOWN\n", "line does not end with CR LF"},
		"a malformed address": {"PROXY TCP4 192.0.2.256 10.0.0.1 1 2\r\n", "malformed address"},
		"another version":     {"\r\n\r\n\x00\r\nQUIT\n\x31\x11", "unknown version"},
	} {
		t.Run(what, func(t *testing.T) {
			f := behindProxy(t, "")
			p := f.at(proxyAddr)
			p.sends(c.first)
			p.isClosed()
			f.logged("level=WARN", "msg=refused", "address=10.0.0.1:", "reason=bad_proxy_header", c.cause)
			if n := f.srv.Stats().Refused["bad_proxy_header"]; n != 1 {
				t.Errorf("%d counted", n)
			}
		})
	}
}

func TestAHeaderThatDoesNotEndIsNotWaitedForForever(t *testing.T) {
	f := behindProxy(t, "", func(o *server.Options) { o.MaxClients = 3 })
	var all []*peer
	for _, half := range []string{"", "PROXY TCP4 192.0", frame("192.0.2.1")[:20]} {
		p := f.at(proxyAddr)
		p.sends(half)
		all = append(all, p)
	}
	full := f.at(proxyAddr) // they count
	full.sends(line("192.0.2.77") + "bob\r\n")
	full.sees("*** the server is full: try again later\r\n")
	full.isClosed()
	f.logged("msg=refused", "reason=max_clients", "address=192.0.2.77:56324")
	all = append(all, f.at(proxyAddr)) // one more, which could be told only that
	f.advance(4900 * time.Millisecond)
	for _, p := range all {
		if got := p.reads(); got != "" || !p.open {
			t.Errorf("%q, open %v", got, p.open)
		}
	}
	f.advance(200 * time.Millisecond)
	for _, p := range all {
		p.isClosed()
	}
	f.logged("msg=refused", "reason=bad_proxy_header", `cause="no header in time"`)
	for range 2 {
		ended := f.at(proxyAddr)
		ended.sends("PROXY TC")
		if err := ended.c.CloseWrite(); err != nil {
			t.Fatal(err)
		}
		f.settle()
		ended.isClosed()
		reset := f.at(proxyAddr)
		reset.sends("PROXY TC")
		_ = reset.c.Reset()
		f.settle()
	}
	for range 3 { // no place is lost
		p := f.at(proxyAddr)
		p.sends(line("192.0.2.1") + "ann\r\n")
		if got := p.reads(); !strings.Contains(got, "Welcome") {
			t.Errorf("%q", got)
		}
	}
}

// The second header is what the client has sent, and no chat.
func TestASecondHeaderDoesNotCount(t *testing.T) {
	for _, second := range []string{line("198.51.100.1"), frame("198.51.100.1"), localFrame} {
		f := behindProxy(t, "")
		p := f.at(proxyAddr)
		p.sends(line("192.0.2.77") + second + "bob\r\n/whoami\r\n")
		p.isClosed()
		f.logged("msg=connect", "address=192.0.2.77:56324")
		f.logged("msg=leave", `reason="not chat: proxy"`)
	}
}

// Connections that wait for a header have no address yet, so they do not count for that of
// the proxy.
func TestAProxyMayHaveAnyNumberOfClients(t *testing.T) {
	f := behindProxy(t, "", func(o *server.Options) { o.MaxPerIP, o.MaxPending, o.NewPerIP = 1, 1, 1 })
	var waiting []*peer
	for range 100 {
		waiting = append(waiting, f.at(proxyAddr))
	}
	for i, p := range waiting {
		p.sends(line(fmt.Sprintf("192.0.2.%d", i+1)) + fmt.Sprintf("user-%d\r\n", i))
		if got := p.reads(); !strings.Contains(got, "you are in #lobby as") {
			t.Fatalf("%d: %q", i, got)
		}
	}
}

// A takeover counts the address that the header gave, on both sides.
func TestAUserBehindAProxyTakesOverTheirDeadConnection(t *testing.T) {
	f := startWithAccounts(t, func(o *server.Options) { o.MaxPerIP, o.NewPerIP = 1, 0 })
	f.listens(server.ListenOptions{Protocol: "telnet", Proxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}})
	first := f.at(proxyAddr)
	first.sends(line("192.0.2.77") + "alice\r\n/register\r\n" + goodPassword + "\r\n" + goodPassword + "\r\n")
	first.reads()
	for range 3 {
		f.advance(time.Minute)
		again := f.at(proxyAddr)
		again.sends(line("192.0.2.77") + "alice\r\n" + goodPassword + "\r\n")
		if got := again.reads(); !strings.Contains(got, "log in to take over one of yours") || !strings.Contains(got, "*** you are logged in as alice\r\n") {
			t.Fatalf("%q", got)
		}
		if got := first.reads(); !strings.Contains(got, "replaced by a newer login") || first.open {
			t.Errorf("the first: %q", got)
		}
		_ = first.c.Close()
		f.settle()
		first = again
	}
}

// A client behind a proxy is not on this machine, even if the proxy is.
func TestPasswordsNeedTLSBehindALocalProxy(t *testing.T) {
	f := startWithAccounts(t, speaksTLS, func(o *server.Options) { o.RequireTLSAuth = true })
	f.listens(server.ListenOptions{Protocol: "telnet", Proxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("10.0.0.0/8")}})
	const refused = "this server takes passwords only over TLS"
	for what, c := range map[string]struct {
		proxy, header string
		refused       bool
	}{
		"a remote client of a local proxy": {"127.0.0.1", line("192.0.2.77"), true},
		"a local client of a remote proxy": {proxyAddr, line("127.0.0.1"), true},
		"a local client of a local proxy":  {"127.0.0.1", line("127.0.0.1"), false},
		"a local proxy itself":             {"127.0.0.1", localFrame, false},
		"a remote proxy itself":            {proxyAddr, localFrame, true},
	} {
		p := f.at(c.proxy)
		p.sends(c.header + "/register bob\r\n")
		if got := p.reads(); strings.Contains(got, refused) != c.refused {
			t.Errorf("%s: %q", what, got)
		}
	}
}
