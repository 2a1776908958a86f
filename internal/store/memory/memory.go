// Package memory is a store that forgets everything when the program ends. It is
// for servers that are to keep nothing, and the model that others are held
// against.
package memory

import (
	"cmp"
	"fmt"
	"iter"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/store"
)

// A Store is a store.Store in memory. A closed one is as it was once it is
// loaded again.
type Store struct {
	// Recent is how many messages of a room Load returns; 50 if 0.
	Recent int

	mu        sync.Mutex
	closed    bool
	clean     bool // an End was the last record
	epoch     uint64
	lastID    uint64
	rooms     map[string]*room
	accounts  map[uint64]chat.Account
	states    map[string]chat.RoomState
	sanctions map[uint64]chat.Sanction
	mail      map[uint64]chat.Mail
	flags     map[uint64]chat.Flag
	acts      []store.Entry
}

// A room has the messages of one.
type room struct {
	posts []*post           // by ID
	kept  map[uint64]uint64 // the last seq of each epoch
	bytes int64
}

type post struct {
	chat.Post
	gone bool
}

var _ store.Store = (*Store)(nil)

// New returns an empty store.
func New() *Store {
	return &Store{
		rooms: map[string]*room{}, accounts: map[uint64]chat.Account{}, states: map[string]chat.RoomState{},
		sanctions: map[uint64]chat.Sanction{}, mail: map[uint64]chat.Mail{}, flags: map[uint64]chat.Flag{},
	}
}

// Load implements store.Store.
func (s *Store) Load(now time.Time) (*chat.State, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = false
	if !s.clean || s.epoch == 0 {
		if s.epoch > 0 {
			s.lastID += store.IDGap
		}
		s.epoch = max(s.epoch+1, uint64(max(0, now.Unix())))
	}
	s.clean = false
	state := &chat.State{
		Epoch: s.epoch, LastID: s.lastID,
		Accounts: values(s.accounts), Rooms: values(s.states),
		Sanctions: values(s.sanctions), Flags: values(s.flags),
	}
	for _, name := range slices.Sorted(maps.Keys(s.rooms)) {
		r := s.rooms[name]
		order := chat.Order{Room: name, Seq: r.kept[s.epoch]}
		for _, p := range slices.Backward(r.posts) {
			if len(order.Recent) == cmp.Or(s.Recent, 50) {
				break
			}
			if !p.gone {
				order.Recent = append(order.Recent, p.Event)
			}
		}
		slices.Reverse(order.Recent)
		state.Orders = append(state.Orders, order)
	}
	return state, nil
}

// values returns those of m in the order of their keys.
func values[K cmp.Ordered, V any](m map[K]V) []V {
	var list []V
	for _, k := range slices.Sorted(maps.Keys(m)) {
		list = append(list, m[k])
	}
	return list
}

// Commit implements store.Store.
func (s *Store) Commit(records []chat.Record) error {
	for _, r := range records {
		if err := store.Valid(r); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return store.ErrClosed
	}
	for _, r := range records {
		s.apply(r)
		_, s.clean = r.(chat.End)
	}
	return nil
}

func (s *Store) apply(r chat.Record) {
	switch r := store.Normal(r).(type) {
	case chat.Post:
		s.post(r)
	case chat.Redaction:
		s.redact(r)
	case chat.Account:
		s.used(r.ID)
		s.accounts[r.ID] = r
	case chat.DropAccount:
		delete(s.accounts, r.ID)
		maps.DeleteFunc(s.mail, func(_ uint64, m chat.Mail) bool { return m.To == r.ID })
	case chat.RoomState:
		s.states[r.Name] = r
	case chat.DropRoom:
		delete(s.states, r.Name)
	case chat.Sanction:
		s.used(r.ID)
		s.sanctions[r.ID] = r
	case chat.DropSanction:
		delete(s.sanctions, r.ID)
	case chat.Mail:
		s.used(r.ID)
		s.mail[r.ID] = r
	case chat.DropMail:
		for _, id := range r.IDs {
			delete(s.mail, id)
		}
	case chat.Flag:
		s.used(r.ID)
		s.flags[r.ID] = r
	case chat.DropFlag:
		delete(s.flags, r.ID)
	case chat.Act:
		s.acts = append(s.acts, store.Chain(s.lastEntry(), r))
	case chat.End:
		s.used(r.LastID)
		for _, o := range r.Orders {
			r := s.room(o.Room)
			r.kept[s.epoch] = max(r.kept[s.epoch], o.Seq)
		}
	}
}

