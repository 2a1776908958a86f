package server

import (
	"bytes"
	"errors"
	"strings"
	"time"

	"github.com/sudoXpg/netloop/eventloop"
	"github.com/sudoXpg/netloop/filter/telnet"
	"github.com/sudoXpg/netloop/internal/charset"
	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/codec/text"
)

// prompt asks for a name.
var prompt = text.Words(chat.NewNote("ask-name"))

// A session is one connection in the default style: a person at a telnet
// client, or a program that sends lines.
type session struct {
	peer
	dec        telnet.Decoder
	cols, rows uint16 // of the client's window, 0 unknown
	due        bool   // the prompt is to be shown
	terminal   bool   // editing can be offered to the client
	only       bool   // the client can't choose another protocol
}

var (
	_ input                     = (*session)(nil)
	_ eventloop.DeadlineHandler = (*session)(nil)
	_ eventloop.DrainHandler    = (*session)(nil)
)

var telnetProtocol = protocol{name: "telnet", start: telnetSession, wire: text.Format{}}

// telnetSession begins a session of a telnet client.
func telnetSession(srv *Server, c *eventloop.Conn, in arrival) eventloop.Handler {
	s := &session{only: in.only}
	s.begin(srv, c, in, s)
	s.dec.MaxLine = int32(srv.limits.Load().MaxLine)
	return s
}

// Opened implements eventloop.Handler: the server speaks first.
func (s *session) Opened(*eventloop.Conn) {
	s.srv.write(s.conn, charset.Encoding{}, func(dst []byte) []byte {
		dst = s.dec.Greeting(dst)
		if s.extra {
			dst = s.wire(nil).Notice(dst, chat.NewNote("login-to-take-over", "connections", s.srv.limits.Load().MaxPerIP))
		}
		return append(dst, s.srv.greeting...)
	})
	s.await()
}

// Received implements eventloop.Handler.
func (s *session) Received(_ *eventloop.Conn, p []byte) {
	if s.stage == greeted {
		if !s.only && isJSON(p) == yes { // from a program that was slow to begin
			s.handOver(p)
			return
		}
		if s.foreign(p) {
			return
		}
		s.stage = naming
	}
	if x := s.typing(); x != nil && x.secret && len(p) > 0 && p[len(p)-1] > ' ' && bytes.IndexByte(p, '\n') < 0 {
		s.dec.KeepEcho() // a part of a password
	}
	s.dec.MaxLine = int32(s.srv.limits.Load().MaxLine) // Reconfigure may have changed it
	s.take(p)
}

// handOver lets a session of JSON continue, which begins with p.
func (s *session) handOver(p []byte) {
	in := arrival{id: s.member.ID(), since: s.since, extra: s.extra}
	if x := s.rest.Load(); x != nil {
		in.client = x.client
	}
	next := startJSON(s.srv, s.conn, in)
	s.conn.SetHandler(next)
	next.Opened(s.conn)
	next.Received(s.conn, p)
}

// take implements input.
func (s *session) take(p []byte) {
	s.decode(p)
	s.trail()
}

// decode acts on what was received, until it has to wait for something.
func (s *session) decode(p []byte) {
	for s.stage != leaving { // even with no input left there may be an event
		if s.waits() {
			s.readAhead(p)
			return
		}
		s.dress()
		ev, after := s.dec.Next(p)
		if ev.Kind != telnet.Reply { // a client shows nothing before the reply to its TIMING-MARK (RFC 860)
			s.interrupt()
		}
		if ev.Kind == telnet.None {
			s.stopDiscarding()
			s.keysRefused()
			s.slim()
			return
		}
		s.handle(ev)
		s.ask()
		p = after
	}
}

// handle acts on one event of the telnet decoder.
func (s *session) handle(ev telnet.Event) {
	switch ev.Kind {
	case telnet.Line:
		s.line(ev.Text)
	case telnet.LineTooLong:
		s.lineTooLong()
	case telnet.Reply:
		_, _ = s.conn.Write(ev.Text)
	case telnet.WindowSize:
		s.cols, s.rows = ev.Cols, ev.Rows
	case telnet.Interrupt:
		s.typed().interrupted = true
	case telnet.EOF:
		s.endOfFile()
	case telnet.Complete:
		s.complete()
	case telnet.TerminalType:
		s.terminal = isTerminal(ev.Text)
		if s.stage == chatting { // with a name that was typed before the client sent this
			s.offerEditing()
		}
	case telnet.None:
	}
}

// endOfFile cancels a dialogue, as an empty line does, or leaves.
func (s *session) endOfFile() {
	if !s.asked() {
		s.Close(nil)
		return
	}
	s.dec.Flush() // a part of a password
	if s.dec.Editor() == nil {
		s.reply(func(dst []byte) []byte { return append(dst, "\r\n"...) })
	}
	s.answer("")
}

