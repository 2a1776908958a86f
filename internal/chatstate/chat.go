package chatstate

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/sudoXpg/netloop/internal/client"
)

// Me is the user.
type Me struct {
	Name       string
	Registered bool
	Role       string // on the server: "admin", "moderator", …
}

// A Change says what an event has changed.
type Change struct {
	Room *Room // whose items, people or topic have changed; nil for none
	Item *Item // a live message
	Left *Room // a room that the user is no longer in
	Joined,
	Roles bool // the roles of the room's members have changed: ask for them
}

// Chat is everything that the client knows. It belongs to one goroutine.
type Chat struct {
	Me       Me
	Server   string
	Commands []client.Command
	MaxText  int // bytes of a message
	MaxLines int
	// Describe says what has happened in a room, in the user's language. It cleans
	// nothing.
	Describe func(client.RoomEvent) string

	// Shown is the conversation that the user sees; nil for none. It is not dropped for others.
	Shown *Room

	rooms map[string]*Room
	posts []*Post
	uses  uint64 // how often something has happened in a private conversation
	bytes int    // of text that was added since they were counted, and those counted then
}

// Rooms returns the conversations: rooms by name, then people by name.
func (c *Chat) Rooms() []*Room {
	return slices.SortedFunc(maps.Values(c.rooms), func(a, b *Room) int {
		if a.Person != b.Person {
			return cmp.Compare(a.Key()[0], b.Key()[0]) // # comes before @
		}
		return compareNames(a.Name, b.Name)
	})
}

// Find returns the conversation with a key, or nil.
func (c *Chat) Find(key string) *Room { return c.rooms[key] }

// Close removes a conversation.
func (c *Chat) Close(r *Room) { delete(c.rooms, r.Key()) }

// IsMe reports whether a name is the user's.
func (c *Chat) IsMe(name string) bool { return name != "" && strings.EqualFold(name, c.Me.Name) }

// IsStaff reports whether the user may moderate every room.
func (c *Chat) IsStaff() bool { return c.Me.Role == "moderator" || c.Me.Role == "admin" }

// MayModerate reports whether the user may use an operator's commands in a room.
func (c *Chat) MayModerate(r *Room) bool {
	return c.IsStaff() || r != nil && !r.Person && (r.Role == "owner" || r.Role == "operator")
}

// Apply takes an event. Notices, failures and answers are not added to a conversation: the
// caller decides which (see [Room.Add]).
func (c *Chat) Apply(e client.Event) Change {
	switch e := e.(type) {
	case client.Connected:
		c.connected(e)
	case client.Joined:
		return c.joined(e)
	case client.Message:
		if e.Private {
			return c.private(e)
		}
		return c.message(e)
	case client.RoomEvent:
		return c.roomEvent(e)
	case client.Ack:
		c.Settle(e.CID)
	case client.Held:
		c.Settle(e.CID)
	case client.Notice:
		return c.notice(e)
	case client.Rollback:
		r := c.rooms[e.Room]
		if r != nil {
			r.items = slices.DeleteFunc(r.items, func(i *Item) bool { return i.sub == 0 && i.Epoch == e.Epoch && i.Seq > e.KeptTo })
			r.recount()
		}
		return Change{Room: r}
	case client.Filled:
		r := c.rooms[e.Room]
		if r != nil {
			r.items = slices.DeleteFunc(r.items, func(i *Item) bool { return i.gap })
		}
		return Change{Room: r}
	case client.History:
		return c.fill(e)
	case client.Raw:
		return c.raw(e)
	}
	return Change{}
}

// connected takes the beginning of a connection. It is in no room yet: each is told, also those of
// a session that continues.
func (c *Chat) connected(e client.Connected) {
	c.Server, c.MaxText, c.MaxLines = Line(e.Server), e.MaxText, e.MaxLines
	c.Commands = c.Commands[:0]
	for _, command := range e.Commands {
		command.Name, command.Args, command.Help = Line(command.Name), Line(command.Args), Line(command.Help)
		c.Commands = append(c.Commands, command)
	}
	for _, r := range c.rooms {
		r.Listed, r.Inside = false, false
	}
}

func (c *Chat) item(m client.Message) *Item {
	i := &Item{
		Place: m.Place, ID: m.ID, Own: c.IsMe(m.From), Private: m.Private, Mailed: m.Mailed, Registered: m.Registered,
		Action: m.Kind == "action", From: Line(m.From), Text: Text(m.Text), Time: m.Time, Edited: m.Edited, ReplyTo: m.ReplyTo,
	}
	if m.Private {
		i.Own, i.ID = m.From == "", 0
	}
	if i.Own && i.From == "" {
		i.From = c.Me.Name
	}
	i.Mention = !i.Own && !i.Private && Mentions(i.Text, c.Me.Name)
	c.bytes += i.bytes()
	return i
}

