package server

import (
	"errors"
	"sync/atomic"

	"github.com/sudoXpg/netloop/eventloop"
)

// counts are the sessions' counters. Deliveries touch none of them.
type counts struct {
	messages atomic.Uint64 // published, in all rooms
	logins   atomic.Uint64
	users    atomic.Int64 // who have a name
}

// Stats are counters since the start. Only Users and Loop.Open can go down.
type Stats struct {
	Loop     eventloop.Stats
	Messages uint64            // published in a room, notices included
	Logins   uint64            // users who gave a name
	Users    int64             // who have a name now
	Refused  map[string]uint64 // connections refused, by reason
}

// Stats adds up the counters. It may be called from any goroutine.
func (s *Server) Stats() Stats {
	return Stats{
		Loop: s.group.Stats(), Messages: s.counts.messages.Load(), Logins: s.counts.logins.Load(),
		Users: s.counts.users.Load(), Refused: s.admission.refusals(),
	}
}

// Ready returns nil if new clients are served, and otherwise why they are not.
func (s *Server) Ready() error {
	switch {
	case s.stopping.Load():
		return errors.New("shutting down")
	case !s.running.Load():
		return errors.New("not running")
	}
	if s.o.Healthy != nil {
		if err := s.o.Healthy(); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.listeners) == 0 {
		return errors.New("no listener")
	}
	return nil
}
