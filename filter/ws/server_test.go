package ws_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/sudoXpg/netloop/eventloop"
	"github.com/sudoXpg/netloop/eventloop/sim"
	"github.com/sudoXpg/netloop/filter/http1"
	"github.com/sudoXpg/netloop/filter/ws"
)

// one serves a single witness and connects to it.
func one(t *testing.T, o ws.Options, h *witness, fields string) (*world, *client) {
	t.Helper()
	w := newWorld(t, sim.Faults{}, eventloop.Options{})
	w.serve(o, func() ws.Handler { return h })
	return w, w.upgrade(fields)
}

// ends checks how a handler was told that its connection is closed.
func (h *witness) ends(t *testing.T, want string) {
	t.Helper()
	if got := fmt.Sprint(h.err); !h.closed || got != want {
		t.Errorf("closed: %v, with %s; want %s", h.closed, got, want)
	}
}

func TestEchoes(t *testing.T) {
	h := &witness{message: echo}
	_, c := one(t, ws.Options{}, h, "")
	c.write(frame(fin|text, "hello") + frame(fin|binaryOp, "\xff"))
	c.want("Text hello", "Binary \xff")
}

func TestFramesMayFollowTheRequestAtOnce(t *testing.T) {
	w := newWorld(t, sim.Faults{}, eventloop.Options{})
	w.serve(ws.Options{}, func() ws.Handler { return &witness{message: echo} })
	c := w.dial()
	c.write(request + "\r\n" + frame(fin|text, "hello") + frame(text, "wor"))
	if resp := c.response(); resp.StatusCode != http.StatusSwitchingProtocols {
		t.Fatal(resp)
	}
	c.write(frame(fin|continuation, "ld"))
	c.want("Text hello", "Text world")
}

// The closing handshake (RFC 6455, section 7.1).
func TestTheClientCloses(t *testing.T) {
	for payload, want := range map[string][2]string{
		closing(1000, "bye"): {"Close 1000", "ws: closed by the peer with code 1000: bye"},
		closing(4000, ""):    {"Close 4000", "ws: closed by the peer with code 4000"},
		"":                   {"Close 1005", "ws: closed by the peer with code 1005"},
	} {
		h := &witness{message: echo}
		w, c := one(t, ws.Options{}, h, "")
		c.write(frame(fin|text, "hello") + frame(fin|closeOp, payload) + frame(fin|text, "late"))
		c.want("Text hello", want[0], "EOF") // the server closes first
		if h.closed {
			t.Error("the server does not wait for the end of the client")
		}
		if err := c.raw.Close(); err != nil {
			t.Error(err)
		}
		w.settle()
		h.ends(t, want[1])
	}
}

func TestTheServerCloses(t *testing.T) {
	h := &witness{message: echo}
	w, c := one(t, ws.Options{}, h, "")
	h.conn.Close(ws.CodeGoingAway, "later")
	h.conn.Close(ws.CodeNormal, "again")
	h.conn.Send(ws.Text, []byte("late"))
	c.want("Close 1001 later")
	c.write(frame(fin|text, "late") + frame(fin|ping, "late"))
	c.want()
	c.write(frame(fin|closeOp, closing(1001, "")))
	c.want("EOF")
	_ = c.raw.Close()
	w.settle()
	h.ends(t, "<nil>")
	if len(h.log) > 0 {
		t.Errorf("the handler got %q", h.log)
	}
}

func TestAClientThatDoesNotAnswerCloseIsClosed(t *testing.T) {
	h := &witness{}
	w, c := one(t, ws.Options{CloseTimeout: 2 * time.Second}, h, "")
	h.conn.Close(ws.CodeNormal, "")
	w.pass(time.Second)
	c.want("Close 1000")
	w.pass(2 * time.Second)
	c.want("EOF")
	w.pass(10 * time.Second)
	h.ends(t, "<nil>")
}

