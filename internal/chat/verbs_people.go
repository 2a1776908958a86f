package chat

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sudoXpg/netloop/internal/flood"
	"github.com/sudoXpg/netloop/internal/names"
)

const (
	// maxAway is the length of the longest reason to be away, in characters.
	maxAway = 100
	// maxIgnored is how many names one can ignore.
	maxIgnored = 100
)

func msg(c *Call) { c.private(c.Args[0], c.Args[1]) }

func reply(c *Call) {
	x := c.Member.more
	if x == nil || x.reply == "" {
		c.Member.refuse("nobody has written to you: /msg NAME TEXT")
		return
	}
	c.private(x.reply, c.Args[0])
}

// private sends text to one person.
func (c *Call) private(to, text string) {
	h, m := c.Hub, c.Member
	if m.marked(gone) {
		return
	}
	if why := h.unheard(m, nil, c.Now); why != "" {
		m.refuse(why)
		return
	}
	if !h.lets(m, c.Now, func(s *flood.State, l *flood.Limits, newcomer bool) flood.Verdict {
		return s.Private(c.Now, text, l, newcomer)
	}) {
		return
	}
	h.mu.Lock()
	p, err := h.present(to)
	a, registered := h.named(to)
	var targets []*Member
	var name, away string
	if err == nil {
		targets, name, away = slices.Clone(p.members), p.name.Display, p.away
	}
	h.mu.Unlock()
	switch {
	case err == nil:
		h.echo(m, name, text)
		if !m.marked(shadowed) {
			deliver(m, targets, text)
		}
		if away != "" {
			m.tell(name + " is away: " + away)
		}
	case registered:
		h.post(m, a, text)
	default:
		m.refuse(err.Error())
	}
}

// deliver shows a private message to all connections of a person.
func deliver(m *Member, targets []*Member, text string) {
	from, key, now := m.Name(), m.who.name.Key, m.out.Now()
	for _, t := range targets {
		t.out.Post(func() {
			if t.ignores(key) {
				return
			}
			t.rest().reply = from
			t.out.Deliver(Event{Kind: Private, Name: from, Body: text, Time: now})
		})
	}
}

// echo shows m, at all its connections, what it has said in private.
func (h *Hub) echo(m *Member, to, text string) {
	e := Event{Kind: Sent, Name: to, Body: text, Time: m.out.Now()}
	m.out.Deliver(e)
	for _, o := range h.others(m) {
		o.out.Post(func() { o.out.Deliver(e) })
	}
}

