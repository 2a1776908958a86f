package memory

import (
	"cmp"
	"math"
	"slices"

	"github.com/sudoXpg/netloop/internal/chat"
)

// changesSlack is how many changes of a room there may be beyond chat.MaxChanges.
const changesSlack = chat.MaxChanges / 4

// edited stands for the message in changes of rooms.
var edited = &chat.Event{}

// recordChange records that a message was deleted or edited.
func (r *room) recordChange(c chat.Change) {
	r.changes = slices.DeleteFunc(r.changes, func(o chat.Change) bool { return o.ID == c.ID })
	r.changes = append(r.changes, c)
}

func (r *room) trimChanges() {
	if n := len(r.changes); n > chat.MaxChanges+changesSlack {
		r.changes = slices.Clone(r.changes[n-chat.MaxChanges:])
	}
}

// Since implements chat.Archive.
func (s *Store) Since(name string, epoch, seq uint64, limit int) (chat.Missed, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var m chat.Missed
	r := s.rooms[name]
	if r == nil {
		return m, nil
	}
	if epoch != s.epoch {
		m.KeptTo = r.lastSeqs[epoch]
	}
	for e, removed := range r.removed {
		m.Gap = m.Gap || e > epoch || e == epoch && removed > seq
	}
	next := uint64(math.MaxUint64) // the first message after the place
	for _, p := range r.posts {
		e := p.Event
		if cmp.Or(cmp.Compare(e.Epoch, epoch), cmp.Compare(e.Seq, seq)) <= 0 {
			continue
		}
		next = min(next, e.ID)
		switch {
		case p.gone:
		case len(m.Events) < limit:
			m.Events = append(m.Events, e)
		default:
			m.More = true
		}
	}
	for _, c := range r.changes {
		if c.ID >= next {
			continue
		}
		if c.Edited != nil {
			i, there := r.at(c.ID)
			if !there {
				continue
			}
			e := r.posts[i].Event
			c.Edited = &e
		}
		m.Changes = append(m.Changes, c)
	}
	return m, nil
}