func TestAViolationIsAnsweredWithItsCode(t *testing.T) {
	h := &witness{message: echo}
	w, c := one(t, ws.Options{}, h, "")
	c.write(frame(fin|text, "hello") + frame(fin|3, "") + frame(fin|text, "late"))
	c.want("Text hello", failure(ws.ErrOpcode), "EOF")
	_ = c.raw.Close()
	w.settle()
	h.ends(t, ws.ErrOpcode.Error())
	var failed *ws.Error
	if !errors.As(h.err, &failed) || failed.Code != ws.CodeProtocolError {
		t.Errorf("%v", h.err)
	}
}

func TestAnEndWithoutCloseIsUnexpected(t *testing.T) {
	h := &witness{}
	w, c := one(t, ws.Options{}, h, "")
	c.write(frame(text, "hel"))
	_ = c.raw.CloseWrite()
	w.settle()
	c.want("EOF")
	h.ends(t, io.ErrUnexpectedEOF.Error())
}

func TestAHandlerCanAbort(t *testing.T) {
	h := &witness{}
	h.message = func(c *ws.Conn, _ ws.Kind, _ []byte) { c.Abort(errors.New("enough")) }
	_, c := one(t, ws.Options{}, h, "")
	c.write(frame(fin|text, "a") + frame(fin|text, "b"))
	h.ends(t, "enough")
	if len(h.log) != 1 {
		t.Errorf("after Abort, the handler got %q", h.log)
	}
}

// Pings and pongs (5.5.2), with the clock of the loop.
func TestASilentClientIsProbed(t *testing.T) {
	h := &witness{message: echo}
	w, c := one(t, ws.Options{PingInterval: 30 * time.Second, PongTimeout: 10 * time.Second}, h, "")
	w.pass(29 * time.Second)
	c.want()
	w.pass(2 * time.Second)
	c.want("Ping")
	c.write(frame(fin|pong, ""))
	for range 10 { // anything is a sign of life
		w.pass(25 * time.Second)
		c.write(frame(fin|text, "a"))
		c.want("Text a")
	}
	w.pass(61 * time.Second)
	c.want("Ping")
	w.pass(11 * time.Second)
	h.ends(t, ws.ErrNoPong.Error())
}

func TestPingsCanBeTurnedOff(t *testing.T) {
	h := &witness{}
	w, c := one(t, ws.Options{PingInterval: -1}, h, "")
	w.pass(time.Hour)
	c.want()
	if h.closed {
		t.Errorf("closed: %v", h.err)
	}
}

func TestAPausedClientIsNotProbed(t *testing.T) {
	h := &witness{}
	w, c := one(t, ws.Options{}, h, "")
	h.conn.Pause()
	w.pass(time.Hour)
	c.write(frame(fin|text, "a"))
	c.want()
	if len(h.log) > 0 || h.closed {
		t.Errorf("paused, the handler got %q, %v", h.log, h.err)
	}
	h.conn.Resume()
	w.settle()
	if len(h.log) != 1 {
		t.Errorf("the handler got %q", h.log)
	}
}

// A client that sends and does not read costs the server a bounded amount of memory, and
// loses nothing.
func TestAClientThatDoesNotReadIsNotReadEither(t *testing.T) {
	h := &witness{message: echo}
	_, c := one(t, ws.Options{}, h, "")
	c.raw.SetReadBuffer(1)
	message := strings.Repeat("a", 10_000)
	sent, rest := 0, ""
	for ; rest == "" && sent < 1000; sent++ {
		rest = c.write(frame(fin|binaryOp, message))
		if h.closed {
			t.Fatal(h.err)
		}
	}
	if rest == "" {
		t.Fatal("the server reads without end")
	}
	if n := h.conn.Buffered(); n > 256<<10 {
		t.Errorf("%d bytes are waiting", n)
	}
	c.raw.SetReadBuffer(64 << 10)
	got := 0
	for range 100 {
		got += len(c.frames())
		rest = c.write(rest)
	}
	if got != sent {
		t.Errorf("%d messages came back of %d", got, sent)
	}
}

func TestAGroupThatDrainsSaysGoodbye(t *testing.T) {
	h := &witness{}
	w, c := one(t, ws.Options{}, h, "")
	topic := ws.NewTopic(eventloop.TopicOptions{})
	h.conn.Subscribe(topic, 0)
	topic.Publish(0, 0, ws.Text, []byte("last"))
	w.g.Drain(time.Minute)
	w.settle()
	topic.Publish(0, 0, ws.Text, []byte("late"))
	c.want("Text last", "Close 1001 the server stops", "EOF")
}

