package server_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/sudoXpg/netloop/eventloop/sim"
	"github.com/sudoXpg/netloop/internal/server"
)

// sniffs is a change of the options.
func sniffs(o *server.Options) { o.SniffWindow = 150 * time.Millisecond }

const chatServer = "This is a chat server without a page for browsers: connect with "

// answer parses the one answer in text.
func answer(t *testing.T, method, text string) (a *http.Response, body string) {
	t.Helper()
	r := bufio.NewReader(strings.NewReader(text))
	a, err := http.ReadResponse(r, &http.Request{Method: method})
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	all, err := io.ReadAll(a.Body)
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	if rest, _ := io.ReadAll(r); len(rest) > 0 {
		t.Errorf("after the answer: %q", rest)
	}
	if a.Header.Get("Content-Type") != "text/plain; charset=utf-8" || !a.Close || a.Header.Get("Date") == "" {
		t.Errorf("%q", text)
	}
	return a, string(all)
}

// asks sends a request from a new connection and returns the answer. The connection
// must be closed then.
func (f *fixture) asks(request string) (a *http.Response, body string) {
	f.t.Helper()
	p := f.dial()
	p.sends(request)
	text := p.reads()
	if p.open {
		f.t.Errorf("%.40q leaves the connection open, after %q", request, text)
	}
	method, _, _ := strings.Cut(request, " ")
	return answer(f.t, method, text)
}

func TestAnHTTPRequestIsToldHowToConnect(t *testing.T) {
	f := start(t, sniffs)
	bob := f.join("bob")
	p := f.dial()
	p.sends("GET / HTTP/1.1\r\nHost: chat.example.org:9034\r\n\r\n")
	body := chatServer + "telnet chat.example.org 9034\n"
	p.sees("HTTP/1.1 426 Upgrade Required\r\nDate: " + f.world.Now().UTC().Format(http.TimeFormat) + "\r\nConnection: close\r\n" +
		"Connection: Upgrade\r\nUpgrade: websocket\r\nContent-Type: text/plain; charset=utf-8\r\nX-Content-Type-Options: nosniff\r\n" +
		fmt.Sprintf("Content-Length: %d\r\n\r\n", len(body)) + body)
	p.isClosed()
	f.logged("msg=connect", "conn=2", "address=192.0.2.2:")
	f.logged("msg=leave", "conn=2", `reason="not chat: http"`)
	bob.sees("")
}

func TestRequestsAndTheirAnswers(t *testing.T) {
	long := strings.Repeat("x", 1<<20)
	f := startIn(t, sim.New(sim.Options{}), sniffs, func(o *server.Options) { o.MaxPerIP, o.NewPerIP = 0, 0 })
	for request, want := range map[string]struct {
		status int
		body   string
	}{
		"GET / HTTP/1.1\r\nHost: x\r\n\r\n":                                  {426, chatServer + "telnet x 80"},
		"GET / HTTP/1.0\r\n\r\n":                                             {426, chatServer + "telnet HOST PORT"},
		"GET / HTTP/1.1\r\nHost: [2001:db8::1]:80\r\n\r\n":                   {426, chatServer + "telnet 2001:db8::1 80"},
		"GET / HTTP/1.1\r\nHost: [2001:db8::1]\r\n\r\n":                      {426, chatServer + "telnet 2001:db8::1 80"},
		"GET http://a:1/ HTTP/1.1\r\nHost: a:1\r\n\r\n":                      {426, chatServer + "telnet a 1"},
		"GET / HTTP/1.1\r\nHost: -x:1\r\n\r\n":                               {426, chatServer + "telnet HOST PORT"},
		"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n":                                 {426, ""},
		"GET / HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n": {426, chatServer + "telnet x 80"},
		"GET / HTTP/1.1\r\nHost: x\r\nX: " + long[:8000] + "\r\n\r\n":        {426, chatServer + "telnet x 80"},
		"GET /healthz HTTP/1.0\r\n\r\n":                                      {200, "ok"},
		"HEAD /healthz HTTP/1.0\r\n\r\n":                                     {200, ""},
		"GET / HTTP/1.1\nHost: x\n\n":                                        {400, "a line ends with LF alone, not with CR LF"},
		"GET http://a:1/ HTTP/1.1\r\nHost: b:2\r\n\r\n":                      {400, "the target is a URL of another host than Host"},
		"GET / HTTP/1.1\r\nHost: x;rm -rf\r\n\r\n":                           {400, "the Host is malformed"},
		"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n":                       {400, "there is more than one Host"},
		"GET / HTTP/1.1\r\n\r\n":                                             {400, "there is no Host"},
		"HEAD / HTTP/1.1\r\n\r\n":                                            {400, ""},
		"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n":             {400, "a body is not accepted: the request has a Content-Length or a Transfer-Encoding"},
		"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nbob":         {405, "only GET and HEAD are allowed"},
		"PUT / HTTP/1.1\r\nHost: x\r\n\r\n" + long:                           {405, "only GET and HEAD are allowed"},
		"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n":                                   {505, "only HTTP/1.1 is supported"},
		"GET /" + long + " HTTP/1.1\r\nHost: x\r\n\r\n":                      {414, "the request line is too long"},
		"GET / HTTP/1.1\r\nHost: x\r\nX: " + long:                            {431, "the head of the request is too long"},
	} {
		a, body := f.asks(request)
		if a.StatusCode != want.status || strings.TrimSuffix(body, "\n") != want.body {
			t.Errorf("%.80q: %d %q, want %d %q", request, a.StatusCode, body, want.status, want.body)
		}
		if upgrade := a.Header.Get("Upgrade") == "websocket"; upgrade != (a.StatusCode == 426) {
			t.Errorf("%.80q: %v", request, a.Header)
		}
	}
}

