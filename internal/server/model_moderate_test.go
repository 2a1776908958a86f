package server_test

import (
	"fmt"
	"net/netip"
	"slices"
	"time"
)

// What the model knows of bans and the like.

// A penalty is a ban or a mute, in a room or everywhere, of a name, its account, or
// an address.
type penalty struct {
	number       int // of a mute
	ban          bool
	room         string // "" everywhere
	target       string
	key, account string
	addr         netip.Addr
	reason       string
	until        time.Time // zero: for ever
}

func (p *penalty) words(now time.Time) string {
	text := ""
	if !p.until.IsZero() { // never more than a minute here
		text = " for " + counted(int(p.until.Sub(now)/time.Second), "second")
	}
	if p.reason != "" {
		text += ": " + p.reason
	}
	return text
}

// place says where it holds.
func (p *penalty) place() string {
	if p.room == "" {
		return ""
	}
	return " in " + p.room
}

// inForce returns the first penalty that which means.
func (m *model) inForce(which func(*penalty) bool) *penalty {
	for i := range m.live.sanctions {
		p := m.live.sanctions[i]
		if (p.until.IsZero() || m.now.Before(p.until)) && which(&p) {
			return &p
		}
	}
	return nil
}

// means tells whether a penalty holds for somebody. Staff is only meant by name.
func (m *model) means(p *penalty, key, account string, addr netip.Addr) bool {
	if a := m.account(account); a != nil && a.staff && p.account != account {
		return false
	}
	return p.account != "" && p.account == account || p.key != "" && p.key == key || p.addr.IsValid() && p.addr == addr
}

// banned returns what keeps c out of a room, "" for the server, under a name.
func (m *model) banned(c *conn, key, account, room string) *penalty {
	return m.inForce(func(p *penalty) bool {
		return p.ban && (p.room == "" || fold(p.room) == fold(room)) && m.means(p, key, account, c.addr)
	})
}

// bannedName returns what keeps anybody from taking a name.
func (m *model) bannedName(_ *conn, key string) *penalty {
	return m.inForce(func(p *penalty) bool { return p.ban && p.room == "" && p.key == key })
}

// muted returns what keeps c from speaking in a room, "" for everywhere. It stays
// with c from when it is noticed.
func (m *model) muted(c *conn, room string) *penalty {
	found := m.inForce(func(p *penalty) bool {
		means := m.means(p, c.key(), c.who.account, netip.Addr{}) || !c.staff() && slices.Contains(c.held, p.number)
		return !p.ban && p.room == room && means && (room == "" || !c.staff())
	})
	if found != nil {
		c.held = append(c.held, found.number)
	}
	return found
}

// hidden tells whether nobody is shown a message now, because its author is banned.
func (m *model) hidden(l message) bool {
	return m.inForce(func(p *penalty) bool {
		return p.ban && (p.room == "" || p.room == l.room) && p.saidBy(l)
	}) != nil
}

// saidBy tells whether the name that is punished, or its account, has said something.
func (p *penalty) saidBy(l message) bool {
	if l.account != "" {
		return p.account == l.account
	}
	return p.key != "" && p.key == fold(l.name)
}

// moderate carries out the commands of those who run a room, or all of them.
func (m *model) moderate(c *conn, word, first, more string) {
	owns := c.current != nil && c.current.founder != "" && c.current.founder == c.who.account
	if !c.staff() && !owns {
		c.tell("you may not use /%s: it is for operators of the room and moderators", word)
		return
	}
	if c.current == nil && word != "ban" && word != "unban" {
		c.tell("you are in no room: /join #ROOM enters one")
		return
	}
	where := ""
	if !c.staff() {
		where = c.current.name
	}
	switch word {
	case "unban", "unmute":
		m.lift(c, word == "unban", where, first)
		return
	case "redact":
		if i := slices.IndexFunc(m.live.messages, func(l message) bool { return fmt.Sprint(m.ids[l.body]) == first }); first[0] <= '9' {
			m.redactOne(c, first, i)
			return
		}
	}
	if a := m.account(fold(first)); a != nil && a.staff {
		c.tell("%s is a moderator: you may not", a.name)
		return
	}
	p := penalty{room: where, target: first, key: fold(first), reason: more}
	if a := m.account(p.key); a != nil {
		p.account = a.key
	}
	if len(more) >= 2 && more[:2] == "1m" {
		p.until, p.reason = m.now.Add(time.Minute), ""
		if len(more) > 3 {
			p.reason = more[3:]
		}
	}
	map[string]func(*conn, penalty){"ban": m.ban, "kick": m.kick, "mute": m.mute, "redact": m.redact}[word](c, p)
}

func (m *model) lift(c *conn, ban bool, where, target string) {
	var ended []penalty
	m.live.sanctions = slices.DeleteFunc(slices.Clone(m.live.sanctions), func(p penalty) bool {
		lifted := p.ban == ban && (where == "" || p.room == where) && fold(p.target) == fold(target)
		lifted = lifted && (p.until.IsZero() || m.now.Before(p.until))
		if lifted {
			ended = append(ended, p)
		}
		return lifted
	})
	if len(ended) == 0 {
		c.tell("nothing is in force against %s: /bans lists what is", target)
		return
	}
	word := "unmuted"
	if ban {
		word = "unbanned"
	}
	for _, p := range ended {
		for _, t := range m.conns {
			if !p.ban && t.who != nil && m.means(&p, t.key(), t.who.account, t.addr) {
				m.post(t, func() { t.tell("you may speak again%s", p.place()) })
			}
		}
	}
	if where != "" {
		word += " in " + where
	}
	m.keep(c, func() { c.tell("%s is %s", target, word) })
}

