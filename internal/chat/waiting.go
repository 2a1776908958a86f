package chat

import (
	"cmp"
	"slices"
)

// Private messages for a user whose client is without a connection, or is about to continue
// its session on another one.

const (
	// maxWaiting is how many private messages wait for a session that has no connection,
	// until it ends, and maxWaitingBytes how many bytes of text in all of them. If no
	// session of an account has a connection, they are mail.
	maxWaiting      = 100
	maxWaitingBytes = 32 << 10
)

// receive shows private messages to m.
func (m *Member) receive(list ...Event) {
	for _, e := range list {
		m.rest().reply = e.Name
		m.out.Deliver(e)
	}
}

// receiveOnce shows a private message to m, or passes it to the connection that continues m's
// session. A session has the message once: had are those that have it, guarded by sessions.mu.
func (h *Hub) receiveOnce(m *Member, e Event, had *[]*session) {
	x := m.extras()
	if x == nil || x.session == nil && x.passes == nil {
		m.receive(e)
		return
	}
	s := cmp.Or(x.session, x.passes)
	h.sessions.mu.Lock()
	again := slices.Contains(*had, s)
	*had = append(*had, s)
	to := cmp.Or(s.member, m)
	waits := s.next != nil || to.marked(lingering)
	if waits && !again {
		s.wait(e)
	}
	h.sessions.mu.Unlock()
	switch {
	case again, waits:
	case to == m:
		m.receive(e)
	default:
		to.out.Post(func() { to.receive(e) })
	}
}

// wait retains a private message, unless there are too many. sessions.mu is held.
func (e *session) wait(message Event) {
	size := len(message.Body)
	for i := range e.waiting {
		size += len(e.waiting[i].Body)
	}
	if len(e.waiting) < maxWaiting && size <= maxWaitingBytes {
		e.waiting = append(e.waiting, message)
	}
}

// interrupted is called when m leaves: if it was about to continue a session, the connection
// that still has that receives private messages again.
func (h *Hub) interrupted(m *Member) {
	x := m.extras()
	if x == nil || x.passes == nil {
		return
	}
	e := x.passes
	var waiting []Event
	h.sessions.mu.Lock()
	if e.next == m {
		e.next = nil
		if e.member != nil && !e.member.marked(lingering) {
			waiting, e.waiting = e.waiting, nil
		}
	}
	to := e.member
	h.sessions.mu.Unlock()
	if len(waiting) > 0 {
		to.out.Post(func() { to.receive(waiting...) })
	}
}
