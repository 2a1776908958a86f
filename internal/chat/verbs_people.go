package chat

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/sudoXpg/netloop/internal/charset"
	"github.com/sudoXpg/netloop/internal/names"
)

const (
	// maxAway is the length of the longest reason to be away, in characters.
	maxAway = 100
	// maxIgnored is how many names a member can ignore.
	maxIgnored = 100
)

func msg(c *Call) {
	c.Hub.private(c.Member, Line{Kind: Say, To: c.Args[0], Text: c.Args[1]}, c.Now)
}

func reply(c *Call) {
	x := c.Member.more
	if x == nil || x.reply == "" {
		c.Member.refuse(note("nobody-to-answer"))
		return
	}
	c.Hub.private(c.Member, Line{Kind: Say, To: x.reply, Text: c.Args[0]}, c.Now)
}

// private sends a message to one person. If there is a CID, m is told when that is done.
func (h *Hub) private(m *Member, l Line, now time.Time) {
	if m.marked(gone) {
		return
	}
	to := m.known(l.To)
	why := h.silenced(m, now)
	pleads := why != nil && h.isStaffTo(m, to)
	if why != nil && !pleads {
		m.refuse(why)
		return
	}
	if !h.allow(m, sayingInPrivate, l.Text, now) {
		return
	}
	var may audience
	if pleads {
		l.Text, may = h.conclude(m, h.filter(m, l.Text), now)
	} else {
		l.Text, may = h.publishable(m, l.Text, now)
	}
	if may == nobody {
		return
	}
	h.mu.Lock()
	p, err := h.present(to)
	a, registered := h.named(to)
	var targets []*Member
	var name, reason string
	var away bool
	if err == nil {
		targets, name = p.members.clone(), p.nameFor(m)
		reason, away = p.awayFor(m)
	}
	h.mu.Unlock()
	// A registered user who has lost all connections gets mail.
	here := err == nil && (!registered || slices.ContainsFunc(targets, func(t *Member) bool { return !t.marked(lingering) }))
	switch {
	case here:
		h.echo(m, name, l)
		if may == everybody {
			h.send(targets, Event{Kind: Private, Action: l.Kind == Action, Name: m.Name(), Body: l.Text, Time: m.out.Now()})
		}
		if away {
			m.tell(note("is-away", "name", name, "why", reason))
		}
		h.sent(m, name, l.CID, false)
	case registered:
		h.post(m, a, l, may)
	default:
		m.refuse(Why(err))
	}
}

// sent acknowledges a private message that has a CID.
func (h *Hub) sent(m *Member, to, cid string, stored bool) {
	if cid == "" {
		return
	}
	s := Saved{CID: cid, To: to, Stored: stored}
	r := h.receiptsOf(m)
	r.mu.Lock()
	r.keep(hashCID(cid), receipt{to: to, stored: stored, unstored: true})
	r.mu.Unlock()
	m.out.Answer(s)
}

// echo shows m, at all its connections, the private message that it has sent.
func (h *Hub) echo(m *Member, to string, l Line) {
	e := Event{Kind: Sent, Action: l.Kind == Action, Name: to, Body: l.Text, Time: m.out.Now()}
	m.out.Deliver(e)
	h.toOthers(m, func(o *Member) { o.out.Deliver(e) })
}

