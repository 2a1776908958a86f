// Package memory is a store in memory, which is lost when the program ends. It
// is for servers that must store nothing, and the model that other stores are
// compared with.
package memory

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/store"
)

// A Store is a store.Store in memory. A closed store can be loaded again with
// its contents.
type Store struct {
	// Recent is how many messages of a room Load returns; 50 if 0.
	Recent int
	// Limit is how many bytes of memory messages may take up; a commit that exceeds
	// it drops the oldest. 0: no limit.
	Limit int64
	// AuditLimit is how many entries of the audit log are kept; the oldest are
	// dropped. 0: no limit.
	AuditLimit int

	mu        sync.Mutex
	closed    bool
	clean     bool // an End was the last record
	epoch     uint64
	lastID    uint64
	rooms     map[string]*room
	held      int64 // bytes of all posts
	order     queue // of the posts, if there is a Limit
	accounts  map[uint64]chat.Account
	states    map[string]chat.RoomState
	sanctions map[uint64]chat.Sanction
	mail      map[uint64]chat.Mail
	flags     map[uint64]chat.Flag
	sessions  map[uint64]chat.Session
	readMarks map[uint64][]chat.ReadMark        // by account, in the order in which they moved
	posted    map[uint64]map[string]chat.Posted // by owner and CID
	acts      []store.Entry                     // the last one is always there
}

// A room has the messages of one room.
type room struct {
	posts    []*post           // by ID
	lastSeqs map[uint64]uint64 // the last seq of each epoch
	removed  map[uint64]uint64 // and of its messages that were dropped
	changes  []chat.Change     // of messages, in the order in which they were made
	bytes    int64
}

type post struct {
	chat.Post
	gone bool
}

// size returns approximately how many bytes of memory p takes up.
func (p *post) size() int64 {
	e := &p.Event
	n := postSize + int64(len(e.Body)+len(e.Name)+len(p.Key))
	if p.CID != "" {
		n += cidSize + int64(len(p.CID))
	}
	return n
}

// postSize is the memory of a post besides its text, including its entries in
// its room and the queue. cidSize is that of a client's ID.
const (
	postSize = 256
	cidSize  = 256
)

// A queue has the posts of all rooms in order of arrival.
type queue struct {
	posts []queued
	first int
}

// A queued post may have left its room meanwhile.
type queued struct {
	room *room
	id   uint64
}

func (q *queue) push(e queued) {
	if q.first > len(q.posts)/2 { // so that removed posts are freed
		q.posts = append(make([]queued, 0, 2*(len(q.posts)-q.first)+1), q.posts[q.first:]...)
		q.first = 0
	}
	q.posts = append(q.posts, e)
}

func (q *queue) empty() bool { return q.first == len(q.posts) }

func (q *queue) pop() queued {
	e := q.posts[q.first]
	q.posts[q.first] = queued{}
	q.first++
	return e
}

// stale reports whether the post has left its room.
func (e queued) stale() bool { return len(e.room.posts) == 0 || e.room.posts[0].Event.ID > e.id }

var _ store.Store = (*Store)(nil)

