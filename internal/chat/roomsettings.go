package chat

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sudoXpg/netloop/internal/duration"
)

// A roomSetting is a row of the table of settings that /room can change.
type roomSetting struct {
	name    string
	values  *Note                // what it can be set to
	show    func(*RoomState) any // as in SettingEntry.Value
	set     func(s *RoomState, value string) error
	history bool // is about stored history, which a room without an owner does not have
}

func roomTable() []roomSetting {
	onOff := func(field func(*RoomState) *bool) (func(*RoomState) any, func(*RoomState, string) error) {
		return func(s *RoomState) any { return *field(s) },
			func(s *RoomState, v string) error { return setSwitch(field(s), v) }
	}
	rows := []roomSetting{
		{name: membersSetting, values: note("room-members")},
		{name: "moderated", values: note("room-moderated")},
		{
			name: keySetting, values: note("room-key"),
			show: func(s *RoomState) any { return s.Key != "" },
			set:  setRoomKey,
		},
		{
			name: "slow", values: note("room-slow"),
			show: func(s *RoomState) any { return s.Slow },
			set:  setSlow,
		},
		{
			name: "keep", values: note("room-keep"),
			show: func(s *RoomState) any { return s.KeepAge },
			set:  setKeepAge, history: true,
		},
		{
			name: "keep-size", values: note("room-keep-size"),
			show: func(s *RoomState) any { return s.KeepBytes },
			set:  setKeepBytes, history: true,
		},
	}
	rows[0].show, rows[0].set = onOff(func(s *RoomState) *bool { return &s.MembersOnly })
	rows[1].show, rows[1].set = onOff(func(s *RoomState) *bool { return &s.Moderated })
	return rows
}

// roomSecret reports whether the value of a setting must not be logged: that of the key,
// or of an unknown setting, which may be a misspelt "key".
func roomSecret(first string) bool {
	known := slices.ContainsFunc(roomTable(), func(row roomSetting) bool { return row.name != keySetting && strings.EqualFold(row.name, first) })
	return !known && !strings.EqualFold(first, "delete")
}

// membersSetting is the setting that has a list.
const membersSetting = "members"

// listMembers lists the members of a room to an operator or a member.
func (c *Call) listMembers(r *Room) {
	h, m := c.Hub, c.Member
	state := r.look()
	if !m.operates() && m.in(r) == nil && m.role() < Moderator {
		m.refuse(note("not-in-room", "room", r.name))
		return
	}
	m.out.Answer(RoomMembers{
		Room: r.name, Owner: h.namesOf([]uint64{state.Founder}), Operators: h.namesOf(without(state.Operators, state.Founder)),
		Members: h.namesOf(state.Members), Voiced: h.namesOf(state.Voiced),
	})
}

// namesOf returns the names of accounts, sorted, without those that were removed.
func (h *Hub) namesOf(ids []uint64) []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var list []string
	for _, id := range ids {
		if a := h.byID[id]; a != nil {
			list = append(list, a.Name)
		}
	}
	slices.Sort(list)
	return list
}

// keySetting is the setting whose value is a secret.
const keySetting = "key"

func roomSettings(c *Call) {
	m, r := c.Member, c.Member.Room()
	rows := roomTable()
	if strings.EqualFold(c.arg(0), "delete") {
		c.deleteRoom()
		return
	}
	if len(c.Args) == 0 {
		state := r.look()
		list := make([]SettingEntry, 0, len(rows))
		for _, row := range rows {
			list = append(list, SettingEntry{row.name, row.show(&state), row.values})
		}
		m.out.Answer(RoomSettings{r.name, list})
		return
	}
	i := slices.IndexFunc(rows, func(row roomSetting) bool { return strings.EqualFold(row.name, c.Args[0]) })
	switch {
	case i < 0:
		m.refuse(note("no-room-setting", "setting", clip(c.Args[0])))
		return
	case len(c.Args) < 2 && rows[i].name == membersSetting:
		c.listMembers(r)
		return
	case len(c.Args) < 2:
		m.refuse(note("usage-room", "setting", rows[i].name, "values", rows[i].values))
		return
	case m.role() < Moderator && !r.operator(m):
		m.refuse(note("may-not-change-room"))
		return
	case r.look().Founder == 0 && r.name != Lobby && rows[i].history:
		m.refuse(note("room-not-kept", "room", r.name))
		return
	}
	c.changeRoom(r, func(s *RoomState) error { return rows[i].set(s, c.Args[1]) }, func(s *RoomState) (Act, *Note) {
		value := rows[i].show(s)
		return c.entry("room", rows[i].name+" "+c.Hub.inWords(note("value", "value", value)), r.name, ""),
			note("has-set", "by", m.Name(), "setting", rows[i].name, "value", value)
	})
}

func setSwitch(field *bool, value string) error {
	switch strings.ToLower(value) {
	case "on", "yes", "true":
		*field = true
	case "off", "no", "false":
		*field = false
	default:
		return refusal("on-or-off")
	}
	return nil
}

func setRoomKey(s *RoomState, v string) error {
	switch {
	case v == "off":
		s.Key = ""
	case len([]rune(v)) > maxKey || strings.ContainsAny(v, " \t"):
		return refusal("bad-key", "most", maxKey)
	default:
		s.Key = hashKey(s.Name, v)
	}
	return nil
}

func setSlow(s *RoomState, v string) error {
	d, ok := seconds(v)
	switch {
	case v == "off":
		d = 0
	case !ok || d > maxSlow:
		return refusal("bad-slow", "most", int(maxSlow/time.Second))
	}
	s.Slow = d.Truncate(time.Second)
	return nil
}

func setKeepAge(s *RoomState, v string) error {
	if v == "off" {
		s.KeepAge = 0
		return nil
	}
	d, err := duration.Parse(v)
	if err != nil || d < time.Hour {
		return refusal("bad-keep")
	}
	s.KeepAge = d
	return nil
}

func setKeepBytes(s *RoomState, v string) error {
	n, err := strconv.Atoi(v)
	switch {
	case v == "off":
		n = 0
	case err != nil || n < 1 || n > 1<<20:
		return refusal("bad-keep-size", "most", 1<<20)
	}
	s.KeepBytes = int64(n) << 20
	return nil
}