// items returns messages of a page in order, each once, whatever the order of the page.
func (c *Chat) items(list []client.Message) []*Item {
	var items []*Item
	for _, m := range list {
		if m.ID != 0 && !m.Private {
			items = append(items, c.item(m))
		}
	}
	slices.SortStableFunc(items, func(a, b *Item) int { return a.compare(b.ID, b.sub) })
	return slices.CompactFunc(items, func(a, b *Item) bool { return a.ID == b.ID })
}

func (c *Chat) joined(e client.Joined) Change {
	r := c.Room(Line(e.Room))
	if r == nil {
		return Change{}
	}
	c.Me.Name = Line(e.Name)
	r.Role, r.Topic, r.Inside = Line(e.Role), Line(e.Topic), true
	items := c.items(e.History)
	switch {
	case !e.Resumed:
		r.Members, r.Listed = []Member{{Name: c.Me.Name, Role: r.Role}}, false
		r.Others = others(e.Others)
		c.latest(r, items)
	case !r.Detached:
		r.addAll(items)
	}
	if e.Read != (client.Place{}) {
		if !e.Resumed || before(r.read, e.Read) {
			r.read = e.Read
		}
	} else if r.read == (client.Place{}) {
		r.read = e.Place // what a guest finds is not new
	}
	r.recount()
	c.bound(r, false)
	return Change{Room: r, Joined: true}
}

// latest takes the latest messages of a room in a new session. What is known of earlier ones
// stays if nothing is missing in between. Later ones may have been deleted, or never saved.
func (c *Chat) latest(r *Room, items []*Item) {
	if len(items) == 0 || r.ByID(items[0].ID) == nil {
		r.reset()
	} else {
		r.items = slices.DeleteFunc(r.items, func(i *Item) bool { return i.sub == 0 && i.ID >= items[0].ID })
	}
	for _, i := range items {
		r.add(i)
	}
	r.Older, r.Detached = len(items) > 0, false
}

func (c *Chat) message(m client.Message) Change {
	i := c.item(m)
	if i.Own {
		c.arrived(m)
	}
	r := c.rooms[Line(m.Room)]
	if r == nil || r.Person || i.ID == 0 {
		return Change{}
	}
	if !r.Detached && !r.add(i) {
		return Change{Room: r}
	}
	if r.isUnread(i) {
		r.Unread++
		if i.Mention {
			r.Mentions++
		}
	}
	c.bound(r, false)
	return Change{Room: r, Item: i}
}

func (c *Chat) private(m client.Message) Change {
	i := c.item(m)
	name := Line(m.From)
	if i.Own {
		name = Line(m.To)
		c.arrived(m)
	}
	r := c.Person(name)
	i.unseen = !i.Own
	r.Add(i)
	c.use(r)
	if i.unseen {
		r.Unread++
		r.Mentions++
	}
	c.bound(r, false)
	return Change{Room: r, Item: i}
}

func (c *Chat) roomEvent(e client.RoomEvent) Change {
	if e.What == "nick" && c.IsMe(Line(e.Name)) {
		c.Me.Name = Line(e.NewName)
	}
	r := c.rooms[Line(e.Room)]
	if r == nil {
		return Change{}
	}
	roles := false
	switch e.What {
	case "read":
		if before(r.read, e.Place) {
			r.read = e.Place
			r.recount()
		}
		return Change{Room: r}
	case "edit":
		if i := r.ByID(e.Edited); i != nil && i.Kind == Message {
			i.Text, i.Edited = Text(e.Text), e.Time
			i.Mention = !i.Own && !i.Deleted && Mentions(i.Text, c.Me.Name)
			c.bytes += i.bytes()
			r.recount()
			c.bound(r, false)
		}
		return Change{Room: r}
	case "redact":
		r.redact(e)
	case "notice":
		roles = r.changeRole(c, e)
		if e.Code == "has-set-topic" {
			topic, _ := e.Args["topic"].(string)
			r.Topic = Line(topic)
		}
	default:
		if c.presence(r, e) {
			return Change{Room: r}
		}
	}
	if !r.Detached && e.ID != 0 {
		i := &Item{Place: e.Place, ID: e.ID, Kind: Event, From: Line(e.Name), Own: c.IsMe(Line(e.Name)), Text: Line(c.describe(e)), Time: e.Time}
		c.bytes += i.bytes()
		r.add(i)
		c.bound(r, false)
	}
	return Change{Room: r, Roles: roles}
}