// others are the other connections of the same person.
func (h *Hub) others(m *Member) []*Member {
	if m.account() == 0 {
		return nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return without(m.who.members.clone(), m)
}

func whois(c *Call) {
	h, m := c.Hub, c.Member
	h.mu.Lock()
	text := m.known(c.Args[0])
	p, err := h.present(text)
	a, registered := h.named(text)
	var who Person
	var targets []*Member
	switch {
	case err == nil:
		who, targets = h.describe(p, m, c.Now), p.members.clone()
	case registered:
		who = Person{Name: a.Name, Registered: true, Role: a.Role, Seen: c.Now.Sub(a.Seen)}
	}
	h.mu.Unlock()
	switch {
	case err == nil || registered:
	case text != c.Args[0]:
		m.refuse(note("nobody-here", "name", clip(c.Args[0])))
		return
	default:
		m.refuse(Why(err))
		return
	}
	for _, t := range targets {
		if m.role() < Moderator { // addresses are shown to moderators only
			break
		}
		who.Connections = append(who.Connections, Connection{ID: t.id, From: t.out.Addr()})
	}
	m.out.Answer(who)
}

// isStaffTo reports whether a user is staff, or runs a room that m is in: muted
// users may write to them.
func (h *Hub) isStaffTo(m *Member, text string) bool {
	h.mu.Lock()
	a, ok := h.named(text)
	var role Role
	if ok {
		role = a.Role
	}
	h.mu.Unlock()
	return ok && (role >= Moderator || slices.ContainsFunc(m.everywhere(), func(r *Room) bool { return r.runBy(a.ID) }))
}

// nameFor and awayFor return what m is shown of p: of itself, what it believes. Hub.mu
// is held.
func (p *person) nameFor(m *Member) string {
	if m.who == p {
		return m.OwnName()
	}
	return p.name.Display()
}

func (p *person) awayFor(m *Member) (why string, away bool) {
	switch a := p.away.Load(); {
	case a == nil:
		return "", false
	case m.who == p:
		return a.own, true
	default:
		return a.public, true
	}
}

// describe describes p, who is here, to m. Hub.mu is held.
func (h *Hub) describe(p *person, m *Member, now time.Time) Person {
	who := Person{Name: p.nameFor(m), Here: p.members.len()}
	who.Why, who.Away = p.awayFor(m)
	if p.account != nil {
		who.Registered, who.Role = true, p.account.Role
	}
	if idle := h.idle(p, now); idle >= idleAfter {
		who.Idle = idle
	}
	return who
}

func goAway(c *Call) {
	m, why := c.Member, c.arg(0)
	public := ""
	switch {
	case why == "":
	case len([]rune(why)) > maxAway:
		m.refuse(note("away-too-long", "most", maxAway))
		return
	default:
		text, to := c.Hub.publishable(m, why, c.Now, m.everywhere()...)
		if to == nobody {
			return
		}
		if to == everybody {
			public, why = text, text
		}
	}
	c.setAway(&absence{public, why})
	m.tell(note("you-are-away", "why", why))
}

func back(c *Call) {
	if c.setAway(nil) == nil {
		c.Member.refuse(note("not-away"))
		return
	}
	c.Member.tell(note("you-are-back"))
}

// setAway marks c's member as away, or with nil as back, and tells the rooms if that is a change.
func (c *Call) setAway(a *absence) (before *absence) {
	before = c.Member.who.away.Swap(a)
	if same := before == a || before != nil && a != nil && *before == *a; !same {
		c.Hub.announcePresence(c.Member, c.Now)
	}
	return before
}

// ignores reports whether m ignores the name with that key.
func (m *Member) ignores(key string) bool {
	return m.ignored()[key]
}

func ignore(c *Call) {
	m := c.Member
	if len(c.Args) == 0 {
		m.out.Answer(Ignored{slices.Sorted(maps.Keys(m.ignored()))})
		return
	}
	name, err := names.Parse(c.Args[0])
	switch {
	case err != nil:
		m.refuse(Why(err))
	case name.Key == m.who.name.Key():
		m.refuse(note("that-is-you"))
	case m.ignores(name.Key):
		m.refuse(note("ignored-already", "name", name.Display))
	case len(m.ignored()) >= maxIgnored:
		m.refuse(note("too-many-ignored", "most", maxIgnored))
	default:
		c.Hub.setIgnored(m, name.Key, true)
		m.tell(note("ignores", "name", name.Display))
	}
}

func unignore(c *Call) {
	m := c.Member
	key := fold(c.Args[0])
	if !m.ignores(key) {
		m.refuse(note("not-ignored", "name", clip(c.Args[0])))
		return
	}
	c.Hub.setIgnored(m, key, false)
	m.tell(note("unignored", "name", clip(c.Args[0])))
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
	h.toOthers(m, func(o *Member) { h.adoptIgnored(o, set) })
	list := slices.Sorted(maps.Keys(set))
	h.touch(m, func(a *Account) { a.Ignores = list })
}

// adoptIgnored makes m ignore the names in set, which must not change any more.
func (h *Hub) adoptIgnored(m *Member, set map[string]bool) {
	was := m.ignored()
	if len(set) == 0 {
		set = nil
	}
	if set != nil || was != nil {
		m.rest().ignored = set
	}
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

// A setting is a row of the table of settings that /set can change.
type setting struct {
	name   string
	values *Note               // what it can be set to
	also   string              // another spelling of the name
	where  *Note               // the only clients that it works in, which is told when it is turned on
	show   func(*Settings) any // as in SettingEntry.Value
	set    func(h *Hub, s *Settings, value string) error
}

// zoneSetting is the setting whose values are looked up on disk.
const zoneSetting = "zone"

func settingsTable() []setting {
	sw := func(name string, values *Note, field func(*Settings) *bool) setting {
		return setting{
			name: name, values: values,
			show: func(s *Settings) any { return *field(s) },
			set:  func(_ *Hub, s *Settings, v string) error { return setSwitch(field(s), v) },
		}
	}
	colour := sw("colour", note("set-colour"), func(s *Settings) *bool { return &s.Colour })
	colour.also = "color"
	return append([]setting{
		sw("timestamps", note("set-timestamps"), func(s *Settings) *bool { return &s.Timestamps }),
		colour,
		sw("bell", note("set-bell"), func(s *Settings) *bool { return &s.Bell }),
		sw("receipts", note("set-receipts"), func(s *Settings) *bool { return &s.Receipts }),
		{
			name: zoneSetting, values: note("set-zone"),
			show: func(s *Settings) any { return cmp.Or(s.Zone, "UTC") },
			set: func(h *Hub, s *Settings, v string) error {
				if h.options.Zones == nil || h.options.Zones.Known(v) == nil {
					return refusal("no-zone", "zone", clip(v))
				}
				s.Zone = v
				return nil
			},
		},
	}, terminalSettings()...)
}

// terminalSettings are the rows of the table that are about the terminal.
func terminalSettings() []setting {
	return []setting{
		{
			name: "editing", values: note("set-editing"),
			where: note("set-editing-where"),
			show:  func(s *Settings) any { return s.Editing == On },
			set: func(_ *Hub, s *Settings, v string) error {
				var on bool
				err := setSwitch(&on, v)
				if s.Editing = Off; on {
					s.Editing = On
				}
				return err
			},
		},
		{
			name: "charset", values: note("set-charset", "charsets", charset.Names()),
			show: func(s *Settings) any { return cmp.Or(s.Charset, charset.UTF8.String()) },
			set: func(_ *Hub, s *Settings, v string) error {
				c, ok := charset.Parse(v)
				if !ok {
					return refusal("no-charset", "charset", clip(v), "charsets", charset.Names())
				}
				if s.Charset = c.String(); c == charset.UTF8 {
					s.Charset = ""
				}
				return nil
			},
		},
	}
}

func set(c *Call) {
	h, m := c.Hub, c.Member
	rows, now := settingsTable(), m.Settings()
	if len(c.Args) == 0 {
		list := make([]SettingEntry, 0, len(rows))
		for _, row := range rows {
			list = append(list, SettingEntry{row.name, row.show(&now), row.values})
		}
		m.out.Answer(OwnSettings{list})
		return
	}
	i := slices.IndexFunc(rows, func(row setting) bool {
		return strings.EqualFold(row.name, c.Args[0]) || strings.EqualFold(row.also, c.Args[0])
	})
	switch {
	case i < 0:
		m.refuse(note("no-setting", "setting", clip(c.Args[0])))
		return
	case len(c.Args) < 2:
		m.refuse(note("usage-set", "setting", rows[i].name, "values", rows[i].values))
		return
	}
	if rows[i].name == zoneSetting && h.unknownZone(c.Args[1]) {
		h.work(m, Disk, m.claim(), func() { h.options.Zones.Load(c.Args[1]) }, func() { c.change(rows[i]) })
		return
	}
	c.change(rows[i])
}

// unknownZone reports whether a time zone has to be loaded.
func (h *Hub) unknownZone(name string) bool {
	return h.options.Zones != nil && h.options.Zones.Known(name) == nil
}

// change changes one of the settings.
func (c *Call) change(row setting) {
	h, m := c.Hub, c.Member
	now := m.Settings()
	if err := row.set(h, &now, c.Args[1]); err != nil {
		m.refuse(Why(err))
		return
	}
	h.choose(m, now)
	value := row.show(&now)
	var where *Note
	if value == true {
		where = row.where
	}
	m.tell(note("set", "setting", row.name, "value", value, "where", where))
}

// choose applies settings at all connections of m, and stores them for its
// account.
func (h *Hub) choose(m *Member, now Settings) {
	m.adopt(&now)
	h.toOthers(m, func(o *Member) { o.adopt(&now) })
	h.touch(m, func(a *Account) { a.Settings = now })
}

// Offered records that m was asked whether the server is to edit its lines, so
// that it is not asked again.
func (h *Hub) Offered(m *Member) {
	now := m.Settings()
	now.Editing = Off
	h.choose(m, now)
}

// onTerminal returns s with the terminal settings of of, where s has none.
func (s Settings) onTerminal(of Settings) Settings {
	s.Charset = cmp.Or(s.Charset, of.Charset)
	s.Editing = cmp.Or(s.Editing, of.Editing)
	return s
}

// atLogin returns s, a guest's settings, with the account's settings where s has none:
// settings made at this connection before the login stay.
func (s Settings) atLogin(account Settings) Settings {
	s.Timestamps = s.Timestamps || account.Timestamps
	s.Colour = s.Colour || account.Colour
	s.Bell = s.Bell || account.Bell
	s.Receipts = s.Receipts || account.Receipts
	s.Zone = cmp.Or(s.Zone, account.Zone)
	s.Charset = cmp.Or(s.Charset, account.Charset)
	if s.Editing != On { // Off may only say that the guest was asked
		s.Editing = cmp.Or(account.Editing, s.Editing)
	}
	return s
}

// adopt takes over settings, which must not change any more.
func (m *Member) adopt(s *Settings) {
	m.rest().settings = s
	m.out.Adapt()
}
