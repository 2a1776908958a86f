package server

import (
	"bytes"
	"errors"
	"net/http"

	"github.com/sudoXpg/netloop/eventloop"
	"github.com/sudoXpg/netloop/filter/http1"
	"github.com/sudoXpg/netloop/filter/ws"
	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/codec/json"
)

const (
	// socketPath is where WebSocket is.
	socketPath = "/ws"
	// subprotocol is that of the JSON protocol in WebSocket messages.
	subprotocol = "chat.v1"
)

// A socket is what a session in WebSocket needs besides.
type socket struct {
	decoder ws.Decoder
}

// upgrade makes an HTTP connection a session, or refuses. rest is what the client has sent
// after its request.
func (r *request) upgrade(c *eventloop.Conn, q *http.Request, rest []byte) {
	answer, agreed, err := r.srv.o.Upgrader.Upgrade(nil, q)
	if refused, ok := errors.AsType[*http1.Error](err); ok {
		r.refuse(c, refused)
		return
	}
	if r.in.denied == nil {
		r.srv.join(c, &r.in)
	}
	if r.in.denied != nil && !r.in.told {
		c.Close()
		return
	}
	c.Write(answer)
	c.SetDeadline(0)
	next := r.session(c, agreed)
	c.SetHandler(next)
	next.Opened(c)
	if len(rest) > 0 {
		next.Received(c, rest)
	}
}

// session returns the handler of an upgraded connection. A client that is refused is told so in
// a message, because a script in a browser does not learn the status of a response.
func (r *request) session(c *eventloop.Conn, agreed ws.Agreement) eventloop.Handler {
	if r.in.denied != nil {
		return &refusal{srv: r.srv, wire: json.Format{Framed: true}, note: r.in.denied.note}
	}
	x := &jsonSession{socket: &socket{ws.Decoder{Deflate: agreed.Deflate, MaxMessage: json.MaxObject}}, deflate: agreed.Deflate && !agreed.Narrow}
	x.begin(r.srv, c, r.in, x)
	return x
}

// takeFrames is take for WebSocket.
func (x *jsonSession) takeFrames(p []byte) {
	for x.stage != leaving {
		if x.waits() {
			x.readAhead(p)
			return
		}
		event, rest, err := x.socket.decoder.Next(p)
		switch {
		case err != nil:
			x.violated(err)
			return
		case event.Kind == ws.None:
			return
		}
		p = rest
		x.frame(event)
	}
}

// frame acts on a message.
func (x *jsonSession) frame(e ws.Event) {
	switch e.Kind {
	case ws.Text:
		x.begun = false
		if line := bytes.TrimSpace(e.Payload); len(line) > 0 {
			x.request(line)
		}
	case ws.Ping:
		x.reply(func(dst []byte) []byte { return ws.AppendFrame(dst, ws.Pong, e.Payload) })
	case ws.Close: // the page is left or loaded again, which is no goodbye
		x.end(e.Code, "")
	case ws.Binary:
		x.violated(&ws.Error{Code: ws.CodeUnsupportedData, Text: "only text is understood"})
	case ws.Pong, ws.None:
	}
}

// violated closes the connection of a client that does not speak WebSocket as it should.
func (x *jsonSession) violated(err error) {
	code := ws.CodeProtocolError
	if e, ok := errors.AsType[*ws.Error](err); ok {
		code = e.Code
	}
	why := chat.NewNote("not-chat", "protocol", "WebSocket")
	x.leave(why, nil)
	x.end(code, err.Error())
}

// end closes the connection with a Close frame, which nothing may follow.
func (x *jsonSession) end(code ws.Code, reason string) {
	x.conn.FinishSubs()
	x.reply(func(dst []byte) []byte { return ws.AppendClose(dst, code, reason) })
	x.over = true
	x.conn.Close()
}
