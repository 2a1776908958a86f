package memory

import (
	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/store"
)

func (s *Store) redact(d chat.Redaction) {
	r := s.rooms[d.Room]
	if r == nil {
		r = &room{}
	}
	var ids []uint64
	for _, p := range r.posts {
		if !p.gone && store.Means(d, p.Post) {
			ids = append(ids, p.Event.ID)
			r.bytes -= int64(len(p.Event.Body))
			s.held -= int64(len(p.Event.Body))
			p.gone, p.Event.Body = true, ""
			s.blank(d.Room, p.Event.ID)
		}
	}
	for _, id := range ids[max(0, len(ids)-chat.MaxChanges):] {
		r.recordChange(chat.Change{ID: id, Time: d.Time})
	}
	r.trimChanges()
	for _, id := range d.IDs { // flagged and never published
		s.blank(d.Room, id)
	}
}

func (s *Store) edit(d chat.Edit) {
	r := s.rooms[d.Room]
	if r == nil {
		return
	}
	i, ok := r.at(d.ID)
	if !ok || r.posts[i].gone {
		return
	}
	e := &r.posts[i].Event
	if e.Body == d.Body && e.Edited.Equal(d.Time) {
		return
	}
	r.bytes += int64(len(d.Body) - len(e.Body))
	s.held += int64(len(d.Body) - len(e.Body))
	e.Body, e.Edited = d.Body, d.Time
	r.recordChange(chat.Change{ID: d.ID, Time: d.Time, Edited: edited})
	r.trimChanges()
	if f, ok := s.flags[d.ID]; ok && f.Event.Room == d.Room && f.Event.Body != "" {
		f.Event.Body, f.Event.Edited = d.Body, d.Time
		s.flags[d.ID] = f
	}
	s.limit()
}

func (s *Store) blank(room string, id uint64) {
	if f, ok := s.flags[id]; ok && f.Event.Room == room {
		f.Event.Body = ""
		s.flags[id] = f
	}
}
