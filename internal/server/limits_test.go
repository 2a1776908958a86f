package server_test

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/sudoXpg/netloop/internal/server"
)

func TestConnectionsAtATimeAreLimitedByAddress(t *testing.T) {
	for name, c := range map[string]struct{ one, same, other string }{
		"IPv4": {"192.0.2.1", "192.0.2.1", "192.0.2.2"},
		"IPv6": {"2001:db8::1", "2001:db8::ffff:1", "2001:db8:0:1::1"},
	} {
		t.Run(name, func(t *testing.T) {
			f := start(t, func(o *server.Options) { o.MaxPerIP = 2 })
			first := f.dialFrom(netip.MustParseAddr(c.one))
			second := f.dialFrom(netip.MustParseAddr(c.same))
			refused := f.dialFrom(netip.MustParseAddr(c.one))
			refused.sees("*** your address already has 2 connections, the limit\r\n")
			refused.isClosed()
			f.logged("level=WARN", "msg=refused", c.one, "reason=max_per_ip")
			f.dialFrom(netip.MustParseAddr(c.other)).sees(greeting)
			first.sees(greeting)
			if err := second.c.Close(); err != nil {
				t.Fatal(err)
			}
			f.settle()
			f.dialFrom(netip.MustParseAddr(c.one)).sees(greeting)
		})
	}
}

func TestNewConnectionsAreLimitedByAddressAndTime(t *testing.T) {
	f := start(t, func(o *server.Options) { o.NewPerIP = 3 })
	from := netip.MustParseAddr("192.0.2.1")
	come := func() string {
		p := f.dialFrom(from)
		got := p.reads()
		_ = p.c.Close()
		f.settle()
		return got
	}
	for range 3 {
		if got := come(); got != greeting {
			t.Fatalf("%q", got)
		}
	}
	f.advance(time.Minute)
	for range 5 {
		if got := come(); got != "*** too many new connections from your address: try again in 9 minutes\r\n" {
			t.Fatalf("%q", got)
		}
	}
	if n := strings.Count(f.log.String(), "msg=refused"); n != 1 {
		t.Errorf("%d lines in the log for one address, want 1", n)
	}
	f.advance(9 * time.Minute)
	if got := come(); got != greeting {
		t.Errorf("after the window: %q", got)
	}
}

func TestLoopbackIsExemptFromTheLimitsByAddress(t *testing.T) {
	f := start(t, func(o *server.Options) { o.MaxPerIP, o.NewPerIP = 1, 1 })
	for _, from := range []string{"127.0.0.1", "127.0.0.1", "127.9.9.9", "::1", "::1"} {
		f.dialFrom(netip.MustParseAddr(from)).sees(greeting)
	}
}

func TestUnixSocketsAreExemptFromTheLimitsByAddress(t *testing.T) {
	f := start(t, func(o *server.Options) { o.MaxPerIP, o.NewPerIP = 1, 1 })
	if _, err := f.srv.Listen("unix", "/chat"); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		c, err := f.world.Dial("unix", "/chat")
		if err != nil {
			t.Fatal(err)
		}
		p := &peer{f: f, c: c, open: true}
		p.sees(greeting)
	}
	f.logged("msg=connect", "address=unix")
}

func TestAFullServerSaysSo(t *testing.T) {
	f := start(t, func(o *server.Options) { o.MaxClients = 2 })
	one := f.join("one")
	f.join("two")
	refused := f.dial()
	refused.sees("*** the server is full: try again later\r\n")
	refused.isClosed()
	one.sends("/quit\r\n")
	one.reads()
	one.isClosed()
	f.dial().sees(greeting)
}

func TestTheNumberOfRefusedConnectionsThatAreToldWhyIsLimited(t *testing.T) {
	f := start(t, func(o *server.Options) { o.MaxClients, o.MaxRefused = 1, 2 })
	f.join("one")
	var told int
	for range 5 {
		if strings.Contains(f.dial().reads(), "the server is full") {
			told++
		}
	}
	if told != 2 {
		t.Errorf("%d were told, want 2", told)
	}
	if n := f.world.Handles(); n != 4 { // the listener, the client and the refused connections that are told why
		t.Errorf("%d handles are open", n)
	}
}

// However many connections are refused at once, only MaxRefused of them stay open to read
// why.
func TestRefusedConnectionsDoNotPileUp(t *testing.T) {
	f := start(t, func(o *server.Options) { o.MaxClients = 1 })
	f.join("one")
	open := 0
	for range 400 {
		p := f.dialFrom(netip.MustParseAddr("192.0.2.9"))
		if p.c != nil && f.world.Handles() > open {
			open = f.world.Handles()
		}
	}
	if open > 160 {
		t.Errorf("%d handles open", open)
	}
	f.advance(10 * time.Second) // no client has closed its side
	if n := f.world.Handles(); n > 3 {
		t.Errorf("%d handles are still open", n)
	}
}

func TestShutdownTellsEveryClientAndEndsGracefully(t *testing.T) {
	f := start(t, nil)
	bob, eve, asked := f.join("bob"), f.join("eve"), f.dial()
	bob.reads()
	asked.reads()
	bob.sends("last words\r\n")
	f.srv.Shutdown("maintenance")
	f.srv.Shutdown("twice")
	f.settle()
	eve.sees("bob: last words\r\n*** the server is shutting down: maintenance\r\n")
	bob.sees("*** the server is shutting down: maintenance\r\n")
	asked.sees("\r\n*** the server is shutting down: maintenance\r\n")
	if _, err := f.world.Dial("tcp", "127.0.0.1:9034"); err == nil {
		t.Error("still accepting")
	}
	for _, p := range []*peer{bob, eve, asked} {
		p.isClosed()
	}
	f.logged("msg=shutdown", "reason=maintenance")
	f.logged("msg=leave", "name=bob", `reason="server shutdown"`)
}

func TestShutdownDoesNotWaitForTheSlowForEver(t *testing.T) {
	f := start(t, func(o *server.Options) { o.Loop.StallTimeout = time.Hour })
	bob, slow := f.join("bob"), f.join("slow")
	slow.c.SetReadBuffer(1)
	for range 100 {
		bob.sends(strings.Repeat("x", 4000) + "\r\n")
	}
	f.srv.Shutdown("now")
	f.advance(4 * time.Second)
	if f.world.Handles() == 0 {
		t.Error("did not wait at all")
	}
	f.advance(2 * time.Second)
	if n := f.world.Handles(); n != 0 {
		t.Errorf("%d handles are open after the grace", n)
	}
}

func TestANameNeverBreaksALogLine(t *testing.T) {
	f := start(t, classicStyle)
	f.dial().sends("x\" level=ERROR msg=\"forged\n")
	f.dial().sends("a\u2028b\u0085c\x1b[31m\n")
	f.logged("msg=login", `name="x\" level=ERROR`)
	for _, line := range strings.Split(strings.TrimSpace(f.log.String()), "\n") {
		if !strings.HasPrefix(line, "level=") || strings.ContainsAny(line, "\x1b\u0085\u2028") {
			t.Errorf("log line %q", line)
		}
	}
}

func TestListenErrorsNameTheWayOut(t *testing.T) {
	f := start(t, nil)
	_, err := f.srv.Listen("tcp", ":9034")
	want := "listen tcp [::]:9034: address already in use (another chatsrv? try --port)"
	if err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}
