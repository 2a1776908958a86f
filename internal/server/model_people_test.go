package server_test

import (
	"fmt"
	"maps"
	"slices"
)

// The part of the model about names, accounts and private messages.

func (m *model) nick(c *conn, name string) {
	other := m.names[fold(name)]
	why := m.silenced(c, c.rooms...)
	switch {
	case c.who.account != "":
		c.tell("you are logged in as %s: /logout first", c.who.name)
	case name == c.who.name:
		c.tell("that is already your name")
	case why != "":
		c.tell("%s", why)
	case m.account(fold(name)) != nil:
		c.tell("that name is registered and needs its password")
	case other != nil && other != c.who:
		c.tell("that name is taken")
	case m.bannedName(c, fold(name)) != nil:
		p := m.bannedName(c, fold(name))
		c.tell("%s is banned%s%s", name, p.place(), p.words(m.now))
	default:
		old := *c.who
		m.call(c, name)
		m.renamed(c, old)
		m.muted(c, "")
		c.tell("you are now known as %s", name)
	}
}

// renamed tells the rooms of c its former name.
func (m *model) renamed(c *conn, was someone) {
	if was.name == "" || was.name == c.who.name {
		return
	}
	for _, r := range c.rooms {
		m.publishAs(r, c, was.key, 0, "*** "+was.name+" is now known as "+c.who.name+"\r\n")
	}
}

const tryAgain = ": try again (an empty line cancels)"

const shownTyping = "your terminal will show what you type now"

// ask asks c for a password.
func (m *model) ask(c *conn, words string, answer func(string)) {
	c.tell(shownTyping)
	c.show(words)
	c.question = answer
}

func (m *model) register(c *conn, name string) {
	if name == "" && c.who != nil {
		name = c.who.name
	}
	other := m.names[fold(name)]
	switch {
	case c.account() != nil:
		c.tell("you are already logged in as %s", c.who.name)
		return
	case name == "":
		c.tell("usage: /register NAME")
		return
	case c.who != nil && fold(name) != c.key() && m.silenced(c, c.rooms...) != "":
		c.tell("%s", m.silenced(c, c.rooms...))
		return
	case m.account(fold(name)) != nil:
		c.tell("%s is already registered: /login %s", name, name)
		return
	case other != nil && other != c.who:
		c.tell("that name is taken")
		return
	case m.bannedName(c, fold(name)) != nil:
		p := m.bannedName(c, fold(name))
		c.tell("%s is banned%s%s", name, p.place(), p.words(m.now))
		return
	case m.banned(c, "", "", "") != nil:
		c.tell("you are banned%s", m.banned(c, "", "", "").words(m.now))
		return
	case c.current == nil && m.keptOut(fold(name), "", c.addr, "#lobby") != "":
		c.tell("%s", m.keptOut(fold(name), "", c.addr, "#lobby"))
		return
	}
	m.newPassword(c, name, 3)
}

func (m *model) newPassword(c *conn, name string, tries int) {
	m.ask(c, "New password for "+name+": ", func(password string) {
		m.ask(c, "Repeat it: ", func(again string) {
			switch {
			case again != password && tries == 1:
				c.tell("the two passwords differ: nothing was changed")
				return
			case again != password:
				c.tell("the two passwords differ" + tryAgain)
				m.newPassword(c, name, tries-1)
				return
			}
			// Nothing else happens in between: the conversation types both at once.
			m.live.accounts = append(m.live.accounts, registered{name: name, key: fold(name), password: password, stamps: c.stamps, ignores: c.ignores})
			m.onceSaved(c, func() {
				m.logIn(c, m.account(fold(name)))
				c.tell("%s is now your account: you are logged in", name)
				m.arrive(c)
			})
		})
	})
}

func (m *model) login(c *conn, name string) {
	if name == "" && c.who != nil {
		name = c.who.name
	}
	switch {
	case c.account() != nil:
		c.tell("you are already logged in as %s: /logout first", c.who.name)
	case name == "":
		c.tell("usage: /login NAME")
	default:
		m.authenticate(c, name, 3)
	}
}

func (m *model) authenticate(c *conn, name string, tries int) {
	m.ask(c, "Password: ", func(password string) {
		a := m.account(fold(name))
		switch {
		case (a == nil || a.password != password) && tries == 1:
			c.tell("wrong name or password: you are not logged in")
			return
		case a == nil || a.password != password:
			c.tell("wrong name or password" + tryAgain)
			m.authenticate(c, name, tries-1)
			return
		}
		if p := m.banned(c, a.key, a.key, ""); p != nil {
			c.tell("you are banned%s", p.words(m.now))
			return
		}
		if p := m.inForceOrIn(c, func(p *penalty) bool { return p.ban && p.room != "" && m.appliesTo(p, a.key, a.key, c.addr) }); p != nil {
			c.tell("%s is banned%s%s: leave it first", a.name, p.place(), p.words(m.now))
			return
		}
		if why := m.keptOut(a.key, a.key, c.addr, "#lobby"); c.current == nil && why != "" {
			c.tell("%s", why)
			return
		}
		m.logIn(c, a)
		c.tell("you are logged in as %s", c.who.name)
		m.arrive(c)
	})
}

