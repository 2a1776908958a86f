package text

import (
	"net/netip"

	"github.com/sudoXpg/netloop/internal/chat"
)

// The answers about people and rooms.

func (f Format) rooms(dst []byte, a chat.Rooms) []byte {
	for _, r := range a.List {
		state := f.Words(chat.NewNote("room", "people", r.People, "members", r.MembersOnly, "key", r.Keyed, "moderated", r.Moderated,
			"slow", r.Slow, "topic", r.Topic))
		dst = noticeLine(dst, column(r.Name, roomWidth), " ", state)
	}
	return dst
}

func (f Format) members(dst []byte, a chat.Members) []byte {
	list := make([]string, 0, len(a.List))
	for _, m := range a.List {
		if m.Away || m.Idle > 0 {
			m.Name = f.Words(chat.NewNote("member", "name", m.Name, "away", m.Away, "why", m.Why, "idle", m.Idle))
		}
		list = append(list, m.Name)
	}
	return f.notice(dst, "members", "people", a.People, "room", a.Room, "names", list, "others", a.Others)
}

func (f Format) connections(dst []byte, a chat.Connections) []byte {
	dst = f.notice(dst, "connections", "connections", len(a.List))
	for _, c := range a.List {
		dst = f.notice(dst, "connection", "id", c.ID, "name", c.Name, "role", c.Role, "from", address(c.From), "idle", c.Idle)
	}
	return dst
}

func (f Format) person(dst []byte, a chat.Person) []byte {
	if a.Here == 0 {
		return f.notice(dst, "whois-gone", "name", a.Name, "role", a.Role, "seen", a.Seen)
	}
	dst = f.notice(dst, "whois", "name", a.Name, "registered", a.Registered, "role", a.Role, "connections", a.Here,
		"idle", a.Idle, "away", a.Away, "why", a.Why)
	for _, c := range a.Connections {
		dst = f.notice(dst, "whois-connection", "id", c.ID, "from", address(c.From))
	}
	return dst
}

func (f Format) roomMembers(dst []byte, a chat.RoomMembers) []byte {
	start := len(dst)
	for _, group := range []struct {
		is   *chat.Note
		list []string
	}{
		{chat.NewNote("room-owner"), a.Owner},
		{chat.NewNote("room-operators"), a.Operators},
		{chat.NewNote("room-invited"), a.Members},
		{chat.NewNote("room-voiced"), a.Voiced},
	} {
		if len(group.list) > 0 {
			dst = f.notice(dst, "room-group", "group", group.is, "names", group.list)
		}
	}
	if len(dst) == start {
		return f.notice(dst, "room-nobody", "room", a.Room)
	}
	return dst
}

func (f Format) sanctions(dst []byte, a chat.Sanctions) []byte {
	if len(a.List) == 0 {
		return f.notice(dst, "no-sanctions")
	}
	for i := range a.List {
		s := &a.List[i]
		kind := chat.NewNote("sanction-ban")
		switch s.Kind {
		case chat.Mute:
			kind = chat.NewNote("sanction-mute")
		case chat.ShadowMute:
			kind = chat.NewNote("sanction-shadowmute")
		case chat.Ban:
		}
		at := ""
		if s.Net.IsValid() && s.Target != s.Net.String() {
			at = network(s.Net)
		}
		args := []any{"kind", kind, "target", s.Target, "net", at, "room", s.Room, "by", s.By, "reason", s.Reason}
		if !s.Until.IsZero() {
			args = append(args, "for", s.Until.Sub(s.Since), "until", s.Until)
		}
		dst = f.notice(dst, "sanction", args...)
	}
	return f.more(dst, a.More)
}

// network writes one address without the length of its prefix.
func network(p netip.Prefix) string {
	if p.IsSingleIP() {
		return p.Addr().String()
	}
	return p.String()
}

func (f Format) flags(dst []byte, a chat.Flags) []byte {
	if len(a.List) == 0 {
		return f.notice(dst, "no-flags")
	}
	for i := range a.List {
		l := &a.List[i]
		dst = f.notice(dst, "flag", "id", l.ID, "room", l.Event.Room, "name", l.Event.Name, "text", l.Event.Body, "why", l.Why)
	}
	return f.more(dst, a.More)
}
