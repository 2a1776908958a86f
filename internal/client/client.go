package client

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"
)

// A Client is one user's part in the chat. Its methods may be called from any
// goroutine.
type Client struct {
	o      Options
	events chan Event
	wake   chan struct{} // the link has something to send
	stop   context.Context
	cancel context.CancelFunc
	done   chan struct{} // closed when run has returned
	prefix string        // of the CIDs

	// Only run uses these, and Dial before it.
	token     string
	who       identity
	first     bool // the account is still to be made
	fills     fills
	notBefore time.Time // the server has asked to wait until then
	// private is the number of the last private message.
	private uint64

	mu       sync.Mutex // guards what follows
	closed   bool
	err      error  // why it is closed
	link     *link  // nil while it is not logged in
	pause    *pause // nil while it does not wait for an attempt
	cids     uint64
	unacked  []*unacked
	requests [][]byte
	rooms    map[string]Place // the last event of each room
	keys     map[string]string
	drained  chan struct{} // closed when nothing is unacked; nil: nobody waits
}

// Dial connects and logs in. ctx counts for this alone: the Client lives until Close.
// If the server refuses, the error is a Failure or a Bye.
func Dial(ctx context.Context, o Options) (*Client, error) {
	c := &Client{
		o: o.withDefaults(), wake: make(chan struct{}, 1), done: make(chan struct{}), first: o.Register,
		rooms: make(map[string]Place), keys: make(map[string]string), prefix: rand.Text()[:12],
		fills: fills{recent: make(map[string][]known), open: make(map[string]*filling)},
		who:   o.identity(),
	}
	c.events = make(chan Event, c.o.Buffer)
	l, err := c.connect(ctx)
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", o.Address, err)
	}
	c.stop, c.cancel = context.WithCancel(context.Background())
	c.online(l)
	go c.run(l)
	return c, nil
}

// Events returns the channel on which everything arrives, in order. It is closed after
// Close, and when the client has given up: see Err.
func (c *Client) Events() <-chan Event { return c.events }

// Err returns why the client has given up, which it does if the server ends the session
// or refuses the log-in; ErrClosed after Close; nil before.
func (c *Client) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// Close leaves the chat, which ends the session, and waits for the end of the
// connection, for a second at most. Messages that are not acknowledged are dropped, and
// so are events that were not received.
func (c *Client) Close() error {
	c.shut(ErrClosed)
	<-c.done
	return nil
}

// shut ends the client; only the first reason counts.
func (c *Client) shut(why error) {
	c.mu.Lock()
	if !c.closed {
		c.closed, c.err = true, why
	}
	c.mu.Unlock()
	c.cancel()
}

// run keeps the client connected. l is the first connection.
func (c *Client) run(l *link) {
	defer close(c.done)
	defer close(c.events)
	var watching sync.WaitGroup
	defer watching.Wait()
	defer c.cancel()
	watching.Go(c.watch)
	for attempt := 0; ; {
		var err error
		if l != nil {
			attempt, c.notBefore = 0, time.Time{}
			err = c.serve(l)
		}
		for l = nil; l == nil; {
			if c.stop.Err() != nil {
				return
			}
			if permanent(err) {
				c.shut(err)
				return
			}
			early, closed := c.rest(err, c.o.backoff(attempt, c.atLeast(err)))
			if closed {
				return
			}
			if !early {
				attempt, c.notBefore = attempt+1, time.Time{}
			}
			if l, err = c.connect(c.stop); err == nil {
				c.online(l)
			}
		}
	}
}

// serve delivers what a link receives until it ends, and returns why.
func (c *Client) serve(l *link) error {
	ctx, cancel := context.WithCancel(c.stop)
	var writing sync.WaitGroup
	writing.Go(func() { l.writeAll(ctx, c) })
	defer func() {
		c.offline()
		cancel()
		_ = l.conn.Close()
		writing.Wait()
	}()
	for _, e := range l.early {
		c.take(e)
	}
	l.early = nil
	for {
		e, err := l.read(c.o.Idle, c.ring)
		if err != nil {
			return err
		}
		c.take(e)
		if l.object != nil {
			c.emit(*l.object)
		}
		if bye, ok := e.(Bye); ok {
			return l.ending(bye)
		}
	}
}

