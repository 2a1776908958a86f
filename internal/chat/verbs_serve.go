package chat

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Control is what the server lets admins do with it. Its methods may be called
// from any goroutine and must not block.
type Control interface {
	// Stats returns lines about the server.
	Stats() []string
	// Rehash reads the configuration again and then calls done, on any goroutine,
	// with what has changed.
	Rehash(by string, done func(report []string, err error))
	// Shutdown stops the server after so long.
	Shutdown(after time.Duration, reason string)
}

// maxShutdown is the longest time that /shutdown can be given.
const maxShutdown = 24 * time.Hour

// A Lock says to whom the server is closed; each level includes the ones before.
type Lock uint8

// The levels.
const (
	LockOff      Lock = iota
	LockRegister      // nobody can register
	LockMembers       // no guests
	LockStaff         // only moderators and admins
)

// lockNames is the one list of them, in order.
var lockNames = [...]string{"off", "register", "members", "staff"}

func lock(c *Call) {
	i := slices.Index(lockNames[:], c.Args[0])
	if i < 0 {
		c.Member.refuse("usage: /lock off | register | members | staff")
		return
	}
	h := c.Hub
	h.mu.Lock()
	h.lock = Lock(i)
	h.mu.Unlock()
	text := [...]string{"open to everybody", "closed to new registrations", "closed to guests", "closed to all but staff"}[i]
	h.keptOr(c.Member, "the server is "+text+" now", c.entry("lock", lockNames[i], "", ""))
}

func announce(c *Call) {
	c.act("announce", c.Args[0], "")
	c.Hub.Announce(c.Args[0], c.Now)
	if c.Member.room == nil {
		c.Member.tell("announced")
	}
}

func flags(c *Call) {
	h, m := c.Hub, c.Member
	if len(c.Args) == 0 {
		h.mu.Lock()
		lines := make([]string, 0, len(h.flags))
		for _, f := range h.flags {
			lines = append(lines, fmt.Sprintf("#%d %s %s: %s (%s)", f.ID, f.Event.Room, f.Event.Name, f.Event.Body, f.Why))
		}
		h.mu.Unlock()
		if len(lines) == 0 {
			m.tell("nothing waits for review")
		}
		m.page(lines)
		return
	}
	approve := c.Args[0] == "approve"
	if len(c.Args) < 2 || !approve && c.Args[0] != "remove" {
		m.refuse("usage: /flags [approve ID | remove ID]")
		return
	}
	f, ok := h.takeFlag(c.Args[1])
	if !ok {
		m.refuse("no message " + clip(c.Args[1]) + " waits: /flags lists them")
		return
	}
	word := "removed"
	if approve {
		word = "approved"
		if r := h.Room(f.Event.Room); r != nil {
			r.approve(f, c.Now)
		}
	}
	number := "#" + strconv.FormatUint(f.ID, 10)
	h.keptOr(m, "message "+number+" is "+word, DropFlag{ID: f.ID}, c.entry(c.Args[0], number, f.Event.Room, f.Why))
}

// takeFlag takes a message out of the queue.
func (h *Hub) takeFlag(text string) (Flag, bool) {
	if len(text) > 0 && text[0] == '#' {
		text = text[1:]
	}
	id, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return Flag{}, false
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	i := slices.IndexFunc(h.flags, func(f Flag) bool { return f.ID == id })
	if i < 0 {
		return Flag{}, false
	}
	f := h.flags[i]
	h.flags = slices.Delete(h.flags, i, i+1)
	return f, true
}

// approve publishes a message that has waited.
func (r *Room) approve(f Flag, now time.Time) {
	e := f.Event
	e.Time = now
	r.mu.Lock()
	defer r.mu.Unlock()
	r.publishLocked(e, f.Key, nil)
}

func stats(c *Call) {
	h, m := c.Hub, c.Member
	h.mu.Lock()
	people, connections, accounts, rooms := len(h.names), 0, len(h.byID), len(h.rooms)
	for _, p := range h.names {
		connections += len(p.members)
	}
	inForce, waiting := len(h.sanctions), len(h.flags)
	h.mu.Unlock()
	m.tell(fmt.Sprintf("%s at %s, %s, %s", count(people, "name"), count(connections, "connection"), count(rooms, "room"), count(accounts, "account")))
	m.tell(fmt.Sprintf("%s in force, %s waiting for review", count(inForce, "sanction"), count(waiting, "message")))
	if h.options.Control != nil {
		for _, line := range h.options.Control.Stats() {
			m.tell(line)
		}
	}
}

func rehash(c *Call) {
	h, m := c.Hub, c.Member
	if h.options.Control == nil {
		m.refuse("this server has no configuration to read")
		return
	}
	c.act("rehash", "", "")
	h.options.Control.Rehash(m.Name(), func(report []string, err error) {
		m.out.Post(func() {
			for _, line := range report {
				m.tell(line)
			}
			if err != nil {
				m.refuse("the old settings stay: " + err.Error())
			} else if len(report) == 0 {
				m.tell("nothing has changed")
			}
		})
	})
}

func shutdown(c *Call) {
	h, m := c.Hub, c.Member
	if h.options.Control == nil {
		m.refuse("this server can't be stopped from here")
		return
	}
	const most = int(maxShutdown / time.Second)
	seconds, reason := 0, strings.Join(c.Args, " ")
	if first := c.arg(0); first != "" && strings.Trim(first, "-0123456789") == "" {
		n, err := strconv.Atoi(first)
		if err != nil || n < 0 || n > most { // and no reason to stop at once
			m.refuse(fmt.Sprintf("that is a number of seconds, at most %d", most))
			return
		}
		seconds, reason = n, c.arg(1)
	}
	after := time.Duration(seconds) * time.Second
	if err := bounded(reason); err != nil {
		m.refuse(Reason(err))
		return
	}
	if reason == "" {
		reason = "by " + m.Name()
	}
	h.kept(m, func(error) {
		when := "now"
		if after > 0 {
			when = "in " + inWords(after)
			h.Announce("the server shuts down "+when+": "+reason, m.out.Now())
		}
		if m.operates() {
			m.tell("the server shuts down " + when)
		}
		h.options.Control.Shutdown(after, reason)
	}, c.entry("shutdown", "", "", reason))
}
