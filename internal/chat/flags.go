package chat

import "slices"

// How many messages of one person, and of all guests together, may wait for a review, so
// that nobody can fill the queue: guests can use any number of names.
const (
	maxFlagsOf     = 20
	maxFlagsGuests = MaxFlags / 2
)

// flag puts a message into the review queue. p is nil for a message without a CID.
func (h *Hub) flag(m *Member, r *Room, e Event, why string, p *pendingPost) {
	e.Author, e.Account, e.Name, e.Room, e.ID = m.id, m.account(), m.Name(), r.name, h.nextID()
	f := Flag{ID: e.ID, Event: e, Key: m.who.name.Key(), Held: true, Why: why}
	if err := h.queueFlag(f); err != nil {
		m.refuse(Why(err))
		p.drop()
		return
	}
	h.await(m, r, p, func() { h.dropFlags(func(o *Flag) bool { return o.ID == f.ID }) }, f)
	h.Alert(note("flag-waits", "id", e.ID, "name", e.Name, "room", e.Room))
}

// await tells m, when the records are saved, that a message waits for a review. If they can't be
// saved, it calls undo instead, on any goroutine, and m is told why.
func (h *Hub) await(m *Member, r *Room, p *pendingPost, undo func(), records ...Record) {
	outcome := func(err error) Saved {
		if err != nil {
			return Saved{Room: r.name, Why: Why(err)}
		}
		return Saved{Room: r.name, Held: true}
	}
	h.persistAlways(m, func(err error) {
		if err != nil && undo != nil {
			undo()
		}
		if p != nil { // the client may be back on another connection by then
			p.end(outcome(err))
		}
	}, func(err error) {
		if p == nil {
			m.out.Answer(outcome(err))
		}
	}, records...)
}

// queueFlag puts a message into the queue, unless its author has too many there.
func (h *Hub) queueFlag(f Flag) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	own, guests := 0, 0
	for i := range h.flags {
		o := &h.flags[i]
		if o.Event.Account == f.Event.Account && (f.Event.Account != 0 || o.Key == f.Key) {
			own++
		}
		if o.Event.Account == 0 {
			guests++
		}
	}
	switch {
	case own >= maxFlagsOf:
		return refusal("too-many-of-yours-wait", "most", maxFlagsOf)
	case len(h.flags) >= MaxFlags, f.Event.Account == 0 && guests >= maxFlagsGuests:
		return refusal("too-many-wait")
	}
	h.flags = append(h.flags, f)
	return nil
}

// dropFlags removes messages from the queue, and returns the records of that.
func (h *Hub) dropFlags(which func(*Flag) bool) []Record {
	h.mu.Lock()
	defer h.mu.Unlock()
	var dropped []Record
	h.flags = slices.DeleteFunc(h.flags, func(f Flag) bool {
		if !which(&f) {
			return false
		}
		dropped = append(dropped, DropFlag{ID: f.ID})
		return true
	})
	return dropped
}

// dropFlagsOf is dropFlags for the messages of banned users.
func (h *Hub) dropFlagsOf(bans []Sanction) []Record {
	return h.dropFlags(func(f *Flag) bool {
		return slices.ContainsFunc(bans, func(s Sanction) bool { return (s.Room == "" || s.Room == f.Event.Room) && s.author(&f.Event) })
	})
}
