package memory

import (
	"iter"
	"maps"
	"slices"
	"time"

	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/store"
	"github.com/sudoXpg/netloop/internal/store/words"
)

// History implements chat.Archive.
func (s *Store) History(q chat.HistoryQuery) ([]chat.Event, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.rooms[q.Room]
	if r == nil {
		return nil, nil
	}
	from, to := 0, len(r.posts)
	if q.After > 0 {
		i, there := r.at(q.After)
		if from = i; there {
			from++
		}
	}
	if q.Before > 0 {
		to, _ = r.at(q.Before)
	}
	posts := r.posts[min(from, to):to]
	forward := q.After > 0 && q.Before == 0
	var list []chat.Event
	for i := range posts {
		p := posts[i]
		if !forward {
			p = posts[len(posts)-1-i]
		}
		if len(list) >= q.Limit {
			break
		}
		if !p.gone && !early(p.Event.Time, q.Since) {
			list = append(list, p.Event)
		}
	}
	if !forward {
		slices.Reverse(list)
	}
	return list, nil
}

// early reports whether t is before since.
func early(t, since time.Time) bool {
	return !since.IsZero() && store.Nanos(t) < store.Nanos(since)
}

// Search implements chat.Archive.
func (s *Store) Search(q chat.SearchQuery) ([]chat.Event, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	phrases, ok := store.Phrases(q.Words)
	if !ok {
		return nil, nil
	}
	var found []chat.Event
	for _, p := range s.newest(q.Rooms) {
		if len(found) >= q.Limit {
			break
		}
		e := p.Event
		if p.gone || q.BeforeID > 0 && e.ID >= q.BeforeID || q.Key != "" && p.Key != q.Key ||
			early(e.Time, q.After) || !q.Before.IsZero() && !early(e.Time, q.Before) {
			continue
		}
		in := words.Of(e.Body)
		if !slices.ContainsFunc(phrases, func(p words.Phrase) bool { return !p.In(in) }) {
			found = append(found, e)
		}
	}
	return found, nil
}

// newest returns the messages of rooms, the newest first.
func (s *Store) newest(rooms []string) []*post {
	var list []*post
	seen := map[string]bool{}
	for _, name := range rooms {
		if r := s.rooms[name]; r != nil && !seen[name] {
			list = append(list, r.posts...)
			seen[name] = true
		}
	}
	slices.SortFunc(list, func(a, b *post) int {
		if a.Event.ID > b.Event.ID {
			return -1
		}
		return 1
	})
	return list
}

// Mail implements chat.Archive.
func (s *Store) Mail(account uint64, limit int) ([]chat.Mail, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []chat.Mail
	for _, m := range values(s.mail) {
		if m.To == account && len(list) < limit {
			list = append(list, m)
		}
	}
	return list, nil
}

// Expire implements store.Store. Expired messages are lost: there is no archive.
func (s *Store) Expire(now time.Time, keep store.Keep) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	total := int64(0)
	for _, name := range slices.Sorted(maps.Keys(s.rooms)) {
		r, state := s.rooms[name], s.states[name]
		age, bytes := store.Bounds(state, keep)
		for len(r.posts) > 0 && (bytes > 0 && r.bytes > bytes || age > 0 && early(r.posts[0].Event.Time, now.Add(-age))) {
			s.shift(r)
		}
		total += r.bytes
	}
	for keep.TotalBytes > 0 && total > keep.TotalBytes {
		oldest := s.oldest()
		if oldest == nil {
			break
		}
		before := oldest.bytes
		s.shift(oldest)
		total += oldest.bytes - before
	}
	return false, nil
}

// oldest returns the room with the oldest message.
func (s *Store) oldest() *room {
	var oldest *room
	for _, r := range s.rooms {
		if len(r.posts) > 0 && (oldest == nil || r.posts[0].Event.ID < oldest.posts[0].Event.ID) {
			oldest = r
		}
	}
	return oldest
}

// Export implements store.Store.
func (s *Store) Export() iter.Seq2[store.Line, error] {
	return func(yield func(store.Line, error) bool) {
		for _, l := range s.lines() {
			if !yield(l, nil) {
				return
			}
		}
	}
}

func (s *Store) lines() []store.Line {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := []store.Line{{Record: chat.End{LastID: s.lastID}}}
	list = append(list, records(values(s.accounts))...)
	list = append(list, records(values(s.states))...)
	list = append(list, records(values(s.sanctions))...)
	list = append(list, records(values(s.mail))...)
	list = append(list, records(slices.Concat(values(s.readMarks)...))...)
	for _, name := range slices.Sorted(maps.Keys(s.rooms)) {
		r := s.rooms[name]
		for _, epoch := range slices.Sorted(maps.Keys(r.lastSeqs)) {
			list = append(list, store.Line{Kept: &store.Kept{Room: name, Epoch: epoch, Seq: r.lastSeqs[epoch], Removed: r.removed[epoch]}})
		}
	}
	for _, p := range slices.Backward(s.newest(slices.Collect(maps.Keys(s.rooms)))) {
		list = append(list, store.Line{Record: chat.Post{Event: p.Event, Key: p.Key}})
		if p.gone {
			list = append(list, store.Line{Record: chat.Redaction{Room: p.Event.Room, IDs: []uint64{p.Event.ID}}})
		}
	}
	list = append(list, records(values(s.flags))...)
	for i := range s.acts {
		list = append(list, store.Line{Entry: &s.acts[i]})
	}
	return list
}

func records[T chat.Record](list []T) []store.Line {
	var lines []store.Line
	for _, r := range list {
		lines = append(lines, store.Line{Record: r})
	}
	return lines
}
