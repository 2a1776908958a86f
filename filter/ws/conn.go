package ws

import (
	"errors"
	"io"
	"sync"

	"github.com/sudoXpg/netloop/eventloop"
)

// ErrNoPong is what Handler.Closed gets if the client did not answer a Ping in time.
var ErrNoPong = errors.New("ws: the client does not answer")

// highWater is how many bytes may wait to be sent before the client is not read any more.
const highWater = 64 << 10

// A Conn is a WebSocket connection of a Server. It belongs to its loop.
type Conn struct {
	conn    *eventloop.Conn
	handler Handler
	opts    *Options
	agreed  Agreement
	decoder Decoder
	beat    Heartbeat

	ending    bool // a Close frame is sent, or the connection is aborted
	throttled bool // it is not read, because too much waits to be sent
	paused    bool // by Pause
	err       error
}

// Conn returns the connection below, for example to Post to its loop. Whatever is written to
// it must be whole frames. Its deadline, and Pause and Resume, are for this package.
func (c *Conn) Conn() *eventloop.Conn { return c.conn }

// Agreement returns what was agreed on in the upgrade.
func (c *Conn) Agreement() Agreement { return c.agreed }

// frames are buffers for frames that are about to be written.
var frames = sync.Pool{New: func() any { return new([]byte) }}

// Send sends a message, or a Ping or a Pong, and never blocks. If too much is waiting to be
// sent, the connection is aborted, as by eventloop.Conn.Write.
func (c *Conn) Send(kind Kind, payload []byte) {
	c.write(func(dst []byte) []byte { return AppendFrame(dst, kind, payload) })
}

// SendCompressed is like Send, but compresses the message as AppendCompressed does, if that
// was agreed on. It is for large messages, such as history.
func (c *Conn) SendCompressed(kind Kind, payload []byte) {
	if !c.compresses() {
		c.Send(kind, payload)
		return
	}
	c.write(func(dst []byte) []byte { return AppendCompressed(dst, kind, payload) })
}

// compresses reports whether the client can inflate what AppendCompressed makes.
func (c *Conn) compresses() bool { return c.agreed.Deflate && !c.agreed.Narrow }

// write writes a frame in one piece, so that no message of a topic can get into it.
func (c *Conn) write(encode func([]byte) []byte) {
	if c.ending {
		return
	}
	b, _ := frames.Get().(*[]byte)
	*b = encode((*b)[:0])
	if _, err := c.conn.Write(*b); err != nil {
		c.ending = true
	}
	if cap(*b) <= maxPooled {
		frames.Put(b)
	}
}

// Subscribe subscribes the connection to the messages that are published from now on, except
// those whose author is self.
func (c *Conn) Subscribe(t *Topic, self uint64) *eventloop.Sub {
	log := t.plain
	if c.compresses() {
		log = t.deflated
	}
	return c.conn.Subscribe(log, self, log.Head())
}

// Buffered returns how many bytes wait to be sent.
func (c *Conn) Buffered() int { return c.conn.Buffered() }

// Pause stops reading. Messages that were received with the present one still come. A
// connection is paused by itself while more than 64 KiB wait to be sent.
func (c *Conn) Pause() {
	c.paused = true
	c.conn.Pause()
}

// Resume undoes Pause.
func (c *Conn) Resume() {
	c.paused = false
	if !c.throttled {
		c.conn.Resume()
	}
}

// Close sends what was sent or published before and a Close frame, waits for that of the
// client, and closes the connection. Messages that come meanwhile are dropped. With
// CodeNone, the frame is empty.
func (c *Conn) Close(code Code, reason string) {
	if c.ending {
		return
	}
	c.sendClose(code, reason)
	c.paused, c.throttled = false, false
	c.conn.Resume()
	c.conn.SetDeadline(c.opts.CloseTimeout)
}

// Abort closes the connection at once and drops what is waiting. Handler.Closed gets err.
func (c *Conn) Abort(err error) {
	c.ending = true
	c.conn.Abort(err)
}

