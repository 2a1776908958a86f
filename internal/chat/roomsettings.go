package chat

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A roomSetting is a row of the table of what /room can change.
type roomSetting struct {
	name, values string
	show         func(*RoomState) string
	set          func(s *RoomState, value string) error
}

func roomTable() []roomSetting {
	onOff := func(field func(*RoomState) *bool) (func(*RoomState) string, func(*RoomState, string) error) {
		return func(s *RoomState) string { return onOrOff(*field(s)) },
			func(s *RoomState, v string) error { return setSwitch(field(s), v) }
	}
	rows := []roomSetting{
		{name: "members", values: "on or off: only who was invited may enter"},
		{name: "moderated", values: "on or off: only members and operators may speak"},
		{
			name: "key", values: "a word that /join needs, or off",
			show: func(s *RoomState) string { return onOrOff(s.Key != "") },
			set:  setRoomKey,
		},
		{
			name: "slow", values: "seconds between two lines of one person, or off",
			show: func(s *RoomState) string { return orOff(s.Slow > 0, inWords(s.Slow)) },
			set:  setSlow,
		},
		{
			name: "keep", values: "how long the history is kept, 30d for instance, or off for the server's own bound",
			show: func(s *RoomState) string { return orOff(s.KeepAge > 0, inWords(s.KeepAge)) },
			set:  setKeepAge,
		},
		{
			name: "keep-size", values: "how much of it is kept, in MiB, or off for the server's own bound",
			show: func(s *RoomState) string {
				return orOff(s.KeepBytes > 0, strconv.FormatInt(s.KeepBytes>>20, 10)+" MiB")
			},
			set: setKeepBytes,
		},
	}
	rows[0].show, rows[0].set = onOff(func(s *RoomState) *bool { return &s.MembersOnly })
	rows[1].show, rows[1].set = onOff(func(s *RoomState) *bool { return &s.Moderated })
	return rows
}

func roomSettings(c *Call) {
	m, r := c.Member, c.Member.room
	rows := roomTable()
	if len(c.Args) == 0 {
		state := r.look()
		for _, row := range rows {
			m.tell(fmt.Sprintf("%-10s %-10s %s", row.name, row.show(&state), row.values))
		}
		return
	}
	i := slices.IndexFunc(rows, func(row roomSetting) bool { return strings.EqualFold(row.name, c.Args[0]) })
	switch {
	case i < 0:
		m.refuse("no setting " + clip(c.Args[0]) + ": /room lists them")
		return
	case len(c.Args) < 2:
		m.refuse("usage: /room " + rows[i].name + " VALUE: " + rows[i].values)
		return
	case m.role() < Moderator && !r.operator(m):
		m.refuse("only operators of the room and moderators may change it")
		return
	case r.look().Founder == 0 && r.name != Lobby:
		m.refuse(r.name + " was made by a guest and has no settings: registered users own the rooms they make")
		return
	}
	if err := c.changeRoom(r, func(s *RoomState) error { return rows[i].set(s, c.Args[1]) }, func(s *RoomState) (Act, string) {
		return c.entry("room", rows[i].name+" "+rows[i].show(s), r.name, ""), m.Name() + " has set " + rows[i].name + ": " + rows[i].show(s)
	}); err != nil {
		m.refuse(Reason(err))
	}
}

func onOrOff(on bool) string { return orOff(on, "on") }

func orOff(on bool, value string) string {
	if on {
		return value
	}
	return "off"
}

func setSwitch(field *bool, value string) error {
	switch strings.ToLower(value) {
	case "on", "yes", "true":
		*field = true
	case "off", "no", "false":
		*field = false
	default:
		return refusal("that is on or off")
	}
	return nil
}

func setRoomKey(s *RoomState, v string) error {
	switch {
	case v == "off":
		s.Key = ""
	case len([]rune(v)) > maxKey || strings.ContainsAny(v, " \t"):
		return refusal("a key is one word of at most %d characters", maxKey)
	default:
		s.Key = hashKey(s.Name, v)
	}
	return nil
}

func setSlow(s *RoomState, v string) error {
	n, err := strconv.Atoi(v)
	switch {
	case v == "off":
		n = 0
	case err != nil || n < 0 || time.Duration(n)*time.Second > maxSlow:
		return refusal("that is a number of seconds, at most %d", int(maxSlow/time.Second))
	}
	s.Slow = time.Duration(n) * time.Second
	return nil
}

func setKeepAge(s *RoomState, v string) error {
	if v == "off" {
		s.KeepAge = 0
		return nil
	}
	d, ok := parseDuration(v)
	if !ok || d < time.Hour {
		return refusal("that is a time of at least an hour, 30d for instance")
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
		return refusal("that is a number of MiB from 1 to %d", 1<<20)
	}
	s.KeepBytes = int64(n) << 20
	return nil
}
