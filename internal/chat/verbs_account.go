package chat

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/sudoXpg/netloop/internal/names"
)

// maxMail is how many private messages wait for somebody who is not there.
const maxMail = 100

// errNoAccounts is told where there is nothing to keep them in.
var errNoAccounts = &Refused{"this server keeps no accounts"}

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
		m.refuse(Reason(err))
		return
	}
	h.newPassword(m, name.Display, func(hash string) {
		a := &account{
			Account: Account{
				Name: name.Display, Role: User, Hash: hash, Created: c.Now, Seen: c.Now,
				Settings: m.Settings(), Ignores: slices.Sorted(maps.Keys(m.ignored())), // the guest's own
			},
			name: name,
		}
		h.create(m, a, func(err error) {
			if err != nil {
				m.refuse(Reason(err))
				return
			}
			h.become(m, a)
			m.tell(name.Display + " is yours now: you are logged in")
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
		return names.Name{}, refusal("you are logged in as %s already", m.Name())
	case text == "":
		return names.Name{}, refusal("usage: /register NAME")
	}
	name, err := names.Parse(text)
	if err != nil {
		return name, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	switch err := h.free(name, m); {
	case errors.Is(err, ErrPassword):
		return name, refusal("%s is registered already: /login %s", name.Display, name.Display)
	case err != nil:
		return name, err
	case h.lock >= LockRegister:
		return name, refusal("registrations are closed now")
	case len(h.accounts) >= MaxAccounts:
		return name, refusal("there are %s, which is the most that there can be", count(MaxAccounts, "account"))
	}
	now := m.out.Now()
	if err := h.barred(name, now); err != nil {
		return name, err
	}
	if s := h.sanction(subject{addr: m.out.Addr()}, Guest, Ban, "", now); s != nil {
		return name, refusal("you are banned%s", s.words(now))
	}
	return name, nil
}

// newPassword asks for a new password, twice, and goes on with its hash.
func (h *Hub) newPassword(m *Member, name string, then func(hash string)) {
	m.out.Ask("New password for "+name+": ", true, func(password string) {
		if err := h.options.Passwords.Check(name, password); err != nil {
			m.refuse(Reason(err))
			return
		}
		m.out.Ask("Once more: ", true, func(again string) {
			if again != password {
				m.refuse("the two are not the same: nothing was changed")
				return
			}
			var hash string
			var err error
			h.work(m, Hashing, func() { hash, err = h.options.Passwords.Hash(password) }, func() {
				if err != nil {
					m.refuse("the password could not be hashed: " + err.Error())
					return
				}
				then(hash)
			})
		})
	})
}

// work is Outlet.Work, and tells m when there is too much of it.
func (h *Hub) work(m *Member, kind WorkKind, work, done func()) {
	if err := m.out.Work(kind, work, done); err != nil {
		m.refuse(Reason(err))
	}
}

// create adds an account whose name may have been taken in the meantime, and
// keeps it. done runs on m's goroutine.
func (h *Hub) create(m *Member, a *account, done func(error)) {
	h.mu.Lock()
	err := h.free(a.name, m)
	if err == nil {
		a.ID = h.nextID()
		h.addAccount(a)
	}
	h.mu.Unlock()
	if err != nil {
		done(err)
		return
	}
	h.kept(m, func(err error) {
		if err != nil {
			h.mu.Lock()
			delete(h.accounts, a.name.Skeleton)
			delete(h.byID, a.ID)
			h.mu.Unlock()
			err = refusal("%s was not registered: %s", a.Name, Reason(err))
		}
		done(err)
	}, a.Account)
}

func login(c *Call) {
	h, m := c.Hub, c.Member
	text := c.arg(0)
	if text == "" {
		text = m.Name()
	}
	switch {
	case m.account() != 0:
		m.refuse("you are logged in as " + m.Name() + " already: /logout first")
	case text == "":
		m.refuse("usage: /login NAME")
	default:
		h.Authenticate(m, text)
	}
}

// Authenticate asks m for the password of an account, and makes m its user. It
// tells nobody whether there is such an account.
func (h *Hub) Authenticate(m *Member, text string) {
	if err := h.keepsAccounts(); err != nil {
		m.refuse(Reason(err))
		return
	}
	m.out.Ask("Password: ", true, func(password string) {
		if !h.mayTry(m, text) {
			return
		}
		h.check(m, text, password, func(a *account) {
			if a == nil {
				h.failed(m, text)
				m.refuse("wrong name or password")
				return
			}
			h.succeeded(m, text)
			if err := h.admits(m, a); err != nil {
				m.refuse(Reason(err))
				return
			}
			h.become(m, a)
			m.tell("you are logged in as " + m.Name())
			h.settle(m)
		})
	})
}

// mayTry tells whether m may try a password for a name now.
func (h *Hub) mayTry(m *Member, name string) bool {
	if h.options.Throttle == nil {
		return true
	}
	wait := h.options.Throttle.Wait(fold(name), m.out.Addr(), m.out.Now())
	if wait > 0 {
		m.refuse("too many wrong passwords: try again in " + inWords(wait))
	}
	return wait == 0
}

func (h *Hub) failed(m *Member, name string) {
	if h.options.Throttle != nil {
		h.options.Throttle.Failed(fold(name), m.out.Addr(), m.out.Now())
	}
}

func (h *Hub) succeeded(m *Member, name string) {
	if h.options.Throttle != nil {
		h.options.Throttle.Succeeded(fold(name), m.out.Addr(), m.out.Now())
	}
}

// fold is how a name is compared, or the text itself if it is none.
func fold(text string) string {
	if name, err := names.Parse(text); err == nil {
		return name.Key
	}
	return text
}

// check compares a password with that of an account, and goes on with the
// account if it is the one, else with nil. It takes as long if there is none.
func (h *Hub) check(m *Member, text, password string, then func(*account)) {
	a, hash := h.account(text)
	var match, again bool
	var fresh string
	h.work(m, Hashing, func() {
		if match, again = h.options.Passwords.Match(hash, password); match && again {
			fresh, _ = h.options.Passwords.Hash(password) // else the old one stays
		}
	}, func() {
		if !match || a == nil {
			then(nil)
			return
		}
		if fresh != "" {
			h.update(a, func(a *Account) { a.Hash = fresh })
		}
		then(a)
	})
}

// account returns the one of that name and its hash, or nil and "".
func (h *Hub) account(text string) (*account, string) {
	name, err := names.Parse(text)
	if err != nil {
		return nil, ""
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	a := h.accounts[name.Skeleton]
	if a == nil || a.name.Key != name.Key {
		return nil, ""
	}
	return a, a.Hash
}

// update changes an account and keeps it.
func (h *Hub) update(a *account, f func(*Account)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	f(&a.Account)
	h.keep(a.Account)
}

// become makes m the user of an account.
func (h *Hub) become(m *Member, a *account) {
	now := m.out.Now()
	old, was := m.Name(), m.account()
	h.mu.Lock()
	p := h.names[a.name.Skeleton]
	if p != nil && p.account == nil && p != m.who {
		h.displace(p)
		p = nil
	}
	h.forget(m)
	if p == nil || len(p.members) == 0 {
		p = &person{name: a.name, account: a}
		h.names[a.name.Skeleton] = p
	}
	p.members = append(p.members, m)
	a.Seen = now
	h.keep(a.Account)
	m.who, m.rest().account, m.more.meter = p, a.ID, nil
	m.setRole(a.Role)
	chosen, ignored := a.Settings, make(map[string]bool, len(a.Ignores))
	for _, key := range a.Ignores {
		ignored[key] = true
	}
	h.mu.Unlock()
	m.more.settings = nil
	if chosen != (Settings{}) {
		m.more.settings = &chosen
	}
	h.identified(m, old, was, now)
	h.adoptIgnored(m, ignored)
}

// identified tells the rooms of m who it is now.
func (h *Hub) identified(m *Member, old string, was uint64, now time.Time) {
	for _, s := range m.seats() {
		s.room.identify(m.account(), was)
	}
	if old != "" {
		h.renamed(m, old, now)
	}
	h.remark(m, now)
	m.out.Adapt()
}

// displace gives a guest another name, because his was made an account's by
// somebody else. h.mu is held.
func (h *Hub) displace(p *person) {
	delete(h.names, p.name.Skeleton)
	for _, m := range p.members {
		m.out.Post(func() {
			if m.who != p {
				return
			}
			old := m.Name()
			h.mu.Lock()
			h.call(m, h.someName())
			h.mu.Unlock()
			h.renamed(m, old, m.out.Now())
			m.tell(old + " is a registered name: you are now known as " + m.Name())
		})
	}
}

// someName returns a guest's name that is free. h.mu is held.
func (h *Hub) someName() names.Name {
	for i := len(h.names) + 1; ; i++ {
		name, err := names.Parse(fmt.Sprintf("visitor-%d", i))
		if err == nil && h.free(name, nil) == nil && h.names[name.Skeleton] == nil {
			return name
		}
	}
}

// settle has m, who is logged in, enter the lobby if it is nowhere, and gives it
// the mail that has waited.
func (h *Hub) settle(m *Member) {
	if m.room == nil {
		h.Arrive(m, m.out.Now())
	}
	if h.options.Archive == nil || m.account() == 0 {
		return
	}
	var mail []Mail
	var err error
	id := m.account()
	h.work(m, Disk, func() { mail, err = h.options.Archive.Mail(id, maxMail) }, func() {
		if err != nil {
			m.refuse("your mail can't be read: " + err.Error())
			return
		}
		hidden := h.hidden(m.out.Now())
		for _, each := range mail {
			if hidden != nil && hidden(&Event{Name: each.From, Account: each.FromAccount}) {
				continue // it waits, as long as the ban holds
			}
			m.rest().mail = append(m.more.mail, each.ID)
			if m.ignores(fold(each.From)) {
				continue
			}
			m.out.Deliver(Event{Kind: Mailed, Name: each.From, Body: each.Body, Time: each.Time})
			m.more.reply = each.From
		}
	})
}

func logout(c *Call) {
	h, m := c.Hub, c.Member
	if h.closedToGuests() {
		m.out.Close("logged out")
		return
	}
	for _, s := range m.seats() {
		if s.room.name != Lobby {
			h.depart(m, s, "logged out", c.Now)
		}
	}
	old, was := m.Name(), m.account()
	h.mu.Lock()
	name := h.someName()
	h.call(m, name)
	m.more.account, m.more.meter = 0, nil
	m.setRole(Guest)
	h.mu.Unlock()
	m.more.settings = nil
	h.identified(m, old, was, c.Now)
	m.tell("you are logged out, and now known as " + m.Name())
}

func (h *Hub) closedToGuests() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.options.NoGuests || h.lock >= LockMembers
}

func passwd(c *Call) {
	h, m := c.Hub, c.Member
	switch {
	case c.arg(0) != "" && m.role() < Admin:
		m.refuse("you may not change the password of somebody else")
		return
	case c.arg(0) != "":
		c.resetPassword(c.arg(0))
		return
	case m.operates():
		m.refuse("usage: passwd NAME")
		return
	}
	m.out.Ask("Your password up to now: ", true, func(old string) {
		if !h.mayTry(m, m.Name()) {
			return
		}
		h.check(m, m.Name(), old, func(a *account) {
			if a == nil {
				h.failed(m, m.Name())
				m.refuse("that is not your password: nothing was changed")
				return
			}
			h.succeeded(m, m.Name())
			h.newPassword(m, m.Name(), func(hash string) {
				h.update(a, func(a *Account) { a.Hash = hash })
				h.keptOr(m, "your password is changed")
			})
		})
	})
}

func whoami(c *Call) {
	m := c.Member
	what := "a guest"
	if m.account() != 0 {
		what = "registered, " + m.role().String()
	}
	rooms := make([]string, 0, 1)
	for _, s := range m.seats() {
		rooms = append(rooms, s.room.name)
	}
	slices.Sort(rooms)
	where := "in no room"
	if len(rooms) > 0 {
		where = "in " + strings.Join(rooms, ", ")
	}
	from := "this machine"
	if a := m.out.Addr(); a.IsValid() {
		from = a.String()
	}
	m.tell(fmt.Sprintf("you are %s (%s), %s, from %s", m.Name(), what, where, from))
}

// inWords rounds a duration up to whole seconds, minutes, hours or days.
func inWords(d time.Duration) string {
	for _, u := range []struct {
		size time.Duration
		name string
	}{{24 * time.Hour, "day"}, {time.Hour, "hour"}, {time.Minute, "minute"}} {
		if d >= 2*u.size {
			return count(int((d+u.size-1)/u.size), u.name)
		}
	}
	return count(int((d+time.Second-1)/time.Second), "second")
}
