package chat

import (
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Lobby is the room where everybody starts.
const Lobby = "#lobby"

// DefaultHistory is how many messages a room keeps for newcomers.
const DefaultHistory = 50

// Options are what a Hub needs. Only NewFeed must be set.
type Options struct {
	// NewFeed makes the fan-out of a new room. It is called once for each.
	NewFeed func(room string) Feed
	// History is how many messages a room keeps for newcomers: 0 means
	// DefaultHistory, less than 0 none.
	History int
	// Epoch goes into every event.
	Epoch uint64
	// Nearest returns the word of the list that was probably meant, if any. If
	// Nearest is nil, unknown commands are refused without a proposal.
	Nearest func(word string, of []string) (string, bool)
}

// A Hub holds the rooms and the names in use. Its methods may be called from
// any goroutine, those about one member from that member's only.
type Hub struct {
	options Options
	verbs   []Verb        // read only
	members atomic.Uint64 // IDs given out
	events  atomic.Uint64 // IDs given out

	mu    sync.Mutex // guards what follows, and every Member's name while it changes
	names map[string]*Member
	rooms map[string]*Room
}

// New returns a Hub with the room Lobby.
func New(o Options) *Hub {
	if o.History == 0 {
		o.History = DefaultHistory
	}
	h := &Hub{options: o, verbs: Verbs(), names: make(map[string]*Member), rooms: make(map[string]*Room)}
	h.rooms[Lobby] = newRoom(h, Lobby)
	return h
}

// Room returns the room of that name, or nil.
func (h *Hub) Room(name string) *Room {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.rooms[name]
}

// Admit gives m, the zero Member, an identity. It has no name yet.
func (h *Hub) Admit(m *Member, out Outlet) {
	m.id, m.out, m.role = h.members.Add(1), out, Guest
}

// Login gives m a name that nobody else has, in whatever case. The error is one
// of the NameErrors, and m may try again.
func (h *Hub) Login(m *Member, name string) error {
	// Not "return checkName()": a nil *NameError is not a nil error.
	if err := checkName(name); err != nil {
		return err
	}
	key := fold(name)
	h.mu.Lock()
	defer h.mu.Unlock()
	if owner := h.names[key]; owner != nil && owner != m {
		return ErrNameTaken
	}
	if m.unique {
		delete(h.names, fold(m.name))
	}
	h.names[key] = m
	m.name, m.unique = name, true
	return nil
}

// Label gives m a name without any claim to it, for codecs whose users may all
// be called the same. The name is not checked.
func (h *Hub) Label(m *Member, name string) { m.name = name }

// Leave takes m out of its room, tells the others, and frees its name. It does
// nothing if m has left before.
func (h *Hub) Leave(m *Member, reason string, now time.Time) {
	if m.room != nil {
		m.room.leave(m, reason, now)
	}
	if !m.unique {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.names, fold(m.name))
	m.unique = false
}

// Announce publishes a Notice in every room.
func (h *Hub) Announce(text string, now time.Time) {
	for _, r := range h.allRooms() {
		r.publish(Event{Kind: Notice, Body: text, Time: now})
	}
}

// Close silences every room: nothing is published from now on, so that the
// departure of thousands at a shutdown is not told to thousands.
func (h *Hub) Close() {
	for _, r := range h.allRooms() {
		r.close()
	}
}

func (h *Hub) allRooms() []*Room {
	h.mu.Lock()
	defer h.mu.Unlock()
	rooms := make([]*Room, 0, len(h.rooms))
	for _, r := range h.rooms {
		rooms = append(rooms, r)
	}
	slices.SortFunc(rooms, func(a, b *Room) int { return strings.Compare(a.name, b.name) })
	return rooms
}

// rename changes the name of a member of a room, and tells the room.
func (h *Hub) rename(m *Member, name string, now time.Time) error {
	old := m.name
	if err := h.Login(m, name); err != nil {
		return err
	}
	m.room.publish(Event{Kind: Rename, Author: m.id, Name: old, Body: name, Time: now})
	return nil
}

// namesOf returns the names of members, which may belong to other goroutines.
func (h *Hub) namesOf(members []*Member) []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	names := make([]string, len(members))
	for i, m := range members {
		names[i] = m.name
	}
	return names
}
