package text

import (
	"net/netip"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/sudoXpg/netloop/internal/chat"
)

// Answer appends the result of a command, as whole lines.
func (f Format) Answer(dst []byte, a chat.Answer) []byte {
	switch a := a.(type) {
	case chat.Commands:
		return f.commands(dst, a)
	case chat.Usage:
		return f.notice(dst, "help-command", "usage", f.usage(a), "help", a.Help, "also", f.aliases(a))
	case chat.Rooms:
		return f.rooms(dst, a)
	case chat.Topic:
		return f.notice(dst, "topic", "room", a.Room, "topic", a.Text)
	case chat.Members:
		return f.members(dst, a)
	case chat.Connections:
		return f.connections(dst, a)
	case chat.Person:
		return f.person(dst, a)
	case chat.Self:
		return f.notice(dst, "whoami", "name", a.Name, "registered", a.Registered, "role", a.Role, "rooms", a.Rooms, "from", address(a.From))
	case chat.Ignored:
		return f.notice(dst, "ignored", "names", a.Names)
	case chat.OwnSettings:
		return f.settings(dst, a.List)
	case chat.RoomSettings:
		return f.settings(dst, a.List)
	case chat.RoomMembers:
		return f.roomMembers(dst, a)
	case chat.Sanctions:
		return f.sanctions(dst, a)
	case chat.Flags:
		return f.flags(dst, a)
	case chat.History:
		return f.past(dst, a.Events, a.Older, false,
			chat.NewNote("history", "lines", len(a.Events), "room", a.Room), chat.NewNote("history-end"))
	case chat.Found:
		return f.past(dst, a.Events, a.Older, a.Rooms,
			chat.NewNote("found", "lines", len(a.Events), "query", a.Query), chat.NewNote("found-end"))
	case chat.Statistics:
		return f.statistics(dst, a)
	case chat.Saved:
		return f.saved(dst, a)
	}
	return dst
}

// saved appends the outcome of a message.
func (f Format) saved(dst []byte, a chat.Saved) []byte {
	if a.Why != nil {
		return f.notice(dst, "line-not-saved", "why", a.Why)
	}
	if a.Held {
		return f.notice(dst, "waits-for-review")
	}
	return f.notice(dst, "saved", "id", a.ID)
}

// notice appends a line with the words of a code.
func (f Format) notice(dst []byte, code chat.Code, args ...any) []byte {
	return f.Notice(dst, chat.NewNote(code, args...))
}

// more appends how to see the rest of a list, if there is more.
func (f Format) more(dst []byte, lines int) []byte {
	if lines == 0 {
		return dst
	}
	return f.notice(dst, "more-lines", "lines", lines)
}

// command returns a command as the reader types it.
func (f Format) command(name string) string {
	if f.Bare {
		return name
	}
	return "/" + name
}

// usage returns how a command is used.
func (f Format) usage(u chat.Usage) string {
	if u.Args == "" {
		return f.command(u.Name)
	}
	return f.command(u.Name) + " " + u.Args
}

// aliases lists the other names of a command.
func (f Format) aliases(u chat.Usage) string {
	list := make([]string, 0, len(u.Aliases))
	for _, a := range u.Aliases {
		list = append(list, f.command(a))
	}
	return strings.Join(list, ", ")
}

// widths of columns, in characters.
const (
	commandWidth = 12
	roomWidth    = 16
	settingWidth = 10
)

// column returns text with spaces behind it up to a width.
func column(text string, width int) string {
	return text + strings.Repeat(" ", max(0, width-utf8.RuneCountInString(text)))
}

// hints returns the notes below the end of the list of all commands.
func (f Format) hints(a chat.Commands) []*chat.Note {
	topics := chat.NewNote("help-topics", "topics", a.Topics)
	switch {
	case a.Topics == nil:
		return nil
	case f.Bare:
		return []*chat.Note{chat.NewNote("help-operator"), topics}
	}
	said := chat.NewNote("help-line", "command", column("//TEXT", commandWidth), "help", chat.NewNote("help-slash"))
	return []*chat.Note{said, topics, chat.NewNote("help-editing")}
}

func (f Format) commands(dst []byte, a chat.Commands) []byte {
	for _, u := range a.List {
		dst = f.notice(dst, "help-line", "command", column(f.command(u.Name), commandWidth), "help", u.Help, "also", f.aliases(u))
	}
	hints := f.hints(a)
	if a.More > 0 {
		return f.more(dst, a.More+len(hints))
	}
	for _, n := range hints {
		dst = f.Notice(dst, n)
	}
	return dst
}

func (f Format) settings(dst []byte, list []chat.SettingEntry) []byte {
	for _, s := range list {
		value := f.Words(chat.NewNote("value", "value", s.Value))
		dst = noticeLine(dst, column(s.Name, settingWidth), " ", column(value, settingWidth), " ", f.Words(s.Values))
	}
	return dst
}

func (f Format) statistics(dst []byte, a chat.Statistics) []byte {
	dst = f.notice(dst, "stats-chat", "names", a.Names, "connections", a.Connections, "rooms", a.Rooms, "accounts", a.Accounts)
	dst = f.notice(dst, "stats-held", "sanctions", a.Sanctions, "flags", a.Flags)
	s := a.Server
	if s == nil {
		return dst
	}
	dst = f.notice(dst, "stats-up", "up", s.Up)
	dst = f.notice(dst, "stats-connections", "open", s.Open, "accepted", s.Accepted, "refused", s.Refused, "slow", s.Slow)
	return f.notice(dst, "stats-events", "events", s.Events)
}

// past appends messages between two markers, each with its time and number.
func (f Format) past(dst []byte, events []chat.Event, older, rooms bool, title, end *chat.Note) []byte {
	dst = f.marker(dst, title)
	plain := f
	plain.Times, plain.Room = false, rooms
	for i := range events {
		e := events[i]
		dst = e.Time.In(f.zone()).AppendFormat(append(dst, '['), "2006-01-02 15:04")
		dst = append(strconv.AppendUint(append(dst, " #"...), e.ID, 10), "] "...)
		dst = plain.line(dst, e)
	}
	if older {
		end = chat.NewNote("more-older")
	}
	return f.marker(dst, end)
}

// address returns the text of a client's address; "" for this machine.
func address(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}
