package server_test

import (
	"fmt"
	"slices"
	"strings"
)

// The part of the model about rooms and their history.

// enter makes c enter a room, which is created if there is none.
func (m *model) enter(c *conn, name string) { m.enterWith(c, name, 50) }

// enterWith is enter with at most the given number of lines of history.
func (m *model) enterWith(c *conn, name string, most int) {
	r := m.rooms[fold(name)]
	if r != nil {
		name = r.name
	}
	if p := m.banned(c, c.key(), c.who.account, name); p != nil {
		c.tell("you are banned from %s%s", name, p.words(m.now))
		return
	}
	if why := m.keptOut(c.key(), c.who.account, c.addr, name); why != "" {
		c.tell("%s", why)
		return
	}
	if why := m.silenced(c); r == nil && why != "" {
		c.tell("%s", why)
		return
	}
	if r == nil {
		r = &place{name: name, founder: c.who.account, created: m.now}
		m.rooms[fold(name)] = r
		if r.founder == "" {
			r.host = c
		}
		if r.founder != "" {
			m.live.owned = append(m.live.owned, ownedRoom{name, r.founder, m.now})
		}
	}
	others, first := map[*someone]bool{}, true
	for _, o := range r.seats {
		if o.who == c.who {
			first = false
		} else {
			others[o.who] = true
		}
	}
	c.rooms, c.current = append(c.rooms, r), r
	var past strings.Builder
	var lines []message
	for _, l := range r.recent[max(0, len(r.recent)-50):] {
		if !m.unseen(c, l) {
			lines = append(lines, l)
		}
	}
	if more := len(lines) - most; more > 0 {
		lines = lines[more:]
	}
	for _, l := range lines {
		past.WriteString(c.stamp(l.at) + l.text + "\r\n")
	}
	switch {
	case len(lines) == 1:
		c.show("*** --- the last line ---\r\n" + past.String() + "*** --- end of the last lines ---\r\n")
	case len(lines) > 1:
		c.show(fmt.Sprintf("*** --- the last %d lines ---\r\n", len(lines)) + past.String() + "*** --- end of the last lines ---\r\n")
	}
	here := fmt.Sprintf("%d others", len(others))
	switch len(others) {
	case 0:
		here = "nobody else"
	case 1:
		here = "1 other"
	}
	c.tell("you are in %s as %s, with %s; /help lists the commands", r.name, c.who.name, here)
	r.seats = append(r.seats, c)
	if first {
		m.publish(r, c, 0, "*** "+c.who.name+" joined\r\n")
	}
}

// unseen reports whether a past message is not shown to c.
func (m *model) unseen(c *conn, l message) bool {
	return c.ignores[fold(l.name)] || m.hidden(l)
}

// depart removes c from a room.
func (m *model) depart(c *conn, r *place, reason string) {
	r.seats = without(r.seats, c)
	last := !slices.ContainsFunc(r.seats, func(o *conn) bool { return o.who == c.who })
	if last {
		text := "*** " + c.who.name + " left"
		if reason != "" {
			text += " (" + reason + ")"
		}
		m.publish(r, c, 0, text+"\r\n")
	}
	c.rooms = without(c.rooms, r)
	if c.current == r {
		c.current = nil
		if len(c.rooms) > 0 {
			c.current = c.rooms[0]
		}
	}
	if r.host == c {
		r.host = nil
	}
	if len(r.seats) == 0 && r.founder == "" && r.name != "#lobby" {
		delete(m.rooms, fold(r.name))
		m.endBansWithoutRoom()
	}
}

// endBansWithoutRoom ends the bans and mutes of rooms that have ended.
func (m *model) endBansWithoutRoom() {
	m.live.sanctions = slices.DeleteFunc(slices.Clone(m.live.sanctions), func(p penalty) bool {
		return p.room != "" && m.rooms[fold(p.room)] == nil
	})
}

func (m *model) join(c *conn, name string) {
	r := m.rooms[fold(name)]
	switch {
	case r != nil && c.current == r:
		c.tell("you are already in %s", r.name)
	case r != nil && slices.Contains(c.rooms, r):
		c.current = r
		c.tell("you are now talking in %s", r.name)
	default:
		m.enter(c, name)
		if c.current != nil && fold(c.current.name) == fold(name) {
			m.remember(c, c.current)
		}
	}
}

