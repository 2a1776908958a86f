//go:build e2e && unix

package e2e

import (
	"bufio"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// On listeners of one protocol each, people talk in one room. The window is so long that
// only a listener without one greets in time.
func TestListenersOfOneProtocol(t *testing.T) {
	t.Parallel()
	s := start(t, "--listen", "telnet://127.0.0.1", "--listen", "tls://127.0.0.1", "--listen", "auto://unix:"+folder(t)+"/chat",
		"--listen", "json://127.0.0.1", "--sniff-window", "10s")
	s.expect(t, record{"msg": "listener", "address": "tcp4 " + s.places[0].address, "protocol": "telnet"})
	s.expect(t, record{"msg": "listener", "address": "tcp4 " + s.places[1].address, "protocol": "tls"})
	alice := meet(t, s, "alice", 0)
	if err := alice.sees(greeting); err != nil {
		t.Fatal(err)
	}
	bob := meet(t, s, "bob", 1)
	bob.conn = tls.Client(bob.conn.(net.Conn), &tls.Config{InsecureSkipVerify: true}) //nolint:gosec // self-signed
	carol := meet(t, s, "carol", 2)
	for i, p := range []*person{alice, bob, carol} {
		if err := p.joins(); err != nil {
			t.Fatal(err)
		}
		for _, other := range []*person{alice, bob, carol}[:i] {
			if err := other.sees("*** " + p.name + " joined\r\n"); err != nil {
				t.Error(err)
			}
		}
	}
	if err := errors.Join(bob.send("hello\r\n"), alice.sees("bob: hello\r\n"), carol.sees("bob: hello\r\n")); err != nil {
		t.Error(err)
	}
	dave := meet(t, s, "dave", 3)
	if err := dave.send(`{"type":"hello","v":1}` + "\n" + `{"type":"login","name":"dave"}` + "\n"); err != nil {
		t.Error(err)
	}
	if err := errors.Join(alice.sees("*** dave joined\r\n"), bob.sees("*** dave joined\r\n"), alice.send("hi\r\n"), bob.sees("alice: hi\r\n")); err != nil {
		t.Error(err)
	}
	if _, err := dave.until(`"hi"`); err != nil {
		t.Error(err)
	}
	web := meet(t, s, "a browser", 0)
	if err := errors.Join(web.sees(greeting), web.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), web.seesTheEnd("")); err != nil {
		t.Error(err)
	}
	plain := meet(t, s, "plain", 1)
	if err := plain.send("plain\r\n"); err != nil {
		t.Error(err)
	}
	if text, err := io.ReadAll(plain.conn); err != nil || strings.Contains(string(text), "Welcome") {
		t.Errorf("a plain client of tls:// reads %q, %v", text, err)
	}
	if err := errors.Join(alice.seesNothing(), bob.seesNothing()); err != nil {
		t.Error(err)
	}
	leave(t, []*person{alice, bob, carol, dave})
	s.stops(t)
}

// The headers are those of HAProxy with send-proxy and send-proxy-v2.
func TestTheAddressOfAProxysClientIsShownAndLimited(t *testing.T) {
	t.Parallel()
	s := start(t, "--listen", "auto://127.0.0.1?proxy=127.0.0.0/8", "--listen", "telnet://[::1]?proxy=192.0.2.1,2001:db8::/32", "--max-per-ip", "1", "--sniff-window", "10s")
	const frame = "\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c\xc0\x00\x02\x4e\x7f\x00\x00\x01\xdc\x04\x23\x4a"
	var all []*person
	for name, header := range map[string]string{"192.0.2.77": "PROXY TCP4 192.0.2.77 127.0.0.1 56324 9034\r\n", "192.0.2.78": frame} {
		p := meet(t, s, "p"+name[8:], 0)
		if err := errors.Join(p.send(header), p.joins(), p.send("/whoami\r\n")); err != nil {
			t.Fatal(err)
		}
		if _, err := p.until("from " + name + "\r\n"); err != nil {
			t.Error(err)
		}
		s.expect(t, record{"msg": "connect", "address": name + ":56324"})
		again := meet(t, s, "again", 0)
		if err := again.send(header + "again\r\n"); err != nil {
			t.Error(err)
		}
		if _, err := again.until("*** your address already has 1 connection, the limit: log in to take over one of yours\r\n"); err != nil {
			t.Error(err)
		}
		all = append(all, p, again)
	}
	bare := meet(t, s, "no header", 0)
	if err := errors.Join(bare.send("bob\r\n"), bare.seesTheEnd("")); err != nil {
		t.Error(err)
	}
	s.expect(t, record{"msg": "refused", "reason": "bad_proxy_header", "cause": "no PROXY header"})
	stranger := meet(t, s, "a stranger", 1)
	if err := stranger.seesTheEnd(""); err != nil {
		t.Error(err)
	}
	s.expect(t, record{"msg": "refused", "reason": "not_a_proxy"})
	leave(t, all)
	s.stops(t)
}

