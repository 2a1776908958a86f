package server

import (
	"bytes"
	"errors"
	"strings"
	"sync/atomic"

	"github.com/sudoXpg/netloop/eventloop"
	"github.com/sudoXpg/netloop/filter/telnet"
	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/codec/text"
)

// A session is one connection in the default style: a person at a telnet
// client, or a program that sends lines.
type session struct {
	link
	dec        telnet.Decoder
	cols, rows uint16 // of the peer's window, 0 unknown
	due        bool   // the prompt is to be shown
	busy       bool   // work or a wait for the journal is going on: lines are kept
	first      view   // of the first room
	rest       *rest  // nil until it is needed
}

// rest is what few sessions need.
type rest struct {
	views    []view       // of the other rooms
	question *question    // the next line answers it
	lines    []byte       // what was received while busy
	gone     *atomic.Bool // tells the work that is going on that nobody waits for it
}

// A question is one that the next line answers.
type question struct {
	hidden bool
	answer func(line string)
}

var (
	_ eventloop.Handler         = (*session)(nil)
	_ eventloop.DeadlineHandler = (*session)(nil)
	_ eventloop.EOFHandler      = (*session)(nil)
	_ eventloop.DrainHandler    = (*session)(nil)
	_ chat.Outlet               = (*session)(nil)
)

func (s *session) more() *rest {
	if s.rest == nil {
		s.rest = &rest{}
	}
	return s.rest
}

// Opened implements eventloop.Handler.
func (s *session) Opened(*eventloop.Conn) {
	s.logConnect()
	if window := s.srv.o.SniffWindow; window > 0 {
		s.conn.SetDeadline(window)
		return
	}
	s.greet()
}

// greet speaks first.
func (s *session) greet() {
	s.stage = greeted
	s.srv.write(s.conn, func(dst []byte) []byte {
		return append(s.dec.Greeting(dst), s.srv.greeting...)
	})
	s.await()
}

// Deadline implements eventloop.DeadlineHandler: the sniff window is over, or
// the time to log in.
func (s *session) Deadline(*eventloop.Conn) {
	if s.stage == silent {
		s.greet()
		return
	}
	s.loginTimeout()
}

// Received implements eventloop.Handler.
func (s *session) Received(_ *eventloop.Conn, p []byte) {
	if s.stage <= greeted {
		if protocol := sniff(p); protocol != "" {
			s.alien(protocol)
			return
		}
		if s.stage == silent {
			s.greet()
		}
		s.stage = naming
	}
	s.hold()
	s.dec.MaxLine = s.srv.limits.Load().MaxLine // Reconfigure may have changed it
	s.take(p)
}

// take acts on what was received, up to where there is something to wait for.
func (s *session) take(p []byte) {
	for s.stage != leaving { // with nothing left there may be an event still
		if s.waits() {
			if len(p) > 0 {
				x := s.more()
				x.lines = append(x.lines, p...)
			}
			return
		}
		ev, after := s.dec.Next(p)
		if ev.Kind == telnet.None {
			return
		}
		s.handle(ev)
		s.ask()
		p = after
	}
}

// waits tells whether the next line has to wait: for work that is going on, or
// because the journal is full. Then nothing is read either; resume goes on.
func (s *session) waits() bool {
	if s.busy {
		return true
	}
	if s.stage == chatting && s.srv.hub.Full(func() { _ = s.conn.Post(s.resume) }) {
		s.busy = true
		s.conn.Pause()
	}
	return s.busy
}

// resume goes on after a wait, with what was received before.
func (s *session) resume() {
	s.busy = false
	if s.stage == leaving {
		return
	}
	s.ask()
	var p []byte
	if s.rest != nil {
		p, s.rest.lines = s.rest.lines, nil
	}
	s.take(p)
	if !s.busy {
		s.conn.Resume()
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
		s.notice("/quit leaves the chat")
	case telnet.EOF:
		s.Close("")
	case telnet.None, telnet.TerminalType:
	}
}

// line acts on a line of the peer.
func (s *session) line(raw []byte) {
	if s.stage == naming {
		if protocol := request(raw); protocol != "" {
			s.alien(protocol)
			return
		}
	}
	line := string(telnet.Clean(nil, raw))
	switch {
	case s.rest != nil && s.rest.question != nil:
		s.answer(line)
	case s.stage == chatting:
		s.srv.hub.Run(&s.member, text.Parse(line), s.now())
	default:
		s.due = true
		s.login(strings.TrimSpace(line))
	}
}

// login takes what was typed at the prompt: a name, or one of the commands that
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
		s.notice(chat.Reason(err))
	default:
		s.srv.hub.Arrive(&s.member, s.now())
	}
}

// ask shows the prompt if it is time for it.
func (s *session) ask() {
	if !s.due || s.stage != naming || s.busy || s.rest != nil && s.rest.question != nil {
		return
	}
	s.due = false
	s.reply(func(dst []byte) []byte { return append(dst, prompt...) })
}

// Drained implements eventloop.Handler: the peer has read the replies.
func (s *session) Drained(c *eventloop.Conn) {
	if !s.busy {
		c.Resume()
	}
}

// EOF implements eventloop.EOFHandler: what was sent before counts. A last line
// without an ending does, too, unless it comes from a telnet client, where it is
// what somebody was typing when the window was closed.
func (s *session) EOF(c *eventloop.Conn) {
	if last := s.dec.Flush(); len(last) > 0 && !s.dec.Negotiated() && s.stage != leaving && !s.busy {
		s.line(bytes.Clone(last))
	}
	s.leave("connection closed", "connection closed")
	c.Close()
}

// Draining implements eventloop.DrainHandler: who has a name has been told in
// the room, who is asked for one has not.
func (s *session) Draining(*eventloop.Conn) {
	if s.stage == greeted || s.stage == naming {
		s.atPrompt(s.srv.farewell)
	} else if s.stage == chatting && s.member.Rooms() == 0 {
		s.notice(s.srv.farewell)
	}
}

// Closed implements eventloop.Handler.
func (s *session) Closed(_ *eventloop.Conn, err error) {
	if s.rest != nil && s.rest.gone != nil {
		s.rest.gone.Store(true)
	}
	s.closed(err)
}
