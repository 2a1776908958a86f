package proxydial_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/sudoXpg/netloop/internal/proxydial"
	"github.com/sudoXpg/netloop/internal/testcert"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience ends a test that hangs. No test waits for it to pass.
const patience = time.Minute

// listen serves connections, and returns the address.
func listen(t *testing.T, handle func(net.Conn)) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			_ = conn.SetDeadline(time.Now().Add(patience))
			serving.Go(func() {
				defer conn.Close()
				handle(conn)
				_ = conn.(*net.TCPConn).CloseWrite() // and no reset, by which what was sent could be lost
				_, _ = io.Copy(io.Discard, conn)
			})
		}
	})
	t.Cleanup(func() {
		_ = ln.Close()
		serving.Wait()
	})
	return ln.Addr().String()
}

// environment is one for Find.
func environment(pairs ...string) func(string) string {
	return func(name string) string {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1]
			}
		}
		return ""
	}
}

func find(t *testing.T, url string) *proxydial.Proxy {
	t.Helper()
	p, err := proxydial.Find(environment("ALL_PROXY", url), "chat.example:9034", "ALL_PROXY")
	if err != nil || p == nil {
		t.Fatal(p, err)
	}
	return p
}

func TestWhichProxyIsFound(t *testing.T) {
	order := []string{"ALL_PROXY", "HTTPS_PROXY"}
	for _, c := range []struct {
		env     []string
		address string
		want    string // "" for none
	}{
		{nil, "chat.example:9034", ""},
		{[]string{"ALL_PROXY", "socks5://a:1"}, "chat.example:9034", "a:1"},
		{[]string{"ALL_PROXY", "socks5://a:1", "HTTPS_PROXY", "http://b:2"}, "chat.example:9034", "a:1"},
		{[]string{"ALL_PROXY", " ", "HTTPS_PROXY", "http://b:2"}, "chat.example:9034", "b:2"},
		{[]string{"ALL_PROXY", "socks5://a:1", "all_proxy", "socks5h://lower"}, "chat.example:9034", "lower:1080"},
		{[]string{"HTTP_PROXY", "http://a:1"}, "chat.example:9034", ""},
		{[]string{"https_proxy", "proxy.example:3128"}, "chat.example:9034", "proxy.example:3128"},
		{[]string{"https_proxy", "proxy.example"}, "chat.example:9034", "proxy.example:80"},
		{[]string{"https_proxy", "https://[2001:db8::1]"}, "chat.example:9034", "[2001:db8::1]:443"},
		{[]string{"ALL_PROXY", "http://a:1", "NO_PROXY", "example"}, "chat.example:9034", ""},
		{[]string{"ALL_PROXY", "http://a:1", "no_proxy", "10.0.0.0/8, other"}, "10.1.2.3:9034", ""},
		{[]string{"ALL_PROXY", "http://a:1", "no_proxy", "*"}, "chat.example:9034", ""},
		{[]string{"ALL_PROXY", "http://a:1", "no_proxy", "chat.example:80"}, "chat.example:9034", "a:1"},
		{[]string{"ALL_PROXY", "http://a:1"}, "localhost:9034", ""},
		{[]string{"ALL_PROXY", "http://a:1"}, "LOCALHOST.:9034", ""},
		{[]string{"ALL_PROXY", "http://a:1"}, "a.localhost:9034", ""},
		{[]string{"ALL_PROXY", "http://a:1"}, "127.0.0.2:9034", ""},
		{[]string{"ALL_PROXY", "http://a:1"}, "[::1]:9034", ""},
		{[]string{"ALL_PROXY", "nonsense://"}, "[::1]:9034", ""},
		{[]string{"ALL_PROXY", "http://a:1"}, "[2001:db8::2]:9034", "a:1"},
	} {
		p, err := proxydial.Find(environment(c.env...), c.address, order...)
		got := ""
		if p != nil {
			got = p.Address()
		}
		if err != nil || got != c.want {
			t.Errorf("%q for %s: %q, %v; want %q", c.env, c.address, got, err, c.want)
		}
	}
}

