package server_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// The names, rooms and other choices that people have. A failure shrinks to the
// few lines that matter.
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

// An act is something that may happen next, mostly a line that is typed.
type act struct {
	name  string
	often int
	do    func(c *chance)
}

// acts are in order of simplicity: rapid shrinks a failure towards the first.
var acts = []act{
	{"say", 16, typed(func(c *chance) string { return c.words() })},
	{"connect", 10, (*chance).comes},
	{"me", 1, typed(func(c *chance) string { return "/me " + c.words() })},
	{"nick", 4, typed(func(c *chance) string { return "/nick " + c.name() })},
	{"join", 7, typed(func(c *chance) string { return "/join " + c.room() })},
	{"leave", 2, typed(func(c *chance) string { return "/leave " + c.room() })},
	{"delete", 2, typed(func(c *chance) string { return "/room delete " + c.room() })},
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
	{"stall", 5, func(c *chance) { c.each("stops reading", (*client).stall) }},
	{"wake", 3, func(c *chance) { c.each("reads again", (*client).wake) }},
	{"wait", 2, func(c *chance) { c.t.Log("half a minute passes"); c.waits() }},
	{"several", 6, (*chance).several},
	{"restart", 1, func(c *chance) { c.begins("restart", c.ends) }},
	{"crash", 1, func(c *chance) { c.begins("crash", c.dies) }},
}

// A move is everything random in one act, as numbers below chances.
type move struct{ act, who, staff, name, room, other, password, crash int }

const chances = 1 << 10

// moves draws a move uniformly: most of rapid's own generators prefer small values.
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

// words returns a text that is never said twice, so that each line is unique.
func (c *chance) words() string {
	c.bodies++
	return fmt.Sprintf("line %d", c.bodies)
}

// each does something to the connection of a random client.
func (c *chance) each(what string, do func(*client)) {
	if p := c.clients[c.who()]; p != nil {
		c.t.Logf("%d %s", c.who(), what)
		do(p)
	}
}

// typed is an act of any client.
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

// ruled is an act that is mostly done by a client that is allowed to.
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

// types sends a line, and then the passwords that it is asked for.
func (c *chance) types(i int, line string) {
	c.t.Logf("%d> %s", i, line)
	c.sends(i, line)
	// Sometimes the server crashes before anything is on disk.
	if c.move.crash > chances*99/100 {
		c.begins("crash at once", func() {
			c.settle(false)
			c.dies()
		})
		return
	}
	c.settle(true)
	for c.clients[i] != nil && c.clients[i].conn.question != nil {
		password := one(c.move.password, goodPassword, goodPassword, goodPassword, goodPassword, goodPassword, "secret-2")
		c.t.Logf("%d> %s", i, password)
		c.sends(i, password)
		c.settle(true)
	}
}

// begins restarts the server, and logs how.
func (c *chance) begins(what string, anew func()) {
	c.t.Log(what)
	anew()
	c.populate()
}

// populate makes the moderator log in, and some others come.
func (c *chance) populate() {
	c.begin()
	for i := 1; i < people; i++ {
		if c.move.crash>>i&1 == 0 {
			c.connects(i)
			name := someNames[(c.move.other>>i)%len(someNames)]
			c.t.Logf("%d comes as %s", i, name)
			c.sends(i, name)
			c.settle(true)
		}
	}
}

// comes connects a client, which gives a name. The first is mostly the moderator.
func (c *chance) comes() {
	i := c.who()
	if c.clients[i] != nil {
		return
	}
	c.t.Logf("%d comes", i)
	c.connects(i)
	if i == 0 {
		c.types(i, "zoe")
	} else {
		c.types(i, c.name())
	}
}

// drops ends a connection, in one of two ways.
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

// several sends lines that arrive at once: what one does to others, between two lines.
func (c *chance) several() {
	i := one(c.move.staff, c.who(), 0)
	if c.clients[i] == nil || c.clients[i].conn.who == nil {
		return
	}
	what := one(c.move.other, "/nick ", "/ban ", "/unban ", "/kick ", "/mute ", "/unmute ", "/ignore ", "/msg zoe ", "/join ",
		"/leave ", "/room delete ")
	lines := []string{c.words(), what + c.name(), c.words()}
	if slices.Contains([]string{"/join ", "/leave ", "/room delete "}, what) {
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
// ignores, renames, slow readers, restarts and crashes: every client is sent exactly
// what the model says, in its order.
func TestRandomConversationsAgreeWithTheModel(t *testing.T) {
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