// However a request arrives, it is answered once.
func TestARequestMayArriveByteByByte(t *testing.T) {
	f := start(t, sniffs)
	p := f.dial()
	for _, c := range []byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n") {
		p.sends(string(c))
	}
	if a, _ := answer(t, "GET", p.reads()); a.StatusCode != 426 {
		t.Errorf("%d", a.StatusCode)
	}
	p.isClosed()
}

func TestARequestThatDoesNotEndIsAnswered(t *testing.T) {
	f := start(t, sniffs)
	late := f.dial()
	late.sends("GET / HTTP/1.1\r\nHost: x\r\n")
	f.advance(4900 * time.Millisecond)
	late.sees("")
	f.advance(200 * time.Millisecond)
	if a, body := answer(t, "GET", late.reads()); a.StatusCode != 408 || body != "the request took longer than 5 seconds\n" {
		t.Errorf("%d %q", a.StatusCode, body)
	}
	late.isClosed()
	half := f.dial()
	half.sends("GET / HTTP/1.1\r\nHost: x\r\n")
	if err := half.c.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if a, body := answer(t, "GET", half.reads()); a.StatusCode != 400 || body != "the request is incomplete\n" {
		t.Errorf("%d %q", a.StatusCode, body)
	}
	half.isClosed()
	closed := f.dial()
	closed.sends("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	if err := closed.c.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if a, _ := answer(t, "GET", closed.reads()); a.StatusCode != 426 {
		t.Errorf("%d", a.StatusCode)
	}
	closed.isClosed()
	gone := f.dial()
	gone.sends("GET / HTTP/1.1\r\n")
	if err := gone.c.Reset(); err != nil {
		t.Fatal(err)
	}
	f.settle()
}

// Inside TLS, the way to connect is over TLS, whether the client has negotiated HTTP or not.
func TestHTTPInsideTLSIsAnswered(t *testing.T) {
	for _, protocols := range [][]string{{"h2", "http/1.1"}, {"chat"}, nil} {
		f := start(t, speaksTLS)
		p := f.dial()
		c, err := p.negotiate(protocols...)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Write([]byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n")); err != nil {
			t.Fatal(err)
		}
		f.settle()
		if a, body := answer(t, "GET", all(t, c)); a.StatusCode != 426 || body != chatServer+"openssl s_client -quiet -connect x:443, or another TLS client\n" {
			t.Errorf("%v: %d %q", protocols, a.StatusCode, body)
		}
		p.isClosed()
		f.logged("msg=leave", `reason="not chat: http"`)
	}
}