// New returns an empty store.
func New() *Store {
	return &Store{
		rooms: map[string]*room{}, accounts: map[uint64]chat.Account{}, states: map[string]chat.RoomState{},
		sanctions: map[uint64]chat.Sanction{}, mail: map[uint64]chat.Mail{}, flags: map[uint64]chat.Flag{},
		sessions: map[uint64]chat.Session{}, readMarks: map[uint64][]chat.ReadMark{}, posted: map[uint64]map[string]chat.Posted{},
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
	s.dropOrphans()
	state := &chat.State{
		Epoch: s.epoch, LastID: s.lastID,
		Accounts: values(s.accounts), Rooms: values(s.states),
		Sanctions: values(s.sanctions), Flags: values(s.flags), Sessions: values(s.sessions), ReadMarks: slices.Concat(values(s.readMarks)...),
	}
	for _, name := range slices.Sorted(maps.Keys(s.rooms)) {
		r := s.rooms[name]
		order := chat.Order{Room: name, Seq: r.lastSeqs[s.epoch]}
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
	case chat.Edit:
		s.edit(r)
	case chat.Account:
		s.used(r.ID)
		s.accounts[r.ID] = r
	case chat.Session:
		s.used(r.ID)
		s.sessions[r.ID] = r
	case chat.ReadMark:
		s.readMark(r)
	case chat.RoomState:
		s.states[r.Name] = r
	case chat.Sanction:
		s.used(r.ID)
		s.sanctions[r.ID] = r
	case chat.Mail:
		s.used(r.ID)
		s.mail[r.ID] = r
	case chat.Flag:
		s.used(r.ID)
		s.flags[r.ID] = r
	case chat.Act:
		s.act(r)
	case chat.End:
		s.used(r.LastID)
		for _, o := range r.Orders {
			r := s.room(o.Room)
			r.lastSeqs[s.epoch] = max(r.lastSeqs[s.epoch], o.Seq)
		}
	default:
		s.drop(r)
	}
}

func (s *Store) drop(r chat.Record) {
	switch r := r.(type) {
	case chat.DropAccount:
		s.dropAccount(r.ID)
	case chat.DropSession:
		s.dropSession(r.ID)
	case chat.DropRoom:
		delete(s.states, r.Name)
	case chat.DropSanction:
		delete(s.sanctions, r.ID)
	case chat.DropMail:
		for _, id := range r.IDs {
			delete(s.mail, id)
		}
	case chat.DropFlag:
		delete(s.flags, r.ID)
	}
}

func (s *Store) used(id uint64) { s.lastID = max(s.lastID, id) }

func (s *Store) act(a chat.Act) {
	s.acts = append(s.acts, store.Chain(s.lastEntry(), a))
	if over := len(s.acts) - s.AuditLimit; s.AuditLimit > 0 && over > 0 {
		clear(s.acts[:over]) // the array stays
		s.acts = s.acts[over:]
	}
}

// forgotten returns how many entries of the audit log were dropped.
func (s *Store) forgotten() uint64 {
	if len(s.acts) == 0 {
		return 0
	}
	return s.acts[0].N - 1
}

func (s *Store) lastEntry() store.Entry {
	if len(s.acts) == 0 {
		return store.Entry{}
	}
	return s.acts[len(s.acts)-1]
}

func (s *Store) room(name string) *room {
	r := s.rooms[name]
	if r == nil {
		r = &room{lastSeqs: map[uint64]uint64{}, removed: map[uint64]uint64{}}
		s.rooms[name] = r
	}
	return r
}

func (s *Store) post(p chat.Post) {
	e := p.Event
	s.used(e.ID)
	r := s.room(e.Room)
	r.lastSeqs[e.Epoch] = max(r.lastSeqs[e.Epoch], e.Seq)
	if s.find(e.ID) != nil {
		return
	}
	i, _ := r.at(e.ID)
	added := &post{Post: p}
	r.posts = slices.Insert(r.posts, i, added)
	r.bytes += store.PostSize(p)
	s.held += added.size()
	s.clientID(p)
	if s.Limit > 0 {
		s.order.push(queued{r, e.ID})
		s.limit()
	}
}

// limit drops the oldest messages of all rooms until the others are within Limit.
func (s *Store) limit() {
	for !s.order.empty() && (s.held > s.Limit || s.order.posts[s.order.first].stale()) {
		if e := s.order.pop(); !e.stale() {
			s.dropClientID(e.room.posts[0].Post)
			s.shift(e.room)
		}
	}
}

// shift drops the oldest message of a room.
func (s *Store) shift(r *room) {
	p := r.posts[0]
	if e := p.Event; !p.gone {
		r.removed[e.Epoch] = max(r.removed[e.Epoch], e.Seq)
	}
	r.bytes -= store.PostSize(p.Post)
	s.held -= p.size()
	r.posts[0] = nil // the array stays
	r.posts = r.posts[1:]
}

// at returns the index of the first message whose ID is id or higher.
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

// Acts implements store.Store.
func (s *Store) Acts(after uint64, limit int) ([]store.Entry, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	forgotten := s.forgotten()
	from := min(max(after, forgotten)-forgotten, uint64(len(s.acts)))
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
	for i, e := range s.acts {
		if (i > 0 || e.N == 1) && !e.Follows(prev) { // entries before the first may have been dropped
			return []string{fmt.Sprintf("entry %d of the audit log does not follow the one before", e.N)}, nil
		}
		prev = e
	}
	return nil, nil
}
