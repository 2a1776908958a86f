package ws_test

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/sudoXpg/netloop/eventloop"
	"github.com/sudoXpg/netloop/eventloop/sim"
	"github.com/sudoXpg/netloop/filter/ws"
)

// A world is a server in a simulated world, whose clock it has.
type world struct {
	*testing.T
	w *sim.World
	g *eventloop.Group
}

// A witness is a handler that notes what it is told.
type witness struct {
	conn    *ws.Conn
	log     []string
	message func(c *ws.Conn, kind ws.Kind, data []byte)
	closed  bool
	err     error
}

func (h *witness) Opened(c *ws.Conn) { h.conn = c }

func (h *witness) Message(c *ws.Conn, kind ws.Kind, data []byte) {
	h.log = append(h.log, describe(ws.Event{Kind: kind, Payload: data}))
	if h.message != nil {
		h.message(c, kind, data)
	}
}

func (h *witness) Closed(_ *ws.Conn, err error) {
	if h.closed {
		err = errors.New("Closed was called twice")
	}
	h.closed, h.err = true, err
}

// echo is Handler.Message of an echo server.
func echo(c *ws.Conn, kind ws.Kind, data []byte) { c.SendCompressed(kind, data) }

func newWorld(t *testing.T, faults sim.Faults, o eventloop.Options) *world {
	t.Helper()
	w := sim.New(sim.Options{Seed: 1, Faults: faults})
	o.Open, o.Now, o.Executor = w.Open, w.Now, w.Executor()
	g, err := eventloop.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := g.Close(); err != nil {
			t.Error(err)
		}
	})
	return &world{t, w, g}
}

// serve listens with a handler of its own for each connection.
func (w *world) serve(o ws.Options, handler func() ws.Handler) {
	w.Helper()
	accept := func(*http.Request) (ws.Handler, error) { return handler(), nil }
	if _, err := w.g.Listen("tcp", ":80", ws.Server(o, accept)); err != nil {
		w.Fatal(err)
	}
}

// settle lets everything happen that can happen now.
func (w *world) settle() {
	w.Helper()
	for again := true; again; again = !w.w.Idle() {
		for range 3 { // tasks and timers that others have set
			if err := w.g.Loops()[0].Step(0); err != nil {
				w.Fatal(err)
			}
		}
	}
}

// pass lets time pass, in steps of a second at most.
func (w *world) pass(d time.Duration) {
	w.Helper()
	for end := w.w.Now().Add(d); w.w.Now().Before(end); {
		w.settle()
		w.w.Advance(min(time.Second, end.Sub(w.w.Now())))
	}
	w.settle()
}

// A client is a client of a world, which writes bytes and reads frames.
type client struct {
	*world
	raw   *sim.Client
	in    []byte // received, and not yet looked at
	ended string // how reading has ended
}

func (w *world) dial() *client {
	w.Helper()
	raw, err := w.w.Dial("tcp", "127.0.0.1:80")
	if err != nil {
		w.Fatal(err)
	}
	return &client{world: w, raw: raw}
}

const request = "GET /chat HTTP/1.1\r\nHost: a.test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
	"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"

const offer = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"

// upgrade makes a client that is upgraded.
func (w *world) upgrade(fields string) *client {
	w.Helper()
	c := w.dial()
	c.write(request + fields + "\r\n")
	if resp := c.response(); resp.StatusCode != http.StatusSwitchingProtocols {
		w.Fatal(resp)
	}
	return c
}

// write writes everything, as far as the server reads it.
func (c *client) write(s string) (rest string) {
	c.Helper()
	for p := []byte(s); ; {
		n, err := c.raw.Write(p)
		p = p[max(n, 0):]
		if err != nil && !errors.Is(err, eventloop.ErrWouldBlock) {
			return string(p) // the server has closed
		}
		c.settle()
		if len(p) == 0 || n <= 0 {
			return string(p)
		}
	}
}