func (s *Store) used(id uint64) { s.lastID = max(s.lastID, id) }

func (s *Store) lastEntry() store.Entry {
	if len(s.acts) == 0 {
		return store.Entry{}
	}
	return s.acts[len(s.acts)-1]
}

func (s *Store) room(name string) *room {
	r := s.rooms[name]
	if r == nil {
		r = &room{kept: map[uint64]uint64{}}
		s.rooms[name] = r
	}
	return r
}

func (s *Store) post(p chat.Post) {
	e := p.Event
	s.used(e.ID)
	r := s.room(e.Room)
	r.kept[e.Epoch] = max(r.kept[e.Epoch], e.Seq)
	if s.find(e.ID) != nil {
		return
	}
	i, _ := r.at(e.ID)
	r.posts = slices.Insert(r.posts, i, &post{Post: p})
	r.bytes += store.PostSize(p)
}

// at returns the place of the first message whose ID is id or higher.
func (r *room) at(id uint64) (int, bool) {
	return slices.BinarySearchFunc(r.posts, id, func(p *post, id uint64) int { return cmp.Compare(p.Event.ID, id) })
}

func (s *Store) find(id uint64) *post {
	for _, r := range s.rooms {
		if i, ok := r.at(id); ok {
			return r.posts[i]
		}
	}
	return nil
}

func (s *Store) redact(d chat.Redaction) {
	r := s.rooms[d.Room]
	if r == nil {
		r = &room{}
	}
	for _, p := range r.posts {
		if !p.gone && store.Means(d, p.Post) {
			r.bytes -= int64(len(p.Event.Body))
			p.gone, p.Event.Body = true, ""
			s.blank(d.Room, p.Event.ID)
		}
	}
	for _, id := range d.IDs { // flagged and never published
		s.blank(d.Room, id)
	}
}

func (s *Store) blank(room string, id uint64) {
	if f, ok := s.flags[id]; ok && f.Event.Room == room {
		f.Event.Body = ""
		s.flags[id] = f
	}
}

// Acts implements store.Store.
func (s *Store) Acts(after uint64, limit int) ([]store.Entry, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	from := min(after, uint64(len(s.acts)))
	list := s.acts[from:]
	return slices.Clone(list[:min(len(list), max(limit, 0))]), nil
}

// Index implements store.Store: there is no index.
func (s *Store) Index(int) (int, error) { return 0, nil }

// Close implements store.Store.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	return nil
}

// Verify implements store.Store.
func (s *Store) Verify() ([]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	prev := store.Entry{}
	for _, e := range s.acts {
		if !e.Follows(prev) {
			return []string{fmt.Sprintf("entry %d of the audit log does not follow the one before", e.N)}, nil
		}
		prev = e
	}
	return nil, nil
}

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

// check tells why l can't be imported; last is the entry before.
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
		case e.N <= uint64(len(s.acts)) && e.N > 0:
			if s.acts[e.N-1].Hash != e.Hash {
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

func (s *Store) take(l store.Line) {
	switch {
	case l.Record != nil:
		s.apply(l.Record)
	case l.Entry != nil && l.Entry.N > uint64(len(s.acts)):
		s.apply(l.Entry.Act)
	case l.Kept != nil:
		r := s.room(l.Kept.Room)
		r.kept[l.Kept.Epoch] = max(r.kept[l.Kept.Epoch], l.Kept.Seq)
		s.epoch = max(s.epoch, l.Kept.Epoch)
	}
}
