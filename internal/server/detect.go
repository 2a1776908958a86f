package server

import (
	"bytes"
	"cmp"
	"net/netip"
	"time"

	"github.com/sudoXpg/netloop/eventloop"
	"github.com/sudoXpg/netloop/internal/chat"
)

// maxHead is how many bytes of a connection are examined to choose its protocol.
const maxHead = 4096

// A protocol is one that a connection may speak.
type protocol struct {
	name string
	// match examines the first bytes that were received.
	match func(head []byte) verdict
	// start begins it. nil: the protocol is not supported, and the connection is
	// closed without an answer, which its client would not understand.
	start func(*Server, *eventloop.Conn, arrival) eventloop.Handler
	// wire renders the reason for a connection that is refused. nil: start does not
	// begin a session, and is called for a connection that is refused, too.
	wire wire
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
	{name: "proxy", match: isProxy},
	httpProtocol,
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

// An offer is the protocols that a client may choose from, of a listener or inside TLS.
type offer struct {
	protocols []protocol // the last is for a client that is silent
	window    time.Duration
	proxies   []netip.Prefix // the proxies that must send a header first; nil for none
}

// fallback returns the protocol that begins when the window has ended; without a window
// it begins at once.
func (o *offer) fallback() *protocol { return &o.protocols[len(o.protocols)-1] }

// A detector is the handler of a connection whose protocol is not known yet.
type detector struct {
	srv   *Server
	in    arrival
	offer *offer
	head  []byte
	why   *chat.Note // reason of the end, for the log
}

var (
	_ eventloop.Handler         = (*detector)(nil)
	_ eventloop.DeadlineHandler = (*detector)(nil)
	_ eventloop.EOFHandler      = (*detector)(nil)
)

// Opened implements eventloop.Handler. What a proxy sent with its header may be
// there already.
func (d *detector) Opened(c *eventloop.Conn) {
	switch {
	case d.offer.window <= 0:
		d.begin(c, d.offer.fallback())
	case len(d.head) > 0 && d.chosen() != nil:
		d.begin(c, d.chosen())
	default:
		c.SetDeadline(d.offer.window)
	}
}

func (d *detector) chosen() *protocol { return detect(d.offer.protocols, d.head) }

// Received implements eventloop.Handler.
func (d *detector) Received(c *eventloop.Conn, p []byte) {
	d.head = append(d.head, p...)
	if chosen := d.chosen(); chosen != nil {
		d.begin(c, chosen)
	}
}

// Deadline implements eventloop.DeadlineHandler: the sniff window has ended.
func (d *detector) Deadline(c *eventloop.Conn) { d.begin(c, d.offer.fallback()) }

// EOF implements eventloop.EOFHandler: nothing more comes.
func (d *detector) EOF(c *eventloop.Conn) {
	d.begin(c, d.offer.fallback())
	if next, ok := c.Handler().(eventloop.EOFHandler); ok && next != d {
		next.EOF(c)
		return
	}
	c.Close()
}

// begin begins protocol p.
func (d *detector) begin(c *eventloop.Conn, p *protocol) {
	session := p.wire != nil
	d.in.only = len(d.offer.protocols) == 1
	if session && d.in.denied == nil {
		d.srv.join(c, &d.in)
	}
	var next eventloop.Handler
	switch {
	case p.start == nil:
		d.why = chat.NewNote("not-chat", "protocol", p.name)
		c.Close()
		return
	case !session || d.in.denied == nil:
		next = p.start(d.srv, c, d.in)
	case d.in.told:
		next = &refusal{srv: d.srv, wire: p.wire, note: d.in.denied.note}
	default:
		c.Close()
		return
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
	d.srv.depart(c, &d.in, cmp.Or(d.why, d.srv.closeReason(err)))
}

// isTLS: a record of the type handshake, whatever its version (RFC 8446, section
// 5.1). No terminal sends 0x16 first.
func isTLS(head []byte) verdict {
	if len(head) > 0 && head[0] == 0x16 && (len(head) == 1 || head[1] == 3) {
		return yes
	}
	return no
}

// isProxy: the header of a proxy that is not expected to send one
// (filter/proxyproto).
func isProxy(head []byte) verdict {
	best := no
	for _, text := range []string{"PROXY TCP4 ", "PROXY TCP6 ", "PROXY UNKNOWN", "\r\n\r\n\x00\r\nQUIT\n"} {
		best = max(best, begins(head, text))
	}
	return best
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
	case !ok && len(line) >= maxHead && target[0] == '/': // too long, which HTTP has an answer for
		return yes
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
