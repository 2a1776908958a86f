package server_test

import (
	"fmt"
	"slices"
	"strings"
)

// What the model knows of rooms, and of what was said there before.

// enter has c enter a room, which is made if there is none.
func (m *model) enter(c *conn, name string) {
	r := m.rooms[fold(name)]
	if r != nil {
		name = r.name
	}
	if p := m.banned(c, c.key(), c.who.account, name); p != nil {
		c.tell("you are banned from %s%s", name, p.words(m.now))
		return
	}
	if r == nil {
		r = &place{name: name, founder: c.who.account, created: m.now}
		m.rooms[fold(name)] = r
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
			past.WriteString(c.stamp(l.at) + l.text + "\r\n")
		}
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

// unseen tells whether a past message is not shown to c.
func (m *model) unseen(c *conn, l message) bool {
	return c.ignores[fold(l.name)] || m.hidden(l)
}

// depart takes c out of a room.
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
	if len(r.seats) == 0 && r.founder == "" && r.name != "#lobby" {
		delete(m.rooms, fold(r.name))
	}
}

func (m *model) join(c *conn, name string) {
	r := m.rooms[fold(name)]
	switch {
	case r != nil && c.current == r:
		c.tell("you are in %s already", r.name)
	case r != nil && slices.Contains(c.rooms, r):
		c.current = r
		c.tell("you are talking in %s now", r.name)
	default:
		m.enter(c, name)
	}
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
	c.tell("you have left %s; you are talking in %s now", r.name, c.current.name)
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
		c.tell("--- /more shows older ones ---")
	} else {
		c.tell("--- end of the history ---")
	}
}
