package server_test

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/sudoXpg/netloop/eventloop"
	"github.com/sudoXpg/netloop/internal/server"
	"github.com/sudoXpg/netloop/internal/testcert"
)

// speaksTLS is a change of the options.
func speaksTLS(o *server.Options) {
	o.TLS = &tls.Config{Certificates: []tls.Certificate{testcert.New("chat.test")}, NextProtos: []string{"http/1.1", "chat"}}
	o.HandshakeExecutor = o.Loop.Executor
	o.SniffWindow = 150 * time.Millisecond
}

// A pipe is the net.Conn of a peer in the simulated world: its Read runs the world
// until data has arrived, or nothing more happens.
type pipe struct {
	net.Conn // nil: the rest is not used
	*peer
}

func (p pipe) Read(b []byte) (int, error) {
	for range 2 {
		n, err := p.c.Read(b)
		if !errors.Is(err, eventloop.ErrWouldBlock) {
			return n, err
		}
		p.f.settle()
	}
	return 0, errNothing{}
}

func (p pipe) Write(b []byte) (int, error) {
	p.sends(string(b))
	return len(b), nil
}

func (pipe) Close() error                     { return nil }
func (pipe) SetWriteDeadline(time.Time) error { return nil }

// errNothing is temporary, so that crypto/tls forgets it.
type errNothing struct{}

func (errNothing) Error() string   { return "nothing has come" }
func (errNothing) Timeout() bool   { return true }
func (errNothing) Temporary() bool { return true }

// secure does a handshake over a new connection.
func (p *peer) secure() (*tls.Conn, error) { return p.negotiate("chat") }

// negotiate is secure with these protocols to choose from (ALPN).
func (p *peer) negotiate(protocols ...string) (*tls.Conn, error) {
	c := tls.Client(pipe{peer: p}, &tls.Config{InsecureSkipVerify: true, NextProtos: protocols}) //nolint:gosec // self-signed
	return c, c.Handshake()
}

