package ws

import (
	"cmp"
	"errors"
	"net/http"
	"time"

	"github.com/sudoXpg/netloop/eventloop"
	"github.com/sudoXpg/netloop/filter/http1"
	"github.com/sudoXpg/netloop/filter/tlsfilter"
)

// The default times of Options.
const (
	DefaultHeadTimeout  = 5 * time.Second
	DefaultPingInterval = 30 * time.Second
	DefaultPongTimeout  = 10 * time.Second
	DefaultCloseTimeout = 5 * time.Second
)

// Options configure Server. The zero value works.
type Options struct {
	Upgrader
	// MaxMessage and MaxFragments are those of a Decoder.
	MaxMessage, MaxFragments int32
	// HeadTimeout is how long a client may take for the head of its request. After that, it
	// is answered with 408. 0 means DefaultHeadTimeout.
	HeadTimeout time.Duration
	// PingInterval is after how long without input a Ping is sent; it may take twice as
	// long. 0 means DefaultPingInterval; negative: never.
	PingInterval time.Duration
	// PongTimeout is how long the client may take to answer. After that, the connection
	// is aborted with ErrNoPong. 0 means DefaultPongTimeout.
	PongTimeout time.Duration
	// CloseTimeout is how long the client may take to answer a Close frame. After that,
	// the connection is closed all the same. 0 means DefaultCloseTimeout.
	CloseTimeout time.Duration
}

// A Handler receives the events of a connection. Its methods are called on the connection's
// loop, one at a time.
type Handler interface {
	// Opened is called when the connection can be used.
	Opened(c *Conn)
	// Message is called with each message: kind is Text or Binary. data may be changed,
	// and is valid during the call only.
	Message(c *Conn, kind Kind, data []byte)
	// Closed is the last call, and comes exactly once after Opened. err is nil if Conn.Close
	// was called first, a *CloseError if the client has sent a Close frame first,
	// an *Error if it has violated the protocol, io.ErrUnexpectedEOF if it ended without
	// a Close frame, and otherwise the cause, such as ErrNoPong.
	Closed(c *Conn, err error)
}

// A DrainedHandler is a Handler that is told when Conn.Buffered has come down to 0, as by
// Drained of eventloop.Handler.
type DrainedHandler interface {
	Drained(c *Conn)
}

// A DrainHandler is a Handler that is told when the group drains, so that it can say
// goodbye, as by eventloop.DrainHandler. Afterwards a Close frame with CodeGoingAway is sent,
// unless it has called Conn.Close.
type DrainHandler interface {
	Draining(c *Conn)
}

// Server returns a function for eventloop.Group.Listen, or for tlsfilter.Server. It answers a
// connection's request to upgrade to WebSocket. accept, which is called on the
// connection's loop, chooses the handler by the request; nil means 404 (Not Found). If it
// returns an error, that is the answer, if it is an *http1.Error, and otherwise 500. Requests that
// don't ask for an upgrade are answered with 426. The request has a RemoteAddr, and a TLS if
// the connection has a filter of tlsfilter.
func Server(o Options, accept func(*http.Request) (Handler, error)) func(*eventloop.Conn) eventloop.Handler {
	o.HeadTimeout = cmp.Or(o.HeadTimeout, DefaultHeadTimeout)
	o.PingInterval = cmp.Or(o.PingInterval, DefaultPingInterval)
	o.PongTimeout = cmp.Or(o.PongTimeout, DefaultPongTimeout)
	o.CloseTimeout = cmp.Or(o.CloseTimeout, DefaultCloseTimeout)
	return func(*eventloop.Conn) eventloop.Handler { return &opening{opts: &o, accept: accept} }
}

// An opening is the handler of a connection until it is upgraded.
type opening struct {
	opts   *Options
	accept func(*http.Request) (Handler, error)
	head   []byte
}

var (
	_ eventloop.Handler         = (*opening)(nil)
	_ eventloop.DeadlineHandler = (*opening)(nil)
)

// Opened implements eventloop.Handler.
func (o *opening) Opened(c *eventloop.Conn) { c.SetDeadline(o.opts.HeadTimeout) }

// Received implements eventloop.Handler.
func (o *opening) Received(c *eventloop.Conn, data []byte) {
	o.head = append(o.head, data...)
	req, n, err := http1.Parse(o.head)
	switch {
	case errors.Is(err, http1.ErrIncomplete):
	case err != nil:
		o.refuse(c, err)
	default:
		o.upgrade(c, req, o.head[n:])
	}
}

// upgrade answers a request, which rest follows.
func (o *opening) upgrade(c *eventloop.Conn, req *http.Request, rest []byte) {
	req.RemoteAddr = c.RemoteAddr().String()
	if state, ok := tlsfilter.State(c); ok {
		req.TLS = &state
	}
	answer, agreed, err := o.opts.Upgrade(nil, req)
	var h Handler
	if err == nil {
		h, err = o.accept(req)
	}
	switch {
	case err != nil:
		o.refuse(c, err)
		return
	case h == nil:
		o.refuse(c, refuse(http.StatusNotFound, "there is nothing at this address"))
		return
	}
	c.Write(answer)
	s := newSession(c, h, o.opts, agreed)
	c.SetHandler(s)
	s.Opened(c)
	if len(rest) > 0 {
		s.Received(c, rest)
	}
}

// refuse answers with an error, and closes.
func (o *opening) refuse(c *eventloop.Conn, err error) {
	var refused *http1.Error
	if !errors.As(err, &refused) {
		refused = refuse(http.StatusInternalServerError, "the server has failed")
	}
	c.Write(refused.Response().Append(nil, c.Loop().Now()))
	c.Close()
	o.head = nil
}

// Deadline implements eventloop.DeadlineHandler.
func (o *opening) Deadline(c *eventloop.Conn) {
	if len(o.head) == 0 { // a browser keeps a connection for later
		c.Close()
		return
	}
	o.refuse(c, http1.ErrTimeout)
}

// Drained implements eventloop.Handler.
func (o *opening) Drained(*eventloop.Conn) {}

// Closed implements eventloop.Handler.
func (o *opening) Closed(*eventloop.Conn, error) {}
