package server

import (
	"net/netip"
	"time"

	"github.com/sudoXpg/netloop/internal/chat"
)

// The methods of a peer that the chat calls: with the Ask, Adapt and Discard of
// an input it implements chat.Outlet.

// Deliver implements chat.Outlet.
func (p *peer) Deliver(e chat.Event) {
	p.reply(func(dst []byte) []byte { return p.in().wire(nil).Event(dst, e) })
}

// Answer implements chat.Outlet.
func (p *peer) Answer(a chat.Answer) {
	p.reply(func(dst []byte) []byte { return p.in().wire(nil).Answer(dst, a) })
}

// Close implements chat.Outlet: the member leaves, usually voluntarily.
func (p *peer) Close(why *chat.Note) {
	p.leave(chat.NewNote("log-quit", "why", why), why)
	p.bye(chat.NewNote("goodbye"))
	p.conn.Close()
}

// Extra implements chat.Outlet.
func (p *peer) Extra() bool { return p.extra }

// Exposed implements chat.Outlet.
func (p *peer) Exposed() bool { return p.srv.o.RequireTLSAuth && p.crossesPlain() }

// crossesPlain reports whether the connection crosses a network without encryption. One to this
// machine, or over a Unix socket, does not; one from a proxy does if that is true of one of its
// halves.
func (p *peer) crossesPlain() bool {
	return p.conn.Filter() == nil && (crosses(p.conn.RemoteAddrPort().Addr()) || crosses(p.Addr()))
}

// crosses reports whether a connection from an address crosses a network.
func crosses(addr netip.Addr) bool { return addr.IsValid() && !addr.Unmap().IsLoopback() }

// Post implements chat.Outlet. It never refuses what others do to the member.
func (p *peer) Post(f func()) {
	_ = p.conn.Complete(func() {
		if p.stage != leaving {
			f()
			p.in().settle()
		}
	})
}

// Now implements chat.Outlet.
func (p *peer) Now() time.Time { return p.srv.now() }

// Echoes implements chat.Outlet.
func (p *peer) Echoes() bool { return p.in().wire(nil).Echo() }

// Addr implements chat.Outlet: it is the client's, behind a proxy, too.
func (p *peer) Addr() netip.Addr {
	if x := p.rest.Load(); x != nil && x.client != nil {
		return x.client.Addr()
	}
	return p.conn.RemoteAddrPort().Addr()
}
