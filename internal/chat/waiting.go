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
	// As many are retained of those that were sent on a connection, which may be lost
	// before the server notices.
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
	if !again {
		s.numbered++
		if e.Seq = s.numbered; waits {
			s.wait(e)
		} else {
			s.retain(e)
		}
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

// wait has a private message wait, unless too many do. sessions.mu is held.
func (e *session) wait(message Event) {
	if all := append(e.waiting, message); !tooMany(all) {
		e.waiting = all
	}
}

// retain retains messages that are being sent, instead of the oldest if there are too many.
// sessions.mu is held.
func (e *session) retain(list ...Event) {
	e.sent = append(e.sent, list...)
	for tooMany(e.sent) {
		e.sent = slices.Delete(e.sent, 0, 1)
	}
}

func tooMany(list []Event) bool {
	size := 0
	for i := range list {
		size += len(list[i].Body)
	}
	return len(list) > maxWaiting || size > maxWaitingBytes
}

// missed returns the private messages that a client which resumes has not received: those that
// wait, and if it says what it has seen, those that were sent after that. sessions.mu is held.
func (e *session) missed(seen *uint64) (list []Event) {
	if seen != nil {
		if e.numbered == 0 { // since the start of the server
			e.numbered = *seen
		}
		e.sent = slices.DeleteFunc(e.sent, func(m Event) bool { return m.Seq <= *seen })
		list = slices.Clone(e.sent)
	}
	list = append(list, e.waiting...)
	e.retain(e.waiting...)
	e.waiting = nil
	return list
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
			waiting = e.missed(nil)
		}
	}
	to := e.member
	h.sessions.mu.Unlock()
	if len(waiting) > 0 {
		to.out.Post(func() { to.receive(waiting...) })
	}
}
