package chat

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// A Command is what a member asks for, as a codec read it.
type Command struct {
	// Name is the command without its slash, in any case; "" says Text.
	Name string
	// Text is everything after the name.
	Text string
}

// A Verb is a row of the command table. Help texts are printed from it, and
// what it demands is checked in one place, [Hub.Run].
type Verb struct {
	Name    string
	Aliases []string
	// Args is how the arguments are written in help texts, "NAME [REASON]".
	Args string
	Help string
	Need Role
	// MinArgs and MaxArgs bound the number of words after the name.
	MinArgs, MaxArgs int
	// Rest: the last argument is the whole rest of the line.
	Rest bool
	// Outside: may also be used before one has joined a room.
	Outside bool
	Run     func(*Call)
}

// A Call is one command being carried out.
type Call struct {
	Hub    *Hub
	Member *Member
	// Args are the arguments; missing optional ones are absent.
	Args []string
	Now  time.Time
}

// Verbs returns the command table, in the order of /help.
func Verbs() []Verb {
	return []Verb{
		{Name: "help", Aliases: []string{"h", "?"}, Help: "List the commands.", Outside: true, Run: help},
		{Name: "list", Aliases: []string{"who", "names"}, Help: "List who is here.", Run: list},
		{Name: "me", Args: "ACTION", Help: "Say what you are doing.", MinArgs: 1, MaxArgs: 1, Rest: true, Run: me},
		{Name: "nick", Args: "NAME", Help: "Change your name.", MinArgs: 1, MaxArgs: 1, Run: nick},
		{Name: "quit", Aliases: []string{"exit", "q"}, Args: "[REASON]", Help: "Leave the chat.", MaxArgs: 1, Rest: true, Outside: true, Run: quit},
	}
}

// Run carries out c on behalf of m. What m is told about it goes to its Outlet.
func (h *Hub) Run(m *Member, c Command, now time.Time) {
	if c.Name == "" {
		h.say(m, c.Text, now)
		return
	}
	v := h.find(c.Name)
	if v == nil {
		m.refuse(h.unknown(c.Name))
		return
	}
	args, whole := v.split(c.Text)
	switch {
	case m.role < v.Need:
		m.refuse("you may not use /" + v.Name)
	case m.room == nil && !v.Outside:
		m.refuse("you are in no room")
	case !whole || len(args) < v.MinArgs:
		m.refuse("usage: " + v.usage())
	default:
		v.Run(&Call{Hub: h, Member: m, Args: args, Now: now})
	}
}

func (h *Hub) say(m *Member, text string, now time.Time) {
	switch {
	case m.room == nil:
		m.refuse("you are in no room")
	case strings.TrimSpace(text) != "":
		m.room.Say(m, text, now)
	}
}

// find returns the row for a name or an alias, or nil.
func (h *Hub) find(name string) *Verb {
	same := func(s string) bool { return strings.EqualFold(s, name) }
	for i := range h.verbs {
		if v := &h.verbs[i]; same(v.Name) || slices.ContainsFunc(v.Aliases, same) {
			return v
		}
	}
	return nil
}

// unknown answers a command that is not in the table.
func (h *Hub) unknown(name string) string {
	if r := []rune(name); len(r) > MaxName {
		name = string(r[:MaxName]) + "..."
	}
	if h.options.Nearest != nil {
		candidates := make([]string, len(h.verbs))
		for i := range h.verbs {
			candidates[i] = h.verbs[i].Name
		}
		if meant, ok := h.options.Nearest(name, candidates); ok {
			return fmt.Sprintf("no command /%s: did you mean /%s? (//%s says it)", name, meant, name)
		}
	}
	return fmt.Sprintf("no command /%s: /help lists them (//%s says it)", name, name)
}

// split cuts text into at most MaxArgs arguments. It returns false if more are there.
func (v *Verb) split(text string) ([]string, bool) {
	var args []string
	rest := strings.TrimSpace(text)
	for rest != "" {
		if len(args) == v.MaxArgs {
			return args, false
		}
		end := strings.IndexAny(rest, " \t")
		if end < 0 || v.Rest && len(args) == v.MaxArgs-1 {
			end = len(rest)
		}
		args = append(args, rest[:end])
		rest = strings.TrimSpace(rest[end:])
	}
	return args, true
}

func (v *Verb) usage() string {
	if v.Args == "" {
		return "/" + v.Name
	}
	return "/" + v.Name + " " + v.Args
}
