package server

import (
	"bytes"
	"net/netip"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/sudoXpg/netloop/eventloop"
	"github.com/sudoXpg/netloop/filter/telnet"
	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/codec/text"
)

// maxClassicName is the longest name in the classic style, in bytes.
const maxClassicName = 29

// A classic is one connection in the classic style: the bytes of the C chat
// server that this one replaces, without its faults. There is no telnet in it,
// no command, and names are nobody's own. Everybody sees everything from the
// moment of connecting on.
type classic struct {
	link
	part    []byte // the beginning of a line; nil while there is none
	discard bool   // the rest of a line that is too long
}

// What stands before and after the log so far.
var (
	restoring = []byte("chat restoring . . .\n")
	restored  = []byte("Chat Restored\n" + prompt)
)

var (
	_ eventloop.Handler         = (*classic)(nil)
	_ eventloop.DeadlineHandler = (*classic)(nil)
	_ eventloop.EOFHandler      = (*classic)(nil)
	_ chat.Outlet               = (*classic)(nil)
)

// Opened implements eventloop.Handler. The log so far is the topic's own bytes:
// however many come at once, nothing is copied.
func (x *classic) Opened(c *eventloop.Conn) {
	x.logConnect()
	x.stage = greeted
	_, _ = c.Write(restoring)
	if f, ok := x.srv.lobby.Feed().(*feed); ok {
		c.Subscribe(f.topic(), x.member.ID(), f.topic().Oldest())
	}
	_, _ = c.Write(restored)
	x.await()
}

// Received implements eventloop.Handler.
func (x *classic) Received(_ *eventloop.Conn, p []byte) {
	if x.stage == greeted {
		if protocol := sniff(p); protocol != "" {
			x.alien(protocol)
			return
		}
		x.stage = naming
	}
	for x.stage != leaving {
		head, rest, found := bytes.Cut(p, []byte{'\n'})
		if !found {
			x.keep(p)
			return
		}
		x.endLine(head)
		p = rest
	}
}

// keep holds the beginning of a line back until its end comes.
func (x *classic) keep(p []byte) {
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

// line acts on a line of the peer: the first is a name, the others are said.
func (x *classic) line(raw []byte) {
	if x.stage == chatting {
		x.srv.lobby.Say(&x.member, string(telnet.Clean(nil, raw)), x.now())
		return
	}
	if protocol := request(raw); protocol != "" {
		x.alien(protocol)
		return
	}
	x.srv.hub.Label(&x.member, classicName(string(telnet.Clean(nil, raw))))
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

// Deadline implements eventloop.DeadlineHandler.
func (x *classic) Deadline(*eventloop.Conn) { x.loginTimeout() }

// Drained implements eventloop.Handler.
func (x *classic) Drained(*eventloop.Conn) {}

// EOF implements eventloop.EOFHandler: a last line without an ending counts.
func (x *classic) EOF(c *eventloop.Conn) {
	if len(x.part) > 0 && x.stage != leaving {
		x.endLine(nil)
	}
	x.leave("connection closed", "")
	c.Close()
}

// Closed implements eventloop.Handler.
func (x *classic) Closed(_ *eventloop.Conn, err error) { x.closed(err) }

// Deliver implements chat.Outlet. Nothing is ever told in private here, and the
// other methods that only commands need do nothing.
func (x *classic) Deliver(e chat.Event) {
	x.reply(func(dst []byte) []byte { return text.Classic.Append(dst, e) })
}

// Close implements chat.Outlet.
func (x *classic) Close(reason string) {
	x.leave(reason, reason)
	x.conn.Close()
}

// Post implements chat.Outlet.
func (x *classic) Post(f func()) { _ = x.conn.Post(f) }

// Now implements chat.Outlet.
func (x *classic) Now() time.Time { return x.srv.now() }

// Addr implements chat.Outlet.
func (x *classic) Addr() netip.Addr { return x.conn.RemoteAddr().Addr() }

// Replay implements chat.Outlet.
func (x *classic) Replay(chat.Replay) {}

// Enter implements chat.Outlet.
func (x *classic) Enter(*chat.Room, []chat.Event, int) {}

// Exit implements chat.Outlet.
func (x *classic) Exit(*chat.Room) {}

// Ignore implements chat.Outlet.
func (x *classic) Ignore(*chat.Room, string, bool) {}

// Adapt implements chat.Outlet.
func (x *classic) Adapt() {}

// Ask implements chat.Outlet.
func (x *classic) Ask(string, bool, func(string)) {}

// Await implements chat.Outlet.
func (x *classic) Await(func(func()), func()) {}

// Work implements chat.Outlet.
func (x *classic) Work(chat.WorkKind, func(), func()) error {
	return &chat.Refused{Reason: "there is no such thing in the classic style"}
}
