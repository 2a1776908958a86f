package chat

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/sudoXpg/netloop/internal/names"
)

func useradd(c *Call) {
	h, m := c.Hub, c.Member
	if err := h.keepsAccounts(); err != nil {
		m.refuse(Reason(err))
		return
	}
	name, err := names.Parse(c.Args[0])
	if err != nil {
		m.refuse(Reason(err))
		return
	}
	h.mu.Lock()
	err = h.free(name, m)
	h.mu.Unlock()
	switch {
	case errors.Is(err, ErrPassword):
		m.refuse(name.Display + " has an account already: " + m.slash() + "passwd " + name.Display + " changes its password")
		return
	case err != nil:
		m.refuse(Reason(err))
		return
	}
	h.newPassword(m, name.Display, func(hash string) {
		a := &account{Account: Account{Name: name.Display, Role: User, Hash: hash, Created: m.out.Now(), Seen: m.out.Now()}, name: name}
		h.create(m, a, func(err error) {
			if err != nil {
				m.refuse(Reason(err))
				return
			}
			c.act("useradd", a.Name, "")
			m.tell(a.Name + " has an account now")
		})
	})
}

// registered returns the account of that name.
func (h *Hub) registered(text string) (*account, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.named(text)
}

func userdel(c *Call) {
	h, m := c.Hub, c.Member
	a, ok := h.registered(c.Args[0])
	switch {
	case !ok:
		m.refuse("nobody has registered " + clip(c.Args[0]))
		return
	case a.ID == m.account():
		m.refuse("that is you")
		return
	}
	h.mu.Lock()
	delete(h.accounts, a.name.Skeleton)
	delete(h.byID, a.ID)
	var users []*Member
	if p := h.names[a.name.Skeleton]; p != nil && p.account == a {
		users = slices.Clone(p.members)
	}
	h.mu.Unlock()
	for _, u := range users {
		u.out.Post(func() { h.expel(u, nil, "removed: your account was") })
	}
	h.keptOr(m, a.Name+" has no account any more", DropAccount{ID: a.ID}, c.entry("userdel", a.Name, "", ""))
}

func role(c *Call) {
	h, m := c.Hub, c.Member
	a, ok := h.registered(c.Args[0])
	if !ok {
		m.refuse("nobody has registered " + clip(c.Args[0]))
		return
	}
	r, ok := ParseRole(c.Args[1])
	if !ok || r < User {
		m.refuse("a role is user, moderator or admin")
		return
	}
	if a.ID == m.account() {
		m.refuse("your own role is for another admin to change")
		return
	}
	h.mu.Lock()
	a.Role = r
	h.keep(a.Account)
	var users []*Member
	if p := h.names[a.name.Skeleton]; p != nil && p.account == a {
		users = slices.Clone(p.members)
		for _, u := range users {
			u.setRole(r)
		}
	}
	h.mu.Unlock()
	for _, u := range users {
		u.out.Post(func() { u.tell("you are " + r.article() + " now") })
	}
	h.keptOr(m, a.Name+" is "+r.article()+" now", c.entry("role", a.Name, "", r.String()))
}

// resetPassword gives somebody's account a new password.
func (c *Call) resetPassword(text string) {
	h, m := c.Hub, c.Member
	a, ok := h.registered(text)
	if !ok {
		m.refuse("nobody has registered " + clip(text))
		return
	}
	h.newPassword(m, a.Name, func(hash string) {
		h.update(a, func(a *Account) { a.Hash = hash })
		h.keptOr(m, "the password of "+a.Name+" is changed", c.entry("passwd", a.Name, "", ""))
	})
}

func drop(c *Call) {
	h, m := c.Hub, c.Member
	id, err := strconv.ParseUint(c.Args[0], 10, 64)
	var found *Member
	h.mu.Lock()
	for _, p := range h.names {
		for _, o := range p.members {
			if o.id == id {
				found = o
			}
		}
	}
	h.mu.Unlock()
	if err != nil || found == nil {
		m.refuse("nobody has connection " + clip(c.Args[0]))
		return
	}
	by := m.Name()
	found.out.Post(func() { h.expel(found, nil, "dropped by "+by) })
	h.keptOr(m, "connection "+c.Args[0]+" is dropped", c.entry("drop", c.Args[0], "", ""))
}

// listAll lists every connection that has a name.
func (h *Hub) listAll(m *Member, now time.Time) {
	type entry struct {
		id   uint64
		text string
	}
	var all []entry
	h.mu.Lock()
	for _, p := range h.names {
		what := "guest"
		if p.account != nil {
			what = p.account.Role.String()
		}
		for _, o := range p.members {
			from := "this machine"
			if a := o.out.Addr(); a.IsValid() {
				from = a.String()
			}
			all = append(all, entry{o.id, fmt.Sprintf("%d %s, %s, from %s, idle %s", o.id, p.name.Display, what, from, inWords(p.idle(now)))})
		}
	}
	h.mu.Unlock()
	slices.SortFunc(all, func(a, b entry) int { return int(a.id) - int(b.id) })
	lines := make([]string, 0, len(all)+1)
	lines = append(lines, count(len(all), "connection"))
	for _, e := range all {
		lines = append(lines, e.text)
	}
	if m.operates() {
		for _, line := range lines {
			m.tell(line)
		}
		return
	}
	m.page(lines)
}