// online makes a link that is logged in the present one.
func (c *Client) online(l *link) {
	c.mu.Lock()
	restarted := false // so that the server does not recognize private messages
	for _, place := range c.rooms {
		restarted = restarted || l.epoch > place.Epoch
	}
	guest := !c.who.account
	l.early = append(l.early, c.lostPosts(func(u *unacked) bool {
		return u.used && (!l.resumed && guest || (!l.resumed || restarted) && u.post.To != "")
	})...)
	if !l.resumed { // the server enters the rooms of an account itself
		if guest {
			c.rejoin(l)
		}
		clear(c.rooms)
		c.private = 0
	}
	maps.DeleteFunc(c.rooms, func(room string, _ Place) bool { return !l.joined[room] })
	c.link = l
	c.mu.Unlock()
	c.fillAgain(l)
	l.early = slices.Insert(l.early, 0, Event(Connected{
		Server: l.welcome.Server, Resumed: l.resumed,
		Commands: l.welcome.Commands, MaxText: l.welcome.Limits.Text, MaxLines: l.welcome.Limits.Lines,
	}))
}

// rejoin asks for the rooms that a guest was in. c.mu is held.
func (c *Client) rejoin(l *link) {
	for _, room := range slices.Sorted(maps.Keys(c.rooms)) {
		if l.joined[room] {
			continue
		}
		if line, err := (Request{Type: "join", Room: room, Key: c.keys[room], CID: c.nextCID()}).line(); err == nil {
			c.requests = append(c.requests, line)
		}
	}
}

func (c *Client) offline() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.link, c.requests = nil, nil
}

// take acts on an event and delivers it.
func (c *Client) take(e Event) {
	switch e := e.(type) {
	case session:
		c.token = e.Token
		return
	case welcome, pong:
		return
	case Ack:
		c.settled(e.CID)
	case Held:
		c.settled(e.CID)
	case Failure:
		c.settled(e.CID)
		c.fills.refused(e.CID)
	case Notice:
		c.noticed(e)
	case Joined:
		c.seen(e.Room, e.Place)
		c.fills.received(e.Room, e.History...)
	case Message:
		c.seen(e.Room, e.Place)
		c.fills.received(e.Room, e)
		if e.Number != 0 {
			c.private = e.Number
		}
	case RoomEvent:
		c.seen(e.Room, e.Place)
	case Rollback:
		c.rollback(e)
	case Gap:
		c.gap(e.Room)
	}
	c.emit(e)
	if h, ok := e.(History); ok {
		c.filled(h)
	}
}

// emit delivers an event. It returns false when the client is closed.
func (c *Client) emit(e Event) bool {
	if c.stop.Err() != nil {
		return false
	}
	select {
	case c.events <- e:
		return true
	case <-c.stop.Done():
		return false
	}
}

// seen records the place of a room's last event.
func (c *Client) seen(room string, at Place) {
	if room == "" || at.Seq == 0 && at.Epoch == 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, known := c.rooms[room]; known || len(c.rooms) < maxRooms {
		c.rooms[room] = at
	}
}

// ring tells the link that there is something to send.
func (c *Client) ring() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// pending returns the requests that are to be sent on a link now.
func (c *Client) pending(l *link) (lines []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.link != l {
		return nil
	}
	for _, r := range c.requests {
		lines = append(lines, r...)
	}
	c.requests = nil
	for _, u := range c.unacked {
		if u.link != l {
			u.link, u.used = l, true
			lines = append(lines, u.line...)
		}
	}
	return lines
}

// ended is a goodbye that the server means: it has ended the session.
type ended struct{ Bye }

func (e ended) Unwrap() error { return e.Bye }

// permanent reports whether there is no use in another attempt.
func permanent(err error) bool {
	if _, ok := errors.AsType[ended](err); ok || errors.Is(err, ErrPassword) {
		return true
	}
	f, ok := errors.AsType[Failure](err)
	return ok && !transient[f.Code]
}

// retryAfter returns how long the server has asked to wait.
func retryAfter(err error) time.Duration {
	bye, _ := errors.AsType[Bye](err)
	if !(bye.RetryAfter > 0) {
		return 0
	}
	return time.Duration(min(bye.RetryAfter, MaxRetryAfter.Seconds()) * float64(time.Second))
}
