package server

import (
	"github.com/sudoXpg/netloop/eventloop"
)

// maxRefusing is how many refused connections may be told why at the same
// time. Each lives until its peer closes, some seconds at most: without a bound
// they would be the way around every other limit.
const maxRefusing = 128

// A refusal is the handler of a connection that is not let in: it is told why,
// and closed.
type refusal struct {
	srv  *Server
	text string
}

// refuse returns the handler that tells why, or nil to close without a word.
func (s *Server) refuse(why *denial) eventloop.Handler {
	s.admission.count(why)
	if s.refusing.Add(1) > maxRefusing {
		s.refusing.Add(-1)
		return nil
	}
	return &refusal{srv: s, text: why.text}
}

// Opened implements eventloop.Handler.
func (r *refusal) Opened(c *eventloop.Conn) {
	r.srv.write(c, func(dst []byte) []byte { return notice(dst, r.srv.o.Style, r.text) })
	c.Close()
}

// Received implements eventloop.Handler.
func (r *refusal) Received(*eventloop.Conn, []byte) {}

// Drained implements eventloop.Handler.
func (r *refusal) Drained(*eventloop.Conn) {}

// Closed implements eventloop.Handler.
func (r *refusal) Closed(*eventloop.Conn, error) { r.srv.refusing.Add(-1) }