// A polite handler says goodbye, and notes when everything is sent.
type polite struct {
	witness
	drained int
}

func (h *polite) Drained(*ws.Conn) { h.drained++ }

func (h *polite) Draining(c *ws.Conn) {
	c.Send(ws.Text, []byte("goodbye"))
	c.Close(ws.CodeRestart, "back soon")
}

func TestAHandlerCanSayGoodbye(t *testing.T) {
	w := newWorld(t, sim.Faults{}, eventloop.Options{})
	h := &polite{}
	w.serve(ws.Options{}, func() ws.Handler { return h })
	c := w.upgrade("")
	h.conn.Send(ws.Text, []byte("hello"))
	c.want("Text hello")
	if h.drained == 0 {
		t.Error("the handler is not told that everything is sent")
	}
	w.g.Drain(time.Minute)
	c.want("Text goodbye", "Close 1012 back soon", "EOF")
}

// Requests that are not upgraded.
func TestRefusals(t *testing.T) {
	accept := func(req *http.Request) (ws.Handler, error) {
		switch req.URL.Path {
		case "/chat":
			if req.RemoteAddr == "" {
				return nil, errors.New("no address")
			}
			return &witness{}, nil
		case "/full":
			return nil, &http1.Error{Status: http.StatusServiceUnavailable, Text: "full", Fields: []string{"Retry-After: 60"}}
		case "/broken":
			return nil, errors.New("secret")
		}
		return nil, nil
	}
	w := newWorld(t, sim.Faults{}, eventloop.Options{})
	if _, err := w.g.Listen("tcp", ":80", ws.Server(ws.Options{}, accept)); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		request string
		status  int
		body    string
	}{
		"an upgrade":         {request + "\r\n", 101, ""},
		"a page":             {"GET / HTTP/1.1\r\nHost: a.test\r\n\r\n", 426, "this address is for WebSocket\n"},
		"the head of a page": {"HEAD / HTTP/1.1\r\nHost: a.test\r\n\r\n", 426, ""},
		"a bad request":      {"GET / HTTP/1.1\r\n\r\n", 400, "there is no Host\n"},
		"another path":       {strings.Replace(request, "/chat", "/tea", 1) + "\r\n", 404, "there is nothing at this address\n"},
		"a refusal":          {strings.Replace(request, "/chat", "/full", 1) + "\r\n", 503, "full\n"},
		"a failure":          {strings.Replace(request, "/chat", "/broken", 1) + "\r\n", 500, "the server has failed\n"},
		"a foreign origin":   {request + "Origin: http://b.test\r\n\r\n", 403, "the origin is not allowed\n"},
		"a long head":        {request + "A: " + strings.Repeat("b", 9000), 431, "the head of the request is too long\n"},
	} {
		cl := w.dial()
		cl.write(c.request)
		resp := cl.responseTo(strings.Fields(c.request)[0])
		body, _ := io.ReadAll(resp.Body)
		if resp.StatusCode != c.status || string(body) != c.body || (cl.ended == "EOF") != (c.status != 101) {
			t.Errorf("%s: %d %q %s", name, resp.StatusCode, body, cl.ended)
		}
	}
}

func TestASlowRequestIsAnswered(t *testing.T) {
	w := newWorld(t, sim.Faults{}, eventloop.Options{})
	w.serve(ws.Options{}, func() ws.Handler { return &witness{} })
	silent, slow, fast := w.dial(), w.dial(), w.dial()
	slow.write(request)
	fast.write(request)
	w.pass(4 * time.Second)
	fast.write("\r\n")
	w.pass(4 * time.Second)
	silent.want("EOF")
	if resp := slow.response(); resp.StatusCode != http.StatusRequestTimeout {
		t.Error(resp)
	}
	if resp := fast.response(); resp.StatusCode != http.StatusSwitchingProtocols || fast.ended != "" {
		t.Error(resp, fast.ended)
	}
}
