package chat

import (
	"slices"
	"time"
)

// Read records how far m's account has read a room, and tells its other connections.
func (h *Hub) Read(m *Member, room string, epoch, seq uint64, now time.Time) {
	h.heard(m, now)
	switch {
	case m.who == nil:
		m.refuse(note("no-name"))
		return
	case m.account() == 0:
		m.refuse(note("needs-account", "command", "read"))
		return
	}
	r := h.place(m, room)
	if r == nil {
		return
	}
	if !r.has(epoch, seq) {
		m.refuse(note("read-ahead", "room", r.name))
		return
	}
	mark := ReadMark{Account: m.account(), Room: r.name, Epoch: epoch, Seq: seq}
	h.mu.Lock()
	a := h.byID[mark.Account]
	moved := a != nil && a.read(mark)
	if moved {
		h.persist(mark)
	}
	h.mu.Unlock()
	if moved {
		h.toOthers(m, func(o *Member) { o.out.Answer(mark) })
	}
}

// has reports whether a place is not ahead of a room's order.
func (r *Room) has(epoch, seq uint64) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.hub.options.Epoch
	return epoch < now || epoch == now && seq <= r.seq
}

// read moves a read mark forward, and reports whether it has moved. Hub.mu is held.
func (a *account) read(mark ReadMark) bool {
	i := slices.IndexFunc(a.marks, func(o ReadMark) bool { return o.Room == mark.Room })
	if i >= 0 {
		if o := a.marks[i]; mark.Epoch < o.Epoch || mark.Epoch == o.Epoch && mark.Seq <= o.Seq {
			return false
		}
		a.marks = slices.Delete(a.marks, i, i+1)
	}
	a.marks = append(a.marks, mark)
	a.marks = slices.Delete(a.marks, 0, max(0, len(a.marks)-MaxReadMarks))
	return true
}

// readMark returns how far m's account has read a room, nil if that is not known.
func (h *Hub) readMark(m *Member, room string) *ReadMark {
	if m.account() == 0 {
		return nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if a := h.byID[m.account()]; a != nil {
		for i := range a.marks {
			if a.marks[i].Room == room {
				mark := a.marks[i]
				return &mark
			}
		}
	}
	return nil
}