// A browser opens connections for later. Over TLS they are not taken for telnet users.
func TestAnIdleConnectionOfABrowserIsClosedSilently(t *testing.T) {
	f := start(t, speaksTLS)
	p := f.dial()
	c, err := p.negotiate("http/1.1")
	if err != nil {
		t.Fatal(err)
	}
	f.advance(4 * time.Second)
	if n, err := c.Read(make([]byte, 1)); !errors.Is(err, errNothing{}) {
		t.Errorf("%d bytes, %v", n, err)
	}
	f.advance(2 * time.Second)
	if n, err := c.Read(make([]byte, 1)); n > 0 || !errors.Is(err, io.EOF) {
		t.Errorf("%d bytes, %v", n, err)
	}
	odd, err := f.dial().negotiate("http/1.1")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := odd.Write([]byte("bob\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	f.settle()
	if a, _ := answer(t, "GET", all(t, odd)); a.StatusCode != 400 {
		t.Errorf("%d", a.StatusCode)
	}
}

func TestARefusedHTTPClientIsToldWhenToTryAgain(t *testing.T) {
	f := startIn(t, sim.New(sim.Options{}), sniffs, func(o *server.Options) { o.MaxClients = 1 })
	f.join("one")
	a, body := f.asks("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	if a.StatusCode != 503 || a.Header.Get("Retry-After") != "60" || body != "the server is full: try again later\n" {
		t.Errorf("%d %v %q", a.StatusCode, a.Header, body)
	}
	if f.srv.Stats().Refused["max_clients"] != 1 {
		t.Errorf("%v", f.srv.Stats().Refused)
	}
}

// A browser opens several connections, and a page is loaded again and again. Neither keeps
// its user out of the chat.
func TestHTTPDoesNotCountAsASession(t *testing.T) {
	f := startIn(t, sim.New(sim.Options{}), speaksTLS, func(o *server.Options) { o.MaxPerIP, o.NewPerIP = 1, 2 })
	from := netip.MustParseAddr("192.0.2.1")
	for range 20 {
		p := f.dialFrom(from)
		p.sends("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		if got := p.reads(); !strings.HasPrefix(got, "HTTP/1.1 426 ") {
			t.Fatalf("%q", got)
		}
		p.isClosed()
	}
	for range 6 { // in progress
		f.dialFrom(from).sends("GET / HTTP/1.1\r\n")
	}
	bob := f.dialFrom(from)
	bob.sends("bob\r\n")
	bob.sees(greeting + alone("bob"))
	refused := f.dialFrom(from)
	refused.sends("eve\r\n")
	refused.sees("*** your address already has 1 connection, the limit\r\n")
	refused.isClosed()
	// But there is an end to it, until the window has passed.
	var got string
	for range 16 * 2 {
		p := f.dialFrom(from)
		p.sends("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		got = p.reads()
	}
	a, body := answer(t, "GET", got)
	if a.StatusCode != 503 || a.Header.Get("Retry-After") != "600" || body != "too many new connections from your address: try again in 10 minutes\n" {
		t.Errorf("%d %v %q", a.StatusCode, a.Header, body)
	}
	f.advance(10 * time.Minute)
	p := f.dialFrom(from)
	p.sends("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	if got := p.reads(); !strings.HasPrefix(got, "HTTP/1.1 426 ") {
		t.Errorf("%q", got)
	}
}

// Silent connections of one address are bounded before their protocol is known.
func TestPendingConnectionsAreLimitedByAddress(t *testing.T) {
	f := startIn(t, sim.New(sim.Options{}), speaksTLS, func(o *server.Options) { o.MaxPerIP, o.NewPerIP, o.MaxPending = 0, 0, 5 })
	from := netip.MustParseAddr("198.51.100.1")
	for range 5 {
		f.dialFrom(from).sends("\x16\x03\x01")
	}
	for range 1000 {
		p := f.dialFrom(from)
		_ = p.c.Close()
	}
	told := f.dialFrom(from)
	told.sends("bob\r\n")
	told.sees("*** too many new connections from your address: try again in 10 seconds\r\n")
	told.isClosed()
	f.logged("msg=refused", "reason=max_pending_per_ip")
	other := f.dial()
	other.sends("eve\r\n")
	other.sees(greeting + alone("eve"))
	f.advance(11 * time.Second) // the handshakes have timed out
	p := f.dialFrom(from)
	p.sends("bob\r\n")
	if got := p.reads(); !strings.HasPrefix(got, greeting) {
		t.Errorf("%q", got)
	}
	if n := f.srv.Stats().Refused["max_pending_per_ip"]; n != 1001 {
		t.Errorf("%d refused", n)
	}
}

// Whoever allows an address any number of sessions, for example for a load test, does not
// expect another limit.
func TestPendingConnectionsFollowTheLimitOfSessions(t *testing.T) {
	for sessions, most := range map[int]int{0: 300, 16: 64, 200: 200} {
		f := startIn(t, sim.New(sim.Options{}), speaksTLS, func(o *server.Options) { o.MaxPerIP, o.NewPerIP = sessions, 0 })
		from := netip.MustParseAddr("192.0.2.1")
		for range 300 {
			f.dialFrom(from).sends("\x16")
		}
		if refused := int(f.srv.Stats().Refused["max_pending_per_ip"]); refused != 300-most {
			t.Errorf("with %d sessions: %d are refused, want %d", sessions, refused, 300-most)
		}
	}
}

// Loopback may stand for every client of a proxy or a tunnel.
func TestPendingConnectionsOfThisMachineAreNotLimited(t *testing.T) {
	f := startIn(t, sim.New(sim.Options{}), speaksTLS, func(o *server.Options) { o.MaxPending = 1 })
	for range 10 {
		f.dialFrom(netip.MustParseAddr("127.0.0.1")).sends("\x16")
	}
	p := f.dialFrom(netip.MustParseAddr("127.0.0.1"))
	p.sends("bob\r\n")
	p.sees(greeting + alone("bob"))
}
