package chat

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sudoXpg/netloop/internal/flood"
	"github.com/sudoXpg/netloop/internal/names"
	"github.com/sudoXpg/netloop/internal/wordfilter"
)

// Lobby is the room where everybody starts.
const Lobby = "#lobby"

// The bounds of a Hub, where Options leaves them at zero.
const (
	// DefaultHistory is how many messages a room keeps for newcomers.
	DefaultHistory = 50
	// DefaultRooms is how many rooms there can be.
	DefaultRooms = 1000
	// MaxAccounts, MaxSanctions and MaxFlags bound what is kept in memory.
	MaxAccounts  = 1 << 20
	MaxSanctions = 10_000
	MaxFlags     = 1000
)

// Options are what a Hub needs. Only NewFeed must be set.
type Options struct {
	// NewFeed makes the fan-out of a new room. It is called once for each.
	NewFeed func(room string) Feed
	// History is how many messages a room keeps for newcomers: 0 means
	// DefaultHistory, less than 0 none.
	History int
	// Rooms is how many there can be; 0 means DefaultRooms.
	Rooms int
	// State is what was kept before; nil: nothing, and Epoch goes into every event.
	State *State
	Epoch uint64
	// Now is when it begins: bans that are over by then hide nothing of State.
	Now time.Time
	// Journal takes what is to be kept, and Archive answers what was; nil: nothing
	// is kept, and there are no accounts.
	Journal Journal
	Archive Archive
	// Passwords hashes them; nil: there are no accounts.
	Passwords Passwords
	// Throttle slows down who guesses passwords; nil: nobody.
	Throttle Throttle
	// Zone returns the time zone of that name, or nil; if Zone is nil, there is
	// only UTC.
	Zone func(name string) *time.Location
	// Control is what admins can do with the server; may be nil.
	Control Control
	// NoGuests: only who has an account may enter.
	NoGuests bool
	// Nearest returns the word of the list that was probably meant, if any. If
	// Nearest is nil, unknown commands are refused without a proposal.
	Nearest func(word string, of []string) (string, bool)
}

// Passwords hashes and compares. Both methods may take long, and are called from
// several goroutines, never from an event loop.
type Passwords interface {
	// Hash returns what is kept of a password.
	Hash(password string) (string, error)
	// Match tells whether a password is the one of a hash, and whether to hash it
	// again because that is made differently now. For the hash "", which nothing
	// matches, it takes as long.
	Match(hash, password string) (match, again bool)
	// Check returns what is wrong with a new password, quickly.
	Check(name, password string) error
}

// A Throttle makes those wait who guess passwords, by account and by address. Its
// methods may be called from any goroutine.
type Throttle interface {
	Wait(account string, from netip.Addr, now time.Time) time.Duration
	Failed(account string, from netip.Addr, now time.Time)
	Succeeded(account string, from netip.Addr, now time.Time)
}

// A Hub holds the rooms and the names in use. Its methods may be called from
// any goroutine, those about one member from that member's only.
type Hub struct {
	options Options
	verbs   []Verb        // read only
	members atomic.Uint64 // IDs given out
	ids     atomic.Uint64 // IDs given out to all that is kept
	limits  atomic.Pointer[flood.Limits]
	words   atomic.Pointer[wordfilter.List]

	mu        sync.Mutex // guards what follows, and what persons and accounts hold
	names     map[string]*person
	accounts  map[string]*account // as names: by skeleton, of which each exists once
	byID      map[uint64]*account
	rooms     map[string]*Room
	sanctions []Sanction
	flags     []Flag
	strikes   records
	lock      Lock
}

// A person is who uses a name: a guest with one connection, or an account with
// any number. What it holds is guarded by Hub.mu.
type person struct {
	name    names.Name
	account *account // nil for a guest
	members []*Member
	away    string // why; "" for here
	meter   *meter // nil until it is needed
}

// An account is a registered user, with what is not kept.
type account struct {
	Account
	name names.Name
}

// New returns a Hub with the room Lobby, and what the State says.
func New(o Options) *Hub {
	if o.History == 0 {
		o.History = DefaultHistory
	}
	if o.Rooms == 0 {
		o.Rooms = DefaultRooms
	}
	h := &Hub{
		options: o, verbs: Verbs(), names: make(map[string]*person),
		accounts: make(map[string]*account), byID: make(map[uint64]*account), rooms: make(map[string]*Room),
		strikes: make(records),
	}
	if o.State != nil {
		h.options.Epoch = o.State.Epoch
		h.restore(o.State)
	}
	if h.rooms[Lobby] == nil {
		h.rooms[Lobby] = newRoom(h, RoomState{Name: Lobby})
	}
	h.spread()
	return h
}