// interrupt answers the interrupt key, if it was pressed.
func (s *session) interrupt() {
	x := s.typing()
	if x == nil || !x.interrupted {
		return
	}
	x.interrupted = false
	if s.dec.Editor() == nil { // the cursor is behind what was typed
		s.reply(func(dst []byte) []byte { return append(dst, "\r\n"...) })
	}
	if x.question != nil {
		s.answer("") // which cancels
	} else {
		s.due = s.stage == naming
		s.notice(chat.NewNote("interrupted"))
	}
	s.ask()
}

// line acts on a line of the peer.
func (s *session) line(raw []byte) {
	if s.stage == naming && s.foreign(raw) {
		return
	}
	line := clean(s.encoding.Charset, raw)
	switch {
	case s.asked():
		s.answer(line)
	case s.discards(line):
	case s.stage == chatting:
		s.srv.hub.Run(&s.member, text.Parse(line), s.now())
	default:
		s.due = true
		s.login(strings.TrimSpace(line))
	}
}

// login acts on a line typed at the prompt: a name, or one of the commands that
// can be used without one.
func (s *session) login(name string) {
	if strings.HasPrefix(name, "/") {
		s.srv.hub.Run(&s.member, text.Parse(name), s.now())
		return
	}
	switch err := s.srv.hub.Login(&s.member, name); {
	case errors.Is(err, chat.ErrPassword):
		s.srv.hub.Authenticate(&s.member, name)
	case err != nil:
		s.notice(chat.Why(err))
		if name != "" {
			s.typed().discarding = true // what was typed ahead is no name
		}
	default:
		s.srv.hub.Arrive(&s.member, s.now())
	}
}

// ask shows the prompt if it is due.
func (s *session) ask() {
	if x := s.typing(); !s.due || s.stage != naming || s.busy || x != nil && (x.question != nil || x.discarding) {
		return
	}
	s.due = false
	if s.dec.Editor() != nil { // the prompt is part of the trailer
		s.trail()
		return
	}
	s.reply(func(dst []byte) []byte { return append(dst, prompt...) })
}

// EOF implements eventloop.EOFHandler. A last line without an ending counts,
// unless it comes from a telnet client: there it is what the user was typing
// when they closed the window.
func (s *session) EOF(c *eventloop.Conn) {
	if s.ends() {
		return
	}
	if last := s.dec.Flush(); len(last) > 0 && !s.dec.Negotiated() && s.stage != leaving && !s.busy {
		s.line(bytes.Clone(last))
	}
	why := chat.NewNote("connection-closed")
	s.leave(why, why)
	c.Close()
}

// Draining implements eventloop.DrainHandler. Clients with a name have been
// told in their rooms; those that are still asked for one are told here.
func (s *session) Draining(*eventloop.Conn) {
	if s.stage == greeted || s.stage == naming {
		s.interject(s.srv.farewell)
	} else if s.stage == chatting && s.member.Rooms() == 0 {
		s.notice(s.srv.farewell)
	}
}

// settle implements input.
func (s *session) settle() {
	s.show()
	s.ask()
}

// interject implements input.
func (s *session) interject(what *chat.Note) {
	s.srv.write(s.conn, s.encoding, func(dst []byte) []byte { return s.wire(nil).Notice(append(dst, "\r\n"...), what) })
}

// mentioned implements input.
func (s *session) mentioned(author string) {
	if s.member.Settings().Bell && !s.member.Ignores(author) {
		s.reply(func(dst []byte) []byte { return append(dst, '\a') })
	}
}

// Deliver implements chat.Outlet.
func (s *session) Deliver(e chat.Event) {
	s.show()
	s.peer.Deliver(e)
}

// Answer implements chat.Outlet.
func (s *session) Answer(a chat.Answer) {
	if c, ok := a.(chat.Completions); ok {
		s.completed(c.Words)
		return
	}
	s.show()
	s.peer.Answer(a)
}

// Enter implements chat.Outlet.
func (s *session) Enter(e chat.Entry) {
	first := s.stage != chatting
	s.peer.Enter(e)
	if first {
		s.offerEditing()
	}
}

// Adapt implements chat.Outlet: every room is shown in the format that the member uses now.
func (s *session) Adapt() {
	s.encoding = s.chosen()
	s.adaptEditing()
	s.peer.Adapt()
}

// chosen returns the encoding that the member has chosen.
func (s *session) chosen() charset.Encoding {
	name := s.member.Settings().Charset
	if name == "" {
		return charset.Encoding{}
	}
	c, _ := charset.Parse(name)
	return charset.Encoding{Charset: c, Telnet: c != charset.UTF8 && s.dec.Negotiated()}
}

// wire implements input. The lines of rooms are encoded by their format.
func (s *session) wire(r *chat.Room) wire {
	set := s.member.Settings()
	f := text.Format{Colour: set.Colour, Times: set.Timestamps}
	if r == nil {
		f.Bell, f.Zone = set.Bell, s.zone()
		return f
	}
	f.Encoding, f.Room = s.encoding, r != s.member.Room() && s.member.Rooms() > 1
	if f.Times {
		f.Zone = s.zone()
	}
	return f
}

// zone returns the member's time zone, or nil as long as it is not loaded.
func (s *session) zone() *time.Location { return s.srv.zones.Known(s.member.Settings().Zone) }
