package server

import (
	"time"

	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/codec/text"
)

// control implements chat.Control: what admins can do to the server from the chat.
type control struct{ srv *Server }

var _ chat.Control = control{}

// Stats implements chat.Control.
func (c control) Stats() chat.ServerStatistics {
	n := c.srv.Stats()
	refused := uint64(0)
	for _, k := range n.Refused {
		refused += k
	}
	return chat.ServerStatistics{
		Up: c.srv.now().Sub(c.srv.since), Open: int(n.Loop.Open), Accepted: n.Loop.Accepted, Refused: refused,
		Slow: n.Loop.Stalled, Events: n.Messages,
	}
}

// Rehash implements chat.Control.
func (c control) Rehash(by string, done func(report []*chat.Note, err error)) {
	if err := c.srv.o.Loop.Executor.Execute(func() { done(c.srv.Rehash(by)) }); err != nil {
		done(nil, err)
	}
}

// Shutdown implements chat.Control.
func (c control) Shutdown(after time.Duration, why *chat.Note) {
	s, loop, reason := c.srv, c.srv.group.Loops()[0], text.Words(why)
	s.mu.Lock()
	s.plans++
	plan := s.plans
	s.planned = after > 0
	s.mu.Unlock()
	// Not at once: the member who asked may be in the middle of a turn.
	_ = loop.Complete(func() {
		if after <= 0 {
			s.Shutdown(reason)
			return
		}
		loop.AfterFunc(after, func() {
			if s.takePlan(plan) {
				s.Shutdown(reason)
			}
		})
	})
}

// CancelShutdown implements chat.Control.
func (c control) CancelShutdown() bool {
	c.srv.mu.Lock()
	defer c.srv.mu.Unlock()
	was := c.srv.planned
	c.srv.planned = false
	return was
}

// takePlan reports whether the shutdown with that number is still planned, and ends the
// plan.
func (s *Server) takePlan(plan uint64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	due := s.planned && s.plans == plan
	s.planned = s.planned && !due
	return due
}
