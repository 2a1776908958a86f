package server

import (
	"net/netip"
	"time"

	"github.com/sudoXpg/netloop/eventloop"
	"github.com/sudoXpg/netloop/internal/chat"
)

// An arrival is a connection that was accepted. Each stage passes it to the next
// one, until a session begins.
type arrival struct {
	id     uint64        // its number in the log, and that of the member it becomes
	since  time.Duration // when it was accepted, since Server.since: whatever the clock says
	extra  bool          // beyond the limit of its address, to take over another connection
	secure bool          // it is inside TLS
	only   bool          // it can't choose another protocol
	told   bool          // denied, and one of the MaxRefused that are told why
	check  bool          // a proxy speaks for itself, usually to check whether the server is up
	// denied is why it is refused, in which case it is only told that, in its own
	// protocol.
	denied *denial
	// client is the address of the client of a proxy; nil: it is that of the
	// connection.
	client *netip.AddrPort
}

// from returns the address of the client.
func (in *arrival) from(c *eventloop.Conn) netip.AddrPort {
	if in.client != nil {
		return *in.client
	}
	return c.RemoteAddrPort()
}

// accept is called on the loop of a new connection.
func (s *Server) accept(c *eventloop.Conn, o *offer) eventloop.Handler {
	in := arrival{id: s.hub.Number(), since: c.Loop().Now().Sub(s.since)}
	if o.proxies == nil {
		return s.arrive(c, in, o, nil)
	}
	return s.acceptProxy(c, in, o)
}

// arrive counts a connection whose address is known, and returns the handler that
// detects its protocol. head is what was received already. nil: the connection is to be
// closed without a word.
func (s *Server) arrive(c *eventloop.Conn, in arrival, o *offer, head []byte) eventloop.Handler {
	addr, now := in.from(c).Addr(), c.Loop().Now()
	if why := s.hub.Banned(addr, now); why != nil {
		s.refuse(c, &in, &denial{reason: "banned", note: why})
	} else if why := s.admission.arrive(addr, now); why != nil {
		s.refuse(c, &in, why)
	}
	if in.denied != nil && !in.told {
		return nil
	}
	return &detector{srv: s, in: in, offer: o, head: head}
}

// join counts an arrival that is about to begin a session, or refuses it.
func (s *Server) join(c *eventloop.Conn, in *arrival) {
	addr, now := in.from(c).Addr(), c.Loop().Now()
	why := s.admission.join(addr, now)
	if why != nil && s.takesExtra(why) && s.admission.joinExtra(addr, now) {
		why, in.extra = nil, true
	}
	if why != nil {
		s.admission.depart(addr)
		s.refuse(c, in, why)
		return
	}
	s.logConnect(c, in)
}

// refuse refuses an arrival that does not count.
func (s *Server) refuse(c *eventloop.Conn, in *arrival, why *denial) {
	in.denied, in.told = why, s.mayLearn()
	s.deny(c, in)
}

// deny logs and counts an arrival that is refused.
func (s *Server) deny(c *eventloop.Conn, in *arrival) {
	s.logRefused(c, in, in.denied.reason)
	s.admission.count(in.denied.reason)
}

// depart is called when the connection of an arrival that has not begun a session was
// closed. why is for the log.
func (s *Server) depart(c *eventloop.Conn, in *arrival, why *chat.Note) {
	switch {
	case in.told:
		s.refusing.Add(-1)
	case in.denied == nil:
		s.admission.depart(in.from(c).Addr())
		if in.check { // which may happen every second
			s.admission.forget(in.from(c).Addr())
			return
		}
		s.logConnect(c, in)
		s.logLeave(in.id, "", why, s.age(c, in.since))
	}
}

// takesExtra reports whether a client that is refused for that reason may log in to an
// account and take over one of its connections.
func (s *Server) takesExtra(why *denial) bool {
	return why.reason == maxPerIP && !s.o.Classic && s.o.Chat.Passwords != nil && s.o.Chat.Journal != nil
}
