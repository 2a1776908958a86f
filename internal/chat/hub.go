package chat

import (
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

// Lobby is the room that every user enters first.
const Lobby = "#lobby"

// The default bounds of a Hub, and those that can't be changed.
const (
	// DefaultHistory is how many messages a room keeps for new members.
	DefaultHistory = 50
	// DefaultRooms is how many rooms there can be.
	DefaultRooms = 1000
	// MaxAccounts, MaxSanctions and MaxFlags bound the memory used.
	MaxAccounts  = 1 << 20
	MaxSanctions = 10_000
	MaxFlags     = 1000
)

// Options configure a Hub. Only NewFeed is required.
type Options struct {
	// NewFeed makes the feed of a new room. It is called once for each room.
	NewFeed func(room string) Feed
	// Words puts a Note into words for the audit log; nil: its code is used.
	Words func(*Note) string
	// History is how many messages a room keeps for new members: 0 means
	// DefaultHistory, a negative number none.
	History int
	// Rooms is how many rooms there can be; 0 means DefaultRooms.
	Rooms int
	// State is the stored state; nil: none, and Epoch goes into every event.
	State *State
	Epoch uint64
	// Now is the time of the start: bans that have ended by then do not hide messages of
	// State.
	Now time.Time
	// Journal stores records, and Archive queries them; nil: nothing is stored,
	// and there are no accounts.
	Journal Journal
	Archive Archive
	// Passwords hashes passwords; nil: there are no accounts.
	Passwords Passwords
	// Throttle slows down password guessing; nil: it is not slowed down.
	Throttle Throttle
	// Zones has the time zones; nil: there is only UTC.
	Zones Zones
	// Control is what admins can do to the server; it may be nil.
	Control Control
	// NoGuests admits only users with an account.
	NoGuests bool
	// KickTime is how long kicked users stay out: 0 means DefaultKickTime, a
	// negative time not at all.
	KickTime time.Duration
	// Local reports whether an address belongs to this machine; such addresses are
	// never banned. nil: only loopback addresses do. It must not block.
	Local func(netip.Addr) bool
	// EditWindow is how long users can edit their own messages: 0 means
	// DefaultEditWindow, a negative time not at all.
	EditWindow time.Duration
	// Resumption says which clients may resume their sessions. Without a Token none can.
	Resumption Resumption
	// Nearest returns the word of the list that was probably meant, if any. If
	// Nearest is nil, unknown commands are refused without a suggestion.
	Nearest func(word string, of []string) (string, bool)
}

// Passwords hashes and compares passwords. Both methods may take long, and are
// called from several goroutines, never from an event loop.
type Passwords interface {
	// Hash returns the hash of a password to be stored.
	Hash(password string) (string, error)
	// Match reports whether a password matches a hash, and whether to hash it
	// again because the parameters have changed. The hash "" matches nothing, but
	// takes as long.
	Match(hash, password string) (match, again bool)
	// Check returns what is wrong with a new password, quickly.
	Check(name, password string) error
}

// Zones are the time zones. Both methods may be called from several goroutines.
type Zones interface {
	// Known returns the zone with that name, if Load has found it before, or nil.
	Known(name string) *time.Location
	// Load loads the zone with that name. It may take long, and is never called
	// from an event loop.
	Load(name string)
}

// A Throttle slows down password guessing, by account and by address. Its methods
// may be called from any goroutine.
type Throttle interface {
	// Wait returns 0 if a password may be tried now, and otherwise how long to
	// wait. failed reports whether earlier failures are the reason, and not
	// that many passwords are being tried.
	Wait(account string, from netip.Addr, now time.Time) (wait time.Duration, failed bool)
	Failed(account string, from netip.Addr, now time.Time)
	Succeeded(account string, from netip.Addr, now time.Time)
}

// A Hub holds the rooms and the names in use. Its methods may be called from
// any goroutine, those about one member from that member's only.
type Hub struct {
	options  Options
	verbs    []Verb        // read only
	members  atomic.Uint64 // IDs given out
	ids      atomic.Uint64 // IDs given to everything that is stored
	limits   atomic.Pointer[flood.Rules]
	words    atomic.Pointer[wordfilter.List]
	netBans  atomic.Pointer[netBans]
	staff    atomic.Int32 // accounts of moderators and admins
	shades   shades
	sessions sessions

	mu        sync.Mutex // guards what follows, and the fields of persons and accounts
	names     map[string]*person
	accounts  map[string]*account // as names: by skeleton, of which each exists once
	byID      map[uint64]*account
	rooms     map[string]*Room
	sanctions []Sanction
	kicks     []Sanction // keep out users who were kicked; not recorded
	mutesSeen uint64     // how often rooms were given theirs
	flags     []Flag
	strikes   records
	lock      Lock
	// redacted has the latest redactions, which may not be on disk yet.
	redacted []redacted
}

// A person is the user of a name: a guest with one connection, or an account
// with any number. Hub.mu guards it.
type person struct {
	name    names.Packed
	account *account // nil for a guest
	members memberList
	meter   *meter // nil until it is needed
	// away is nil for here, and never changed in place. It may be used without Hub.mu: see
	// Room.presence.
	away atomic.Pointer[absence]
}

// An absence is the reason why a user is away, "" for none: as others may read it,
// and as it was typed.
type absence struct{ public, own string }

// An account is a registered user, with state that is not stored.
type account struct {
	Account
	name names.Packed
	// generation counts the passwords that it has had since the start.
	generation uint64
	// topics are topics that only this user sees, by room.
	topics map[string]shadeTopic
	// receipts are of the user's latest messages; nil until they are needed.
	receipts *receipts
	// marks are how far the user has read, the one that moved last at the end.
	marks []ReadMark
}

// New returns a Hub with the room Lobby and the contents of State.
func New(o Options) *Hub {
	if o.History == 0 {
		o.History = DefaultHistory
	}
	if o.Rooms == 0 {
		o.Rooms = DefaultRooms
	}
	if o.KickTime == 0 {
		o.KickTime = DefaultKickTime
	}
	o.Resumption = o.Resumption.withDefaults()
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
	h.indexBans() // nobody else has h yet
	h.refreshRoomMutes()
	return h
}

// roomKey returns the key of a room's name: its skeleton, so that no two rooms
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
	h.accounts[a.name.Skeleton()] = a
	h.byID[a.ID] = a
	if a.Role >= Moderator {
		h.staff.Add(1)
	}
}

