package server_test

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// The reference model: who is here under which name, in which rooms, and what each
// connection has to be sent, as simply as it can be said. It takes in lines as the
// server does, one at a time. Names are equal without case. It knows the commands
// that the conversations below use, no limits, and one process.
type model struct {
	now   time.Time
	live  kept // what is to be kept
	disk  kept // what is: it was committed
	conns []*conn
	names map[string]*someone // by key
	rooms map[string]*place   // by key
	ids   map[string]uint64   // the server's numbers of messages, by what they say
	said  int                 // messages so far
	mutes int                 // so far
	// posted is what happens when the line has been dealt with, and saved when all
	// is on disk.
	posted, saved []func()
}

// kept is what outlasts the process. Values in it are replaced, never changed.
type kept struct {
	accounts  []registered
	owned     []ownedRoom
	messages  []message // as they were said
	sanctions []penalty
	mail      []letter
}

func (k kept) clone() kept {
	return kept{
		slices.Clone(k.accounts), slices.Clone(k.owned), slices.Clone(k.messages), slices.Clone(k.sanctions), slices.Clone(k.mail),
	}
}

type registered struct {
	name, key, password string
	staff               bool
	ignores             map[string]bool
}

type ownedRoom struct {
	name    string
	founder string // the key of an account
	created time.Time
}

type message struct {
	number  int
	room    string
	name    string
	account string // key, "" for a guest
	body    string
	text    string // as it is shown
	at      time.Time
	by      *conn // nil after a restart
}

type letter struct{ number, to, from, account, text, at string }

// someone uses a name: a guest with one connection, or an account.
type someone struct {
	name, key string
	account   string // key, "" for a guest
	conns     []*conn
}

type place struct {
	name    string
	founder string
	created time.Time
	recent  []message // for newcomers
	seats   []*conn
}

// conn is one connection. who is nil before it has a name.
type conn struct {
	reader
	model    *model
	number   int
	addr     netip.Addr
	who      *someone
	rooms    []*place
	current  *place
	ignores  map[string]bool
	held     []int // mutes that stay whatever the name is, by number
	question func(string)
	shown    []string // mail, by number, that is gone with the next command
	left     bool     // closing: it is sent what is due, and nothing more
}

func newModel(now time.Time, accounts ...registered) *model {
	m := &model{now: now, live: kept{accounts: accounts}, ids: map[string]uint64{}}
	m.disk = m.live.clone()
	m.restart()
	return m
}

// restart is a new process over what is on disk.
func (m *model) restart() {
	m.live = m.disk.clone()
	for i := range m.live.messages {
		m.live.messages[i].by = nil
	}
	m.conns, m.names, m.posted, m.saved = nil, map[string]*someone{}, nil, nil
	m.rooms = map[string]*place{"#lobby": {name: "#lobby"}}
	for _, o := range m.live.owned {
		m.rooms[fold(o.name)] = &place{name: o.name, founder: o.founder, created: o.created}
	}
	for _, r := range m.rooms {
		for _, l := range m.live.messages {
			if l.room == r.name && !l.at.Before(r.created) {
				r.recent = append(r.recent, l)
			}
		}
	}
}

// settle does what was posted, saves, and does what waited for that.
func (m *model) settle(save bool) {
	for len(m.posted) > 0 || save && len(m.saved) > 0 {
		next := &m.posted
		if len(m.posted) == 0 {
			next = &m.saved
		}
		do := (*next)[0]
		*next = (*next)[1:]
		do()
	}
	if save {
		m.disk = m.live.clone()
	}
}

func (m *model) post(c *conn, do func()) {
	m.posted = append(m.posted, func() {
		if !c.left {
			do()
		}
	})
}

// keep tells c something once all is saved.
func (m *model) keep(c *conn, then func()) {
	m.saved = append(m.saved, func() {
		if !c.left {
			then()
		}
	})
}

func fold(name string) string { return strings.ToLower(name) }

func (m *model) account(key string) *registered {
	for i := range m.live.accounts {
		if a := &m.live.accounts[i]; a.key == key {
			return a
		}
	}
	return nil
}

const asking = "Enter username : "

func (m *model) connect(number int, addr netip.Addr) *conn {
	c := &conn{model: m, number: number, addr: addr, ignores: map[string]bool{}}
	m.conns = append(m.conns, c)
	c.show("*** Welcome to test.\r\n" + asking)
	return c
}

// show has c alone be sent text.
func (c *conn) show(text string) { c.add(item{text: text}) }

// tell has c alone be sent a line of the server.
func (c *conn) tell(format string, args ...any) {
	c.show("*** " + fmt.Sprintf(format, args...) + "\r\n")
}

func (c *conn) key() string {
	if c.who == nil {
		return ""
	}
	return c.who.key
}

func (c *conn) account() *registered {
	if c.who == nil || c.who.account == "" {
		return nil
	}
	return c.model.account(c.who.account)
}

func (c *conn) staff() bool { return c.account() != nil && c.account().staff }

// line takes in a line that c has sent.
func (m *model) line(c *conn, text string) {
	naming := c.who == nil
	if q := c.question; q != nil {
		c.question = nil
		q(text)
	} else if naming && !strings.HasPrefix(text, "/") {
		m.giveName(c, text)
	} else {
		m.run(c, text)
	}
	if c.who == nil && c.question == nil && !c.left {
		c.show(asking)
	}
}

