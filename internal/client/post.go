package client

import (
	"context"
	"slices"
)

// An unacked is a message that is not acknowledged yet.
type unacked struct {
	post Post
	cid  string
	line []byte
	link *link // the last one on which it was sent; nil: none
	used bool  // it may have been received
}

// A Post is a message to a room, or with To to a person. Without both it goes to the
// current room.
type Post struct {
	Room, To, Text string
	Action         bool   // as /me
	ReplyTo        uint64 // the ID of the message that it answers; 0: none
}

// Post queues a message and returns its CID, which its Ack, Held, Failure or Lost has. It
// does not wait, and works without a connection. It returns ErrQueueFull, ErrTooLong
// or ErrClosed.
func (c *Client) Post(p Post) (cid string, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return "", ErrClosed
	}
	if len(c.unacked) >= MaxUnacked {
		return "", ErrQueueFull
	}
	r := Request{Type: "post", CID: c.nextCID(), Room: p.Room, To: p.To, Text: p.Text, ReplyTo: p.ReplyTo}
	if p.Action {
		r.Kind = "action"
	}
	line, err := r.line()
	if err != nil {
		return "", err
	}
	c.unacked = append(c.unacked, &unacked{post: p, cid: r.CID, line: line})
	c.ring()
	return r.CID, nil
}

// Unacked returns how many messages wait for their acknowledgement.
func (c *Client) Unacked() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.unacked)
}

// Flush waits until no message is waiting any more. The events have to be received
// meanwhile. It returns the error of ctx, or ErrClosed.
func (c *Client) Flush(ctx context.Context) error {
	c.mu.Lock()
	if len(c.unacked) == 0 {
		c.mu.Unlock()
		return nil
	}
	if c.drained == nil {
		c.drained = make(chan struct{})
	}
	drained := c.drained
	c.mu.Unlock()
	select {
	case <-drained:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-c.done:
		return ErrClosed
	}
}

// lostPosts removes messages of which nobody knows whether they have arrived. c.mu is held.
func (c *Client) lostPosts(unknown func(*unacked) bool) (lost []Event) {
	c.unacked = slices.DeleteFunc(c.unacked, func(u *unacked) bool {
		yes := unknown(u)
		if yes {
			lost = append(lost, Lost{CID: u.cid, Room: u.post.Room, To: u.post.To, Text: u.post.Text})
		}
		return yes
	})
	c.checkDrained()
	return lost
}

// settled removes a message whose outcome is known.
func (c *Client) settled(cid string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.unacked = slices.DeleteFunc(c.unacked, func(u *unacked) bool { return u.cid == cid })
	c.checkDrained()
}

// checkDrained tells Flush. c.mu is held.
func (c *Client) checkDrained() {
	if len(c.unacked) == 0 && c.drained != nil {
		close(c.drained)
		c.drained = nil
	}
}