// steady returns now as if the clock had not been set since the start. It is for
// durations to times that have no monotonic reading.
func (h *Hub) steady(now time.Time) time.Time { return h.options.Now.Add(now.Sub(h.options.Now)) }

// nextID returns an ID that was never used.
func (h *Hub) nextID() uint64 { return h.ids.Add(1) }

// Room returns the room of that name, or nil, even if the name of another room looks like
// it.
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
func (h *Hub) Admit(m *Member, out Outlet) { h.AdmitAs(m, out, h.Number()) }

// AdmitAs is Admit with a number that Number has returned.
func (h *Hub) AdmitAs(m *Member, out Outlet, id uint64) { m.id, m.out = id, out }

// Number returns a number that no other member has or will have.
func (h *Hub) Number() uint64 { return h.members.Add(1) }

// Login gives m, who has no name yet, a name that nobody else has and that does
// not look like another's. After an error m may try again; ErrPassword means
// that the name belongs to an account (see Authenticate).
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

// admitGuest gives m a name, or returns why not.
func (h *Hub) admitGuest(m *Member, name names.Name, now time.Time) error {
	if err := h.decent(name); err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if err := h.free(name, m); err != nil {
		return err
	}
	w := subject{key: name.Key, skeleton: name.Skeleton, addr: m.out.Addr()}
	switch s := h.sanction(w, Guest, Ban, "", now); {
	case m.out.Extra():
		return errExtra
	case s != nil:
		return &Refused{s.note("you-are-banned", now)}
	case h.options.NoGuests && h.lock == LockOff:
		return ErrRegister
	case h.options.NoGuests || h.lock >= LockMembers:
		return ErrNoGuests
	}
	if err := h.keptOut(w, Lobby, now); err != nil {
		return err
	}
	h.call(m, name)
	return nil
}

