package chat

import (
	"cmp"
	"slices"
	"strings"
)

func help(c *Call) {
	h, m := c.Hub, c.Member
	if word := c.arg(0); word != "" {
		name, command := strings.CutPrefix(word, "/")
		c.explain(cmp.Or(name, word), command)
		return
	}
	list, about := h.helpOn(m, "")
	pages(m, list, func(page []Usage, more int) Answer { return Commands{page, about, more} })
}

// explain shows how the command of that name is used, and lists the commands of
// the topic of that name, unless only a command can be meant.
func (c *Call) explain(name string, command bool) {
	h, m := c.Hub, c.Member
	var list []Usage
	if !command {
		list, _ = h.helpOn(m, name)
	}
	v := h.find(name)
	if v == nil && len(list) == 0 {
		m.refuse(h.unexplained(m, clip(name)))
		return
	}
	if v != nil {
		m.out.Answer(v.explain())
	}
	if len(list) > 0 {
		pages(m, list, func(page []Usage, more int) Answer { return Commands{List: page, More: more} })
	}
}

// helpOn lists the commands that m may use, of one topic or of all, and their
// topics.
func (h *Hub) helpOn(m *Member, topic string) (list []Usage, about []string) {
	for i := range h.verbs {
		v := &h.verbs[i]
		if topic != "" && !strings.EqualFold(topic, v.topic) || !h.may(m, v) || m.who == nil && !v.Outside || v.Personal && m.operates() {
			continue
		}
		list = append(list, v.explain())
		if len(about) == 0 || about[len(about)-1] != v.topic {
			about = append(about, v.topic)
		}
	}
	return list, about
}

// unexplained answers a request for help about something unknown.
func (h *Hub) unexplained(m *Member, name string) *Note {
	_, about := h.helpOn(m, "")
	meant, _ := h.nearestVerb(m, name, about...)
	return note("unknown-topic", "topic", name, "meant", meant)
}

// explain returns what /help shows about a verb.
func (v *Verb) explain() Usage { return Usage{v.Name, v.Aliases, v.Args, v.Help} }

func me(c *Call) { c.Hub.say(c.Member, Action, c.Args[0], c.Now) }

func nick(c *Call) {
	m, name := c.Member, c.Args[0]
	switch {
	case m.account() != 0:
		m.refuse(note("account-has-name", "name", m.Name()))
		return
	case name == m.OwnName():
		m.refuse(note("same-name"))
		return
	}
	if err := c.Hub.changeName(m, name, c.Now); err != nil {
		m.refuse(Why(err))
		return
	}
	m.tell(note("renamed", "name", m.OwnName()))
}

func quit(c *Call) {
	why := c.Hub.farewell(c.Member, c.arg(0), c.Now)
	c.Hub.endSession(c.Member)
	c.Member.out.Close(why)
}

// without returns list without s, as a new slice.
func without[T comparable](list []T, s T) []T {
	return slices.DeleteFunc(slices.Clone(list), func(o T) bool { return o == s })
}

// with returns list with s at its end, once, as a new slice.
func with[T comparable](list []T, s T) []T { return append(without(list, s), s) }
