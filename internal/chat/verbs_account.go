package chat

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/sudoXpg/netloop/internal/names"
)

// errNoAccounts is for servers that can't store accounts.
var errNoAccounts = NewRefused("no-accounts")

func (h *Hub) keepsAccounts() error {
	if h.options.Passwords == nil || h.options.Journal == nil {
		return errNoAccounts
	}
	return nil
}

func register(c *Call) {
	h, m := c.Hub, c.Member
	text := c.arg(0)
	if text == "" {
		text = m.Name()
	}
	name, err := h.registrable(m, text)
	if err != nil {
		m.refuse(Why(err))
		return
	}
	h.newPassword(m, name.Display, m.claim(), func(hash string) {
		now := m.out.Now()
		a := &account{
			Account: Account{
				Name: name.Display, Role: User, Hash: hash, Created: now, Seen: now,
				Settings: m.Settings(), Ignores: slices.Sorted(maps.Keys(m.ignored())), // as the guest has chosen
			},
			name: name.Pack(),
		}
		h.create(m, a, func() error { return h.registrableLocked(m, name, now) }, func(err error) {
			if err != nil {
				m.refuse(Why(err))
				return
			}
			// An admin may have removed the account while it was saved.
			if err := h.logIn(m, claim{account: a}); err != nil {
				m.refuse(Why(err))
				return
			}
			m.tell(note("registered", "name", name.Display))
			h.settle(m)
		})
	})
}

