package chat

import (
	"slices"
	"strings"
	"time"
)

// A Command is a command of a member, as parsed by a codec.
type Command struct {
	// Name is the command without its slash, in upper or lower case; "" means that Text is
	// a message.
	Name string
	// Text is everything after the name.
	Text string
}

// A Verb is a row of the command table. Help texts are printed from it, and its
// requirements are checked in one place, [Hub.Run].
type Verb struct {
	Name    string
	Aliases []string
	// Args is how the arguments are written in help texts, "NAME [REASON]".
	Args string
	Help string
	// Need is the least role. If Operator is set, operators of the current room may use the
	// verb, too.
	Need     Role
	Operator bool
	// MinArgs and MaxArgs bound the number of words after the name.
	MinArgs, MaxArgs int
	// Rest makes the last argument the whole rest of the line.
	Rest bool
	// Outside allows the verb before the member has a name.
	Outside bool
	// Roomless allows the verb to members who are in no room.
	Roomless bool
	// Personal marks verbs for members in the chat, which an operator can't use.
	Personal bool
	// Secret reports whether the text after the first argument may be a password or the
	// key of a room, even one typed there by mistake; nil: it never is.
	Secret func(first string) bool
	// Asks marks verbs that ask for a password, so that the next lines may be passwords.
	Asks bool
	Run  func(*Call)

	topic string // of /help that lists it
}

// always is the Secret of verbs that ask for a password.
func always(string) bool { return true }

// Loggable returns the part of an operator's command that may be logged: nothing
// that may be a secret. Of an unknown command it returns only the name.
func (h *Hub) Loggable(c Command) string {
	v := h.find(c.Name)
	words := strings.Fields(c.Text)
	shown := len(words)
	switch {
	case v == nil || v.Personal:
		shown = 0
	case v.Secret != nil && len(words) > 0 && v.Secret(words[0]):
		shown = 1
	}
	line := append([]string{clip(c.Name)}, words[:shown]...)
	if shown < len(words) {
		line = append(line, "***")
	}
	return strings.Join(line, " ")
}

// A Call is one command being carried out.
type Call struct {
	Hub    *Hub
	Member *Member
	Verb   *Verb
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

// Run carries out c on behalf of m. Answers to m go to its Outlet.
func (h *Hub) Run(m *Member, c Command, now time.Time) {
	h.heard(m, now)
	if c.Name == "" {
		h.say(m, Say, c.Text, now)
		return
	}
	v := h.find(c.Name)
	if v != nil && v.Asks { // if it fails, the next lines are not chat
		defer m.out.Discard()
	}
	if m.who != nil && !h.allow(m, commanding, "", now) {
		return
	}
	if v == nil {
		m.refuse(h.unknown(m, c.Name))
		return
	}
	args, whole := v.split(c.Text)
	switch {
	case m.who == nil && !v.Outside:
		m.refuse(note("needs-name", "command", v.Name))
	case v.Personal && m.operates():
		m.refuse(note("chat-only", "command", v.Name))
	case !h.may(m, v):
		m.refuse(v.notAllowed())
	case m.Room() == nil && !v.Roomless && !v.Outside && m.operates():
		m.refuse(note("needs-room", "command", v.Name, "arguments", v.Args))
	case m.Room() == nil && !v.Roomless && !v.Outside:
		m.refuse(note("in-no-room"))
	case !whole || len(args) < v.MinArgs:
		m.refuse(note("usage", "command", v.Name, "arguments", v.Args))
	default:
		v.Run(&Call{Hub: h, Member: m, Verb: v, Args: args, Now: now})
	}
}

// heard records that m has sent something.
func (h *Hub) heard(m *Member, now time.Time) {
	m.active.Store(h.tick(now))
	if x := m.extras(); x != nil && len(x.mail) > 0 { // the user is there and has seen it
		h.persist(DropMail{IDs: x.mail})
		x.mail = nil
	}
}

// Operate makes m, the zero Member, an operator of the server, who has all
// rights and is in no room. by is their name in the audit log.
func (h *Hub) Operate(m *Member, out Outlet, by string) {
	h.Admit(m, out)
	h.Label(m, by)
	m.mark(operator)
	m.setRole(Admin)
}

// RunIn is Run for an operator, as if they were in a room; "" means none.
func (h *Hub) RunIn(m *Member, room string, c Command, now time.Time) {
	m.talkIn(nil)
	if room != "" {
		if m.talkIn(h.Room(room)); m.Room() == nil {
			m.refuse(note("no-such-room", "room", clip(room)))
			return
		}
	}
	if c.Name == "" {
		m.refuse(note("not-in-chat"))
		return
	}
	h.Run(m, c, now)
}

// may reports whether m may use a verb.
func (h *Hub) may(m *Member, v *Verb) bool {
	return m.role() >= v.Need || v.Operator && m.Room() != nil && m.Room().operator(m)
}

// notAllowed returns a note that says who may use a verb.
func (v *Verb) notAllowed() *Note {
	switch {
	case v.Operator:
		return note("needs-operator", "command", v.Name)
	case v.Need == User:
		return note("needs-account", "command", v.Name)
	}
	return note("needs-role", "command", v.Name, "role", v.Need)
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
func (h *Hub) unknown(m *Member, name string) *Note {
	name = clip(name)
	meant, _ := h.nearestVerb(m, name)
	say := name
	if m.operates() {
		say = ""
	}
	return note("unknown-command", "command", name, "meant", meant, "say", say)
}

// nearestVerb returns the command, or the other word, that was probably meant.
func (h *Hub) nearestVerb(m *Member, name string, others ...string) (string, bool) {
	own := others
	for i := range h.verbs {
		if v := &h.verbs[i]; !v.Personal || !m.operates() {
			own = append(own, v.Name)
		}
	}
	return h.nearest(name, func(i int) string { return own[i] }, len(own))
}

// nearest returns the word, of n, that was probably meant.
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

// split cuts text into at most MaxArgs arguments. It returns false if there are more.
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
