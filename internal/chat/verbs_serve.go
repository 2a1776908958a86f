package chat

import (
	"cmp"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sudoXpg/netloop/internal/duration"
)

// Control is what admins can do to the server. Its methods may be called from
// any goroutine and must not block.
type Control interface {
	// Stats returns the server's counters.
	Stats() ServerStatistics
	// Rehash reads the configuration again and then calls done, on any goroutine,
	// with a report of the changes.
	Rehash(by string, done func(report []*Note, err error))
	// Shutdown stops the server after a delay. It replaces an earlier plan.
	Shutdown(after time.Duration, why *Note)
	// CancelShutdown cancels the planned shutdown. It returns false if none was planned.
	CancelShutdown() bool
}

// maxShutdown is the longest delay of /shutdown.
const maxShutdown = 24 * time.Hour

// A Lock says who can't enter the server; each level includes the ones before.
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
		c.Member.refuse(note("usage", "command", c.Verb.Name, "arguments", c.Verb.Args))
		return
	}
	h := c.Hub
	h.mu.Lock()
	h.lock = Lock(i)
	h.mu.Unlock()
	what := [...]*Note{note("lock-off"), note("lock-register"), note("lock-members"), note("lock-staff")}[i]
	h.persistAndTell(c.Member, what, c.entry("lock", lockNames[i], "", ""))
}

func announce(c *Call) {
	h, m := c.Hub, c.Member
	text, to := h.publishable(m, c.Args[0], c.Now)
	if to == nobody {
		return
	}
	h.persistAlways(m, func(error) {
		if to == everybody {
			h.Announce(note("announcement", "text", text), c.Now)
		}
	}, func(err error) {
		switch {
		case to == author:
			m.out.Deliver(Event{Kind: Announcement, Note: note("announcement", "text", text), Time: c.Now})
		case m.Room() == nil:
			m.tell(note("announced"))
		}
		if err != nil {
			m.refuse(note("announcement-not-saved", "why", Why(err)))
		}
	}, c.entry("announce", text, "", ""))
}

func flags(c *Call) {
	h, m := c.Hub, c.Member
	if len(c.Args) == 0 {
		h.mu.Lock()
		list := slices.Clone(h.flags)
		h.mu.Unlock()
		pages(m, list, func(page []Flag, more int) Answer { return Flags{page, more} })
		return
	}
	approve := c.Args[0] == "approve"
	if len(c.Args) < 2 || !approve && c.Args[0] != "remove" {
		m.refuse(note("usage", "command", c.Verb.Name, "arguments", c.Verb.Args))
		return
	}
	f, ok := h.takeFlag(c.Args[1])
	if !ok {
		m.refuse(note("no-flag", "id", clip(c.Args[1])))
		return
	}
	number := "#" + strconv.FormatUint(f.ID, 10)
	act := c.entry(c.Args[0], number, f.Event.Room, f.Why)
	if approve {
		c.approve(f, act)
		return
	}
	h.persistAndTell(m, note("flag-removed", "id", f.ID), DropFlag{ID: f.ID}, act)
}

// approve publishes a message that has waited once the approval is on disk, and answers
// when the message is. If the approval can't be saved, the message waits again.
func (c *Call) approve(f Flag, act Act) {
	h, m := c.Hub, c.Member
	r := h.Room(f.Event.Room)
	if r == nil || f.Event.Time.Before(r.look().Created) { // an earlier room with that name
		h.persistAndTell(m, note("flag-room-gone", "id", f.ID), DropFlag{ID: f.ID}, act)
		return
	}
	var notApproved, notSaved error
	shown := true
	answer := func() {
		switch {
		case notApproved != nil:
			m.refuse(note("approval-not-saved", "id", f.ID, "why", Why(notApproved)))
		case !shown:
			h.told(m, note("flag-taken-back", "id", f.ID))(notSaved)
		default:
			h.told(m, note("flag-approved", "id", f.ID))(notSaved)
		}
	}
	if h.options.Journal == nil {
		shown = h.publishFlag(r, f, c.Now, nil)
		answer()
		return
	}
	m.out.Await(func(finish func()) {
		h.options.Journal.Write(func(err error) {
			if notApproved = err; err != nil {
				h.returnFlag(f)
				finish()
				return
			}
			h.publishFlag(r, f, c.Now, func(published bool, err error) {
				shown, notSaved = published, err
				finish()
			})
		}, act)
	}, answer)
}

