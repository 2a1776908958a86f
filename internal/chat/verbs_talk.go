package chat

import (
	"fmt"
	"slices"
	"strings"
)

func help(c *Call) {
	if name := strings.TrimPrefix(c.arg(0), "/"); name != "" {
		v := c.Hub.find(name)
		if v == nil {
			c.Member.refuse(c.Hub.unknown(c.Member, name))
			return
		}
		c.Member.tell("usage: " + v.usage(c.Member) + ": " + v.Help + v.also(c.Member))
		return
	}
	for i := range c.Hub.verbs {
		if v := &c.Hub.verbs[i]; c.Hub.may(c.Member, v) && (c.Member.who != nil || v.Outside) && (!v.Personal || !c.Member.operates()) {
			c.Member.tell(fmt.Sprintf("%-12s %s", c.Member.slash()+v.Name, v.Help+v.also(c.Member)))
		}
	}
	if c.Member.operates() {
		c.Member.tell("in ROOM before a command names the room that it is about; help COMMAND says how one is used.")
		return
	}
	c.Member.tell(fmt.Sprintf("%-12s %s", "//TEXT", "Say a line that begins with a slash."))
	c.Member.tell("/help COMMAND says how one is used.")
}

// also lists the other names of a verb.
func (v *Verb) also(m *Member) string {
	if len(v.Aliases) == 0 {
		return ""
	}
	slash := m.slash()
	return " (also " + slash + strings.Join(v.Aliases, ", "+slash) + ")"
}

func me(c *Call) { c.Hub.say(c.Member, Action, c.Args[0], c.Now) }

func nick(c *Call) {
	m, name := c.Member, c.Args[0]
	switch {
	case m.account() != 0:
		m.refuse("your account is called " + m.Name() + ": /logout first")
		return
	case name == m.Name():
		m.refuse("that is your name already")
		return
	}
	if err := c.Hub.rename(m, name, c.Now); err != nil {
		m.refuse(Reason(err))
		return
	}
	m.tell("you are now known as " + m.Name())
}

func quit(c *Call) { c.Member.out.Close(c.arg(0)) }

// people is a number of them.
func people(n int) string {
	if n == 1 {
		return "1 person"
	}
	return fmt.Sprintf("%d people", n)
}

// count is a number of things, such as "2 lines".
func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// without returns list without s, as a new slice.
func without[T comparable](list []T, s T) []T {
	return slices.DeleteFunc(slices.Clone(list), func(o T) bool { return o == s })
}

// with returns list with s at its end, once, as a new slice.
func with[T comparable](list []T, s T) []T { return append(without(list, s), s) }
