package server_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/sudoXpg/netloop/eventloop/sim"
	"github.com/sudoXpg/netloop/filter/http1"
	"github.com/sudoXpg/netloop/filter/ws"
	"github.com/sudoXpg/netloop/internal/server"
)

// A page is a site with a large page.
type page struct{ body []byte }

func (p page) Answer(q *http.Request) *http1.Response {
	if q.URL.Path != "/" {
		return &http1.Response{Status: http.StatusNotFound}
	}
	return &http1.Response{Status: http.StatusOK, Body: p.body}
}

// hasPage is a change of the options: there are pages and WebSocket.
func hasPage(o *server.Options) {
	speaksJSON(o)
	o.Site = page{[]byte(strings.Repeat("x", 30_000))}
}

const upgrade = "GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"

// masked returns a client's frame. Its mask is zero.
func masked(first byte, payload string) string {
	if len(payload) < 126 {
		return string([]byte{first, 0x80 | byte(len(payload)), 0, 0, 0, 0}) + payload
	}
	return string([]byte{first, 0x80 | 126, byte(len(payload) >> 8), byte(len(payload)), 0, 0, 0, 0}) + payload
}

const text, binary, closing, ping = 0x81, 0x82, 0x88, 0x89

// surfs connects by WebSocket.
func (f *fixture) surfs() *peer {
	f.t.Helper()
	p := f.dial()
	p.sends(upgrade + "\r\n")
	if got := p.reads(); !strings.HasPrefix(got, "HTTP/1.1 101 ") || !strings.HasSuffix(got, "\r\n\r\n") {
		f.t.Fatalf("%q", got)
	}
	return p
}

// messages returns the objects that a client has been sent, and the code of the Close frame,
// 0 without one.
func (p *peer) messages() (all []fields, code ws.Code) {
	p.f.t.Helper()
	for in := []byte(p.reads()); len(in) > 0; {
		n, at := int(in[1]), 2
		if n == 126 {
			n, at = int(in[2])<<8|int(in[3]), 4
		}
		payload := in[at:][:n]
		switch in[0] {
		case text:
			var o fields
			if err := json.Unmarshal(payload, &o); err != nil {
				p.f.t.Fatalf("%q: %v", payload, err)
			}
			all = append(all, o)
		case closing:
			code = ws.CodeNone
			if n >= 2 {
				code = ws.Code(payload[0])<<8 | ws.Code(payload[1])
			}
		default:
			p.f.t.Errorf("a frame of type %#x: %q", in[0], payload)
		}
		in = in[at+n:]
	}
	return all, code
}

// browses connects by WebSocket and takes a name.
func (f *fixture) browses(name string) (p *peer, token string) {
	f.t.Helper()
	p = f.surfs()
	p.sends(masked(text, `{"type":"hello","v":1}`) + masked(text, `{"type":"login","name":"`+name+`"}`))
	all, _ := p.messages()
	for _, o := range all {
		if o["type"] == "session" {
			token, _ = o["token"].(string)
		}
	}
	if len(all) < 3 || all[0]["type"] != "welcome" || all[1]["type"] != "joined" || token == "" {
		f.t.Fatalf("%.500v", all)
	}
	return p, token
}

func TestAPageThatIsLoadedAgainResumesUnnoticed(t *testing.T) {
	f := start(t, hasPage)
	bob := f.dial()
	bob.sends("bob\r\n")
	f.advance(time.Second)
	bob.reads()
	web, token := f.browses("ada")
	bob.sees("*** ada joined\r\n")
	web.sends(masked(closing, "\x03\xe9"))
	if _, code := web.messages(); code != ws.CodeGoingAway {
		t.Errorf("code %d", code)
	}
	web.isClosed()
	bob.sends("anybody here?\r\n")
	again := f.surfs()
	again.sends(masked(text, `{"type":"hello","v":1}`) + masked(text, `{"type":"resume","token":"`+token+`","rooms":{}}`))
	all, _ := again.messages()
	if len(all) < 2 || all[1]["type"] != "joined" || all[1]["name"] != "ada" {
		t.Errorf("%.3000v", all[1:])
	}
	again.sends(masked(text, `{"type":"post","text":"I am","cid":"1"}`))
	bob.sees("ada: I am\r\n")
	f.advance(2 * time.Minute)
	bob.sees("")
}

