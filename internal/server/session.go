package server

import (
	"bytes"
	"strconv"
	"strings"

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
}

var (
	_ eventloop.Handler         = (*session)(nil)
	_ eventloop.DeadlineHandler = (*session)(nil)
	_ eventloop.EOFHandler      = (*session)(nil)
	_ eventloop.DrainHandler    = (*session)(nil)
	_ chat.Outlet               = (*session)(nil)
)

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
	for ev, rest := s.dec.Next(p); ev.Kind != telnet.None && s.stage != leaving; ev, rest = s.dec.Next(rest) {
		s.handle(ev)
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
	if s.stage == chatting {
		s.srv.hub.Run(&s.member, text.Parse(line), s.now())
		return
	}
	s.login(strings.TrimSpace(line))
}

// login takes what was typed at the prompt: a name, or one of the commands that
// can be used without one.
func (s *session) login(name string) {
	if strings.HasPrefix(name, "/") {
		s.srv.hub.Run(&s.member, text.Parse(name), s.now())
	} else if err := s.srv.hub.Login(&s.member, name); err != nil {
		s.notice(chat.Reason(err))
	} else {
		s.join(s.srv.lobby)
		return
	}
	if s.stage == naming {
		s.reply(func(dst []byte) []byte { return append(dst, prompt...) })
	}
}

// join enters the chat. History and subscription meet inside the room's mutex,
// so that no line falls between them.
func (s *session) join(room *chat.Room) {
	s.named()
	room.Join(&s.member, s.now(), func(recent []chat.Event, here int) {
		s.srv.write(s.conn, func(dst []byte) []byte {
			dst = text.History(dst, recent)
			count, others := others(here)
			return text.Notice(dst, "you are in ", room.Name(), " as ", s.member.Name(),
				", with ", count, others, "; /help lists the commands")
		})
		if f, ok := room.Feed().(*feed); ok {
			s.conn.Subscribe(f.topic, s.member.ID(), f.topic.Head())
		}
	})
}

func others(n int) (count, others string) {
	switch n {
	case 0:
		return "nobody", " else"
	case 1:
		return "1", " other"
	}
	return strconv.Itoa(n), " others"
}

// Drained implements eventloop.Handler: the peer has read the replies.
func (s *session) Drained(c *eventloop.Conn) { c.Resume() }

// EOF implements eventloop.EOFHandler: what was sent before counts. A last line
// without an ending does, too, unless it comes from a telnet client, where it is
// what somebody was typing when the window was closed.
func (s *session) EOF(c *eventloop.Conn) {
	if last := s.dec.Flush(); len(last) > 0 && !s.dec.Negotiated() && s.stage != leaving {
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
	}
}

// Closed implements eventloop.Handler.
func (s *session) Closed(_ *eventloop.Conn, err error) { s.closed(err) }

// Deliver implements chat.Outlet.
func (s *session) Deliver(e chat.Event) {
	s.reply(func(dst []byte) []byte { return text.Default.Append(dst, e) })
}

// Close implements chat.Outlet: the member leaves by its own wish.
func (s *session) Close(reason string) {
	logged := "quit"
	if reason != "" {
		logged += ": " + reason
	}
	s.leave(logged, reason)
	s.notice("goodbye")
	s.conn.Close()
}
