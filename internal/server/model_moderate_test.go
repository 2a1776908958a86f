package server_test

import (
	"fmt"
	"net/netip"
	"slices"
	"time"
)

// The part of the model about bans and the like.

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
	until        time.Time // zero: forever
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

// term says until when it holds, where, and why.
func (p *penalty) term(now time.Time) string {
	text := " permanently"
	if !p.until.IsZero() {
		text = " for 60 seconds, until " + now.Add(time.Minute).Format(time.DateTime) + " UTC"
	}
	if p.reason != "" {
		text += ": " + p.reason
	}
	return p.place() + text
}

// place says where it holds.
func (p *penalty) place() string {
	if p.room == "" {
		return ""
	}
	return " in " + p.room
}

// inForce returns the first penalty for which which returns true.
func (m *model) inForce(which func(*penalty) bool) *penalty {
	for i := range m.live.sanctions {
		p := m.live.sanctions[i]
		if (p.until.IsZero() || m.now.Before(p.until)) && which(&p) {
			return &p
		}
	}
	return nil
}

// appliesTo reports whether a penalty applies to a user. To staff it applies only by name.
func (m *model) appliesTo(p *penalty, key, account string, addr netip.Addr) bool {
	if a := m.account(account); a != nil && a.staff && p.account != account {
		return false
	}
	return p.account != "" && p.account == account || p.key != "" && p.key == key || p.addr.IsValid() && p.addr == addr
}

// banned returns the penalty that keeps c, under a name, out of a room, or out of the
// server if room is "".
func (m *model) banned(c *conn, key, account, room string) *penalty {
	return m.inForce(func(p *penalty) bool {
		return p.ban && (p.room == "" || fold(p.room) == fold(room)) && m.appliesTo(p, key, account, c.addr)
	})
}

// bannedName returns the penalty that keeps c from taking a name.
func (m *model) bannedName(c *conn, key string) *penalty {
	return m.inForceOrIn(c, func(p *penalty) bool { return p.ban && p.key == key })
}

// inForceOrIn returns the first penalty for which which returns true, among those that
// apply everywhere and then those of the rooms of c.
func (m *model) inForceOrIn(c *conn, which func(*penalty) bool) *penalty {
	found := m.inForce(func(p *penalty) bool { return p.room == "" && which(p) })
	for _, r := range c.rooms {
		if found == nil {
			found = m.inForce(func(p *penalty) bool { return p.room == r.name && which(p) })
		}
	}
	return found
}

// muted returns the penalty that keeps c from speaking in a room, or everywhere
// if room is "". Once noticed it stays with c.
func (m *model) muted(c *conn, room string) *penalty {
	found := m.inForce(func(p *penalty) bool {
		applies := m.appliesTo(p, c.key(), c.who.account, netip.Addr{}) || !c.staff() && slices.Contains(c.held, p.number)
		return !p.ban && p.room == room && applies && (room == "" || !c.staff())
	})
	if found != nil {
		c.held = append(c.held, found.number)
	}
	return found
}

// silenced returns why c may not speak in the rooms, or anywhere if there are none.
func (m *model) silenced(c *conn, rooms ...*place) string {
	if p := m.muted(c, ""); p != nil {
		return "you are muted" + p.words(m.now)
	}
	for _, r := range rooms {
		if p := m.muted(c, r.name); p != nil {
			return "you are muted in " + r.name + p.words(m.now)
		}
	}
	return ""
}

// keptOut returns why a user who was kicked may not enter a room yet, or "".
func (m *model) keptOut(key, account string, addr netip.Addr, room string) string {
	for _, p := range m.kicks {
		applies := p.account != "" && p.account == account || p.key != "" && p.key == key || account == "" && p.addr.IsValid() && p.addr == addr
		if p.room == room && applies && m.now.Before(p.until) {
			return fmt.Sprintf("you were kicked from %s: you may come back in %s", p.room, counted(int(p.until.Sub(m.now)/time.Second), "second"))
		}
	}
	return ""
}

// runs reports whether c is an operator of a room.
func (m *model) runs(c *conn, r *place) bool {
	return r != nil && (r.founder != "" && r.founder == c.who.account || r.host == c)
}

// isStaffTo reports whether c may write to a user although c is muted.
func (m *model) isStaffTo(c *conn, key string) bool {
	a := m.account(key)
	return a != nil && (a.staff || slices.ContainsFunc(c.rooms, func(r *place) bool { return r.founder == key }))
}

// hidden reports whether a message is hidden, because its author is banned.
func (m *model) hidden(l message) bool {
	return m.inForce(func(p *penalty) bool {
		return p.ban && (p.room == "" || p.room == l.room) && p.saidBy(l)
	}) != nil
}

// saidBy reports whether a message is by the name or account of the penalty.
func (p *penalty) saidBy(l message) bool {
	if l.account != "" {
		return p.account == l.account
	}
	return p.key != "" && p.key == fold(l.name)
}