func TestWhatIsNoProperMessageEndsAWebSocketWithItsCode(t *testing.T) {
	for frame, want := range map[string]ws.Code{
		masked(binary, "{}"):                        ws.CodeUnsupportedData,
		masked(text, "\xff"):                        ws.CodeInvalidData,
		masked(0x80, "x"):                           ws.CodeProtocolError,
		masked(0x91, "x"):                           ws.CodeProtocolError,
		"\x81\x01x":                                 ws.CodeProtocolError,
		masked(closing, "\x03\xe8bye"):              ws.CodeNormal,
		masked(text, strings.Repeat("x", 16<<10+1)): ws.CodeTooBig,
	} {
		f := start(t, hasPage)
		bob := f.dial()
		bob.sends("bob\r\n")
		f.advance(time.Second)
		p, _ := f.browses("eve")
		bob.reads()
		p.sends(frame)
		if _, code := p.messages(); code != want {
			t.Errorf("%.20q: code %d, want %d", frame, code, want)
		}
		p.isClosed()
	}
}

func TestAPingIsAnswered(t *testing.T) {
	f := start(t, hasPage)
	p := f.surfs()
	p.sends(masked(ping, "are you there"))
	p.sees("\x8a\rare you there")
}

func TestOnlyPagesOfThisServerMayConnect(t *testing.T) {
	f := startIn(t, sim.New(sim.Options{}), hasPage, func(o *server.Options) { o.Upgrader.Origins = []string{"https://friend.example"} })
	for origin, status := range map[string]string{
		"http://x": "101", "https://friend.example": "101", "https://evil.example": "403", "null": "403", "http://x.evil.example": "403",
	} {
		p := f.dial()
		p.sends(upgrade + "Origin: " + origin + "\r\n\r\n")
		if got := p.reads(); !strings.HasPrefix(got, "HTTP/1.1 "+status+" ") {
			t.Errorf("%s: %.40q", origin, got)
		}
	}
}

func TestARefusedWebSocketIsToldWhy(t *testing.T) {
	f := startIn(t, sim.New(sim.Options{}), hasPage, func(o *server.Options) { o.MaxClients = 1 })
	f.join("one")
	p := f.dial()
	p.sends(upgrade + "\r\n")
	_, rest, _ := strings.Cut(p.reads(), "\r\n\r\n")
	if !strings.Contains(rest, `{"type":"bye","code":"server-full"`) || p.open {
		t.Errorf("%q, open %v", rest, p.open)
	}
}

