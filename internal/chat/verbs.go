package chat

import (
	"fmt"
	"slices"
	"strings"
)

// maxListed bounds the answer to /list, in names.
const maxListed = 100

func help(c *Call) {
	for i := range c.Hub.verbs {
		v := &c.Hub.verbs[i]
		if c.Member.role < v.Need {
			continue
		}
		line := fmt.Sprintf("%-16s %s", v.usage(), v.Help)
		if len(v.Aliases) > 0 {
			line += " (also /" + strings.Join(v.Aliases, ", /") + ")"
		}
		c.Member.tell(line)
	}
	c.Member.tell(fmt.Sprintf("%-16s %s", "//TEXT", "Say a line that begins with a slash."))
}

func list(c *Call) {
	room := c.Member.room
	members, all := room.some(maxListed)
	names := c.Hub.namesOf(members)
	slices.SortFunc(names, func(a, b string) int { return strings.Compare(fold(a), fold(b)) })
	text := fmt.Sprintf("%s here in %s: %s", people(all), room.name, strings.Join(names, ", "))
	if all > len(names) {
		text += fmt.Sprintf(" and %d more", all-len(names))
	}
	c.Member.tell(text)
}

func people(n int) string {
	if n == 1 {
		return "1 person"
	}
	return fmt.Sprintf("%d people", n)
}

func me(c *Call) {
	m := c.Member
	m.room.publish(Event{Kind: Action, Author: m.id, Name: m.name, Body: c.Args[0], Time: c.Now})
}

func nick(c *Call) {
	name := c.Args[0]
	if name == c.Member.name {
		c.Member.refuse("that is your name already")
		return
	}
	if err := c.Hub.rename(c.Member, name, c.Now); err != nil {
		c.Member.refuse(Reason(err))
		return
	}
	c.Member.tell("you are now known as " + name)
}

func quit(c *Call) {
	why := ""
	if len(c.Args) > 0 {
		why = c.Args[0]
	}
	c.Member.out.Close(why)
}