// remember makes c's account enter the room at the next login.
func (m *model) remember(c *conn, r *place) {
	if a := c.account(); a != nil && r.name != "#lobby" && !slices.Contains(a.rooms, r.name) {
		a.rooms = append(slices.Clone(a.rooms), r.name)
	}
}

func (m *model) forgetRoom(c *conn, r *place) {
	if a := c.account(); a != nil {
		a.rooms = without(a.rooms, r.name)
	}
}

// rejoin makes c, who has logged in, enter the rooms of its account.
func (m *model) rejoin(c *conn) {
	a, current, any := c.account(), c.current, false
	for _, name := range slices.Clone(a.rooms) {
		r := m.rooms[fold(name)]
		if r == nil {
			a.rooms = without(a.rooms, name)
			continue
		}
		if slices.Contains(c.rooms, r) {
			continue
		}
		if p := m.banned(c, c.key(), c.who.account, r.name); p != nil {
			c.tell("you could not rejoin %s: you are banned from %s%s", name, r.name, p.words(m.now))
			continue
		}
		m.enterWith(c, name, 10)
		any = true
	}
	if !any {
		return
	}
	if current != nil {
		c.current = current
	}
	c.tell("you are now talking in %s", c.current.name)
}

func (m *model) leave(c *conn, name string) {
	r := c.current
	if name != "" {
		if r = m.rooms[fold(name)]; r == nil || !slices.Contains(c.rooms, r) {
			c.tell("you are not in %s", name)
			return
		}
	}
	if len(c.rooms) == 1 {
		c.tell("that is the only room you are in: /quit leaves the chat")
		return
	}
	m.depart(c, r, "")
	m.forgetRoom(c, r)
	c.tell("you left %s; you are now talking in %s", r.name, c.current.name)
}

// deleteRoom deletes a room, with its bans and mutes.
func (m *model) deleteRoom(c *conn, name string) {
	r := m.rooms[fold(name)]
	switch {
	case r == nil:
		c.tell("there is no room %s", name)
		return
	case r.name == "#lobby":
		c.tell("#lobby can't be deleted")
		return
	case r.founder == "" || r.founder != c.who.account:
		c.tell("only the owner of %s and admins may delete it", r.name)
		return
	}
	m.live.owned = slices.DeleteFunc(slices.Clone(m.live.owned), func(o ownedRoom) bool { return o.name == r.name })
	m.live.sanctions = slices.DeleteFunc(slices.Clone(m.live.sanctions), func(p penalty) bool { return p.room == r.name })
	m.onceSavedAlways(c, func() {
		delete(m.rooms, fold(r.name))
		m.publish(r, nil, 0, "*** "+c.who.name+" deleted "+r.name+"\r\n")
		for _, o := range r.seats {
			m.post(o, func() { m.moveOut(o, r) })
		}
	}, func() { c.tell("%s was deleted", r.name) })
}

// moveOut removes c from a room that was deleted.
func (m *model) moveOut(c *conn, r *place) {
	current := c.current
	c.rooms = without(c.rooms, r)
	m.forgetRoom(c, r)
	switch {
	case len(c.rooms) == 0:
		c.current = nil // also if the lobby does not let c in
		m.enter(c, "#lobby")
	case current == r:
		c.current = c.rooms[0]
		c.tell("you are now talking in %s", c.current.name)
	}
}

// history shows the last page of what was said in the room.
func (m *model) history(c *conn) {
	const page = 20
	r := c.current
	var all []message
	for _, l := range m.live.messages {
		if l.room == r.name && !l.at.Before(r.created) {
			all = append(all, l)
		}
	}
	full := len(all) >= page
	var text strings.Builder
	shown := 0
	for _, l := range all[max(0, len(all)-page):] {
		if !m.unseen(c, l) {
			shown++
			fmt.Fprintf(&text, "[%s #%d] %s\r\n", l.at.Format("2006-01-02 15:04"), m.ids[l.body], l.text)
		}
	}
	c.tell("--- %s of %s ---", counted(shown, "line"), r.name)
	c.show(text.String())
	if full {
		c.tell("--- /more shows older messages ---")
	} else {
		c.tell("--- end of the history ---")
	}
}
