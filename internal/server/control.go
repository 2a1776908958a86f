package server

import (
	"fmt"
	"time"

	"github.com/sudoXpg/netloop/internal/chat"
)

// control is what the chat lets admins do with the server.
type control struct{ srv *Server }

var _ chat.Control = control{}

// Stats implements chat.Control.
func (c control) Stats() []string {
	n := c.srv.Stats()
	refused := uint64(0)
	for _, k := range n.Refused {
		refused += k
	}
	return []string{
		"up for " + inWords(c.srv.now().Sub(c.srv.since)),
		fmt.Sprintf("%s open, %d in all, %d refused, %d lost because they were slow",
			counted(int(n.Loop.Open), "connection"), n.Loop.Accepted, refused, n.Loop.Stalled),
		fmt.Sprintf("%s published", counted(int(n.Messages), "event")),
	}
}

// Rehash implements chat.Control.
func (c control) Rehash(by string, done func(report []string, err error)) {
	if err := c.srv.o.Loop.Executor.Execute(func() { done(c.srv.Rehash(by)) }); err != nil {
		done(nil, err)
	}
}

// Shutdown implements chat.Control.
func (c control) Shutdown(after time.Duration, reason string) {
	s := c.srv
	if after <= 0 {
		// Not at once: who has asked for it may be in the middle of a turn.
		_ = s.group.Loops()[0].Post(func() { s.Shutdown(reason) })
		return
	}
	_ = s.group.Loops()[0].Post(func() {
		s.group.Loops()[0].AfterFunc(after, func() { s.Shutdown(reason) })
	})
}
