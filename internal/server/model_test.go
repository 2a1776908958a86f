package server_test

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// The reference model: who is here under which name, in which rooms, and what each
// connection has to be sent, as simply as possible. It processes lines as the
// server does, one at a time. Names are case-insensitive. It knows the commands
// that the conversations below use, no limits, and one process.
type model struct {
	now   time.Time
	live  persistent // the current state
	disk  persistent // the committed state
	conns []*conn
	names map[string]*someone // by key
	rooms map[string]*place   // by key
	ids   map[string]uint64   // the server's numbers of messages, by what they say
	said  int                 // messages so far
	mutes int                 // so far
	kicks []penalty           // who was kicked
	// posted runs when the line has been processed, and saved when everything is
	// on disk.
	posted, saved []func()
}

// persistent is the state that outlasts the process. Values in it are replaced, never
// changed.
type persistent struct {
	accounts  []registered
	owned     []ownedRoom
	messages  []message // as they were said
	sanctions []penalty
	mail      []letter
}

func (k persistent) clone() persistent {
	return persistent{
		slices.Clone(k.accounts), slices.Clone(k.owned), slices.Clone(k.messages), slices.Clone(k.sanctions), slices.Clone(k.mail),
	}
}

type registered struct {
	name, key, password string
	staff               bool
	stamps              bool // shown the time before each line
	ignores             map[string]bool
	rooms               []string // to enter at the next login
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
	host    *conn // the guest who created it, unless they have left
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
	stamps   bool
	held     []int // mutes that stay even if the name changes, by number
	question func(string)
	shown    []string // mail, by number, that is deleted with the next command
	waits    bool     // for the disk
	later    []string // lines that wait, too
	left     bool     // closing: only what is due is sent
}

func newModel(now time.Time, accounts ...registered) *model {
	m := &model{now: now, live: persistent{accounts: accounts}, ids: map[string]uint64{}}
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
	m.kicks = nil
	m.conns, m.names, m.posted, m.saved = nil, map[string]*someone{}, nil, nil
	m.rooms = map[string]*place{"#lobby": {name: "#lobby"}}
	for _, o := range m.live.owned {
		m.rooms[fold(o.name)] = &place{name: o.name, founder: o.founder, created: o.created}
	}
	m.endBansWithoutRoom()
	for _, r := range m.rooms {
		for _, l := range m.live.messages {
			if l.room == r.name && !l.at.Before(r.created) && !m.hidden(l) {
				r.recent = append(r.recent, l)
			}
		}
	}
}

// settle runs what was posted, saves, and runs what waited for that.
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

// onceSaved calls then once everything is saved. Input from c waits for that.
func (m *model) onceSaved(c *conn, then func()) {
	c.waits = true
	m.saved = append(m.saved, func() { m.resume(c, then) })
}

// onceSavedAlways is onceSaved with a function that is called before, even if c has left by
// then.
func (m *model) onceSavedAlways(c *conn, always, then func()) {
	c.waits = true
	m.saved = append(m.saved, func() {
		always()
		m.posted = append(m.posted, func() { m.resume(c, then) })
	})
}

// resume processes what c has sent while it waited.
func (m *model) resume(c *conn, then func()) {
	if c.left {
		return
	}
	c.waits = false
	then()
	lines := c.later
	c.later = nil
	for _, text := range lines {
		m.line(c, text)
	}
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

// show sends text to c alone.
func (c *conn) show(text string) { c.add(item{text: text}) }

// tell sends a line of the server to c alone.
func (c *conn) tell(format string, args ...any) {
	c.show("*** " + fmt.Sprintf(format, args...) + "\r\n")
}

// stamp returns the time before a line, if c has timestamps on.
func (c *conn) stamp(at time.Time) string {
	if !c.stamps {
		return ""
	}
	return at.Format("[15:04] ")
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

// line processes a line that c has sent.
func (m *model) line(c *conn, text string) {
	if c.left {
		return
	}
	if c.waits {
		c.later = append(c.later, text)
		return
	}
	naming := c.who == nil
	if q := c.question; q != nil {
		c.question = nil
		q(text)
	} else if naming && !strings.HasPrefix(text, "/") {
		m.giveName(c, text)
	} else {
		m.run(c, text)
	}
	if c.who == nil && c.question == nil && !c.waits && !c.left {
		c.show(asking)
	}
}

// run carries out a line: a command or a message.
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
		"set":      func() { m.set(c, more) },
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
		"redact":  func() { m.redaction(c, first) },
		"room":    func() { m.deleteRoom(c, more) },
		"history": func() { m.history(c) },
	}
	switch {
	case outside[word] != nil:
		outside[word]()
	case c.who == nil:
		c.tell("/%s needs a name: enter yours first", word)
	case roomless[word] != nil:
		roomless[word]()
	case inRoom[word] != nil && c.current == nil:
		c.tell("you are not in a room: /join #ROOM enters one")
	case inRoom[word] != nil:
		inRoom[word]()
	default:
		m.moderate(c, word, first, more)
	}
}

// giveName processes a line typed at the prompt.
func (m *model) giveName(c *conn, name string) {
	if m.account(fold(name)) != nil {
		m.authenticate(c, name, 3)
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
	if why := m.keptOut(fold(name), "", c.addr, "#lobby"); why != "" {
		c.tell("%s", why)
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

// forget removes c from the user it was.
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

// goes removes c from the chat. What is due to it is still sent.
func (m *model) goes(c *conn, reason string) {
	for _, r := range slices.Clone(c.rooms) {
		m.depart(c, r, reason)
	}
	m.forget(c)
	c.left = true
	m.conns = without(m.conns, c)
}

func (m *model) quit(c *conn, reason string) {
	if c.who != nil && m.silenced(c, c.rooms...) != "" {
		reason = ""
	}
	m.goes(c, reason)
	c.tell("goodbye")
}

// publish shows an event to a room. c, nil for the server, has caused it under its
// current name.
func (m *model) publish(r *place, c *conn, number int, text string) {
	key := ""
	if c != nil {
		key = c.key()
	}
	m.publishAs(r, c, key, number, text)
}

func (m *model) publishAs(r *place, c *conn, key string, number int, text string) {
	for _, o := range r.seats {
		if o == c {
			continue
		}
		shown := text
		if o.current != r && len(o.rooms) > 1 {
			shown = r.name + " " + text
		}
		o.add(item{room: r, text: o.stamp(m.now) + shown, author: c, key: key, line: number, hidden: o.ignores[key]})
	}
}

// announce is publish for events that each member sees in their current room only.
func (m *model) announce(r *place, text string) {
	for _, o := range r.seats {
		if o.current == r {
			o.add(item{room: r, text: o.stamp(m.now) + text})
		}
	}
}

func (m *model) say(c *conn, text string, action bool) {
	r := c.current
	if r == nil {
		c.tell("you are not in a room: /join #ROOM enters one")
		return
	}
	if why := m.silenced(c, r); why != "" {
		c.tell("%s", why)
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

func counted(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprint(n) + " " + what
}
