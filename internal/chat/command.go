package chat

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sudoXpg/netloop/internal/flood"
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
	// Need is the least role. Operators of the current room may, too, if Operator.
	Need     Role
	Operator bool
	// MinArgs and MaxArgs bound the number of words after the name.
	MinArgs, MaxArgs int
	// Rest: the last argument is the whole rest of the line.
	Rest bool
	// Outside: may also be used before one has a name.
	Outside bool
	// Roomless: may also be used in no room.
	Roomless bool
	// Personal: means something only to who is in the chat, not to an operator.
	Personal bool
	Run      func(*Call)
}

// A Call is one command being carried out.
type Call struct {
	Hub    *Hub
	Member *Member
	// Args are the arguments; missing optional ones are absent.
	Args []string
	Now  time.Time
}

// arg returns the i-th argument, or "".
func (c *Call) arg(i int) string {
	if i < len(c.Args) {
		return c.Args[i]
	}
	return ""
}

// Run carries out c on behalf of m. What m is told about it goes to its Outlet.
func (h *Hub) Run(m *Member, c Command, now time.Time) {
	m.active.Store(uint32(now.Unix()))
	if m.more != nil && len(m.more.mail) > 0 { // somebody is there who has seen it
		h.keep(DropMail{IDs: m.more.mail})
		m.more.mail = nil
	}
	if c.Name == "" {
		h.say(m, Say, c.Text, now)
		return
	}
	if m.who != nil && !h.lets(m, now, func(s *flood.State, l *flood.Limits, _ bool) flood.Verdict { return s.Command(now, l) }) {
		return
	}
	v := h.find(c.Name)
	if v == nil {
		m.refuse(h.unknown(m, c.Name))
		return
	}
	args, whole := v.split(c.Text)
	switch {
	case m.who == nil && !v.Outside:
		m.refuse("/" + v.Name + " needs a name: give yours first")
	case v.Personal && m.operates():
		m.refuse(v.Name + " is for people in the chat")
	case !h.may(m, v):
		m.refuse("you may not use /" + v.Name + ": it is for " + v.whom())
	case m.room == nil && !v.Roomless && !v.Outside && m.operates():
		m.refuse(v.Name + " is about a room: in ROOM " + v.usage(m))
	case m.room == nil && !v.Roomless && !v.Outside:
		m.refuse("you are in no room: /join #ROOM enters one")
	case !whole || len(args) < v.MinArgs:
		m.refuse("usage: " + v.usage(m))
	default:
		v.Run(&Call{Hub: h, Member: m, Args: args, Now: now})
	}
}

// Operate makes m, the zero Member, an operator of the server: somebody who has
// all rights and is in no room. by is what the audit log calls him.
func (h *Hub) Operate(m *Member, out Outlet, by string) {
	h.Admit(m, out)
	h.Label(m, by)
	m.mark(operator)
	m.setRole(Admin)
}

// RunIn is Run for an operator, as if he were in a room; "" is none.
func (h *Hub) RunIn(m *Member, room string, c Command, now time.Time) {
	m.room = nil
	if room != "" {
		if m.room = h.Room(room); m.room == nil {
			m.refuse("there is no room " + clip(room))
			return
		}
	}
	if c.Name == "" {
		m.refuse("an operator says nothing in the chat: announce TEXT tells everybody")
		return
	}
	h.Run(m, c, now)
}

// may tells whether m has what a verb needs.
func (h *Hub) may(m *Member, v *Verb) bool {
	return m.role() >= v.Need || v.Operator && m.room != nil && m.room.operator(m)
}

// whom names those who may use a verb.
func (v *Verb) whom() string {
	switch {
	case v.Operator:
		return "operators of the room and moderators"
	case v.Need == User:
		return "registered users (/register makes you one)"
	}
	return v.Need.String() + "s"
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
func (h *Hub) unknown(m *Member, name string) string {
	name = clip(name)
	var own []string
	for i := range h.verbs {
		if v := &h.verbs[i]; !v.Personal || !m.operates() {
			own = append(own, v.Name)
		}
	}
	meant, ok := h.nearest(name, func(i int) string { return own[i] }, len(own))
	switch {
	case m.operates() && ok:
		return fmt.Sprintf("no command %s: did you mean %s?", name, meant)
	case m.operates():
		return fmt.Sprintf("no command %s: help lists them", name)
	case ok:
		return fmt.Sprintf("no command /%s: did you mean /%s? (//%s says it)", name, meant, name)
	}
	return fmt.Sprintf("no command /%s: /help lists them (//%s says it)", name, name)
}

// nearest returns which of n words was probably meant.
func (h *Hub) nearest(word string, of func(int) string, n int) (string, bool) {
	if h.options.Nearest == nil {
		return "", false
	}
	candidates := make([]string, n)
	for i := range candidates {
		candidates[i] = of(i)
	}
	return h.options.Nearest(word, candidates)
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

// usage is how m uses a verb.
func (v *Verb) usage(m *Member) string {
	text := m.slash() + v.Name
	if v.Args != "" {
		text += " " + v.Args
	}
	return text
}

// slash is what stands before m's commands: operators say nothing else.
func (m *Member) slash() string {
	if m.operates() {
		return ""
	}
	return "/"
}