func (c *Chat) describe(e client.RoomEvent) string {
	if c.Describe == nil {
		return e.Text
	}
	return c.Describe(e)
}

// presence updates the list of members. It reports whether the event adds no line.
func (c *Chat) presence(r *Room, e client.RoomEvent) (silent bool) {
	name := Line(e.Name)
	switch e.What {
	case "join":
		if len(r.Members) < MaxMembers {
			r.enter(Member{Name: name, Role: Line(e.Role)})
		} else {
			r.Others = others(r.Others + 1)
		}
	case "leave":
		if !r.leave(name) {
			r.Others = others(r.Others - 1)
		}
	case "nick":
		r.rename(name, Line(e.NewName))
		c.renamePerson(name, Line(e.NewName))
	case "away", "back":
		if m := r.member(name); m != nil {
			m.Away, m.Why = e.What == "away", Line(e.Why)
		}
		return true
	}
	return false
}

// renamePerson lets the conversation with a person follow their new name, unless there is one
// with that name.
func (c *Chat) renamePerson(old, name string) {
	r := c.rooms[key(old)]
	if name == "" || r == nil || c.rooms[key(name)] != nil && key(old) != key(name) {
		return
	}
	delete(c.rooms, key(old))
	r.Name = name
	c.rooms[key(name)] = r
}

// redact marks deleted messages.
func (r *Room) redact(e client.RoomEvent) {
	name, _ := e.Args["name"].(string)
	for _, i := range r.items {
		if i.Kind != Message {
			continue
		}
		if e.Redacted != 0 && i.ID == e.Redacted && i.sub == 0 || e.Redacted == 0 && name != "" && i.From == Line(name) && (e.ID == 0 || i.ID <= e.ID) {
			i.Deleted, i.Text, i.Mention = true, "", false
		}
	}
	r.recount()
}

// given are the roles that notices give.
var given = map[string]string{"op": "operator", "deop": "", "voice": "voiced", "devoice": ""}

// changeRole records the user's role if a notice changes it, and reports whether it changes
// anybody's.
func (r *Room) changeRole(c *Chat, e client.RoomEvent) bool {
	role, changes := given[e.Code]
	if name, _ := e.Args["name"].(string); changes && c.IsMe(Line(name)) {
		r.Role = role
	}
	return changes
}

// notice takes what a notice says about the user and their rooms.
func (c *Chat) notice(e client.Notice) Change {
	arg := func(name string) string {
		s, _ := e.Args[name].(string)
		return Line(s)
	}
	switch e.Code {
	case "registered", "logged-in":
		c.Me.Name, c.Me.Registered = arg("name"), true
	case "you-are-logged-out":
		c.Me = Me{Name: arg("name")}
	case "renamed":
		c.Me.Name = arg("name")
	case "you-are-away", "you-are-back":
		for _, r := range c.rooms {
			if m := r.member(c.Me.Name); m != nil {
				m.Away, m.Why = e.Code == "you-are-away", arg("why")
			}
		}
	case "left-room", "you-are", "has-deleted-room", "room-deleted":
		if r := c.rooms[arg("room")]; r != nil {
			c.Close(r)
			return Change{Left: r}
		}
	}
	return Change{}
}

// raw takes the answers that say something about rooms and people.
func (c *Chat) raw(e client.Raw) Change {
	switch e.Type {
	case "members":
		return c.members(e)
	case "topic":
		var t struct{ Room, Text string }
		if json.Unmarshal(e.JSON, &t) == nil {
			if r := c.rooms[Line(t.Room)]; r != nil {
				r.Topic = Line(t.Text)
				return Change{Room: r}
			}
		}
	case "whoami":
		var me struct {
			Name, Role string
			Registered bool
		}
		if json.Unmarshal(e.JSON, &me) == nil {
			c.Me = Me{Name: Line(me.Name), Registered: me.Registered, Role: Line(me.Role)}
		}
	}
	return Change{}
}

func (c *Chat) members(e client.Raw) Change {
	var list struct {
		Room   string
		Others int
		List   []Member
	}
	r := (*Room)(nil)
	if json.Unmarshal(e.JSON, &list) == nil {
		r = c.rooms[Line(list.Room)]
	}
	if r == nil {
		return Change{}
	}
	r.Members, r.Others, r.Listed = nil, others(list.Others), true
	for _, m := range list.List[:min(len(list.List), MaxMembers)] {
		m.Name, m.Role, m.Why = Line(m.Name), Line(m.Role), Line(m.Why)
		r.enter(m) // a person with several connections is there once
		if c.IsMe(m.Name) {
			r.Role = m.Role
		}
	}
	return Change{Room: r}
}