// Errors name the variable, and never its value.
func TestAMalformedProxyIsAnError(t *testing.T) {
	for _, value := range []string{
		"http://", "socks5://user:secret@", "socks4://user:secret@a:1", "ftp://secret", "http://user:secret@a:port", "user:secret@a:b", "http://a:1/secret", "socks5://a:1?secret",
		"http://user:se%cret@a:1", "://secret", "http://user:secret\x7f@a",
	} {
		p, err := proxydial.Find(environment("ALL_PROXY", value), "chat.example:9034", "ALL_PROXY")
		if p != nil || err == nil || !strings.HasPrefix(err.Error(), "ALL_PROXY") || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v", value, err)
		}
	}
}

// socks is a proxy: it checks a password, unless that is "", and hands the connection to open.
func socks(t *testing.T, password string, open func(conn net.Conn, address string) (code byte)) func(net.Conn) {
	return func(conn net.Conn) {
		in := bufio.NewReader(conn)
		read := func(n int) []byte {
			b := make([]byte, n)
			_, _ = io.ReadFull(in, b)
			return b
		}
		methods := read(int(read(2)[1]))
		method := byte(0)
		if password != "" {
			method = 2
		}
		if !strings.Contains(string(methods), string(method)) {
			_, _ = conn.Write([]byte{5, 0xff})
			return
		}
		_, _ = conn.Write([]byte{5, method})
		if method == 2 {
			user := read(int(read(2)[1]))
			given := read(int(read(1)[0]))
			if string(user) != "ada" || string(given) != password {
				_, _ = conn.Write([]byte{1, 1})
				return
			}
			_, _ = conn.Write([]byte{1, 0})
		}
		request := read(4)
		if request[3] != 3 {
			t.Errorf("the request has no name: %v", request)
		}
		host := read(int(read(1)[0]))
		port := binary.BigEndian.Uint16(read(2))
		code := open(conn, net.JoinHostPort(string(host), itoa(port)))
		_, _ = conn.Write([]byte{5, code, 0, 1, 0, 0, 0, 0, 0, 0})
		if code == 0 {
			_, _ = io.Copy(conn, in) // an echo
		}
	}
}

func itoa(n uint16) string {
	var digits []byte
	for ; n > 0; n /= 10 {
		digits = append([]byte{byte('0' + n%10)}, digits...)
	}
	return string(digits)
}

// connect is a proxy for CONNECT that answers with the same response each time.
func connect(seen chan<- *http.Request, response string) func(net.Conn) {
	return func(conn net.Conn) {
		in := bufio.NewReader(conn)
		q, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		seen <- q
		_, _ = io.WriteString(conn, response)
		_, _ = io.Copy(conn, in) // an echo
	}
}

var direct = new(net.Dialer).DialContext

// echoes fails the test unless a connection echoes.
func echoes(t *testing.T, conn net.Conn, before string) {
	t.Helper()
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(patience))
	if _, err := io.WriteString(conn, "hello\n"); err != nil {
		t.Error(err)
	}
	got := make([]byte, len(before)+6)
	if _, err := io.ReadFull(conn, got); err != nil || string(got) != before+"hello\n" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestSOCKSConnectsByName(t *testing.T) {
	for what, url := range map[string]string{"open": "socks5h://", "with a password": "socks5://ada:word@"} {
		t.Run(what, func(t *testing.T) {
			asked := make(chan string, 1)
			_, password, _ := strings.Cut(strings.TrimSuffix(strings.TrimPrefix(url, "socks5://"), "@"), ":")
			if what == "open" {
				password = ""
			}
			at := listen(t, socks(t, password, func(_ net.Conn, address string) byte {
				asked <- address
				return 0
			}))
			conn, err := find(t, url+at).Dial(t.Context(), direct, "tcp", "chat.example:9034")
			if err != nil {
				t.Fatal(err)
			}
			echoes(t, conn, "")
			if got := <-asked; got != "chat.example:9034" {
				t.Error(got)
			}
		})
	}
}

func TestCONNECTConnectsByName(t *testing.T) {
	seen := make(chan *http.Request, 1)
	// What the server says at once may come with the response.
	at := listen(t, connect(seen, "HTTP/1.1 200 OK\r\nX: y\r\n\r\n*** welcome\n"))
	conn, err := find(t, "http://ada:word@"+at).Dial(t.Context(), direct, "tcp", "chat.example:9034")
	if err != nil {
		t.Fatal(err)
	}
	echoes(t, conn, "*** welcome\n")
	q := <-seen
	if q.Method != http.MethodConnect || q.RequestURI != "chat.example:9034" || q.Host != "chat.example:9034" || q.Header.Get("Proxy-Authorization") != "Basic YWRhOndvcmQ=" {
		t.Errorf("%+v", q)
	}
}

