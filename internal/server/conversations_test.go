package server_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// What people, of whom each has a few names and rooms to choose from, may do to
// each other. A failure shrinks to the few lines that matter.
var (
	someNames = []string{"ann", "bob", "eve", "Eve", "zoe"}
	someRooms = []string{"#a", "#A", "#b", "#lobby"}
)

// A chance is a conversation that is drawn.
type chance struct {
	*conversation
	move   move
	bodies int // said so far
}

// An act is something that may happen next: a line that somebody types, mostly.
type act struct {
	name  string
	often int
	do    func(c *chance)
}

// acts are in the order in which a failure is made simpler.
var acts = []act{
	{"say", 16, typed(func(c *chance) string { return c.words() })},
	{"connect", 10, (*chance).comes},
	{"me", 1, typed(func(c *chance) string { return "/me " + c.words() })},
	{"nick", 4, typed(func(c *chance) string { return "/nick " + c.name() })},
	{"join", 7, typed(func(c *chance) string { return "/join " + c.room() })},
	{"leave", 2, typed(func(c *chance) string { return "/leave " + c.room() })},
	{"msg", 5, typed(func(c *chance) string { return "/msg " + c.name() + " " + c.words() })},
	{"ignore", 4, typed(func(c *chance) string { return "/ignore " + c.name() })},
	{"unignore", 3, typed(func(c *chance) string { return "/unignore " + c.name() })},
	{"set", 2, typed(func(c *chance) string { return "/set timestamps " + one(c.move.other, "on", "off") })},
	{"history", 2, typed(func(*chance) string { return "/history" })},
	{"register", 4, typed(func(c *chance) string { return "/register " + c.name() })},
	{"login", 4, typed(func(c *chance) string { return "/login " + c.name() })},
	{"logout", 2, typed(func(*chance) string { return "/logout" })},
	{"quit", 1, typed(func(*chance) string { return "/quit bye" })},
	{"ban", 5, ruled(func(c *chance) string { return "/ban " + c.name() + c.period() })},
	{"unban", 3, ruled(func(c *chance) string { return "/unban " + c.name() })},
	{"kick", 2, ruled(func(c *chance) string { return "/kick " + c.name() + one(c.move.other, "", " spam") })},
	{"mute", 3, ruled(func(c *chance) string { return "/mute " + c.name() + c.period() })},
	{"unmute", 2, ruled(func(c *chance) string { return "/unmute " + c.name() })},
	{"redact", 2, ruled(func(c *chance) string { return "/redact " + c.name() })},
	{"redactOne", 3, ruled((*chance).redaction)},
	{"drop", 2, (*chance).drops},
	{"stall", 5, func(c *chance) { c.each(func(p *client) { p.stall() }) }},
	{"wake", 3, func(c *chance) { c.each(func(p *client) { p.wake() }) }},
	{"wait", 2, func(c *chance) { c.waits() }},
	{"several", 6, (*chance).several},
	{"restart", 1, func(c *chance) { c.ends(); c.populate() }},
	{"crash", 1, func(c *chance) { c.dies(); c.populate() }},
}

// A move is all that is left to chance in one act: each has its share of it, as
// numbers below chances.
type move struct{ act, who, staff, name, room, other, password, crash int }

const chances = 1 << 10

// moves draws a move, all as likely: most of rapid's own generators prefer what is small.
func moves(t *rapid.T) move {
	number := func() (n int) {
		for bit := 1; bit < chances; bit *= 2 {
			if rapid.Bool().Draw(t, "bit") {
				n += bit
			}
		}
		return n
	}
	return move{number(), number(), number(), number(), number(), number(), number(), number()}
}

func one[T any](number int, of ...T) T { return of[number*len(of)/chances] }

func (c *chance) name() string   { return one(c.move.name, someNames...) }
func (c *chance) room() string   { return one(c.move.room, someRooms...) }
func (c *chance) period() string { return one(c.move.other, "", " 1m", " spam", " 1m spam") }
func (c *chance) who() int       { return one(c.move.who, 0, 1, 2, 3, 4) }

// words are never said twice, so that each line can be told from all others.
func (c *chance) words() string {
	c.bodies++
	return fmt.Sprintf("line %d", c.bodies)
}