// run carries out a line: a command, or something to say.
func (m *model) run(c *conn, text string) {
	m.live.mail = slices.DeleteFunc(m.live.mail, func(l letter) bool { return slices.Contains(c.shown, l.number) })
	c.shown = nil
	if !strings.HasPrefix(text, "/") {
		m.say(c, text, false)
		return
	}
	word, rest, _ := strings.Cut(text[1:], " ")
	first, more, _ := strings.Cut(rest, " ")
	outside := map[string]func(){
		"register": func() { m.register(c, first) },
		"login":    func() { m.login(c, first) },
		"quit":     func() { m.quit(c, rest) },
	}
	roomless := map[string]func(){
		"nick":     func() { m.nick(c, first) },
		"logout":   func() { m.logout(c) },
		"join":     func() { m.join(c, first) },
		"msg":      func() { m.private(c, first, more) },
		"ignore":   func() { m.ignore(c, first) },
		"unignore": func() { m.unignore(c, first) },
	}
	inRoom := map[string]func(){
		"me":      func() { m.say(c, rest, true) },
		"leave":   func() { m.leave(c, first) },
		"history": func() { m.history(c) },
	}
	switch {
	case outside[word] != nil:
		outside[word]()
	case c.who == nil:
		c.tell("/%s needs a name: give yours first", word)
	case roomless[word] != nil:
		roomless[word]()
	case inRoom[word] != nil && c.current == nil:
		c.tell("you are in no room: /join #ROOM enters one")
	case inRoom[word] != nil:
		inRoom[word]()
	default:
		m.moderate(c, word, first, more)
	}
}

// giveName is what is typed at the prompt.
func (m *model) giveName(c *conn, name string) {
	if m.account(fold(name)) != nil {
		m.authenticate(c, name)
		return
	}
	if m.names[fold(name)] != nil {
		c.tell("that name is taken")
		return
	}
	if p := m.banned(c, fold(name), "", ""); p != nil {
		c.tell("you are banned%s", p.words(m.now))
		return
	}
	m.call(c, name)
	m.muted(c, "")
	m.enter(c, "#lobby")
}

// call makes c a guest of that name.
func (m *model) call(c *conn, name string) {
	m.forget(c)
	c.who = &someone{name: name, key: fold(name), conns: []*conn{c}}
	m.names[c.who.key] = c.who
}

// forget takes c from who it was.
func (m *model) forget(c *conn) {
	if c.who == nil {
		return
	}
	c.who.conns = without(c.who.conns, c)
	if len(c.who.conns) == 0 {
		delete(m.names, c.who.key)
	}
	c.who = nil
}

func without[T comparable](list []T, what T) []T {
	return slices.DeleteFunc(slices.Clone(list), func(o T) bool { return o == what })
}

// goes takes c out of the chat. What is due to it is still sent.
func (m *model) goes(c *conn, reason string) {
	for _, r := range slices.Clone(c.rooms) {
		m.depart(c, r, reason)
	}
	m.forget(c)
	c.left = true
	m.conns = without(m.conns, c)
}

func (m *model) quit(c *conn, reason string) {
	m.goes(c, reason)
	c.tell("goodbye")
}

// A view is an event of a room: c has caused it, nil for the server.
func (m *model) publish(r *place, c *conn, number int, text string, unseen ...string) {
	if c != nil {
		unseen = append(unseen, c.key())
	}
	for _, o := range r.seats {
		if o == c {
			continue
		}
		shown := text
		if o.current != r && len(o.rooms) > 1 {
			shown = r.name + " " + text
		}
		hidden := slices.ContainsFunc(unseen, func(key string) bool { return o.ignores[key] })
		o.add(item{room: r, text: shown, author: c, line: number, hidden: hidden})
	}
}

// announce is publish for what each sees in his current room only.
func (m *model) announce(r *place, text string) {
	for _, o := range r.seats {
		if o.current == r {
			o.add(item{room: r, text: text})
		}
	}
}

func (m *model) say(c *conn, text string, action bool) {
	r := c.current
	if r == nil {
		c.tell("you are in no room: /join #ROOM enters one")
		return
	}
	if p := m.muted(c, ""); p != nil {
		c.tell("you are muted%s", p.words(m.now))
		return
	}
	if p := m.muted(c, r.name); p != nil {
		c.tell("you are muted in %s%s", r.name, p.words(m.now))
		return
	}
	m.said++
	shown := c.who.name + ": " + text
	if action {
		shown = "* " + c.who.name + " " + text
	}
	l := message{number: m.said, room: r.name, name: c.who.name, account: c.who.account, body: text, text: shown, at: m.now, by: c}
	m.live.messages = append(m.live.messages, l)
	r.recent = append(r.recent, l)
	m.publish(r, c, l.number, shown+"\r\n")
}

// enter has c enter a room, which is made if there is none.
func (m *model) enter(c *conn, name string) {
	if p := m.banned(c, c.key(), c.who.account, name); p != nil {
		c.tell("you are banned from %s%s", name, p.words(m.now))
		return
	}
	r := m.rooms[fold(name)]
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
			past.WriteString(l.text + "\r\n")
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

func counted(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprint(n) + " " + what
}