// What is no request for a page is answered, with and without TLS: the answer is not lost in a
// reset, and without the page, a browser's user is told how to connect.
func TestHTTPIsAnswered(t *testing.T) {
	t.Parallel()
	const host = "HTTP/1.1\r\nHost: chat.example.org:9034\r\n"
	for _, test := range []struct {
		flag, request string
		status        int
		field, value  string
		body          []string // without TLS, and with it
	}{
		// More than the server reads.
		{
			"--web=true", "POST / " + host + "Content-Length: 100000\r\n\r\n" + strings.Repeat("x", 100_000), http.StatusMethodNotAllowed,
			"Allow", "GET, HEAD",
			[]string{"only GET and HEAD are allowed\n", "only GET and HEAD are allowed\n"},
		},
		{"--web=false", "GET / " + host + "\r\n", http.StatusUpgradeRequired, "Upgrade", "websocket", []string{
			"connect with telnet chat.example.org 9034\n",
			"connect with openssl s_client -quiet -connect chat.example.org:9034, or another TLS client\n",
		}},
	} {
		s := start(t, "--bind", "127.0.0.1", patientSniffing, test.flag)
		for i, want := range test.body {
			raw, err := s.dial(0)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { raw.Close() })
			if err := raw.SetDeadline(time.Now().Add(patience)); err != nil {
				t.Fatal(err)
			}
			c := raw
			if i == 1 {
				c = tls.Client(raw, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2", "http/1.1"}}) //nolint:gosec // self-signed
			}
			if _, err := io.WriteString(c, test.request); err != nil {
				t.Fatal(err)
			}
			r := bufio.NewReader(c)
			a, err := http.ReadResponse(r, nil)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(a.Body)
			if err != nil || a.StatusCode != test.status || a.Header.Get(test.field) != test.value || !strings.HasSuffix(string(body), want) {
				t.Errorf("%s: %d %v %q, %v", test.flag, a.StatusCode, a.Header, body, err)
			}
			if rest, err := io.ReadAll(r); err != nil || len(rest) > 0 {
				t.Errorf("%s: then %q, %v", test.flag, rest, err)
			}
		}
		s.stops(t)
	}
}

func TestMistakesInListenersAreExplained(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ args, want string }{
		{"--listen tlnet://*", `chatsrv: --listen: "tlnet://*": the protocol "tlnet" is not one of auto, telnet, tls, json (did you mean telnet?)` + "\n"},
		{"--listen tls://127.0.0.1 --listen telnet://127.0.0.1", `chatsrv: --listen: "telnet://127.0.0.1": tcp4 127.0.0.1:9034 already belongs to "tls://127.0.0.1": give one of them another port` + "\n"},
		{"--listen tls://127.0.0.1 --tls off", `chatsrv: --listen: "tls://127.0.0.1": there is no TLS with --tls off: leave --tls out, or use telnet://127.0.0.1` + "\n"},
		{"--listen auto://127.0.0.1 --bind ::1", `chatsrv: --listen: "auto://127.0.0.1" can't be combined with --bind: use --listen auto://::1 instead of --bind ::1` + "\n"},
	} {
		if stdout, stderr, code := command(t, nil, strings.Fields(c.args)...); code != 2 || stdout != "" || stderr != c.want {
			t.Errorf("%s: code %d, %q, %q", c.args, code, stdout, stderr)
		}
	}
}