// each does something to the connection of somebody who is there.
func (c *chance) each(do func(*client)) {
	if p := c.clients[c.who()]; p != nil {
		do(p)
	}
}

// typed is an act of anybody.
func typed(line func(*chance) string) func(*chance) {
	return func(c *chance) {
		i := c.who()
		if c.clients[i] == nil {
			return
		}
		text := line(c)
		if c.clients[i].conn.who == nil && text[0] != '/' {
			text = c.name()
		}
		c.types(i, text)
	}
}

// ruled is one of somebody who may do such things, mostly.
func ruled(line func(*chance) string) func(*chance) {
	return func(c *chance) {
		i := c.who()
		if c.move.staff < chances*4/5 {
			i = 0
		}
		if c.clients[i] != nil && c.clients[i].conn.who != nil {
			c.types(i, line(c))
		}
	}
}

// types sends a line, and the passwords that are asked for then.
func (c *chance) types(i int, line string) {
	c.t.Logf("%d> %s", i, line)
	c.sends(i, line)
	// A crash that comes before the disk has anything of it?
	if c.move.crash > chances*99/100 {
		c.t.Log("crash at once")
		c.settle(false)
		c.dies()
		c.populate()
		return
	}
	c.settle(true)
	for c.clients[i] != nil && c.clients[i].conn.question != nil {
		c.sends(i, one(c.move.password, goodPassword, goodPassword, goodPassword, goodPassword, goodPassword, "secret-2"))
		c.settle(true)
	}
}

// populate has the moderator log in, and some others come.
func (c *chance) populate() {
	c.begin()
	for i := 1; i < people; i++ {
		if c.move.crash>>i&1 == 0 {
			c.connects(i)
			c.sends(i, someNames[(c.move.other>>i)%len(someNames)])
			c.settle(true)
		}
	}
}

// comes connects somebody, who gives a name. The first is mostly the moderator.
func (c *chance) comes() {
	i := c.who()
	if c.clients[i] != nil {
		return
	}
	c.connects(i)
	if i == 0 {
		c.types(i, "zoe")
	} else {
		c.types(i, c.name())
	}
}

// drops ends somebody's connection, in one of two ways.
func (c *chance) drops() {
	i := c.who()
	p := c.clients[i]
	if p == nil {
		return
	}
	if c.move.other < chances/2 {
		c.t.Logf("%d is reset", i)
		c.resets(i)
		return
	}
	c.t.Logf("%d hangs up", i)
	_ = p.c.CloseWrite()
	c.model.goes(p.conn, "connection closed")
}

// several are lines that come at once: what one does to others, between two lines.
func (c *chance) several() {
	i := one(c.move.staff, c.who(), 0)
	if c.clients[i] == nil || c.clients[i].conn.who == nil {
		return
	}
	what := one(c.move.other, "/nick ", "/ban ", "/unban ", "/kick ", "/mute ", "/unmute ", "/ignore ", "/msg zoe ", "/join ")
	lines := []string{c.words(), what + c.name(), c.words()}
	if what == "/join " {
		lines[1] = what + c.room()
	}
	c.t.Logf("%d> %s", i, strings.Join(lines, " | "))
	c.sends(i, lines...)
}

func (c *chance) redaction() string {
	numbers := []string{"999"}
	for _, body := range slices.Sorted(maps.Keys(c.model.ids)) {
		numbers = append(numbers, fmt.Sprint(c.model.ids[body]))
	}
	return "/redact " + one(c.move.other, numbers[max(0, len(numbers)-8):]...)
}

// The reference model agrees with the server over random conversations with bans,
// ignores, renames, slow readers, restarts and crashes: everybody is sent exactly what
// it says, in its order.
func TestRandomConversationsAreWhatTheModelSays(t *testing.T) {
	var weighted []act
	for _, a := range acts {
		weighted = append(weighted, slices.Repeat([]act{a}, a.often)...)
	}
	some := rapid.SliceOfN(rapid.Custom(moves), 0, 16)
	rapid.Check(t, func(t *rapid.T) {
		c := &chance{conversation: newConversation(t)}
		c.populate()
		for range 30 { // of several lists, so that a failure can shrink to nearly nothing
			for _, c.move = range some.Draw(t, "moves") {
				one(c.move.act, weighted...).do(c)
				c.settle(true)
			}
		}
		c.end()
	})
}
