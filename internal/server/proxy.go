package server

import (
	"errors"
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/sudoXpg/netloop/eventloop"
	"github.com/sudoXpg/netloop/filter/proxyproto"
)

// proxyTimeout is how long a proxy may take to send its header.
const proxyTimeout = 5 * time.Second

// A proxied is the handler of a connection from a proxy whose header has not arrived.
// It counts as pending without an address, if the server is not full: the client's
// counts after that.
type proxied struct {
	srv   *Server
	in    arrival
	offer *offer
	head  []byte
	ready bool // the header was there
}

var (
	_ eventloop.Handler         = (*proxied)(nil)
	_ eventloop.DeadlineHandler = (*proxied)(nil)
	_ eventloop.EOFHandler      = (*proxied)(nil)
)

// acceptProxy is accept for a listener that only proxies may connect to.
func (s *Server) acceptProxy(c *eventloop.Conn, in arrival, o *offer) eventloop.Handler {
	from := c.RemoteAddrPort().Addr().Unmap().WithZone("")
	if !slices.ContainsFunc(o.proxies, func(p netip.Prefix) bool { return p.Contains(from) }) {
		in.denied = &denial{reason: strangeProxy}
		s.deny(c, &in)
		return nil
	}
	if in.denied = s.admission.arrive(netip.Addr{}, c.Loop().Now()); in.denied != nil {
		if in.told = s.mayLearn(); !in.told {
			s.deny(c, &in)
			return nil
		}
	}
	return &proxied{srv: s, in: in, offer: o}
}

// Opened implements eventloop.Handler.
func (p *proxied) Opened(c *eventloop.Conn) { c.SetDeadline(proxyTimeout) }

// Received implements eventloop.Handler.
func (p *proxied) Received(c *eventloop.Conn, data []byte) {
	p.head = append(p.head, data...)
	h, n, err := proxyproto.Parse(p.head)
	switch {
	case errors.Is(err, proxyproto.ErrIncomplete):
	case err != nil:
		p.refuse(c, strings.TrimPrefix(err.Error(), "proxyproto: "))
	default:
		p.proceed(c, h, p.head[n:])
	}
}

// Deadline implements eventloop.DeadlineHandler.
func (p *proxied) Deadline(c *eventloop.Conn) { p.refuse(c, "no header in time") }

// EOF implements eventloop.EOFHandler.
func (p *proxied) EOF(c *eventloop.Conn) { p.refuse(c, "closed within the header") }

// proceed hands the connection over to the handler that it would have without a proxy.
func (p *proxied) proceed(c *eventloop.Conn, h proxyproto.Header, rest []byte) {
	p.ready = true
	own := c.RemoteAddrPort()
	client := netip.AddrPortFrom(h.Source.Addr().Unmap(), h.Source.Port())
	// Version 1 has no LOCAL: HAProxy sends the addresses of its own connection.
	p.in.check = h.Local || client == netip.AddrPortFrom(own.Addr().Unmap(), own.Port())
	if client.IsValid() && !p.in.check {
		p.in.client = &client
	}
	var next eventloop.Handler
	if p.in.denied == nil {
		p.srv.admission.depart(netip.Addr{})
		next = p.srv.arrive(c, p.in, p.offer, rest)
	} else {
		p.srv.deny(c, &p.in)
		next = &detector{srv: p.srv, in: p.in, offer: p.offer, head: rest}
	}
	if next == nil {
		c.Close()
		return
	}
	c.SetDeadline(0)
	c.SetHandler(next)
	next.Opened(c)
}

// refuse closes a connection without a valid header.
func (p *proxied) refuse(c *eventloop.Conn, cause string) {
	p.srv.admission.count(badProxyHeader)
	p.srv.logRefused(c, &p.in, badProxyHeader, slog.String("cause", cause))
	c.Close()
}

// Drained implements eventloop.Handler.
func (p *proxied) Drained(*eventloop.Conn) {}

// Closed implements eventloop.Handler.
func (p *proxied) Closed(*eventloop.Conn, error) {
	switch {
	case p.ready:
	case p.in.told:
		p.srv.refusing.Add(-1)
	default:
		p.srv.admission.depart(netip.Addr{})
	}
}
