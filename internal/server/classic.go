package server

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/sudoXpg/netloop/eventloop"
	"github.com/sudoXpg/netloop/internal/charset"
	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/codec/text"
)

// maxClassicName is the longest name in the classic style, in bytes.
const maxClassicName = 29

// A classic is one connection in the classic style: the bytes of the C chat
// server that this one replaces, without its faults. It has no telnet and no
// commands, and names need not be unique. Every client sees everything from the
// moment it connects.
type classic struct {
	peer
	part    []byte // the beginning of a line; nil while there is none
	discard bool   // the rest of a line that is too long
}

// The lines before and after the log so far.
var (
	restoring = []byte("chat restoring . . .\n")
	restored  = []byte("Chat Restored\nEnter username : ")
)

var (
	_ input                     = (*classic)(nil)
	_ eventloop.DeadlineHandler = (*classic)(nil)
)

var classicProtocol = protocol{name: "classic", start: classicSession, wire: text.Classic{}}

func classicSession(srv *Server, c *eventloop.Conn, in arrival) eventloop.Handler {
	x := &classic{}
	x.begin(srv, c, in, x)
	return x
}

// Opened implements eventloop.Handler. The log so far is the topic's own bytes:
// however many clients connect at once, nothing is copied.
func (x *classic) Opened(c *eventloop.Conn) {
	_, _ = c.Write(restoring)
	if f, ok := x.srv.lobby.Feed().(*roomFeed); ok {
		c.Subscribe(f.held(), x.member.ID(), f.held().Oldest())
	}
	_, _ = c.Write(restored)
	x.await()
}

// Received implements eventloop.Handler.
func (x *classic) Received(_ *eventloop.Conn, p []byte) {
	if x.stage == greeted {
		if x.foreign(p) {
			return
		}
		x.stage = naming
	}
	x.take(p)
}

// take implements input.
func (x *classic) take(p []byte) {
	for x.stage != leaving {
		head, rest, found := bytes.Cut(p, []byte{'\n'})
		if !found {
			x.holdBack(p)
			return
		}
		x.endLine(head)
		p = rest
	}
}

// holdBack holds the beginning of a line back until its end comes.
func (x *classic) holdBack(p []byte) {
	if x.discard || len(p) == 0 {
		return
	}
	if len(x.part)+len(p) > x.srv.limits.Load().MaxLine {
		x.part, x.discard = nil, true
		x.lineTooLong()
		return
	}
	x.part = append(x.part, p...)
}

// endLine completes a line with its last bytes.
func (x *classic) endLine(p []byte) {
	if x.discard {
		x.discard = false
		return
	}
	if x.part != nil {
		p = append(x.part, p...)
		x.part = nil
	}
	p = bytes.TrimSuffix(p, []byte{'\r'})
	if len(p) > x.srv.limits.Load().MaxLine {
		x.lineTooLong()
		return
	}
	x.line(p)
}

// line acts on a line of the peer: the first is a name, the others are messages.
func (x *classic) line(raw []byte) {
	if x.stage == chatting {
		x.srv.lobby.Say(&x.member, clean(charset.UTF8, raw), x.now())
		return
	}
	if x.foreign(raw) {
		return
	}
	x.srv.hub.Label(&x.member, classicName(clean(charset.UTF8, raw)))
	x.named()
}

// classicName cuts a name as the classic style does, between two characters.
func classicName(line string) string {
	name := strings.TrimRightFunc(line, unicode.IsSpace)
	if len(name) <= maxClassicName {
		return name
	}
	end := maxClassicName
	for !utf8.RuneStart(name[end]) {
		end--
	}
	return name[:end]
}

// EOF implements eventloop.EOFHandler: a last line without an ending counts.
func (x *classic) EOF(c *eventloop.Conn) {
	if len(x.part) > 0 && x.stage != leaving {
		x.endLine(nil)
	}
	x.leave(chat.NewNote("connection-closed"), nil)
	c.Close()
}

// Close implements chat.Outlet: without a word.
func (x *classic) Close(why *chat.Note) {
	x.leave(why, why)
	x.conn.Close()
}

// wire implements input.
func (x *classic) wire(*chat.Room) wire { return text.Classic{} }

// interject implements input.
func (x *classic) interject(what *chat.Note) {
	x.srv.write(x.conn, x.encoding, func(dst []byte) []byte { return text.Classic{}.Notice(append(dst, '\n'), what) })
}

// settle implements input: there is no prompt after the first.
func (x *classic) settle() {}

// mentioned implements input: there is no bell.
func (x *classic) mentioned(string) {}

// Ask implements chat.Outlet: there is no command that asks.
func (x *classic) Ask(*chat.Note, *chat.Note, bool, func(string)) {}

// Discard implements chat.Outlet.
func (x *classic) Discard() {}
