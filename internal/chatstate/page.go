package chatstate

import (
	"time"

	"github.com/sudoXpg/netloop/internal/client"
)

// A Request says what a page of history was asked for.
type Request uint8

// The requests.
const (
	Latest Request = iota // the latest messages
	Before                // those before the first
	After                 // those after the last
	Around                // those around a message
)

// Page takes a page of a room's history that was asked for.
func (c *Chat) Page(h client.History, what Request) Change {
	r := c.rooms[Line(h.Room)]
	if r == nil || r.Person {
		return Change{}
	}
	items := c.items(h.Events)
	if what == Around && len(items) == 0 { // there is no such message: what is there stays
		return Change{Room: r}
	}
	if what == Latest || what == Around {
		r.replace(items, h, what)
	}
	r.addAll(items)
	switch what {
	case Before:
		r.Older = h.Older
		c.bound(r, true)
	case After:
		r.Detached = h.Newer
		c.bound(r, false)
	default:
		c.bound(r, false)
	}
	r.recount()
	return Change{Room: r}
}

// replace prepares a room for a page that may be far from what is there.
func (r *Room) replace(items []*Item, h client.History, what Request) {
	first, last := r.First(), r.Last()
	n := len(items)
	if n == 0 || first == 0 || items[n-1].ID < first || items[0].ID > last {
		r.reset()
		r.Older = h.Older
		r.Detached = what == Around && h.Newer
	} else if items[0].ID < first {
		r.Older = h.Older
	}
	if what == Latest {
		r.Detached = false
	}
}

// fill takes messages that were missing.
func (c *Chat) fill(h client.History) Change {
	r := c.rooms[Line(h.Room)]
	if r == nil || r.Person || r.Detached {
		return Change{}
	}
	for _, i := range c.items(h.Events) {
		r.add(i)
	}
	r.recount()
	c.bound(r, false)
	return Change{Room: r}
}

// Missing adds that messages are missing at the end of a room, in words for the user. It
// disappears when they have come.
func (c *Chat) Missing(room, text string, at time.Time) Change {
	r := c.rooms[Line(room)]
	if r == nil {
		return Change{}
	}
	c.Add(r, &Item{Kind: Local, Text: text, Time: at, gap: true})
	return Change{Room: r}
}