// publishFlag publishes a message that has waited, unless it was deleted meanwhile, its
// author is now banned, or its room is gone. When the message's removal from the queue is
// on disk, done, unless it is nil, is called with whether it was published.
func (h *Hub) publishFlag(r *Room, f Flag, now time.Time, done func(published bool, err error)) bool {
	hidden, withdrawn := h.hidden(now), h.withdrawn()
	unwanted := hidden != nil && hidden(&f.Event) || withdrawn != nil && withdrawn(&f.Event)
	e := f.Event
	e.Time = now
	r.mu.Lock()
	defer r.mu.Unlock()
	published := !unwanted && r.ends() == nil && !r.closed
	var kept func(error)
	if done != nil {
		kept = func(err error) { done(published, err) }
	}
	if published {
		r.publishPersisted(e, f.Key, kept, DropFlag{ID: f.ID})
	} else if h.options.Journal != nil {
		h.options.Journal.Write(kept, DropFlag{ID: f.ID})
	}
	return published
}

// returnFlag puts a message back into the queue, in its old place.
func (h *Hub) returnFlag(f Flag) {
	h.mu.Lock()
	defer h.mu.Unlock()
	i, _ := slices.BinarySearchFunc(h.flags, f.ID, func(o Flag, id uint64) int { return cmp.Compare(o.ID, id) })
	h.flags = slices.Insert(h.flags, i, f)
}

// takeFlag removes a message from the queue.
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

func stats(c *Call) {
	h, m := c.Hub, c.Member
	h.mu.Lock()
	s := Statistics{Names: len(h.names), Accounts: len(h.byID), Rooms: len(h.rooms), Sanctions: len(h.sanctions), Flags: len(h.flags)}
	for _, p := range h.names {
		s.Connections += p.members.len()
	}
	h.mu.Unlock()
	if h.options.Control != nil {
		server := h.options.Control.Stats()
		s.Server = &server
	}
	m.out.Answer(s)
}

func rehash(c *Call) {
	h, m := c.Hub, c.Member
	if h.options.Control == nil {
		m.refuse(note("no-configuration"))
		return
	}
	h.persistThen(m, func(err error) {
		if err != nil {
			m.refuse(note("not-in-audit-log", "why", Why(err)))
		}
		h.options.Control.Rehash(m.Name(), func(report []*Note, err error) {
			m.out.Post(func() {
				for _, what := range report {
					m.tell(what)
				}
				if err != nil {
					m.refuse(note("rehash-failed", "cause", err.Error()))
				} else if len(report) == 0 {
					m.tell(note("rehash-no-change"))
				}
			})
		})
	}, c.entry("rehash", "", "", ""))
}

func shutdown(c *Call) {
	h, m := c.Hub, c.Member
	if h.options.Control == nil {
		m.refuse(note("no-shutdown"))
		return
	}
	if first, _, _ := strings.Cut(c.arg(0), " "); strings.EqualFold(first, "cancel") {
		c.cancelShutdown()
		return
	}
	wait, reason, err := shutdownPlan(c.arg(0))
	if err != nil {
		m.refuse(Why(err))
		return
	}
	reason, ok := c.reason(reason, nil)
	if !ok {
		return
	}
	why := note("shutdown-reason", "reason", reason, "by", m.Name())
	h.persistThen(m, func(error) {
		if wait > 0 {
			h.Announce(note("shutdown-announced", "wait", wait, "why", why), m.out.Now())
		}
		if m.operates() {
			m.tell(note("shutdown", "wait", wait))
		}
		h.options.Control.Shutdown(wait, why)
	}, c.entry("shutdown", "", "", h.inWords(note("shutdown-act", "wait", wait, "why", why))))
}

// shutdownPlan parses when to stop, and why. Only "now" or an empty text means at
// once: other text that is not a duration is a typing error.
func shutdownPlan(text string) (wait time.Duration, reason string, err error) {
	words := strings.Fields(text)
	if len(words) == 0 || strings.EqualFold(words[0], "now") {
		return 0, after(text, 1), nil
	}
	wait, n, err := duration.Prefix(words)
	if errors.Is(err, duration.ErrNoUnit) {
		wait, err = duration.Parse(words[0] + "s")
		n = 1
	}
	switch {
	case err != nil && !errors.Is(err, duration.ErrTooLong), n == 0:
		return 0, "", refusal("no-shutdown-time", "text", clip(words[0]))
	case err != nil, wait > maxShutdown:
		return 0, "", refusal("shutdown-too-late", "most", maxShutdown)
	}
	return wait, after(text, n), nil
}

// cancelShutdown cancels the planned shutdown.
func (c *Call) cancelShutdown() {
	h, m := c.Hub, c.Member
	if !h.options.Control.CancelShutdown() {
		m.refuse(note("no-shutdown-planned"))
		return
	}
	h.persistThen(m, func(error) {
		h.Announce(note("shutdown-cancelled"), m.out.Now())
		if m.operates() {
			m.tell(note("shutdown-is-cancelled"))
		}
	}, c.entry("shutdown", "", "", h.inWords(note("shutdown-act-cancelled"))))
}