// all returns everything received.
func all(t *testing.T, c *tls.Conn) string {
	t.Helper()
	var text strings.Builder
	p := make([]byte, 1000)
	for {
		n, err := c.Read(p)
		text.Write(p[:n])
		if errors.Is(err, errNothing{}) || errors.Is(err, io.EOF) {
			return text.String()
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestOnePortSpeaksTelnetWithAndWithoutTLS(t *testing.T) {
	f := start(t, speaksTLS)
	plain := f.join("plain")
	p := f.dial()
	c, err := p.secure()
	if err != nil {
		t.Fatal(err)
	}
	f.advance(time.Second) // the sniff window
	if got := all(t, c); got != greeting {
		t.Fatalf("the greeting is %q", got)
	}
	say := func(line string) string {
		if _, err := c.Write([]byte(line + "\r\n")); err != nil {
			t.Fatal(err)
		}
		f.settle()
		return all(t, c)
	}
	if got := say("safe"); !strings.Contains(got, "you are in #lobby as safe, with 1 other") {
		t.Fatalf("after the name: %q", got)
	}
	say("sealed")
	plain.sees("*** safe joined\r\nsafe: sealed\r\n")
	plain.sends("clear\r\n")
	if got := all(t, c); got != "plain: clear\r\n" {
		t.Errorf("read %q", got)
	}
	if got := say("/quit"); got != "*** goodbye\r\n" {
		t.Errorf("at the end: %q", got)
	}
	if n, err := c.Read(make([]byte, 1)); n > 0 || !errors.Is(err, io.EOF) {
		t.Errorf("after the end: %d bytes, %v", n, err)
	}
	if n := f.srv.Handshakes(); n != 0 {
		t.Errorf("%d handshakes are in progress", n)
	}
}

func TestClientsInsideTLSAreToldOfAShutdown(t *testing.T) {
	f := start(t, speaksTLS)
	p := f.dial()
	c, err := p.secure()
	if err != nil {
		t.Fatal(err)
	}
	f.advance(time.Second)
	all(t, c)
	f.srv.Shutdown("a test")
	f.settle()
	if got := all(t, c); !strings.Contains(got, "the server is shutting down: a test") {
		t.Errorf("read %q", got)
	}
}

// A refused client is told so in its own protocol, and a handshake that fails frees its place.
func TestRefusalsReachClientsInsideTLS(t *testing.T) {
	f := start(t, func(o *server.Options) {
		speaksTLS(o)
		o.MaxPerIP = 1
	})
	from := netip.MustParseAddr("198.51.100.1")
	broken := f.dialFrom(from)
	broken.sends("\x16\x03\x01\x00\x05hello")
	if got := broken.reads(); !strings.HasPrefix(got, "\x15\x03") { // an alert
		t.Errorf("nonsense is answered with %q", got)
	}
	broken.isClosed()
	f.logged("msg=leave", "TLS handshake failed: ")
	first := f.dialFrom(from)
	if _, err := first.secure(); err != nil {
		t.Fatalf("the place of a failed handshake is not free: %v", err)
	}
	f.advance(time.Second)
	c, err := f.dialFrom(from).secure()
	if err != nil {
		t.Fatal(err)
	}
	f.advance(time.Second)
	if got := all(t, c); got != "*** your address already has 1 connection, the limit\r\n" {
		t.Errorf("a refused client reads %q", got)
	}
	_ = first.c.Close()
	f.settle()
	c, err = f.dialFrom(from).secure()
	if err != nil {
		t.Fatal(err)
	}
	f.advance(time.Second)
	if got := all(t, c); got != greeting {
		t.Errorf("read %q", got)
	}
}

// Nothing foreign becomes chat inside TLS either, and TLS is not spoken inside itself.
func TestForeignProtocolsInsideTLSAreClosed(t *testing.T) {
	for what, first := range map[string]string{"tls": "\x16\x03\x01\x00\x05", "ssh": "SSH-2.0-x\r\n", "proxy": "PROXY UNKNOWN\r\n"} {
		f := start(t, speaksTLS)
		p := f.dial()
		c, err := p.secure()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Write([]byte(first)); err != nil {
			t.Fatal(err)
		}
		f.settle()
		if n, err := c.Read(make([]byte, 1)); n > 0 || !errors.Is(err, io.EOF) {
			t.Errorf("%s: %d bytes, %v", what, n, err)
		}
		p.isClosed()
		f.logged("msg=leave", `reason="not chat: `+what+`"`)
	}
}

// A client that stops in its handshake is disconnected, and no longer counts.
func TestAStalledHandshakeIsClosed(t *testing.T) {
	f := start(t, speaksTLS)
	p := f.dial()
	p.sends("\x16\x03\x01")
	f.advance(9 * time.Second)
	if got := p.reads(); got != "" || !p.open {
		t.Errorf("before the deadline: read %q, open %v", got, p.open)
	}
	f.advance(2 * time.Second)
	if got := p.reads(); got != "" || p.open {
		t.Errorf("after the deadline: read %q, open %v", got, p.open)
	}
	f.logged("msg=leave", "TLS handshake failed: eventloop: deadline passed")
}

// With RequireTLSAuth, a password is not even asked for where it could be read on its way.
func TestPasswordsMayNeedTLS(t *testing.T) {
	f := startWithAccounts(t, speaksTLS, func(o *server.Options) { o.RequireTLSAuth = true })
	const refused = "this server takes passwords only over TLS"
	plain := f.join("ann")
	plain.sends("/register\r\n")
	if got := plain.reads(); !strings.Contains(got, refused) || strings.Contains(got, "assword for") {
		t.Errorf("/register of a plain client: %q", got)
	}
	plain.sends("my secret password\r\n") // typed ahead, so it may be one
	if got := plain.reads(); !strings.Contains(got, "dropped 1 line") {
		t.Errorf("after that: %q", got)
	}
	local := f.dialFrom(netip.MustParseAddr("127.0.0.1"))
	local.sends("bob\r\n/register\r\n")
	if got := local.reads(); !strings.Contains(got, "New password for bob: ") {
		t.Errorf("/register of a client on this machine: %q", got)
	}
	local.sends("a secret of bob\r\na secret of bob\r\n/quit\r\n")
	if got := local.reads(); !strings.Contains(got, "bob is now your account") {
		t.Errorf("a local registration: %q", got)
	}
	other := f.dial()
	other.sends("bob\r\n")
	if got := other.reads(); !strings.Contains(got, refused) || strings.Contains(got, "Password: ") || !strings.HasSuffix(got, "Enter username : ") {
		t.Errorf("a plain client that gives a registered name: %q", got)
	}
	other.sends("/login bob\r\n")
	if got := other.reads(); !strings.Contains(got, refused) || strings.Contains(got, "Password: ") {
		t.Errorf("/login of a plain client: %q", got)
	}
	c, err := f.dial().secure()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Write([]byte("bob\r\na secret of bob\r\n")); err != nil {
		t.Fatal(err)
	}
	f.settle()
	if got := all(t, c); !strings.Contains(got, "you are in #lobby as bob") {
		t.Errorf("a login over TLS: %q", got)
	}
}

func TestAHandshakeMayBeInterrupted(t *testing.T) {
	f := start(t, speaksTLS)
	gone := f.dial()
	gone.sends("\x16\x03\x01")
	_ = gone.c.Close()
	f.settle()
	f.logged("msg=leave", `reason="connection closed"`)
	stays := f.dial()
	stays.sends("\x16\x03\x01")
	f.srv.Shutdown("a test")
	f.settle()
	if got := stays.reads(); got != "" || stays.open {
		t.Errorf("read %q, open %v", got, stays.open)
	}
	_ = stays.c.Close()
	f.settle()
	f.logged("msg=leave", `reason="server shutdown"`)
}
