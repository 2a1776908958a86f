package chatclient_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/sudoXpg/netloop/internal/chatclient"
	"github.com/sudoXpg/netloop/internal/testcert"
)

// env is an environment.
func env(pairs ...string) func(string) string {
	return func(name string) string {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1]
			}
		}
		return ""
	}
}

// tunnels returns a proxy for CONNECT that leads to a peer, whatever it is asked for.
func tunnels(t *testing.T, to *peer, asked chan<- string) *peer {
	t.Helper()
	return newPeer(t, func(conn net.Conn) {
		in := bufio.NewReader(conn)
		q, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		asked <- q.Host
		server, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", to.port))
		if err != nil {
			t.Error(err)
			return
		}
		defer server.Close()
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\n\r\n")
		var copying sync.WaitGroup
		copying.Go(func() {
			_, _ = io.Copy(server, in)
			_ = server.(*net.TCPConn).CloseWrite()
		})
		_, _ = io.Copy(conn, server)
		_ = conn.Close()
		copying.Wait()
	})
}

// TLS and trust are with the server, not with the proxy, which looks the name up.
func TestTLSThroughAProxy(t *testing.T) {
	v, asked := newVisitor(t), make(chan string, 1)
	proxy := tunnels(t, newPeer(t, secure(testcert.New("chat.example"))), asked)
	d := v.dialer(proxy)
	d.Host, d.Port = "chat.example", 9034
	if err := d.FindProxy(env("HTTPS_PROXY", fmt.Sprintf("http://127.0.0.1:%d", proxy.port))); err != nil {
		t.Fatal(err)
	}
	if err := v.visit(d); err != nil {
		t.Fatal(err)
	}
	if got := <-asked; got != "chat.example:9034" {
		t.Error(got)
	}
	if len(v.told) != 1 || !strings.HasPrefix(v.told[0], "chat.example:9034 is trusted") {
		t.Errorf("told %q", v.told)
	}
}

func TestWhichVariableNamesTheProxy(t *testing.T) {
	all := env("ALL_PROXY", "socks5://all:1", "HTTPS_PROXY", "http://https:2", "HTTP_PROXY", "http://http:3")
	for _, c := range []struct {
		webSocket bool
		mode      chatclient.Mode
		host      string
		env       func(string) string
		want      string
	}{
		{false, chatclient.Auto, "chat.example", all, "all:1"},
		{false, chatclient.PlainText, "chat.example", all, "all:1"},
		{true, chatclient.TLSOnly, "chat.example", all, "all:1"},
		{true, chatclient.PlainText, "chat.example", all, "http:3"},
		{true, chatclient.PlainText, "chat.example", env("ALL_PROXY", "socks5://all:1", "HTTPS_PROXY", "http://https:2"), "all:1"},
		{true, chatclient.PlainText, "chat.example", env("HTTPS_PROXY", "http://https:2"), ""},
		{false, chatclient.PlainText, "chat.example", env("HTTPS_PROXY", "http://https:2"), "https:2"},
		{false, chatclient.Auto, "chat.example", env("HTTP_PROXY", "http://http:3"), ""},
		{false, chatclient.Auto, "localhost", all, ""},
		{false, chatclient.Auto, "::1", all, ""},
	} {
		d := chatclient.Dialer{Host: c.host, Port: 9034, Mode: c.mode, WebSocket: c.webSocket}
		err := d.FindProxy(c.env)
		got := ""
		if d.Proxy != nil {
			got = d.Proxy.Address()
		}
		if err != nil || got != c.want {
			t.Errorf("%+v: %q, %v", c, got, err)
		}
	}
}

func TestAProxyThatRefuses(t *testing.T) {
	v := newVisitor(t)
	proxy := newPeer(t, answer("HTTP/1.1 403 no\r\n\r\n"))
	d := v.dialer(proxy)
	d.Host, d.Port = "chat.example", 9034
	if err := d.FindProxy(env("all_proxy", fmt.Sprintf("http://ada:secret@127.0.0.1:%d", proxy.port))); err != nil {
		t.Fatal(err)
	}
	err := v.visit(d)
	want := fmt.Sprintf("the proxy 127.0.0.1:%d refuses to connect to chat.example:9034: status 403 Forbidden", proxy.port)
	if err == nil || chatclient.Reason(err) != want || d.FellBack() {
		t.Errorf("%v, want %s", err, want)
	}
}

// resolver returns a resolver with one IPv6 and one IPv4 address for each name.
func resolver(t *testing.T) *net.Resolver {
	answer := func(query []byte) []byte {
		var m dnsmessage.Message
		if err := m.Unpack(query); err != nil {
			t.Error(err)
			return nil
		}
		m.Response, m.Authoritative, m.Additionals = true, true, nil
		for _, q := range m.Questions {
			h := dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class, TTL: 1}
			switch q.Type {
			case dnsmessage.TypeA:
				m.Answers = append(m.Answers, dnsmessage.Resource{Header: h, Body: &dnsmessage.AResource{A: [4]byte{127, 0, 0, 1}}})
			case dnsmessage.TypeAAAA:
				m.Answers = append(m.Answers, dnsmessage.Resource{Header: h, Body: &dnsmessage.AAAAResource{AAAA: [16]byte{15: 1}}})
			}
		}
		packed, err := m.Pack()
		if err != nil {
			t.Error(err)
		}
		return packed
	}
	return &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		client, server := net.Pipe()
		go func() { // DNS over a stream (RFC 1035, section 4.2.2)
			defer server.Close()
			size := make([]byte, 2)
			for {
				if _, err := io.ReadFull(server, size); err != nil {
					return
				}
				query := make([]byte, int(size[0])<<8|int(size[1]))
				if _, err := io.ReadFull(server, query); err != nil {
					return
				}
				reply := answer(query)
				if _, err := server.Write(append([]byte{byte(len(reply) >> 8), byte(len(reply))}, reply...)); err != nil {
					return
				}
			}
		}()
		return client, nil
	}}
}

// An IPv6 address that never answers does not keep from the IPv4 address (RFC 8305).
func TestADeadIPv6Address(t *testing.T) {
	v := newVisitor(t)
	p := newPeer(t, secure(testcert.New("chat.example")))
	d := v.dialer(p)
	d.Host = "chat.example."
	tried := make(chan struct{}) // closed when the IPv6 address is tried
	try := sync.OnceFunc(func() { close(tried) })
	d.Net = net.Dialer{
		Resolver: resolver(t), FallbackDelay: time.Millisecond,
		ControlContext: func(ctx context.Context, network, _ string, _ syscall.RawConn) error {
			if network == "tcp6" {
				try()
				<-ctx.Done()
				return ctx.Err()
			}
			select {
			case <-tried: // even if the IPv4 address comes first
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		},
	}
	d.Roots.AddCert(testcert.New("other.example").Leaf)
	conn, err := d.Connect(t.Context(), "", "")
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.Close()
	if host, _, _ := net.SplitHostPort(conn.RemoteAddr().String()); host != "127.0.0.1" {
		t.Error(host)
	}
}
