package chatstate

import (
	"slices"
	"strings"

	"github.com/sudoXpg/netloop/internal/client"
)

// A Post is a message of the user that is not acknowledged yet.
type Post struct {
	client.Post
	CID string
	// arrived is set if the message was received: its acknowledgement follows.
	arrived bool
}

// Posted records a message of the user.
func (c *Chat) Posted(cid string, p client.Post) { c.posts = append(c.posts, &Post{Post: p, CID: cid}) }

// Waiting returns the messages of a conversation that are not acknowledged and not shown yet, in
// order.
func (c *Chat) Waiting(r *Room) []*Post {
	var list []*Post
	for _, p := range c.posts {
		if !p.arrived && p.in(r) {
			list = append(list, p)
		}
	}
	return list
}

func (p *Post) in(r *Room) bool {
	if r.Person {
		return key(p.To) == r.Key()
	}
	return p.To == "" && p.Room == r.Name
}

// Unacked returns how many messages are not acknowledged.
func (c *Chat) Unacked() int { return len(c.posts) }

// Unsent returns the texts of the messages that are not acknowledged.
func (c *Chat) Unsent() (list []string) {
	for _, p := range c.posts {
		list = append(list, Text(p.Text))
	}
	return list
}

// Settle removes a message whose outcome is known, and returns it, or nil.
func (c *Chat) Settle(cid string) *Post {
	at := slices.IndexFunc(c.posts, func(p *Post) bool { return p.CID == cid })
	if at < 0 {
		return nil
	}
	p := c.posts[at]
	c.posts = slices.Delete(c.posts, at, at+1)
	return p
}

// arrived hides the post that a message of this user is: rooms don't tell its CID.
func (c *Chat) arrived(m client.Message) {
	for _, p := range c.posts {
		if !p.arrived && strings.TrimSpace(p.Text) == strings.TrimSpace(m.Text) && p.Action == (m.Kind == "action") &&
			(m.Private && strings.EqualFold(p.To, m.To) || !m.Private && p.To == "" && p.Room == m.Room) {
			p.arrived = true
			return
		}
	}
}