// others are the other connections of the same person.
func (h *Hub) others(m *Member) []*Member {
	if m.account() == 0 {
		return nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return without(m.who.members, m)
}

// post keeps a private message until the next log-in of an account.
func (h *Hub) post(m *Member, a *account, text string) {
	if h.options.Archive == nil {
		m.refuse(a.Name + " is not here")
		return
	}
	if m.marked(shadowed) {
		h.echo(m, a.Name, text)
		m.tell(a.Name + " is not here, and will see it at the next log-in")
		return
	}
	var waiting []Mail
	var err error
	h.work(m, Disk, func() { waiting, err = h.options.Archive.Mail(a.ID, maxMail) }, func() {
		switch {
		case err != nil:
			m.refuse("it can't be kept for " + a.Name + ": " + err.Error())
			return
		case len(waiting) >= maxMail:
			m.refuse(fmt.Sprintf("%d messages wait for %s already, which is the most", maxMail, a.Name))
			return
		}
		mail := Mail{ID: h.nextID(), To: a.ID, FromAccount: m.account(), From: m.Name(), Body: text, Time: m.out.Now()}
		h.kept(m, func(err error) {
			if err != nil {
				m.refuse("it was not saved, and " + a.Name + " is not here: " + Reason(err))
				return
			}
			h.echo(m, a.Name, text)
			m.tell(a.Name + " is not here, and will see it at the next log-in")
		}, mail)
	})
}

func whois(c *Call) {
	h, m := c.Hub, c.Member
	h.mu.Lock()
	p, err := h.present(c.Args[0])
	a, registered := h.named(c.Args[0])
	var lines []string
	if err == nil {
		lines = append(lines, p.describe(c.Now))
	}
	if registered && err != nil {
		lines = append(lines, fmt.Sprintf("%s is a registered %s and not here, last seen %s ago", a.Name, a.Role, inWords(c.Now.Sub(a.Seen))))
	}
	var targets []*Member
	if err == nil {
		targets = slices.Clone(p.members)
	}
	h.mu.Unlock()
	if len(lines) == 0 {
		m.refuse(err.Error())
		return
	}
	for _, t := range targets {
		if m.role() < Moderator { // the addresses of others are nobody's business
			break
		}
		if from := t.out.Addr(); from.IsValid() {
			lines = append(lines, fmt.Sprintf("connection %d from %s", t.id, from))
		} else {
			lines = append(lines, fmt.Sprintf("connection %d from this machine", t.id))
		}
	}
	for _, line := range lines {
		m.tell(line)
	}
}

// describe says in one line who p is. Hub.mu is held.
func (p *person) describe(now time.Time) string {
	what := "a guest"
	if p.account != nil {
		what = "a registered " + p.account.Role.String()
	}
	line := fmt.Sprintf("%s is %s, with %s", p.name.Display, what, count(len(p.members), "connection"))
	if idle := p.idle(now); idle >= idleAfter {
		line += ", idle " + inWords(idle)
	}
	if p.away != "" {
		line += ", away: " + p.away
	}
	return line
}

func goAway(c *Call) {
	why := c.arg(0)
	switch {
	case why == "":
		why = "no reason given"
	case len([]rune(why)) > maxAway:
		c.Member.refuse(fmt.Sprintf("that has more than %d characters", maxAway))
		return
	}
	c.setAway(why)
	c.Member.tell("you are away: " + why + " (/back when you are not any more)")
}

func back(c *Call) {
	if c.setAway("") == "" {
		c.Member.refuse("you were not away")
		return
	}
	c.Member.tell("you are back")
}

func (c *Call) setAway(why string) (before string) {
	c.Hub.mu.Lock()
	defer c.Hub.mu.Unlock()
	before, c.Member.who.away = c.Member.who.away, why
	return before
}

// ignores tells whether m ignores the name of that key.
func (m *Member) ignores(key string) bool {
	return m.ignored()[key]
}

func ignore(c *Call) {
	m := c.Member
	if len(c.Args) == 0 {
		var keys []string
		for key := range m.ignored() {
			keys = append(keys, key)
		}
		slices.Sort(keys)
		if len(keys) == 0 {
			m.tell("you ignore nobody")
			return
		}
		m.tell("you ignore " + strings.Join(keys, ", "))
		return
	}
	name, err := names.Parse(c.Args[0])
	switch {
	case err != nil:
		m.refuse(Reason(err))
	case name.Key == m.who.name.Key:
		m.refuse("that is you")
	case m.ignores(name.Key):
		m.refuse("you ignore " + name.Display + " already")
	case len(m.ignored()) >= maxIgnored:
		m.refuse(fmt.Sprintf("you ignore %d people, which is the most", maxIgnored))
	default:
		c.Hub.setIgnored(m, name.Key, true)
		m.tell("you see nothing of " + name.Display + " any more: /unignore " + name.Display + " takes that back")
	}
}

func unignore(c *Call) {
	m := c.Member
	key := fold(c.Args[0])
	if !m.ignores(key) {
		m.refuse("you don't ignore " + clip(c.Args[0]))
		return
	}
	c.Hub.setIgnored(m, key, false)
	m.tell("you see " + clip(c.Args[0]) + " again")
}

// setIgnored changes whom m ignores, at all connections of the person.
func (h *Hub) setIgnored(m *Member, key string, yes bool) {
	set := make(map[string]bool, len(m.ignored())+1)
	for k := range m.ignored() {
		set[k] = true
	}
	if delete(set, key); yes {
		set[key] = true
	}
	h.adoptIgnored(m, set)
	for _, o := range h.others(m) {
		o.out.Post(func() { h.adoptIgnored(o, set) })
	}
	if m.account() == 0 {
		return
	}
	var list []string
	for k := range set {
		list = append(list, k)
	}
	slices.Sort(list)
	h.mu.Lock()
	defer h.mu.Unlock()
	a := m.who.account
	a.Ignores = list
	h.keep(a.Account)
}

// adoptIgnored has m ignore the names in set, which is not changed any more.
func (h *Hub) adoptIgnored(m *Member, set map[string]bool) {
	was := m.ignored()
	m.rest().ignored = set
	for _, s := range m.seats() {
		for key := range was {
			if !set[key] {
				m.out.Ignore(s.room, key, false)
			}
		}
		for key := range set {
			if !was[key] {
				m.out.Ignore(s.room, key, true)
			}
		}
	}
}

// A setting is a row of the table of what /set can change.
type setting struct {
	name, values string
	show         func(*Settings) string
	set          func(h *Hub, s *Settings, value string) error
}

func settingsTable() []setting {
	sw := func(name, values string, field func(*Settings) *bool) setting {
		return setting{
			name: name, values: values,
			show: func(s *Settings) string { return onOrOff(*field(s)) },
			set:  func(_ *Hub, s *Settings, v string) error { return setSwitch(field(s), v) },
		}
	}
	return []setting{
		sw("timestamps", "on or off: the time before each line", func(s *Settings) *bool { return &s.Timestamps }),
		sw("colour", "on or off: names in colour", func(s *Settings) *bool { return &s.Colour }),
		sw("bell", "on or off: private messages ring", func(s *Settings) *bool { return &s.Bell }),
		sw("receipts", "on or off: you are told when a line of yours is saved", func(s *Settings) *bool { return &s.Receipts }),
		{
			name: "zone", values: "the time zone, Europe/Berlin for instance",
			show: func(s *Settings) string {
				if s.Zone == "" {
					return "UTC"
				}
				return s.Zone
			},
			set: func(h *Hub, s *Settings, v string) error {
				if h.options.Zone == nil || h.options.Zone(v) == nil {
					return refusal("there is no time zone %s: Europe/Berlin or UTC are some", clip(v))
				}
				s.Zone = v
				return nil
			},
		},
	}
}

func set(c *Call) {
	h, m := c.Hub, c.Member
	rows, now := settingsTable(), m.Settings()
	if len(c.Args) == 0 {
		for _, row := range rows {
			m.tell(fmt.Sprintf("%-10s %-10s %s", row.name, row.show(&now), row.values))
		}
		return
	}
	i := slices.IndexFunc(rows, func(row setting) bool { return strings.EqualFold(row.name, c.Args[0]) })
	switch {
	case i < 0:
		m.refuse("no setting " + clip(c.Args[0]) + ": /set lists them")
		return
	case len(c.Args) < 2:
		m.refuse("usage: /set " + rows[i].name + " VALUE: " + rows[i].values)
		return
	}
	if err := rows[i].set(h, &now, c.Args[1]); err != nil {
		m.refuse(Reason(err))
		return
	}
	m.adopt(&now)
	for _, o := range h.others(m) {
		o.out.Post(func() { o.adopt(&now) })
	}
	if m.account() != 0 {
		h.mu.Lock()
		m.who.account.Settings = now
		h.keep(m.who.account.Account)
		h.mu.Unlock()
	}
	m.tell(rows[i].name + " is " + rows[i].show(&now) + " now")
}

// adopt takes over settings, which are not changed any more.
func (m *Member) adopt(s *Settings) {
	m.rest().settings = s
	m.out.Adapt()
}
