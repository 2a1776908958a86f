package server

import (
	"cmp"

	"github.com/sudoXpg/netloop/eventloop"
	"github.com/sudoXpg/netloop/internal/charset"
	"github.com/sudoXpg/netloop/internal/chat"
)

// defaultRefused is how many refused connections may be told why at the same time,
// unless Limits say otherwise. Each stays open until its peer closes, some seconds
// at most: without a bound they would bypass every other limit.
const defaultRefused = 128

// A refusal is the handler of a refused connection: it tells the client why,
// and closes.
type refusal struct {
	srv  *Server
	wire wire
	note *chat.Note
}

// mayLearn reports whether a refused client may be told why. If so, s.refusing
// counts the connection until it is closed.
func (s *Server) mayLearn() bool {
	if int(s.refusing.Add(1)) > cmp.Or(s.limits.Load().MaxRefused, defaultRefused) {
		s.refusing.Add(-1)
		return false
	}
	return true
}

// Opened implements eventloop.Handler.
func (r *refusal) Opened(c *eventloop.Conn) {
	r.srv.write(c, charset.Encoding{}, func(dst []byte) []byte { return r.wire.Bye(dst, r.note) })
	c.Close()
}

// Received implements eventloop.Handler.
func (r *refusal) Received(*eventloop.Conn, []byte) {}

// Drained implements eventloop.Handler.
func (r *refusal) Drained(*eventloop.Conn) {}

// Closed implements eventloop.Handler.
func (r *refusal) Closed(*eventloop.Conn, error) { r.srv.refusing.Add(-1) }
