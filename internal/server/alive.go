package server

import (
	"time"

	"github.com/sudoXpg/netloop/eventloop"
	"github.com/sudoXpg/netloop/filter/ws"
	"github.com/sudoXpg/netloop/internal/chat"
)

// The times that a program with a name is given. All are its connection's one deadline, so that
// they take no memory.
const (
	// requestTime is how long a request may be incomplete, as the beginning of a line or in
	// frames. Time in which the server does not read does not count.
	requestTime = 30 * time.Second
	// pingInterval and pongTime are for WebSocket: see ws.Options. The system finds clients
	// that have vanished, too, but not those behind a proxy.
	pingInterval = ws.DefaultPingInterval
	pongTime     = ws.DefaultPongTimeout
)

// Received implements eventloop.Handler.
func (x *jsonSession) Received(_ *eventloop.Conn, p []byte) {
	x.beat.Heard()
	x.take(p)
}

// take implements input.
func (x *jsonSession) take(p []byte) {
	if x.socket != nil {
		x.takeFrames(p)
	} else {
		x.takeLines(p)
	}
	if x.stage != chatting || x.busy {
		return
	}
	incomplete := x.part != nil || x.discard || x.socket != nil && x.socket.decoder.Incomplete()
	if incomplete && !x.begun {
		x.conn.SetDeadline(requestTime)
	}
	x.begun = incomplete
}

// Enter implements chat.Outlet. From then on, a browser is watched.
func (x *jsonSession) Enter(e chat.Entry) {
	first := x.stage != chatting
	x.changed = true
	x.peer.Enter(e)
	if first && x.socket != nil {
		x.conn.SetDeadline(pingInterval)
	}
}

// Deadline implements eventloop.DeadlineHandler.
func (x *jsonSession) Deadline(c *eventloop.Conn) {
	switch {
	case x.stage != chatting:
		x.peer.Deadline(c)
	case x.begun && x.busy: // it is not read
		c.SetDeadline(requestTime)
	case x.begun:
		x.tooSlow()
	case x.socket != nil:
		x.tick(c)
	}
}

// tooSlow closes the connection of a client that does not complete a request. It may come back.
func (x *jsonSession) tooSlow() {
	if x.socket != nil {
		x.end(ws.CodePolicy, "a message has to be complete within "+requestTime.String())
		return
	}
	x.bye(chat.NewNote("request-not-complete", "limit", requestTime))
	x.conn.Close()
}

// tick sends a Ping after a time of silence, and gives up if it is not answered.
func (x *jsonSession) tick(c *eventloop.Conn) {
	if x.busy { // nothing can be heard
		x.beat.Heard()
	}
	next := pingInterval
	switch x.beat.Tick() {
	case ws.Alive:
	case ws.Probe:
		x.reply(func(dst []byte) []byte { return ws.AppendFrame(dst, ws.Ping, nil) })
		next = pongTime
	case ws.Dead:
		if c.Buffered() == 0 {
			c.Abort(ws.ErrNoPong)
			return
		}
		x.beat.Heard() // the Ping has not left yet: the stall timeout is for that
	}
	c.SetDeadline(next)
}