// registrable returns the name that m may register.
func (h *Hub) registrable(m *Member, text string) (names.Name, error) {
	if err := h.keepsAccounts(); err != nil {
		return names.Name{}, err
	}
	switch {
	case m.account() != 0:
		return names.Name{}, refusal("logged-in-already", "name", m.Name())
	case text == "":
		return names.Name{}, refusal("usage", "command", "register", "arguments", "NAME")
	}
	name, err := names.Parse(text)
	if err != nil {
		return name, err
	}
	now := m.out.Now()
	if m.who == nil || name.Key != m.who.name.Key() {
		switch to, err := h.judgeName(m, name, now, m.everywhere()...); {
		case err != nil:
			return name, err
		case to == author: // others would read it
			return name, refusal("registrations-closed")
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return name, h.registrableLocked(m, name, now)
}

// registrableLocked returns why m may not register a name, or nil. h.mu is held.
func (h *Hub) registrableLocked(m *Member, name names.Name, now time.Time) error {
	switch err := h.free(name, m); {
	case m.out.Extra():
		return errExtra
	case errors.Is(err, ErrPassword):
		return refusal("registered-already", "name", name.Display)
	case err != nil:
		return err
	case h.lock >= LockRegister:
		return refusal("registrations-closed")
	}
	if err := h.barred(m, name, now); err != nil {
		return err
	}
	if s := h.sanction(subject{addr: m.out.Addr()}, Guest, Ban, "", now); s != nil {
		return &Refused{s.note("you-are-banned", now)}
	}
	if m.Room() == nil {
		return h.keptOut(subject{key: name.Key, skeleton: name.Skeleton, addr: m.out.Addr()}, Lobby, now)
	}
	return nil
}

// create adds an account, unless against returns an error by now, and writes it
// with the accompanying records. done runs on m's goroutine. There must be a
// journal.
func (h *Hub) create(m *Member, a *account, against func() error, done func(error), with ...Record) {
	h.mu.Lock()
	err := against()
	if err == nil && len(h.accounts) >= MaxAccounts {
		err = refusal("too-many-accounts", "accounts", MaxAccounts)
	}
	if err != nil {
		h.mu.Unlock()
		done(err)
		return
	}
	a.ID = h.nextID()
	h.addAccount(a)
	// Inside the mutex, so that it is written before any change to it.
	h.persistThen(m, func(err error) {
		if err != nil {
			h.unregister(a)
			err = refusal("not-registered", "name", a.Name, "why", Why(err))
		}
		done(err)
	}, append([]Record{a.Account}, with...)...)
	h.mu.Unlock()
}

func login(c *Call) {
	h, m := c.Hub, c.Member
	text := c.arg(0)
	if text == "" {
		text = m.Name()
	}
	switch {
	case m.account() != 0:
		m.refuse(note("logged-in-already-as", "name", m.Name()))
	case text == "":
		m.refuse(note("usage", "command", "login", "arguments", "NAME"))
	default:
		h.Authenticate(m, text)
	}
}

// Authenticate asks m for the password of an account, and makes m its user. It
// does not reveal whether the account exists.
func (h *Hub) Authenticate(m *Member, text string) {
	if err := h.keepsAccounts(); err != nil {
		m.refuse(Why(err))
		return
	}
	h.askPassword(m, text, note("ask-password"), note("wrong-password"), newDialogue(m, note("not-logged-in")), func(d *dialogue, c claim) {
		if err := h.logIn(m, c); err != nil {
			d.fail(Why(err))
			return
		}
		m.tell(note("logged-in", "name", m.Name()))
		h.settle(m)
	})
}

// fold returns a name as it is compared, or the text itself if it is not a name.
func fold(text string) string {
	if name, err := names.Parse(text); err == nil {
		return name.Key
	}
	return text
}

// logIn makes m the user of the account of a claim, or returns why that is no
// longer possible.
func (h *Hub) logIn(m *Member, c claim) error {
	now := m.out.Now()
	old, was, away := m.Name(), m.identity(), m.isAway()
	h.mu.Lock()
	replaced, err := h.replaced(m, c.account)
	if err = cmp.Or(h.validLocked(m, c), h.admits(m, c.account, now), err); err != nil {
		h.mu.Unlock()
		return err
	}
	if replaced != nil {
		replaced.out.Post(func() { h.expel(replaced, nil, note("replaced")) })
	}
	chosen, ignored := h.logInLocked(m, c.account, now)
	h.mu.Unlock()
	m.more.settings = nil
	if chosen != (Settings{}) {
		m.more.settings = &chosen
	}
	h.identified(m, old, was, away, now)
	h.adoptIgnored(m, ignored)
	return nil
}

// logInLocked makes m the user of an account, and returns m's settings from now on and
// the names that the account ignores. h.mu is held.
func (h *Hub) logInLocked(m *Member, a *account, now time.Time) (chosen Settings, ignored map[string]bool) {
	p := h.names[a.name.Skeleton()]
	if p != nil && p.account == nil && p != m.who {
		h.displace(p)
		p = nil
	}
	h.forget(m)
	if p == nil || p.members.empty() {
		p = &person{name: a.name, account: a}
		h.names[a.name.Skeleton()] = p
	}
	p.members.add(m)
	m.active.Store(h.tick(now))
	a.Seen = now
	h.persist(a.Account)
	m.who, m.rest().account, m.more.meter = p, a.ID, nil
	m.setRole(a.Role)
	return m.Settings().atLogin(a.Settings), setOf(a.Ignores)
}

func setOf(keys []string) map[string]bool {
	set := make(map[string]bool, len(keys))
	for _, key := range keys {
		set[key] = true
	}
	return set
}

// identified tells the rooms of m who it is now. old and was are its name and identity before,
// and away is set if it was away.
func (h *Hub) identified(m *Member, old string, was uint64, away bool, now time.Time) {
	for _, s := range m.seats() {
		s.room.identify(m.identity(), was)
	}
	if old != "" {
		h.renamed(m, old, now)
	}
	h.remark(m, now)
	if away || m.isAway() {
		h.announcePresence(m, now)
	}
	m.out.Adapt()
}

// displace gives a guest another name, because somebody else has made theirs an
// account. h.mu is held.
func (h *Hub) displace(p *person) {
	delete(h.names, p.name.Skeleton())
	for m := range p.members.all() {
		m.out.Post(func() {
			if m.who != p {
				return
			}
			old := m.Name()
			h.mu.Lock()
			h.call(m, h.someName())
			h.mu.Unlock()
			h.renamed(m, old, m.out.Now())
			m.out.Adapt()
			m.tell(note("displaced", "old", old, "name", m.Name()))
		})
	}
}

// someName returns a free name for a guest. h.mu is held.
func (h *Hub) someName() names.Name {
	for i := len(h.names) + 1; ; i++ {
		name, err := names.Parse(fmt.Sprintf("visitor-%d", i))
		if err == nil && h.free(name, nil) == nil && h.names[name.Skeleton] == nil {
			return name
		}
	}
}

func logout(c *Call) {
	h, m := c.Hub, c.Member
	if h.closedToGuests() {
		h.endSession(m)
		m.out.Close(note("logged-out"))
		return
	}
	for _, s := range m.seats() {
		if s.room.name != Lobby {
			h.depart(m, s, note("logged-out"), c.Now)
		}
	}
	old, was, away := m.Name(), m.identity(), m.isAway()
	h.endSession(m)
	h.seen(m, c.Now)
	h.mu.Lock()
	name := h.someName()
	h.call(m, name)
	m.more.account, m.more.meter = 0, nil
	m.setRole(Guest)
	h.mu.Unlock()
	terminal := Settings{}.onTerminal(m.Settings())
	m.more.settings = &terminal
	h.identified(m, old, was, away, c.Now)
	m.tell(note("you-are-logged-out", "name", m.Name()))
}

func (h *Hub) closedToGuests() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.options.NoGuests || h.lock >= LockMembers
}

func whoami(c *Call) {
	m := c.Member
	rooms := make([]string, 0, 1)
	for _, s := range m.seats() {
		rooms = append(rooms, s.room.name)
	}
	slices.Sort(rooms)
	m.out.Answer(Self{Name: m.OwnName(), Registered: m.account() != 0, Role: m.role(), Rooms: rooms, From: m.out.Addr()})
}