// redaction is /redact: of one message by number, even an own one, or of all
// messages of a user in the room.
func (m *model) redaction(c *conn, what string) {
	r := c.current
	runs := c.staff() || m.runs(c, r)
	if what[0] > '9' {
		if runs {
			m.moderate(c, "redact", what, "")
		} else {
			c.tell("you can delete your own messages only: /redact deletes the last one, /redact ID another one")
		}
		return
	}
	i := slices.IndexFunc(m.live.messages, func(l message) bool { return fmt.Sprint(m.ids[l.body]) == what })
	if i >= 0 && m.live.messages[i].room == r.name && !runs {
		l := m.live.messages[i]
		lately := slices.ContainsFunc(r.recent[max(0, len(r.recent)-50):], func(o message) bool { return o.number == l.number })
		switch {
		case l.account == "" && (l.by != c || !lately), l.account != "" && l.account != c.who.account:
			c.tell("message #%s is not yours: only room operators and moderators may delete it", what)
			return
		case m.now.Sub(l.at) > 15*time.Minute:
			c.tell("a message can be deleted for 15 minutes after it was sent, and that time is over")
			return
		}
	}
	m.redactOne(c, what, i)
}

// moderate carries out the commands of room operators and moderators.
func (m *model) moderate(c *conn, word, first, more string) {
	owns := m.runs(c, c.current)
	if !c.staff() && !owns {
		c.tell("/%s needs a room operator or a moderator", word)
		return
	}
	if c.current == nil && word != "ban" && word != "unban" {
		c.tell("you are not in a room: /join #ROOM enters one")
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
	}
	p := penalty{room: where, target: first, key: fold(first), reason: more}
	if a := m.account(p.key); a != nil {
		p.account = a.key
	}
	if word != "kick" && len(more) >= 2 && more[:2] == "1m" {
		p.until, p.reason = m.now.Add(time.Minute), ""
		if len(more) > 3 {
			p.reason = more[3:]
		}
	}
	may := func() bool {
		if why := m.silenced(c, c.current); p.reason != "" && why != "" && !c.staff() {
			c.tell("%s", why)
			return false
		}
		return true
	}
	if word == "ban" && !may() {
		return
	}
	if a := m.account(fold(first)); a != nil && a.staff {
		c.tell("%s is a moderator: you may not do that", a.name)
		return
	}
	if word == "kick" && len(m.here(p.key, c.current)) == 0 {
		c.tell("there is no user %s here", p.target)
		return
	}
	if word != "ban" && !may() {
		return
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
		c.tell("%s is not banned or muted: /bans lists who is", target)
		return
	}
	word := "unmuted"
	if ban {
		word = "unbanned"
	}
	if where != "" {
		word += " in " + where
	}
	m.onceSavedAlways(c, func() {
		for _, p := range ended {
			for _, t := range m.conns {
				if !p.ban && t.who != nil && m.appliesTo(&p, t.key(), t.who.account, t.addr) {
					m.post(t, func() { t.tell("you may speak again%s", p.place()) })
				}
			}
		}
	}, func() { c.tell("%s is %s", target, word) })
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
		if t.who != nil && slices.ContainsFunc(list, func(q penalty) bool { return m.appliesTo(&q, t.key(), t.who.account, t.addr) }) {
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
	if room != nil {
		out = slices.DeleteFunc(out, func(t *conn) bool { return !slices.Contains(room.seats, t) })
	}
	term := p.term(m.now)
	m.onceSavedAlways(c, func() {
		for _, t := range out {
			m.post(t, func() { m.expel(t, room, why) })
		}
	}, func() { c.tell("%s is banned%s", p.target, term) })
}

// withhold removes messages from what new members see, and from what was not
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

// expel removes t from a room, or from the server if t is in no other.
func (m *model) expel(t *conn, r *place, why string) {
	if r != nil && slices.Contains(t.rooms, r) {
		m.forgetRoom(t, r)
	}
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
	if p.reason != "" {
		why += ": " + p.reason
	}
	term := penalty{room: r.name, key: p.key, account: p.account, until: m.now.Add(time.Minute)}
	m.kicks = append(m.kicks, term)
	for _, t := range out {
		if t.who.account == "" {
			m.kicks = append(m.kicks, penalty{room: r.name, addr: t.addr, until: term.until})
		}
	}
	m.onceSavedAlways(c, func() {
		for _, t := range out {
			m.post(t, func() { m.expel(t, r, why) })
		}
	}, func() {})
}

func (m *model) mute(c *conn, p penalty) {
	if p.account == "" && len(m.here(p.key, nil)) == 0 {
		c.tell("there is no user %s", p.target)
		return
	}
	m.mutes++
	p.number = m.mutes
	m.live.sanctions = append(slices.Clone(m.live.sanctions), p)
	words := p.place() + p.words(m.now)
	var silenced []*conn
	for _, t := range m.conns {
		if t.who != nil && m.appliesTo(&p, t.key(), t.who.account, t.addr) {
			silenced = append(silenced, t)
			m.post(t, func() { t.held = append(t.held, p.number) })
		}
	}
	term := p.term(m.now)
	m.onceSavedAlways(c, func() {
		for _, t := range silenced {
			m.post(t, func() { t.tell("you are muted%s", words) })
		}
	}, func() { c.tell("%s is muted%s", p.target, term) })
}

// redact deletes all messages of a user in the room.
func (m *model) redact(c *conn, p penalty) {
	r := c.current
	m.withhold(r, p.saidBy)
	m.unsend(r, func(i item) bool { return i.key == p.key })
	m.live.messages = slices.DeleteFunc(slices.Clone(m.live.messages), func(l message) bool {
		return l.room == r.name && p.saidBy(l)
	})
	m.onceSaved(c, func() { m.publish(r, nil, 0, "*** "+c.who.name+" deleted the messages of "+p.target+"\r\n") })
}

// redactOne deletes a message, the i-th of all if i is not negative.
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
	m.onceSaved(c, func() { m.publish(r, nil, 0, "*** "+c.who.name+" deleted message #"+number+"\r\n") })
}
