package memory

import (
	"fmt"
	"iter"

	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/store"
)

// Import implements store.Store.
func (s *Store) Import(lines iter.Seq2[store.Line, error]) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return store.ErrClosed
	}
	var all []store.Line
	last := s.lastEntry()
	for l, err := range lines {
		if err != nil {
			return err
		}
		if err := s.check(l, &last); err != nil {
			return err
		}
		all = append(all, l)
	}
	for _, l := range all {
		s.take(l)
	}
	s.clean = false
	return nil
}

// check returns why l can't be imported; last is the entry before.
func (s *Store) check(l store.Line, last *store.Entry) error {
	switch r := l.Record.(type) {
	case nil:
	case chat.Post:
		if p := s.find(r.Event.ID); p != nil && !store.SamePost(p.Post, r) {
			return fmt.Errorf("%w: message %d", store.ErrConflict, r.Event.ID)
		}
		return store.Valid(r)
	default:
		return store.Valid(r)
	}
	if e := l.Entry; e != nil {
		switch {
		case e.N > 0 && e.N <= s.forgotten():
		case e.N > 0 && e.N <= s.lastEntry().N:
			if s.acts[e.N-s.forgotten()-1].Hash != e.Hash {
				return fmt.Errorf("%w: entry %d of the audit log", store.ErrConflict, e.N)
			}
		case !e.Follows(*last):
			return fmt.Errorf("%w: entry %d of the audit log", store.ErrConflict, e.N)
		default:
			*last = *e
		}
	}
	return nil
}

// asEdit returns r, or the edit that it brings if it is a post that is there.
func (s *Store) asEdit(r chat.Record) chat.Record {
	p, ok := r.(chat.Post)
	if !ok {
		return r
	}
	if there := s.find(p.Event.ID); there != nil {
		if edit, ok := store.LaterEdit(there.Post, p); ok {
			return edit
		}
	}
	return r
}

func (s *Store) take(l store.Line) {
	switch {
	case l.Record != nil:
		s.apply(s.asEdit(l.Record))
	case l.Entry != nil && l.Entry.N > s.lastEntry().N:
		s.apply(l.Entry.Act)
	case l.Kept != nil:
		r := s.room(l.Kept.Room)
		r.lastSeqs[l.Kept.Epoch] = max(r.lastSeqs[l.Kept.Epoch], l.Kept.Seq)
		if l.Kept.Removed > 0 {
			r.removed[l.Kept.Epoch] = max(r.removed[l.Kept.Epoch], l.Kept.Removed)
		}
		s.epoch = max(s.epoch, l.Kept.Epoch)
	}
}