// read reads what is there.
func (c *client) read() {
	c.Helper()
	buf := make([]byte, 64<<10)
	for c.ended == "" {
		c.settle()
		n, err := c.raw.Read(buf)
		c.in = append(c.in, buf[:max(n, 0)]...)
		switch {
		case errors.Is(err, eventloop.ErrWouldBlock):
			return
		case errors.Is(err, io.EOF):
			c.ended = "EOF"
		case err != nil:
			c.ended = "reset"
		}
	}
}

// response reads the response to a GET request.
func (c *client) response() *http.Response {
	c.Helper()
	return c.responseTo(http.MethodGet)
}

func (c *client) responseTo(method string) *http.Response {
	c.Helper()
	c.read()
	r := bufio.NewReader(bytes.NewReader(c.in))
	resp, err := http.ReadResponse(r, &http.Request{Method: method})
	if err != nil {
		c.Fatalf("%q: %v", c.in, err)
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		c.Fatal(err)
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	if c.in, err = io.ReadAll(r); method == http.MethodHead && len(c.in) > 0 {
		c.Errorf("the answer to HEAD has a body: %q, %v", c.in, err)
	}
	return resp
}

// frames returns the frames that the client has got, and how the connection has ended.
func (c *client) frames() []string {
	c.Helper()
	c.read()
	found, rest := serverFrames(c.T, c.in)
	c.in = rest
	if len(rest) == 0 && c.ended != "" {
		found = append(found, c.ended)
	}
	return found
}

// want checks what the client has got.
func (c *client) want(frames ...string) {
	c.Helper()
	if got := c.frames(); fmt.Sprintf("%q", got) != fmt.Sprintf("%q", frames) {
		c.Errorf("the client gets %q; want %q", got, frames)
	}
}

// serverFrames returns a description of each frame of a server, and the rest.
func serverFrames(t *testing.T, p []byte) (found []string, rest []byte) {
	t.Helper()
	for len(p) >= 2 {
		n, size := int(p[1]), 2
		switch {
		case p[1]&0x80 != 0:
			t.Fatalf("a masked frame: %q", p)
		case n == 126 && len(p) >= 4:
			n, size = int(binary.BigEndian.Uint16(p[2:])), 4
		case n == 127 && len(p) >= 10:
			n, size = int(binary.BigEndian.Uint64(p[2:])), 10
		}
		if len(p) < size+n {
			break
		}
		payload, first := string(p[size:size+n]), p[0]
		p = p[size+n:]
		compressed := ""
		if first&rsv1 != 0 {
			var d ws.Decoder
			d.Deflate, d.MaxMessage = true, 64<<20
			ev, _, err := d.Next([]byte(frame(first, payload)))
			if err != nil {
				t.Fatal(err)
			}
			payload, compressed = string(ev.Payload), "compressed "
			first &^= rsv1
		}
		ev := ws.Event{Payload: []byte(payload), Code: ws.CodeNone}
		switch first {
		case fin | text:
			ev.Kind = ws.Text
		case fin | binaryOp:
			ev.Kind = ws.Binary
		case fin | ping:
			ev.Kind = ws.Ping
		case fin | pong:
			ev.Kind = ws.Pong
		case fin | closeOp:
			if ev.Kind = ws.Close; len(payload) > 0 {
				ev.Code, ev.Payload = ws.Code(binary.BigEndian.Uint16([]byte(payload))), []byte(payload[2:])
			}
		default:
			t.Fatalf("a frame that begins with %#x", first)
		}
		found = append(found, compressed+describe(ev))
	}
	return found, p
}

// faults are those of a bad network.
var faults = map[string]sim.Faults{
	"without faults": {},
	"with faults":    {ShortRead: 0.3, ShortWrite: 0.3, WouldBlock: 0.2, Reorder: 0.5, Partial: 0.5},
}

func failure(err *ws.Error) string {
	return strings.TrimSpace(fmt.Sprintf("Close %d %s", err.Code, err.Text))
}

var noon = time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)

// readResponse parses a response.
func readResponse(t *testing.T, answer string) *http.Response {
	t.Helper()
	resp, err := http.ReadResponse(bufio.NewReader(strings.NewReader(answer)), nil)
	if err != nil {
		t.Fatalf("%q: %v", answer, err)
	}
	return resp
}
