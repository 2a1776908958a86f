package chat

import (
	"cmp"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/sudoXpg/netloop/internal/names"
)

func useradd(c *Call) {
	h, m := c.Hub, c.Member
	if err := h.keepsAccounts(); err != nil {
		m.refuse(Why(err))
		return
	}
	name, err := names.Parse(c.Args[0])
	if err != nil {
		m.refuse(Why(err))
		return
	}
	h.mu.Lock()
	err = h.addable(name)
	h.mu.Unlock()
	switch {
	case errors.Is(err, ErrPassword):
		m.refuse(note("has-account-already", "name", name.Display))
		return
	case err != nil:
		m.refuse(Why(err))
		return
	}
	who := c.claim()
	h.newPassword(m, name.Display, who, func(hash string) {
		a := &account{Account: Account{Name: name.Display, Role: User, Hash: hash, Created: m.out.Now(), Seen: m.out.Now()}, name: name.Pack()}
		h.create(m, a, func() error { return cmp.Or(h.validLocked(m, who), h.addable(name)) }, func(err error) {
			if err != nil {
				m.refuse(Why(err))
				return
			}
			h.reclaim(a)
			m.tell(note("account-made", "name", a.Name))
		}, c.entry("useradd", a.Name, "", ""))
	})
}

// addable returns why an admin can't create an account with that name, or nil. A guest
// with that name or a similar one is no reason: the account may well be for them. h.mu
// is held.
func (h *Hub) addable(name names.Name) error {
	err := h.free(name, nil)
	if p := h.names[name.Skeleton]; p != nil && p.account == nil && h.accounts[name.Skeleton] == nil &&
		(errors.Is(err, ErrNameTaken) || errors.Is(err, ErrNameAlike)) {
		return nil
	}
	return err
}

// reclaim gives a guest who has the name of a new account another name.
func (h *Hub) reclaim(a *account) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if p := h.names[a.name.Skeleton()]; p != nil && p.account == nil && h.isRegistered(a) {
		h.displace(p)
	}
}

// claim returns the claim that c's member has the same account as now, and the role that c
// needs.
func (c *Call) claim() claim {
	who := c.Member.claim()
	if who.need = c.Verb.Need; c.Verb.Operator {
		who.need = Guest
	}
	return who
}

// onRegistered calls act with the account of that name, inside Hub.mu, which act
// must not take. Otherwise it tells c's member why not: the name is not registered,
// c's member was removed or demoted a moment ago, or the error of act.
func (c *Call) onRegistered(text string, act func(a *account) error) {
	h := c.Hub
	h.mu.Lock()
	a, ok := h.named(text)
	err := h.validLocked(c.Member, c.claim())
	switch {
	case err != nil:
	case !ok:
		err = refusal("nobody-registered", "name", clip(text))
	default:
		err = act(a)
	}
	h.mu.Unlock()
	if err != nil {
		c.Member.refuse(Why(err))
	}
}

// userdel removes an account. From now on nobody can log in to it, and it has no rights.
// When the removal is on disk, its users are told and its rooms are passed on. If it
// can't be saved, the account is as before, so that the command can be repeated.
func userdel(c *Call) {
	h, m := c.Hub, c.Member
	var a *account
	c.onRegistered(c.Args[0], func(found *account) error {
		if found.ID == m.account() {
			return refusal("that-is-you")
		}
		a = found
		h.suspend(a)
		return nil
	})
	if a == nil {
		return
	}
	h.persistAlways(m, func(err error) {
		if err != nil {
			h.reinstate(a)
			return
		}
		h.disown(a.ID, a.Name, c.Now)
		h.expelUsers(a, note("removed")) // after the announcements in their rooms
	}, func(err error) {
		if err != nil {
			m.refuse(note("not-removed", "name", a.Name, "why", Why(err)))
			return
		}
		m.tell(note("no-account-any-more", "name", a.Name))
	}, DropAccount{ID: a.ID}, c.entry("userdel", a.Name, "", ""))
}

func role(c *Call) {
	h, m := c.Hub, c.Member
	c.onRegistered(c.Args[0], func(a *account) error {
		r, ok := ParseRole(c.Args[1])
		switch {
		case !ok || r < User:
			return refusal("no-role")
		case a.ID == m.account():
			return refusal("own-role")
		}
		switch was := a.Role; {
		case r >= Moderator && was < Moderator:
			h.staff.Add(1)
		case r < Moderator && was >= Moderator:
			h.staff.Add(-1)
		}
		a.Role = r
		users := h.usersOf(a)
		for _, u := range users {
			u.setRole(r)
		}
		// Inside the mutex, so that the last one written is the last one made.
		h.persistAlways(m, func(error) {
			for _, u := range users {
				u.out.Post(func() { u.tell(note("your-role", "role", r)) })
			}
		}, h.told(m, note("role-changed", "name", a.Name, "role", r)), a.Account, c.entry("role", a.Name, "", r.String()))
		return nil
	})
}

// resetPassword gives an account a new password.
func (c *Call) resetPassword(text string) {
	var who claim
	c.onRegistered(text, func(a *account) error {
		who = c.Member.claim().on(a)
		who.need = Admin
		return nil
	})
	if a := who.account; a != nil {
		c.Hub.changePassword(c.Member, who, note("password-changed", "name", a.Name), c.entry("passwd", a.Name, "", ""))
	}
}

func drop(c *Call) {
	h, m := c.Hub, c.Member
	id, err := strconv.ParseUint(c.Args[0], 10, 64)
	var found *Member
	h.mu.Lock()
	for _, p := range h.names {
		for o := range p.members.all() {
			if o.id == id {
				found = o
			}
		}
	}
	h.mu.Unlock()
	if err != nil || found == nil {
		m.refuse(note("no-connection", "id", clip(c.Args[0])))
		return
	}
	by := m.Name()
	h.persistAlways(m, func(error) { found.out.Post(func() { h.expel(found, nil, note("dropped", "by", by)) }) },
		h.told(m, note("connection-dropped", "id", c.Args[0])), c.entry("drop", c.Args[0], "", ""))
}

// listAll lists every connection that has a name.
func (h *Hub) listAll(m *Member, now time.Time) {
	var all []Connection
	h.mu.Lock()
	for _, p := range h.names {
		role := Guest
		if p.account != nil {
			role = p.account.Role
		}
		for o := range p.members.all() {
			all = append(all, Connection{ID: o.id, Name: p.name.Display(), Role: role, From: o.out.Addr(), Idle: h.idle(p, now)})
		}
	}
	h.mu.Unlock()
	slices.SortFunc(all, func(a, b Connection) int { return cmp.Compare(a.ID, b.ID) })
	m.out.Answer(Connections{all})
}
