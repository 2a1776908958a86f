package server

import (
	"unsafe"

	"github.com/sudoXpg/netloop/eventloop"
)

// Group returns the event loops, so that tests can take their turns.
func (s *Server) Group() *eventloop.Group { return s.group }

// Unsent returns how many bytes wait in the outboxes of the members of a room with
// a format of their own, and how many such members there are.
func (s *Server) Unsent(room string) (bytes, people int) {
	f := s.feedOf(room)
	for _, o := range f.solos {
		bytes += o.peer.conn.Buffered()
	}
	return bytes, len(f.solos)
}

// Backlog returns how many bytes of memory a room's events that wait to be rendered
// take up.
func (s *Server) Backlog(room string) int {
	f := s.feedOf(room)
	return f.backlog.size + cap(f.backlog.events)*int(unsafe.Sizeof(late{}))
}

// Topics returns how many bytes the topics of a room take up, and how many there are.
func (s *Server) Topics(room string) (bytes, topics int) {
	f := s.feedOf(room)
	for _, l := range f.streams {
		bytes += l.topic.Size()
	}
	return bytes, len(f.streams)
}

// Large returns how many members of a room whose bell is on have memory for what few
// sessions need.
func (s *Server) Large(room string) (n int) {
	for p := range s.feedOf(room).mentions.keys {
		if p.rest.Load() != nil {
			n++
		}
	}
	return n
}

// SkipName withholds a user's unsent messages from the members of a room.
func (s *Server) SkipName(room, key string) { s.feedOf(room).SkipName(key) }

func (s *Server) feedOf(room string) *roomFeed {
	f, _ := s.hub.Room(room).Feed().(*roomFeed)
	return f
}

// The limits for members with a format of their own.
const (
	BacklogEvents = backlogEvents
	LowWater      = lowWater
)

// Counted returns how many connections are counted: in all, by address, and as being
// told why they are refused.
func (s *Server) Counted() (total, byAddress, refusing int) {
	a := s.admission
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, v := range a.peers {
		byAddress += int(v.open) + int(v.pending) + int(v.extra)
	}
	return a.total, byAddress, int(s.refusing.Load())
}