// sendClose sends a Close frame, after which nothing may be sent (RFC 6455, section 5.5.1).
func (c *Conn) sendClose(code Code, reason string) {
	c.conn.FinishSubs()
	c.write(func(dst []byte) []byte { return AppendClose(dst, code, reason) })
	c.ending = true
}

// A session is the handler of a connection that is upgraded.
type session struct{ Conn }

var (
	_ eventloop.Handler         = (*session)(nil)
	_ eventloop.DeadlineHandler = (*session)(nil)
	_ eventloop.DrainHandler    = (*session)(nil)
)

func newSession(c *eventloop.Conn, h Handler, o *Options, a Agreement) *session {
	return &session{Conn{
		conn: c, handler: h, opts: o, agreed: a,
		decoder: Decoder{MaxMessage: o.MaxMessage, MaxFragments: o.MaxFragments, Deflate: a.Deflate},
	}}
}

// Opened implements eventloop.Handler.
func (s *session) Opened(c *eventloop.Conn) {
	c.SetDeadline(max(s.opts.PingInterval, 0))
	s.handler.Opened(&s.Conn)
}

// Received implements eventloop.Handler.
func (s *session) Received(c *eventloop.Conn, data []byte) {
	s.beat.Heard()
	for {
		ev, rest, err := s.decoder.Next(data)
		if err != nil {
			s.fail(err)
			return
		}
		if ev.Kind == None {
			break
		}
		s.act(ev)
		data = rest
	}
	if !s.ending && c.Buffered() > highWater {
		s.throttled = true
		c.Pause()
	}
}

func (s *session) act(ev Event) {
	switch ev.Kind {
	case Text, Binary:
		if !s.ending {
			s.handler.Message(&s.Conn, ev.Kind, ev.Payload)
		}
	case Ping:
		s.Send(Pong, ev.Payload)
	case Close:
		if !s.ending {
			s.err = &CloseError{ev.Code, string(ev.Payload)}
			s.sendClose(ev.Code, "")
		}
		s.conn.Close() // the server is the first to close (RFC 6455, section 7.1.1)
	case None, Pong:
	}
}

// fail closes the connection after a violation of the protocol (RFC 6455, section 7.1.7).
func (s *session) fail(err error) {
	var violation *Error
	if !s.ending && errors.As(err, &violation) {
		s.err = err
		s.sendClose(violation.Code, violation.Text)
	}
	s.conn.Close()
}

// Deadline implements eventloop.DeadlineHandler.
func (s *session) Deadline(c *eventloop.Conn) {
	if s.ending { // the client does not answer the Close frame
		c.Close()
		return
	}
	if s.paused || s.throttled { // nothing can be heard
		s.beat.Heard()
	}
	switch s.beat.Tick() {
	case Alive:
		c.SetDeadline(s.opts.PingInterval)
	case Probe:
		s.Send(Ping, nil)
		c.SetDeadline(s.opts.PongTimeout)
	case Dead:
		if c.Buffered() > 0 { // the Ping has not left yet: the stall timeout is for that
			s.beat.Heard()
			c.SetDeadline(s.opts.PingInterval)
			return
		}
		s.Abort(ErrNoPong)
	}
}

// Drained implements eventloop.Handler.
func (s *session) Drained(c *eventloop.Conn) {
	if s.throttled {
		s.throttled = false
		if !s.paused {
			c.Resume()
		}
	}
	if h, ok := s.handler.(DrainedHandler); ok {
		h.Drained(&s.Conn)
	}
}

// Draining implements eventloop.DrainHandler.
func (s *session) Draining(*eventloop.Conn) {
	if h, ok := s.handler.(DrainHandler); ok {
		h.Draining(&s.Conn)
	}
	if !s.ending {
		s.sendClose(CodeGoingAway, "the server stops")
	}
}

// Closed implements eventloop.Handler.
func (s *session) Closed(_ *eventloop.Conn, err error) {
	switch {
	case s.err != nil:
		err = s.err
	case !errors.Is(err, io.EOF):
	case s.ending:
		err = nil
	default:
		err = io.ErrUnexpectedEOF
	}
	s.handler.Closed(&s.Conn, err)
}