// Requests may follow each other at once. A client that does not read its answers is not read
// either.
func TestPagesFollowEachOtherOnAConnection(t *testing.T) {
	f := startIn(t, sim.New(sim.Options{SocketBuffer: 1000}), hasPage)
	p := f.dial()
	const n = 50
	if _, err := p.c.Write([]byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	for range n - 1 {
		f.settle()
		if _, err := p.c.Write([]byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n")); err != nil {
			break // the server has stopped reading
		}
	}
	got := p.reads()
	r := bufio.NewReader(strings.NewReader(got))
	answers := 0
	for r.Buffered() > 0 || answers == 0 {
		a, err := http.ReadResponse(r, nil)
		if err != nil || a.StatusCode != 200 || a.ContentLength != 30_000 || a.Close {
			t.Fatalf("answer %d: %v, %+v", answers, err, a)
		}
		if _, err := r.Discard(30_000); err != nil {
			t.Fatal(err)
		}
		answers++
		if _, err := r.Peek(1); err != nil {
			break
		}
	}
	if answers < 2 {
		t.Errorf("%d answers", answers)
	}
	p.sends("HEAD /none HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
	if got := p.reads(); !strings.HasPrefix(got, "HTTP/1.1 404 ") || !strings.HasSuffix(got, "Connection: close\r\nContent-Length: 0\r\n\r\n") {
		t.Errorf("%q", got)
	}
	p.isClosed()
	idle := f.dial()
	idle.sends("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	idle.reads()
	f.advance(4 * time.Second)
	if idle.sees(""); !idle.open {
		t.Error("closed before the time between two requests has passed")
	}
	f.advance(2 * time.Second)
	idle.isClosed()
}

func TestHealthIsThatOfTheStore(t *testing.T) {
	sick := errors.New("disk full")
	f := startIn(t, sim.New(sim.Options{}), hasPage, func(o *server.Options) { o.Healthy = func() error { return sick } })
	for _, want := range []string{"HTTP/1.1 503 ", "HTTP/1.1 200 "} {
		p := f.dial()
		p.sends("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
		if got := p.reads(); !strings.HasPrefix(got, want) || strings.Contains(got, "disk full") {
			t.Errorf("%q, want %q", got, want)
		}
		sick = nil
	}
}

// pong is a client's answer to a Ping, and pinged what the server sends.
const pong, pinged = "\x8a\x80\x00\x00\x00\x00", "\x89\x00"

func TestASilentPageIsAskedForASignOfLife(t *testing.T) {
	f := start(t, hasPage)
	bob := f.join("bob")
	web, token := f.browses("ada")
	bob.reads()
	f.advance(29 * time.Second)
	web.sees("")
	for range 3 {
		f.advance(31 * time.Second)
		web.reads()
		f.advance(31 * time.Second)
		if web.sees(pinged); !web.open {
			t.Fatal("closed")
		}
		f.advance(9 * time.Second)
		web.sends(pong)
	}
	for range 10 { // a client that speaks is not asked
		f.advance(20 * time.Second)
		web.sends(masked(text, `{"type":"ping"}`))
		if all, _ := web.messages(); len(all) != 1 || all[0]["type"] != "pong" {
			t.Fatalf("%v", all)
		}
	}
	f.advance(31 * time.Second)
	f.advance(31 * time.Second)
	web.sees(pinged)
	f.advance(11 * time.Second)
	web.isClosed()
	again := f.surfs()
	again.sends(masked(text, `{"type":"hello","v":1}`) + masked(text, `{"type":"resume","token":"`+token+`","rooms":{}}`))
	if all, _ := again.messages(); len(all) < 2 || all[1]["type"] != "joined" {
		t.Errorf("%.3000v", all)
	}
	bob.sees("")
}

// Each request has its own 30 seconds, also in fragments; whoever is too slow may come back.
func TestARequestHasToBeCompleteInTime(t *testing.T) {
	const first, last = `{"type":"ping",`, `"cid":"1"}`
	for what, pieces := range map[string][2]string{
		"half a frame":  {masked(text, first+last)[:10], masked(text, first+last)[10:]},
		"a fragment":    {masked(0x01, first), masked(0x80, last)},
		"half a header": {masked(text, first+last)[:1], masked(text, first+last)[1:]},
	} {
		f := start(t, hasPage)
		bob := f.join("bob")
		web, token := f.browses("ada")
		bob.reads()
		for range 3 {
			web.sends(pieces[0])
			f.advance(29 * time.Second)
			web.sends(pieces[1] + pieces[0])
			f.advance(29 * time.Second)
			web.sends(pieces[1])
			if all, _ := web.messages(); len(all) != 2 || all[0]["type"] != "pong" {
				t.Fatalf("%s: %v", what, all)
			}
		}
		web.sends(pieces[0])
		f.advance(20 * time.Second)
		if what == "a fragment" {
			web.sends(masked(ping, "")) // is no part of it
			web.sees("\x8a\x00")
		}
		f.advance(11 * time.Second)
		if _, code := web.messages(); code != ws.CodePolicy {
			t.Errorf("%s: code %d", what, code)
		}
		web.isClosed()
		again := f.surfs()
		again.sends(masked(text, `{"type":"hello","v":1}`) + masked(text, `{"type":"resume","token":"`+token+`","rooms":{}}`))
		if all, _ := again.messages(); len(all) < 2 || all[1]["type"] != "joined" {
			t.Errorf("%s: %.3000v", what, all)
		}
		bob.sees("")
	}
	f := start(t, speaksJSON)
	ada := f.programNamed("ada")
	for range 3 {
		f.advance(time.Hour) // silence is nothing
		ada.sends(first)
		f.advance(29 * time.Second)
		ada.sends(last + "\n")
		only(t, "a slow ping", ada.objects(), fields{"type": "pong", "cid": "1"})
	}
	ada.sends(first)
	f.advance(31 * time.Second)
	only(t, "half a ping", ada.objects(), fields{"type": "bye", "code": "request-not-complete"})
	ada.isClosed()
}