// restore takes over what was kept.
func (h *Hub) restore(s *State) {
	h.ids.Store(s.LastID)
	for _, a := range s.Accounts {
		name, err := names.Parse(a.Name)
		if err != nil { // of an older rule: it is compared as it is written
			name = names.Name{Display: a.Name, Key: a.Name, Skeleton: a.Name}
		}
		h.addAccount(&account{Account: a, name: name})
	}
	for _, r := range s.Rooms {
		h.rooms[roomKey(r.Name)] = newRoom(h, r)
	}
	h.sanctions = slices.Clone(s.Sanctions)
	hidden := h.hidden(h.options.Now)
	for _, o := range s.Orders {
		r := h.rooms[roomKey(o.Room)]
		if r == nil || r.name != o.Room {
			if o.Room != Lobby { // nobody's any more
				continue
			}
			r = newRoom(h, RoomState{Name: Lobby})
			h.rooms[Lobby] = r
		}
		r.seq = o.Seq
		for _, e := range o.Recent[max(0, len(o.Recent)-max(0, h.options.History)):] {
			if !e.Time.Before(r.state.Created) && (hidden == nil || !hidden(&e)) { // else of another room of that name
				r.keep(e)
			}
		}
	}
	h.flags = slices.Clone(s.Flags)
}

// roomKey is how a room's name is looked up: by its skeleton, so that no two
// look alike.
func roomKey(name string) string {
	if name == Lobby {
		return Lobby
	}
	if n, err := names.ParseRoom(name); err == nil {
		return n.Skeleton
	}
	return name
}

func (h *Hub) addAccount(a *account) {
	h.accounts[a.name.Skeleton] = a
	h.byID[a.ID] = a
}

// nextID returns an ID that was never used.
func (h *Hub) nextID() uint64 { return h.ids.Add(1) }

// keep writes records without anybody waiting for it.
func (h *Hub) keep(records ...Record) {
	if h.options.Journal != nil {
		h.options.Journal.Write(nil, records...)
	}
}

// kept writes records and calls done on m's goroutine when they are on disk, or
// with the reason why they are not. Until then nothing more is received from m.
func (h *Hub) kept(m *Member, done func(error), records ...Record) {
	if h.options.Journal == nil {
		done(nil)
		return
	}
	var err error
	m.out.Await(func(finish func()) {
		h.options.Journal.Write(func(e error) {
			err = e
			finish()
		}, records...)
	}, func() { done(err) })
}

// keptOr writes records, and tells m when that is done: what, or that it holds
// only until the server stops.
func (h *Hub) keptOr(m *Member, what string, records ...Record) {
	h.kept(m, func(err error) {
		if err != nil {
			m.refuse(what + ", but not saved: " + Reason(err) + "; it holds until the server stops")
			return
		}
		m.tell(what)
	}, records...)
}

// Full tells whether m's next line should wait; wake is called once when not
// any more (see Journal).
func (h *Hub) Full(wake func()) bool {
	return h.options.Journal != nil && h.options.Journal.Full(wake)
}

// Room returns the room of that name, or nil: also if another looks like it.
func (h *Hub) Room(name string) *Room {
	h.mu.Lock()
	defer h.mu.Unlock()
	r := h.rooms[roomKey(name)]
	if r == nil || r.name == name {
		return r
	}
	own, err := names.ParseRoom(r.name)
	if meant, err2 := names.ParseRoom(name); err != nil || err2 != nil || own.Key != meant.Key {
		return nil
	}
	return r
}

// Admit gives m, the zero Member, an identity. It has no name yet.
func (h *Hub) Admit(m *Member, out Outlet) { m.id, m.out = h.members.Add(1), out }

// Login gives m, who has no name yet, one that nobody else has, nor one that
// looks like it. The error is one of the NameErrors, and m may try again:
// ErrPassword says that the name is an account's, which EnterAs takes.
func (h *Hub) Login(m *Member, text string) error {
	name, err := names.Parse(text)
	if err != nil {
		return err
	}
	now := m.out.Now()
	if err := h.admitGuest(m, name, now); err != nil {
		return err
	}
	h.remark(m, now)
	return nil
}