// logIn makes c the user of an account.
func (m *model) logIn(c *conn, a *registered) {
	var was someone
	if c.who != nil {
		was = *c.who
	}
	m.forget(c)
	if m.names[a.key] == nil {
		m.names[a.key] = &someone{name: a.name, key: a.key, account: a.key}
	}
	c.who = m.names[a.key]
	c.who.conns = append(c.who.conns, c)
	c.stamps = c.stamps || a.stamps
	m.renamed(c, was)
	m.muted(c, "")
	m.ignoreOnly(c, a.ignores)
}

// arrive makes c, which has logged in, enter the lobby if it is in no room, and see its mail.
func (m *model) arrive(c *conn) {
	if c.current == nil {
		m.enter(c, "#lobby")
	}
	m.rejoin(c)
	for _, l := range m.live.mail {
		if l.to != c.key() {
			continue
		}
		if m.hidden(message{name: l.from, account: l.account}) {
			continue // it waits until the ban ends
		}
		c.shown = append(c.shown, l.number)
		if !c.ignores[fold(l.from)] {
			c.show("[" + l.from + " -> you, sent " + l.at + "] " + l.text + "\r\n")
		}
	}
}

func (m *model) logout(c *conn) {
	if c.account() == nil {
		c.tell("/logout needs an account: /register creates one")
		return
	}
	for _, r := range slices.Clone(c.rooms) {
		if r.name != "#lobby" {
			m.depart(c, r, "logged out")
		}
	}
	was := *c.who
	number := len(m.names) + 1
	for m.names[fmt.Sprintf("visitor-%d", number)] != nil {
		number++
	}
	m.call(c, fmt.Sprintf("visitor-%d", number))
	c.stamps = false
	m.renamed(c, was)
	m.muted(c, "")
	c.tell("you are logged out and now known as %s", c.who.name)
}

func (m *model) private(c *conn, to, text string) {
	if why := m.silenced(c); why != "" && !m.isStaffTo(c, fold(to)) {
		c.tell("%s", why)
		return
	}
	p, a := m.names[fold(to)], m.account(fold(to))
	switch {
	case p != nil:
		m.echo(c, p.name, text)
		from, key := c.who.name, c.key()
		for _, t := range p.conns {
			m.post(t, func() {
				if !t.ignores[key] {
					t.show(t.stamp(m.now) + "[" + from + " -> you] " + text + "\r\n")
				}
			})
		}
	case a != nil:
		name := a.name
		m.said++
		m.live.mail = append(m.live.mail, letter{
			number: fmt.Sprint(m.said), to: a.key, from: c.who.name, account: c.who.account, text: text, at: m.now.Format("2006-01-02 15:04"),
		})
		m.onceSaved(c, func() {
			m.echo(c, name, text)
			c.tell("%s is not here and will get it at the next login", name)
		})
	default:
		c.tell("there is no user %s here", to)
	}
}

// echo shows all connections of c's account what c has said in private.
func (m *model) echo(c *conn, to, text string) {
	text = "[you -> " + to + "] " + text + "\r\n"
	c.show(c.stamp(m.now) + text)
	for _, o := range c.who.conns {
		if o != c {
			m.post(o, func() { o.show(o.stamp(m.now) + text) })
		}
	}
}

// set turns timestamps on or off for all connections of c's account.
func (m *model) set(c *conn, value string) {
	yes := value == "on"
	if c.who != nil {
		for _, o := range c.who.conns {
			if o != c {
				m.post(o, func() { o.stamps = yes })
			}
		}
	}
	c.stamps = yes
	if a := c.account(); a != nil {
		a.stamps = yes
	}
	c.tell("timestamps is now %s", value)
}

func (m *model) ignore(c *conn, name string) {
	switch key := fold(name); {
	case key == c.key():
		c.tell("that is you")
	case c.ignores[key]:
		c.tell("you are already ignoring %s", name)
	default:
		set := maps.Clone(c.ignores)
		set[key] = true
		m.setIgnores(c, set)
		c.tell("you are now ignoring %s: /unignore %s stops that", name, name)
	}
}

func (m *model) unignore(c *conn, name string) {
	key := fold(name)
	if !c.ignores[key] {
		c.tell("you are not ignoring %s", name)
		return
	}
	set := maps.Clone(c.ignores)
	delete(set, key)
	m.setIgnores(c, set)
	c.tell("you are no longer ignoring %s", name)
}

// setIgnores changes whom c ignores, on all connections of its account.
func (m *model) setIgnores(c *conn, set map[string]bool) {
	m.ignoreOnly(c, set)
	a := c.account()
	if a == nil {
		return
	}
	a.ignores = set
	for _, o := range c.who.conns {
		if o != c {
			m.post(o, func() { m.ignoreOnly(o, set) })
		}
	}
}

// ignoreOnly makes c ignore exactly those in set, which must not change any more.
func (m *model) ignoreOnly(c *conn, set map[string]bool) {
	c.ignores = maps.Clone(set)
	if c.ignores == nil {
		c.ignores = map[string]bool{}
	}
	for i := range c.due { // what it was not sent yet may still come, or not
		if it := &c.due[i]; c.ignores[it.key] {
			it.may = true
		}
	}
}
