package server

import (
	"errors"
	"io"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/sudoXpg/netloop/eventloop"
	"github.com/sudoXpg/netloop/internal/charset"
	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/safetext"
)

const (
	// maxTooLong is the number of lines over MaxLine after which a connection is closed.
	maxTooLong = 3
	// pauseAt is the number of unsent bytes of replies at which further commands
	// wait until they are sent, and maxReplies the number beyond which one command
	// gets no further reply. It is less than the loop's OutboxLimit, which would
	// close the connection.
	pauseAt    = 64 << 10
	maxReplies = eventloop.DefaultOutboxLimit / 2
)

// A stage is how far a session has come.
type stage uint8

const (
	greeted  stage = iota // nothing was received since
	naming                // asked for a name
	chatting              // has one
	leaving               // closing: further input is ignored
)

// A peer is what all sessions have in common: one client's part in the chat, whatever
// its protocol. A session is a peer and an input, which decodes what its client
// sends. Its size matters: there may be ten thousand.
type peer struct {
	srv      *Server
	conn     *eventloop.Conn
	member   chat.Member
	since    time.Duration // when it connected, since Server.since: whatever the clock says
	stage    stage
	tooLong  uint8 // lines over MaxLine up to now
	extra    bool  // beyond the limit of its address, to take over another connection
	busy     bool  // work or a wait is in progress: input is kept
	held     bool  // busy until the replies are sent
	over     bool  // goodbye was said: nothing may follow
	encoding charset.Encoding
	first    view                 // of the first room
	rest     atomic.Pointer[rest] // nil until it is needed; only Addr loads it on other loops
}

// rest is the part of a peer that few peers need.
type rest struct {
	views  []view          // of the other rooms
	ahead  []byte          // what was received while busy
	job    *job            // work in progress elsewhere, if any
	ended  bool            // the client sends nothing more, which is acted on when that is done
	hashed uint32          // milliseconds of the time before it had a name that were spent hashing
	typing *typing         // of a session at a terminal; nil until it is needed
	client *netip.AddrPort // the address that a proxy has told; nil for none; never changed
}

// An input is the part of a session that depends on its protocol.
type input interface {
	chat.Outlet
	eventloop.Handler
	eventloop.EOFHandler
	// take acts on what was received, up to where the peer has to wait.
	take(p []byte)
	// wire returns the format in which room r is shown to the member, or, if r is
	// nil, the format of what is for the member alone.
	wire(r *chat.Room) wire
	// settle is called when the prompt, or whether typed text is hidden, may have
	// to change.
	settle()
	// mentioned is called when author has named the member in a message.
	mentioned(author string)
	// interject is notice for a client that may be at a prompt, or in the middle of
	// a line.
	interject(what *chat.Note)
}

// begin makes p the peer of a connection. in is the session that p is a part of.
func (p *peer) begin(s *Server, c *eventloop.Conn, from arrival, in input) {
	p.srv, p.conn, p.since, p.extra = s, c, from.since, from.extra
	if from.client != nil {
		p.rest.Store(&rest{client: from.client})
	}
	s.hub.AdmitAs(&p.member, in, from.id)
}

// in returns the session that p is a part of.
func (p *peer) in() input {
	in, _ := p.conn.Handler().(input)
	return in
}

func (p *peer) more() *rest {
	x := p.rest.Load()
	if x == nil {
		x = &rest{}
		p.rest.Store(x)
	}
	return x
}

func (p *peer) now() time.Time { return p.conn.Loop().Now() }

// age returns how long the peer has been connected.
func (p *peer) age() time.Duration { return p.srv.age(p.conn, p.since) }

// age returns how long a connection accepted at since has been open.
func (s *Server) age(c *eventloop.Conn, since time.Duration) time.Duration {
	return c.Loop().Now().Sub(s.since) - since
}

// reply answers the client, after what was published before, unless the client does
// not read its replies.
func (p *peer) reply(render func(dst []byte) []byte) {
	p.solos(func(o *soloist) {
		o.stream.feed.mu.Lock()
		defer o.stream.feed.mu.Unlock()
		o.finish()
	})
	p.send(render)
}

// send is reply without the soloists.
func (p *peer) send(render func(dst []byte) []byte) {
	if p.conn.Buffered() < maxReplies && !p.over {
		p.srv.write(p.conn, p.encoding, render)
	}
}