// free returns why a guest may not have a name, or nil. h.mu is held.
func (h *Hub) free(name names.Name, m *Member) error {
	if a := h.accounts[name.Skeleton]; a != nil {
		switch {
		case a.name.Key() != name.Key:
			return ErrNameAlike
		case !h.isRegistered(a): // it is being removed
			return ErrNameTaken
		}
		return ErrPassword
	}
	switch {
	case names.Reserved(name):
		return ErrNameReserved
	case names.Number(name):
		return ErrNameNumber
	}
	switch p := h.names[name.Skeleton]; {
	case p == nil || m != nil && p == m.who:
		return nil
	case p.name.Key() == name.Key:
		return ErrNameTaken
	}
	return ErrNameAlike
}

// call makes m a guest with that name, which is free. h.mu is held.
func (h *Hub) call(m *Member, name names.Name) {
	p := &person{name: name.Pack(), members: memberList{member: m}}
	if m.who != nil && m.who.account == nil {
		p.meter = m.who.meter // the same guest under another name
		p.away.Store(m.who.away.Load())
	}
	h.forget(m)
	h.names[p.name.Skeleton()] = p
	m.who = p
}

// forget removes m from the person that it was. h.mu is held.
func (h *Hub) forget(m *Member) {
	p := m.who
	if p == nil {
		return
	}
	m.who = nil
	if x := m.extras(); x != nil && p.account != nil {
		x.receipts = nil // the account's, which may be released
	}
	p.members.remove(m)
	if a := p.account; a != nil && p.members.empty() && a.receipts != nil && a.receipts.release() {
		a.receipts = nil
	}
	if p.members.empty() && h.names[p.name.Skeleton()] == p {
		delete(h.names, p.name.Skeleton())
	}
}

// Label gives m a name without any claim to it, for codecs whose users may all
// be called the same. The name is not checked.
func (h *Hub) Label(m *Member, name string) {
	m.who = &person{name: names.Name{Display: name, Key: name, Skeleton: name}.Pack(), members: memberList{member: m}}
}

// Leave removes m from its rooms, tells the others why (nil: no reason), and frees
// its name. It does nothing if m has left before.
func (h *Hub) Leave(m *Member, why *Note, now time.Time) {
	for _, s := range m.seats() {
		h.depart(m, s, why, now)
	}
	h.seen(m, now)
	h.interrupted(m)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.forget(m)
}

// seen records when the user of an account was last here.
func (h *Hub) seen(m *Member, now time.Time) {
	if m.account() != 0 {
		h.touch(m, func(a *Account) { a.Seen = now })
	}
}

// Announce publishes an Announcement in every room.
func (h *Hub) Announce(what *Note, now time.Time) {
	for _, r := range h.allRooms() {
		r.publish(Event{Kind: Announcement, Note: what, Time: now})
	}
}

// Close silences every room: nothing is published from now on, so that at a
// shutdown the departure of thousands is not announced to thousands.
func (h *Hub) Close() {
	for _, r := range h.allRooms() {
		r.close()
	}
}

// End returns the final state of the order, to be stored as the last record. It
// is called when everybody has left.
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
		err = h.barred(m, name, now)
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
	m.out.Adapt() // it is mentioned by another name now
	return nil
}

// renamed tells the rooms of m that its name was old.
func (h *Hub) renamed(m *Member, old string, now time.Time) {
	if old == m.Name() {
		return
	}
	for _, s := range m.seats() {
		s.room.renamed(m, old, now)
	}
}

// present returns the person who uses a name now, or an error if nobody does. h.mu is held.
func (h *Hub) present(text string) (*person, error) {
	name, err := names.Parse(text)
	if err != nil {
		return nil, refusal("no-name-of-anybody", "name", clip(text), "why", Why(err))
	}
	p := h.names[name.Display] // as it is written, if two have that name
	if p == nil || p.name.Skeleton() != p.name.Display() {
		p = h.names[name.Skeleton]
	}
	if p == nil || p.name.Key() != name.Key && p.name.Key() != name.Display {
		return nil, refusal("nobody-here", "name", clip(text))
	}
	return p, nil
}
