package chat

import "slices"

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
		if !m.ignores(fold(e.Name)) {
			m.rest().reply = e.Name
			m.out.Deliver(e)
		}
	}
}

// send shows a private message to members, and once to each session. It takes its place in the
// order of a session here, whatever connection delivers it.
func (h *Hub) send(targets []*Member, e Event) {
	var had []*session
	tasks := make(map[*Member]func(), len(targets))
	h.sessions.mu.Lock()
	for _, t := range targets {
		s := h.sessions.of[t]
		switch {
		case s == nil:
			tasks[t] = func() { t.receive(e) }
		case !slices.Contains(had, s):
			had = append(had, s)
			s.wait(e)
			if to := s.member; !s.waits() {
				tasks[to] = func() { h.handOver(s, to) }
			}
		}
	}
	h.sessions.mu.Unlock()
	for t, task := range tasks {
		t.out.Post(task)
	}
}

// handOver shows m the private messages that wait for a session, if m is its connection and no
// other one is about to replace it.
func (h *Hub) handOver(e *session, m *Member) {
	var list []Event
	h.sessions.mu.Lock()
	if !e.waits() && e.member == m {
		list = e.missed(nil)
	}
	h.sessions.mu.Unlock()
	m.receive(list...)
}

// waits reports whether private messages have to wait for a connection. sessions.mu is held.
func (e *session) waits() bool {
	return e.next != nil || e.member == nil || e.member.marked(lingering)
}

// wait numbers a private message, and has it wait, unless too many do for a connection.
// sessions.mu is held.
func (e *session) wait(message Event) {
	e.numbered++
	message.Seq = e.numbered
	if all := append(e.waiting, message); !e.waits() || !tooMany(all) {
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
	var to *Member
	h.sessions.mu.Lock()
	e := h.sessions.of[m]
	delete(h.sessions.of, m)
	if e != nil && e.next == m {
		e.next, to = nil, e.member
	}
	h.sessions.mu.Unlock()
	if to != nil {
		to.out.Post(func() { h.handOver(e, to) })
	}
}