// notice replies with a note of the server.
func (p *peer) notice(what *chat.Note) {
	p.reply(func(dst []byte) []byte { return p.in().wire(nil).Notice(dst, what) })
}

// bye tells the client why the connection is closed. Nothing follows it: a program that has
// no acknowledgement of a message then sends it again when it is back.
func (p *peer) bye(why *chat.Note) {
	p.conn.FinishSubs()
	p.reply(func(dst []byte) []byte { return p.in().wire(nil).Bye(dst, why) })
	p.over = true
}

// await sets the time left to give a name.
func (p *peer) await() { p.conn.SetDeadline(p.srv.limits.Load().LoginTimeout) }

// named is called when the member has a name.
func (p *peer) named() {
	p.stage = chatting
	p.conn.SetDeadline(0)
	if p.extra {
		p.extra = false
		p.srv.admission.settle(p.Addr())
	}
	p.srv.counts.logins.Add(1)
	p.srv.counts.users.Add(1)
	p.srv.logLogin(p.member.ID(), p.member.Name())
}

// Deadline implements eventloop.DeadlineHandler: a connection that has not given a
// name in time is closed.
func (p *peer) Deadline(*eventloop.Conn) {
	if p.stage != greeted && p.stage != naming {
		return
	}
	p.in().interject(chat.NewNote("no-name-in-time", "limit", p.srv.limits.Load().LoginTimeout))
	p.leave(chat.NewNote("login-timeout"), nil)
	p.conn.Close()
}

// lineTooLong answers a line over MaxLine, of which nothing was kept.
func (p *peer) lineTooLong() {
	limit := p.srv.limits.Load().MaxLine
	p.overlong(limit, func() { p.notice(chat.NewNote("line-too-long", "most", limit)) })
}

// overlong calls tell after a line over a limit, and closes the connection after several.
func (p *peer) overlong(limit int, tell func()) {
	if p.tooLong++; p.tooLong < maxTooLong {
		tell()
		return
	}
	p.bye(chat.NewNote("line-too-long-again", "most", limit))
	why := chat.NewNote("lines-too-long")
	p.leave(why, why)
	p.conn.Close()
}

// foreign reports whether the first bytes after the greeting, or the first line,
// belong to a foreign protocol, and closes the connection then.
func (p *peer) foreign(head []byte) bool {
	protocol := alien(head)
	if protocol == "" {
		return false
	}
	p.leave(chat.NewNote("not-chat", "protocol", protocol), nil)
	p.conn.Close()
	return true
}

// leave removes the member from the chat. logged is the reason in the log, told
// the one that the others see, if any. Further input is ignored.
func (p *peer) leave(logged, told *chat.Note) {
	if p.stage == leaving {
		return
	}
	p.srv.logLeave(p.member.ID(), p.member.Name(), logged, p.age())
	if p.stage == chatting {
		p.srv.counts.users.Add(-1)
	}
	p.stage = leaving
	p.srv.hub.Leave(&p.member, told, p.now())
}

// Closed implements eventloop.Handler.
func (p *peer) Closed(_ *eventloop.Conn, err error) {
	if x := p.rest.Load(); x != nil && x.job != nil {
		x.job.gone.Store(true)
	}
	why := p.srv.closeReason(err)
	p.leave(why, why)
	p.srv.admission.release(p.Addr(), p.extra)
}

// closeReason says why a connection has ended.
func (s *Server) closeReason(err error) *chat.Note {
	switch {
	case s.stopping.Load():
		return chat.NewNote("server-shutdown")
	case err == nil, errors.Is(err, io.EOF):
		return chat.NewNote("connection-closed")
	case errors.Is(err, eventloop.ErrStalled), errors.Is(err, eventloop.ErrOutboxFull):
		return chat.NewNote("too-slow")
	case errors.Is(err, eventloop.ErrClosed):
		return chat.NewNote("server-closed")
	}
	return chat.NewNote("connection-lost")
}

// clean returns the text of a line that was received in a character set, cleaned for the
// chat.
func clean(c charset.Charset, raw []byte) string {
	return string(safetext.Clean(nil, c.Decode(nil, raw)))
}