// admitGuest gives m a name, or says why not.
func (h *Hub) admitGuest(m *Member, name names.Name, now time.Time) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if err := h.free(name, m); err != nil {
		return err
	}
	w := subject{key: name.Key, skeleton: name.Skeleton, addr: m.out.Addr()}
	switch s := h.sanction(w, Guest, Ban, "", now); {
	case s != nil:
		return refusal("you are banned%s", s.words(now))
	case h.options.NoGuests && h.lock == LockOff:
		return ErrRegister
	case h.options.NoGuests || h.lock >= LockMembers:
		return ErrNoGuests
	}
	h.call(m, name)
	return nil
}

// free tells whether a guest may be called name. h.mu is held.
func (h *Hub) free(name names.Name, m *Member) error {
	if a := h.accounts[name.Skeleton]; a != nil {
		if a.name.Key == name.Key {
			return ErrPassword
		}
		return ErrNameAlike
	}
	if names.Reserved(name) {
		return ErrNameReserved
	}
	switch p := h.names[name.Skeleton]; {
	case p == nil || m != nil && p == m.who:
		return nil
	case p.name.Key == name.Key:
		return ErrNameTaken
	}
	return ErrNameAlike
}

// call makes m a guest of that name, which is free. h.mu is held.
func (h *Hub) call(m *Member, name names.Name) {
	p := &person{name: name, members: []*Member{m}}
	if m.who != nil && m.who.account == nil {
		p.meter, p.away = m.who.meter, m.who.away // the same guest under another name
	}
	h.forget(m)
	h.names[name.Skeleton] = p
	m.who = p
}

// forget takes m from the person that it was. h.mu is held.
func (h *Hub) forget(m *Member) {
	p := m.who
	if p == nil {
		return
	}
	m.who = nil
	p.members = slices.DeleteFunc(p.members, func(o *Member) bool { return o == m })
	if len(p.members) == 0 && h.names[p.name.Skeleton] == p {
		delete(h.names, p.name.Skeleton)
	}
}

// Label gives m a name without any claim to it, for codecs whose users may all
// be called the same. The name is not checked.
func (h *Hub) Label(m *Member, name string) {
	m.who = &person{name: names.Name{Display: name, Key: name, Skeleton: name}, members: []*Member{m}}
}

// Leave takes m out of its rooms, tells the others, and frees its name. It does
// nothing if m has left before.
func (h *Hub) Leave(m *Member, reason string, now time.Time) {
	for _, s := range m.seats() {
		h.depart(m, s, reason, now)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.forget(m)
}

// Announce publishes an Announcement in every room.
func (h *Hub) Announce(text string, now time.Time) {
	for _, r := range h.allRooms() {
		r.publish(Event{Kind: Announcement, Body: text, Time: now})
	}
}

// Close silences every room: nothing is published from now on, so that the
// departure of thousands at a shutdown is not told to thousands.
func (h *Hub) Close() {
	for _, r := range h.allRooms() {
		r.close()
	}
}

// End returns where everything stopped, to be kept as the last record of all. It
// is called when nobody is there any more.
func (h *Hub) End() End {
	end := End{LastID: h.ids.Load()}
	for _, r := range h.allRooms() {
		r.mu.Lock()
		end.Orders = append(end.Orders, Order{Room: r.name, Seq: r.seq})
		r.mu.Unlock()
	}
	return end
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

// rename changes the name of a guest, and tells its rooms.
func (h *Hub) rename(m *Member, text string, now time.Time) error {
	name, err := names.Parse(text)
	if err != nil {
		return err
	}
	old := m.Name()
	h.mu.Lock()
	if err = h.free(name, m); err == nil {
		err = h.barred(name, now)
	}
	if err == nil {
		h.call(m, name)
	}
	h.mu.Unlock()
	if err != nil {
		return err
	}
	h.renamed(m, old, now)
	h.remark(m, now)
	return nil
}

// renamed tells the rooms of m that it was called old.
func (h *Hub) renamed(m *Member, old string, now time.Time) {
	if old == m.Name() {
		return
	}
	for _, s := range m.seats() {
		s.room.renamed(m, old, now)
	}
}

// present returns who uses a name now, or says that nobody does. h.mu is held.
func (h *Hub) present(text string) (*person, error) {
	name, err := names.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("nobody is called %s: %w", clip(text), errors.New(Reason(err)))
	}
	p := h.names[name.Skeleton]
	if p == nil || p.name.Key != name.Key {
		return nil, fmt.Errorf("nobody here is called %s", clip(text))
	}
	return p, nil
}

// clip shortens what somebody typed for an answer.
func clip(text string) string {
	if r := []rune(text); len(r) > MaxName {
		return string(r[:MaxName]) + "..."
	}
	return text
}
