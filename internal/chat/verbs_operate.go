package chat

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

func slow(c *Call) {
	r := c.Member.room
	if err := c.changeRoom(r, func(s *RoomState) error { return setSlow(s, c.Args[0]) }, func(s *RoomState) (Act, string) {
		text := "is no longer slow"
		if s.Slow > 0 {
			text = "is slow now: one line in " + inWords(s.Slow)
		}
		return c.entry("slow", inWords(s.Slow), r.name, ""), r.name + " " + text
	}); err != nil {
		c.Member.refuse(Reason(err))
	}
}

func op(c *Call) { c.operators("op", "an operator", " now", with[uint64]) }

func deop(c *Call) { c.operators("deop", "no operator", " any more", without[uint64]) }

// operators changes who runs the room.
func (c *Call) operators(verb, what, now string, change func([]uint64, uint64) []uint64) {
	m, r := c.Member, c.Member.room
	name, a, _, err := c.target(c.Args[0])
	state := r.look()
	switch {
	case verb == "op" && err != nil && a != nil:
		err = nil // that is no harm
	case err == nil && a == nil:
		err = refusal("%s has no account: only registered users can be operators", clip(c.Args[0]))
	}
	switch {
	case err != nil:
		m.refuse(Reason(err))
		return
	case r.name != Lobby && state.Founder == 0:
		m.refuse(r.name + " was made by a guest and has no operators")
		return
	case verb == "op" && len(state.Operators) >= maxInvited:
		m.refuse(fmt.Sprintf("%s has %d operators, which is the most", r.name, maxInvited))
		return
	case state.runs(a.ID) == (verb == "op"):
		m.refuse(name.Display + " is " + what + " of " + r.name)
		return
	case verb == "deop" && state.Founder == a.ID && m.role() < Moderator:
		m.refuse(name.Display + " has founded " + r.name + ": only moderators may do that")
		return
	}
	_ = c.changeRoom(r, func(s *RoomState) error {
		s.Operators = change(s.Operators, a.ID)
		if verb == "deop" && s.Founder == a.ID {
			s.Founder = 0
			if len(s.Operators) > 0 {
				s.Founder = s.Operators[0]
			}
		}
		return nil
	}, func(*RoomState) (Act, string) {
		return c.entry(verb, name.Display, r.name, ""), name.Display + " is " + what + " of " + r.name + now
	})
}

func redact(c *Call) {
	m, r := c.Member, c.Member.room
	text, number := strings.CutPrefix(c.Args[0], "#")
	if number || len(c.Args) == 1 && strings.Trim(text, "0123456789") == "" {
		c.redactOne(r, text)
		return
	}
	var since time.Time
	if len(c.Args) > 1 {
		d, ok := parseDuration(c.Args[1])
		if !ok {
			m.refuse("usage: /redact NAME DURATION, such as 10m, 2h or 1d")
			return
		}
		since = c.Now.Add(-d)
	}
	name, a, _, err := c.target(c.Args[0])
	if err != nil {
		m.refuse(Reason(err))
		return
	}
	// A name may have been a guest's before it was an account's.
	records := []Record{Redaction{Room: r.name, Key: name.Key, Since: since}, c.entry("redact", name.Display, r.name, "")}
	whose := Sanction{Key: name.Key}
	if a != nil {
		whose.Account = a.ID
		records = append(records, Redaction{Room: r.name, Account: a.ID, Since: since})
	}
	r.mu.Lock()
	r.withholdLocked(func(e *Event) bool { return whose.author(e) && !e.Time.Before(since) })
	r.feed.SkipName(name.Key) // also what the ring no longer has
	r.mu.Unlock()
	c.announceKept(r, m.Name()+" has taken back what "+name.Display+" has said", records...)
}

// redactOne takes back one message, wherever it is still.
func (c *Call) redactOne(r *Room, text string) {
	h, m := c.Hub, c.Member
	missing := "there is no message #" + clip(text) + " in " + r.name + ": /history shows their numbers"
	id, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		m.refuse(missing)
		return
	}
	found := false
	r.withhold(func(e *Event) bool {
		found = found || e.ID == id
		return e.ID == id
	})
	done := func() {
		number := "#" + strconv.FormatUint(id, 10)
		c.announceKept(r, m.Name()+" has taken back message "+number,
			Redaction{Room: r.name, IDs: []uint64{id}}, c.entry("redact", number, r.name, ""))
	}
	switch {
	case found:
		done()
		return
	case h.options.Archive == nil:
		m.refuse(missing)
		return
	}
	var events []Event
	h.work(m, Disk, func() { events, err = h.options.Archive.History(HistoryQuery{Room: r.name, Before: id + 1, Limit: 1}) }, func() {
		switch {
		case err != nil:
			m.refuse("the history can't be read: " + err.Error())
		case len(events) == 0 || events[0].ID != id:
			m.refuse(missing)
		default:
			r.mu.Lock()
			r.skip(&events[0])
			r.mu.Unlock()
			done()
		}
	})
}