func TestAProxyWithTLS(t *testing.T) {
	cert := testcert.New("localhost")
	plain := connect(make(chan *http.Request, 2), "HTTP/1.1 200 OK\r\n\r\n")
	at := listen(t, func(conn net.Conn) { plain(tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{cert}})) })
	_, port, _ := net.SplitHostPort(at)
	p := find(t, "https://localhost:"+port)
	if _, err := p.Dial(t.Context(), direct, "tcp", "chat.example:9034"); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("an unknown authority: %v", err)
	}
	p.TLS = &tls.Config{RootCAs: x509.NewCertPool(), MinVersion: tls.VersionTLS12}
	p.TLS.RootCAs.AddCert(cert.Leaf)
	conn, err := p.Dial(t.Context(), direct, "tcp", "chat.example:9034")
	if err != nil {
		t.Fatal(err)
	}
	echoes(t, conn, "")
}

func TestProxiesThatFail(t *testing.T) {
	answers := func(response string) func(net.Conn) {
		return func(conn net.Conn) {
			if _, err := conn.Read(make([]byte, 1<<10)); err == nil {
				_, _ = io.WriteString(conn, response)
			}
		}
	}
	for what, c := range map[string]struct {
		url    string
		handle func(net.Conn)
		want   string
	}{
		"SOCKS refuses":              {"socks5://", socks(t, "", func(net.Conn, string) byte { return 5 }), "does not connect to chat.example:9034: connection refused"},
		"SOCKS, a rule":              {"socks5://", socks(t, "", func(net.Conn, string) byte { return 2 }), "not allowed by ruleset"},
		"SOCKS wants a password":     {"socks5://", socks(t, "word", nil), "no acceptable authentication methods"},
		"SOCKS, a wrong password":    {"socks5://ada:secret@", socks(t, "word", nil), "authentication failed"},
		"SOCKS, an endless user":     {"socks5://" + strings.Repeat("secret", 100) + ":x@", socks(t, "word", nil), "invalid username/password"},
		"SOCKS 4":                    {"socks5://", answers("\x04\x00"), "unexpected protocol version 4"},
		"SOCKS hangs up":             {"socks5://", answers(""), "has closed the connection"},
		"CONNECT is forbidden":       {"http://", answers("HTTP/1.1 403 no\r\n\r\n"), "refuses to connect to chat.example:9034: status 403 Forbidden"},
		"CONNECT wants a password":   {"http://ada:secret@", answers("HTTP/1.1 407 \x1b[31m\r\n\r\n"), "status 407 Proxy Authentication Required"},
		"CONNECT hangs up":           {"http://", answers(""), "has closed the connection"},
		"CONNECT, no HTTP":           {"http://", answers("220 mail ESMTP\r\n"), "its answer is not HTTP"},
		"CONNECT, an endless header": {"http://", answers("HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 1<<20)), "its answer is not HTTP"},
	} {
		t.Run(what, func(t *testing.T) {
			at := listen(t, c.handle)
			_, err := find(t, c.url+at).Dial(t.Context(), direct, "tcp", "chat.example:9034")
			if _, ok := errors.AsType[*proxydial.Error](err); !ok || !strings.HasPrefix(err.Error(), "the proxy "+at+" ") || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "secret") {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
	at := listen(t, func(net.Conn) {})
	refused := errors.New("no way")
	_, err := find(t, "http://"+at).Dial(t.Context(), func(context.Context, string, string) (net.Conn, error) { return nil, refused }, "tcp", "chat.example:9034")
	if err == nil || err.Error() != "the proxy "+at+" can't be reached: no way" {
		t.Error(err)
	}
}

// A proxy that does not answer holds nobody for longer than the context.
func TestASilentProxy(t *testing.T) {
	for _, scheme := range []string{"socks5://", "http://", "https://"} {
		ctx, cancel := context.WithCancel(t.Context())
		at := listen(t, func(conn net.Conn) {
			_, _ = conn.Read(make([]byte, 1))
			cancel()
			_, _ = io.Copy(io.Discard, conn)
		})
		if _, err := find(t, scheme+at).Dial(ctx, direct, "tcp", "chat.example:9034"); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", scheme, err)
		}
		cancel()
	}
}
