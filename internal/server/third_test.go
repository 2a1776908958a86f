package server

import (
	"bytes"
	"fmt"
	"time"

	"github.com/sudoXpg/netloop/eventloop"
	"github.com/sudoXpg/netloop/internal/charset"
	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/codec/text"
)

// A third format, for tests only. It shows what a new one needs: this file and a row
// in the table of protocols.

// SpeakPipes has a server that does not run yet speak the third format to clients
// whose first byte is a vertical bar.
func (s *Server) SpeakPipes() {
	row := protocol{
		name: "pipes", match: func(head []byte) verdict { return begins(head, "|") }, wire: pipes{},
		start: func(srv *Server, c *eventloop.Conn, in arrival) eventloop.Handler {
			x := &piped{}
			x.begin(srv, c, in, x)
			return x
		},
	}
	for _, o := range []*offer{s.inside, s.auto} {
		o.protocols = append([]protocol{row}, o.protocols...)
	}
}

// pipes is the format: kind|room|name|body, with authors' own messages.
type pipes struct{}

func (pipes) Echo() bool { return true }

func (pipes) Event(dst []byte, e chat.Event, _ ...chat.Span) []byte {
	return fmt.Appendf(dst, "%d|%s|%s|%s%s\n", e.Kind, e.Room, e.Name, e.Body, text.Words(e.Note))
}

func (pipes) Day(dst []byte, _ time.Time, _ chat.Event) []byte { return dst }

func (pipes) Missed(dst []byte, room string, n uint64) []byte {
	return fmt.Appendf(dst, "missed|%s|%d\n", room, n)
}

func (w pipes) Entered(dst []byte, e chat.Entry, _ time.Time) []byte {
	for _, each := range e.Recent {
		dst = w.Event(append(dst, '-'), each)
	}
	return w.Notice(dst, chat.NewNote("entered", "room", e.Room.Name(), "name", e.Name, "others", e.Others))
}

func (pipes) Answer(dst []byte, a chat.Answer) []byte { return fmt.Appendf(dst, "%T|%v\n", a, a) }

func (pipes) Notice(dst []byte, what *chat.Note) []byte {
	return fmt.Appendf(dst, "!|%s\n", text.Words(what))
}

func (w pipes) Bye(dst []byte, why *chat.Note) []byte { return w.Notice(dst, why) }

// piped is the session: a bar before each line.
type piped struct {
	peer
	part   []byte
	answer func(string)
}

var _ input = (*piped)(nil)

func (x *piped) Opened(*eventloop.Conn) {
	x.stage = naming
	x.await()
}

func (x *piped) Received(_ *eventloop.Conn, p []byte) { x.take(p) }

func (x *piped) take(p []byte) {
	for x.stage != leaving {
		if x.waits() {
			x.readAhead(p)
			return
		}
		line, rest, whole := bytes.Cut(p, []byte{'\n'})
		x.part = append(x.part, line...)
		if !whole {
			return
		}
		line, x.part = x.part, nil
		x.line(clean(charset.UTF8, bytes.TrimPrefix(line, []byte{'|'})))
		p = rest
	}
}

func (x *piped) line(line string) {
	switch {
	case x.answer != nil:
		answer := x.answer
		x.answer = nil
		answer(line)
	case x.stage == chatting:
		x.srv.hub.Run(&x.member, text.Parse(line), x.now())
	default:
		if err := x.srv.hub.Login(&x.member, line); err != nil {
			x.notice(chat.Why(err))
			return
		}
		x.srv.hub.Arrive(&x.member, x.now())
	}
}

func (x *piped) EOF(c *eventloop.Conn) {
	if !x.ends() {
		c.Close()
	}
}

func (x *piped) wire(*chat.Room) wire { return pipes{} }
func (x *piped) settle()              {}
func (x *piped) mentioned(author string) {
	x.notice(chat.NewNote("announcement", "text", author+" names you"))
}
func (x *piped) interject(what *chat.Note) { x.notice(what) }
func (x *piped) Discard()                  {}
func (x *piped) Ask(why, question *chat.Note, _ bool, answer func(string)) {
	if why != nil {
		x.notice(why)
	}
	x.notice(question)
	x.answer = answer
}
