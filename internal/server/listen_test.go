package server_test

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/sudoXpg/netloop/internal/server"
)

// listens opens a listener on 127.0.0.1:2, which at connects to.
func (f *fixture) listens(o server.ListenOptions) {
	f.t.Helper()
	if _, err := f.srv.ListenWith("tcp4", "127.0.0.1:2", o); err != nil {
		f.t.Fatal(err)
	}
}

func (f *fixture) at(source string) *peer {
	f.t.Helper()
	return f.dialTo(netip.MustParseAddr(source), "127.0.0.1:2")
}

func TestATelnetListenerGreetsAtOnce(t *testing.T) {
	f := start(t, speaksTLS)
	f.listens(server.ListenOptions{Protocol: "telnet"})
	bob := f.at("192.0.2.1")
	bob.sees(greeting)
	bob.sends("bob\r\n")
	bob.sees(alone("bob"))
	for what, first := range map[string]string{
		"tls": "\x16\x03\x01\x02\x00\x01", "http": "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "ssh": "SSH-2.0-x\r\n", "proxy": "PROXY UNKNOWN\r\n",
	} {
		p := f.at("192.0.2.2")
		p.sends(first)
		p.sees(greeting)
		p.isClosed()
		f.logged("msg=leave", `reason="not chat: `+what+`"`)
	}
	program := f.at("192.0.2.3")
	program.sends(`{"type":"hello","v":1}` + "\n")
	if got := program.reads(); !strings.HasPrefix(got, greeting+"*** ") || !strings.HasSuffix(got, prompt) || strings.Contains(got, "welcome") {
		t.Errorf("a program reads %q", got)
	}
	bob.sees("")
}

func TestATLSListenerSpeaksOnlyTLS(t *testing.T) {
	f := start(t, speaksTLS)
	f.listens(server.ListenOptions{Protocol: "tls"})
	slow := f.at("192.0.2.1")
	f.advance(5 * time.Second) // there is no window in which the first bytes must come
	slow.sees("")
	c, err := slow.secure()
	if err != nil {
		t.Fatal(err)
	}
	f.advance(time.Second)
	if got := all(t, c); got != greeting {
		t.Errorf("read %q", got)
	}
	plain := f.at("192.0.2.2")
	plain.sends("bob\r\n")
	if got := plain.reads(); strings.Contains(got, "Welcome") || plain.open {
		t.Errorf("a plain client reads %q", got)
	}
	plain.isClosed()
	f.logged("msg=leave", "TLS handshake failed")
	web, err := f.at("192.0.2.3").secure()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := web.Write([]byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	f.settle()
	if a, _ := answer(t, "GET", all(t, web)); a.StatusCode != 426 {
		t.Errorf("%d", a.StatusCode)
	}
}

// With --sniff-window 0 only a listener of its own has TLS.
func TestATLSListenerNeedsNoWindow(t *testing.T) {
	f := start(t, func(o *server.Options) {
		speaksTLS(o)
		o.SniffWindow = 0
	})
	f.listens(server.ListenOptions{Protocol: "tls"})
	c, err := f.at("192.0.2.1").secure()
	if err != nil {
		t.Fatal(err)
	}
	if got := all(t, c); got != greeting {
		t.Errorf("read %q", got)
	}
}

// A client of it that does not begin with an object has made a mistake, and is told so.
func TestAJSONListenerSpeaksOnlyJSON(t *testing.T) {
	f := start(t, speaksTLS)
	f.listens(server.ListenOptions{Protocol: "json"})
	p := f.at("192.0.2.1")
	p.sends(`{"type":"hello","v":1}` + "\n" + `{"type":"login","name":"bob"}` + "\n")
	if got := p.reads(); !strings.HasPrefix(got, `{"type":"welcome"`) || !strings.Contains(got, "#lobby") {
		t.Errorf("%q", got)
	}
	for _, first := range []string{"eve\r\n", "GET / HTTP/1.1\r\n\r\n"} {
		odd := f.at("192.0.2.2")
		f.advance(time.Second)
		odd.sees("")
		odd.sends(first)
		if got := odd.reads(); !strings.HasPrefix(got, `{"type":"error"`) {
			t.Errorf("%q is answered with %q", first, got)
		}
	}
	for line := range strings.Lines(p.reads()) {
		t.Errorf("then %s", line)
	}
}

// A protocol is found by the name in its row.
func TestAListenerMayHaveAnyProtocolOfTheServer(t *testing.T) {
	f := start(t, speaksTLS)
	f.srv.SpeakPipes()
	f.listens(server.ListenOptions{Protocol: "pipes"})
	p := f.at("192.0.2.1")
	if got := p.reads(); strings.Contains(got, "Welcome") {
		t.Errorf("%q", got)
	}
	p.sends("|ann\n")
	if got := p.reads(); !strings.Contains(got, "#lobby") {
		t.Errorf("%q", got)
	}
}

func TestAProtocolThatTheServerLacksIsAnError(t *testing.T) {
	f := start(t, nil)
	for protocol, want := range map[string]string{
		"tls":   "listen tcp 0.0.0.0:3: the protocol tls is not available here (there are auto, http, json, telnet)",
		"pipes": "the protocol pipes is not available here",
		"ssh":   "the protocol ssh is not available here",
	} {
		_, err := f.srv.ListenWith("tcp", ":3", server.ListenOptions{Protocol: protocol})
		if err == nil || !strings.Contains(err.Error(), strings.Replace(want, "0.0.0.0", "[::]", 1)) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	f = start(t, classicStyle)
	_, err := f.srv.ListenWith("tcp", ":3", server.ListenOptions{Protocol: "telnet"})
	if err == nil || !strings.Contains(err.Error(), "the protocol telnet is not available here") {
		t.Errorf("%v", err)
	}
}

func TestTheLogNamesTheProtocolsOfListeners(t *testing.T) {
	f := start(t, speaksTLS)
	f.listens(server.ListenOptions{Protocol: "tls", Proxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("::1/128")}})
	f.srv.LogStart("0", "sim")
	f.logged("msg=start", `addresses="tcp [::]:9034, tcp4 127.0.0.1:2"`)
	f.logged("msg=listener", `address="tcp4 127.0.0.1:2"`, "protocol=tls", `proxies="10.0.0.0/8 ::1/128"`)
	if n := strings.Count(f.log.String(), "msg=listener"); n != 1 {
		t.Errorf("%d lines", n)
	}
}
