package server

import (
	"bytes"
	"cmp"
	"time"

	"github.com/sudoXpg/netloop/eventloop"
	"github.com/sudoXpg/netloop/internal/chat"
)

// maxHead is how many bytes of a connection are examined to choose its protocol.
const maxHead = 4096

// An arrival is a connection that was accepted. Each stage passes it to the next
// one, until a session begins.
type arrival struct {
	id     uint64        // its number in the log, and that of the member it becomes
	since  time.Duration // when it was accepted, since Server.since: whatever the clock says
	extra  bool          // beyond the limit of its address, to take over another connection
	secure bool          // it is inside TLS
	// denied is why it is refused, in which case it is only told that, in its own
	// protocol. Such an arrival holds one of the MaxRefused places.
	denied *denial
}

// A protocol is one that a connection may speak.
type protocol struct {
	name string
	// match examines the first bytes that were received.
	match func(head []byte) verdict
	// start begins a session. nil: the protocol is not supported, and the
	// connection is closed without an answer, which its client would not
	// understand.
	start func(*Server, *eventloop.Conn, arrival) eventloop.Handler
	// wire renders the reason for a connection that is refused.
	wire wire
	// layer: start does not begin a session, but has another protocol chosen inside,
	// also for a connection that is refused.
	layer bool
}

// A verdict tells whether the first bytes are those of a protocol.
type verdict uint8

const (
	no   verdict = iota
	more         // not enough of them to tell
	yes
)

// foreign are the protocols that are recognized as not being chat, so that none
// of their bytes becomes a name or a message.
var foreign = []protocol{
	{name: "tls", match: isTLS},
	{name: "ssh", match: isSSH},
	{name: "http", match: isHTTP},
}

// detect returns the first protocol of a table that matches head, or nil while
// more bytes could decide it. The last protocol of the table matches everything.
func detect(table []protocol, head []byte) *protocol {
	last := len(table) - 1
	wait := false
	for i := range table[:last] {
		switch table[i].match(head) {
		case yes:
			return &table[i]
		case more:
			wait = true
		case no:
		}
	}
	if wait && len(head) < maxHead {
		return nil
	}
	return &table[last]
}

// alien returns the name of the foreign protocol that matches the first bytes after
// the greeting, or "". It is for clients that were silent for longer than the sniff
// window.
func alien(head []byte) string {
	for i := range foreign {
		if p := &foreign[i]; p.match(head) == yes {
			return p.name
		}
	}
	return ""
}

// A detector is the handler of a connection whose protocol is not known yet.
type detector struct {
	srv   *Server
	in    arrival
	table []protocol // to choose from; the last is for a client that is silent
	head  []byte
	why   *chat.Note // reason of the end, for the log
}

var (
	_ eventloop.Handler         = (*detector)(nil)
	_ eventloop.DeadlineHandler = (*detector)(nil)
	_ eventloop.EOFHandler      = (*detector)(nil)
)

// Opened implements eventloop.Handler. Without a window the last protocol of the
// table begins at once.
func (d *detector) Opened(c *eventloop.Conn) {
	if d.in.denied == nil && !d.in.secure {
		d.srv.logConnect(c, d.in.id)
	}
	if window := d.srv.window; window > 0 {
		c.SetDeadline(window)
		return
	}
	d.begin(c, d.fallback())
}

func (d *detector) fallback() *protocol { return &d.table[len(d.table)-1] }

// Received implements eventloop.Handler.
func (d *detector) Received(c *eventloop.Conn, p []byte) {
	d.head = append(d.head, p...)
	if chosen := detect(d.table, d.head); chosen != nil {
		d.begin(c, chosen)
	}
}

// Deadline implements eventloop.DeadlineHandler: the sniff window has ended.
func (d *detector) Deadline(c *eventloop.Conn) { d.begin(c, d.fallback()) }

// EOF implements eventloop.EOFHandler: nothing more comes.
func (d *detector) EOF(c *eventloop.Conn) {
	d.begin(c, d.fallback())
	if next, ok := c.Handler().(eventloop.EOFHandler); ok {
		next.EOF(c)
		return
	}
	c.Close()
}

// begin begins a session of protocol p.
func (d *detector) begin(c *eventloop.Conn, p *protocol) {
	var next eventloop.Handler
	switch {
	case p.start == nil:
		d.why = chat.NewNote("not-chat", "protocol", p.name)
		c.Close()
		return
	case d.in.denied != nil && !p.layer:
		next = &refusal{srv: d.srv, wire: p.wire, note: d.in.denied.note}
	default:
		next = p.start(d.srv, c, d.in)
	}
	c.SetDeadline(0)
	c.SetHandler(next)
	next.Opened(c)
	if len(d.head) > 0 {
		next.Received(c, d.head)
	}
}

// Drained implements eventloop.Handler.
func (d *detector) Drained(*eventloop.Conn) {}

// Closed implements eventloop.Handler.
func (d *detector) Closed(c *eventloop.Conn, err error) {
	if d.in.denied != nil {
		d.srv.refusing.Add(-1)
		return
	}
	d.srv.logLeave(d.in.id, "", cmp.Or(d.why, d.srv.closeReason(err)), d.srv.age(c, d.in.since))
	d.srv.admission.release(c.RemoteAddrPort().Addr(), d.in.extra)
}

// isTLS: a record of the type handshake, whatever its version (RFC 8446, section
// 5.1). No terminal sends 0x16 first.
func isTLS(head []byte) verdict {
	if len(head) > 0 && head[0] == 0x16 && (len(head) == 1 || head[1] == 3) {
		return yes
	}
	return no
}

// isSSH: RFC 4253, section 4.2.
func isSSH(head []byte) verdict { return begins(head, "SSH-") }

// begins reports whether head begins with a text.
func begins(head []byte, text string) verdict {
	switch {
	case len(head) >= len(text) && string(head[:len(text)]) == text:
		return yes
	case len(head) < len(text) && text[:len(head)] == string(head):
		return more
	}
	return no
}

// isHTTP: a request line (RFC 9112, section 3). It is certain once the method, the
// target and the beginning of the version are there.
func isHTTP(head []byte) verdict {
	line, _, whole := bytes.Cut(head, []byte{'\n'})
	open := more
	if whole {
		open = no
	}
	method, rest, ok := bytes.Cut(line, []byte{' '})
	switch {
	case !isMethod(bytes.TrimSuffix(method, []byte{'\r'})):
		return no
	case !ok:
		return open
	}
	target, version, ok := bytes.Cut(rest, []byte{' '})
	switch {
	case !ok:
		return open
	case len(target) == 0:
		return no
	}
	if v := begins(version, "HTTP/"); v != more || !whole {
		return v
	}
	return no
}

// isMethod: every method in use consists of capital letters, except for M-SEARCH of UPnP.
func isMethod(p []byte) bool {
	for _, c := range p {
		if (c < 'A' || c > 'Z') && c != '-' {
			return false
		}
	}
	return len(p) > 0
}