// here returns the connections under a name, in a room if that is not nil.
func (m *model) here(key string, r *place) (found []*conn) {
	if p := m.names[key]; p != nil {
		for _, c := range p.conns {
			if r == nil || slices.Contains(r.seats, c) {
				found = append(found, c)
			}
		}
	}
	return found
}

func (m *model) ban(c *conn, p penalty) {
	if p.key == c.key() {
		c.tell("that is you")
		return
	}
	p.ban = true
	list := []penalty{p}
	for _, t := range m.here(p.key, nil) {
		q := p
		q.key, q.account, q.addr = "", "", t.addr
		if !t.addr.IsLoopback() && !slices.Contains(list, q) {
			list = append(list, q)
		}
	}
	m.live.sanctions = append(slices.Clone(m.live.sanctions), list...)
	var out []*conn
	for _, t := range m.conns {
		if t.who != nil && slices.ContainsFunc(list, func(q penalty) bool { return m.means(&q, t.key(), t.who.account, t.addr) }) {
			out = append(out, t)
		}
	}
	var room *place
	if p.room != "" {
		room = c.current
	}
	for _, r := range m.rooms {
		if room == nil || r == room {
			m.withhold(r, func(l message) bool { return slices.Contains(out, l.by) || p.saidBy(l) })
			m.unsend(r, func(i item) bool { return slices.Contains(out, i.author) || i.key == p.key })
		}
	}
	why := "banned" + p.words(m.now)
	for _, t := range out {
		if room == nil || slices.Contains(room.seats, t) {
			m.post(t, func() { m.expel(t, room, why) })
		}
	}
	m.keep(c, func() { c.tell("%s is %s", p.target, why) })
}

// withhold takes messages out of what newcomers see, and out of what nobody was
// sent yet.
func (m *model) withhold(r *place, which func(message) bool) {
	gone := map[int]bool{}
	r.recent = slices.DeleteFunc(slices.Clone(r.recent), func(l message) bool {
		gone[l.number] = which(l)
		return gone[l.number]
	})
	m.unsend(r, func(i item) bool { return i.line > 0 && gone[i.line] })
}

func (m *model) unsend(r *place, which func(item) bool) {
	for _, o := range m.conns {
		o.withhold(func(i item) bool { return i.room == r && which(i) })
	}
}

// expel takes t out of a room, or off the server if it is in no other.
func (m *model) expel(t *conn, r *place, why string) {
	switch {
	case r == nil || len(t.rooms) <= 1:
		t.tell("you are %s", why)
		m.goes(t, why)
		t.tell("goodbye")
	case slices.Contains(t.rooms, r):
		m.depart(t, r, why)
		t.tell("you are %s, and out of %s", why, r.name)
	}
}

func (m *model) kick(c *conn, p penalty) {
	r, why := c.current, "kicked by "+c.who.name
	out := m.here(p.key, r)
	if len(out) == 0 {
		c.tell("nobody here is called %s", p.target)
		return
	}
	if p.reason != "" {
		why += ": " + p.reason
	}
	for _, t := range out {
		m.post(t, func() { m.expel(t, r, why) })
	}
	m.keep(c, func() {})
}

func (m *model) mute(c *conn, p penalty) {
	if p.account == "" && len(m.here(p.key, nil)) == 0 {
		c.tell("nobody is called %s", p.target)
		return
	}
	m.mutes++
	p.number = m.mutes
	m.live.sanctions = append(slices.Clone(m.live.sanctions), p)
	words := p.place() + p.words(m.now)
	for _, t := range m.conns {
		if t.who != nil && m.means(&p, t.key(), t.who.account, t.addr) {
			m.post(t, func() {
				t.held = append(t.held, p.number)
				t.tell("you are muted%s", words)
			})
		}
	}
	m.keep(c, func() { c.tell("%s is muted%s", p.target, words) })
}

// redact takes back all that somebody has said in the room.
func (m *model) redact(c *conn, p penalty) {
	r := c.current
	m.withhold(r, p.saidBy)
	m.unsend(r, func(i item) bool { return i.key == p.key })
	m.live.messages = slices.DeleteFunc(slices.Clone(m.live.messages), func(l message) bool {
		return l.room == r.name && p.saidBy(l)
	})
	m.keep(c, func() { m.publish(r, nil, 0, "*** "+c.who.name+" has taken back what "+p.target+" has said\r\n") })
}

// redactOne takes back a message, the i-th of all if i is not negative.
func (m *model) redactOne(c *conn, number string, i int) {
	r := c.current
	if i < 0 || m.live.messages[i].room != r.name {
		c.tell("there is no message #%s in %s: /history shows their numbers", number, r.name)
		return
	}
	l := m.live.messages[i]
	m.withhold(r, func(o message) bool { return o.number == l.number })
	m.unsend(r, func(it item) bool { return it.line == l.number })
	m.live.messages = slices.Delete(slices.Clone(m.live.messages), i, i+1)
	m.keep(c, func() { m.publish(r, nil, 0, "*** "+c.who.name+" has taken back message #"+number+"\r\n") })
}
