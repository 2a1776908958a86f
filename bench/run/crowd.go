package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"time"

	"github.com/sudoXpg/netloop/internal/bench"
	"github.com/sudoXpg/netloop/internal/client"
)

// dialing is how many clients of a crowd connect at a time.
const dialing = 32

// A crowd is clients in this process, each with internal/client, which connects again and
// resumes its session by itself.
type crowd struct {
	addr string
	away time.Duration // before an attempt to connect again; 0: as the client does it

	done    sync.WaitGroup
	members []*member

	mu       sync.Mutex // guards what follows, and the members
	news     chan struct{}
	sent     []time.Time // by broadcast
	since    time.Time   // what back counts from
	live     bench.Histogram
	caughtUp bench.Histogram // from the sending of what was missed to its receipt
	back     bench.Histogram // from since to the resumed session
	resumed  int
	fresh    int // sessions that began anew
	gaps     int
	failed   error
}

// A member is one client.
type member struct {
	*client.Client
	conn net.Conn
	got  []int // by broadcast
}

// gather connects n clients, and returns when all are logged in.
func gather(ctx context.Context, addr string, n int, away time.Duration) (*crowd, error) {
	c := &crowd{addr: addr, away: away, news: make(chan struct{}, 1), members: make([]*member, n)}
	next := make(chan int)
	var connecting sync.WaitGroup
	for range dialing {
		connecting.Go(func() {
			for i := range next {
				c.join(ctx, i)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	connecting.Wait()
	err := c.failed
	if err == nil {
		err = c.settle(ctx)
	}
	if err != nil {
		c.end()
		return nil, err
	}
	return c, nil
}

// settle waits until all clients have what a session is resumed with, which is saved before
// it is sent.
func (c *crowd) settle(ctx context.Context) error {
	for range 2 {
		if err := errors.Join(c.broadcast(c.members[0].Client), c.members[0].Flush(ctx)); err != nil {
			return err
		}
	}
	if !c.await(ctx, settleLimit, func() bool {
		lost, _ := c.lostAndDoubled()
		return lost == 0
	}) {
		return errors.New("a message did not reach all clients")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sent, c.live, c.caughtUp = nil, bench.Histogram{}, bench.Histogram{}
	c.fresh, c.gaps = 0, 0
	for _, m := range c.members {
		m.got = nil
	}
	return nil
}

func (c *crowd) join(ctx context.Context, i int) {
	m := &member{}
	o := client.Options{
		Address: c.addr, Name: fmt.Sprintf("u%05d", i), Buffer: 1, Timeout: time.Minute, Idle: 5 * time.Minute,
		Connect: func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := new(net.Dialer).DialContext(ctx, network, address)
			c.mu.Lock()
			defer c.mu.Unlock()
			m.conn = conn
			return conn, err
		},
	}
	if c.away > 0 {
		o.Wait = func(ctx context.Context, _ time.Duration) error { return client.Wait(ctx, c.away) }
	}
	var err error
	m.Client, err = client.Dial(ctx, o)
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil {
		c.failed = err
		return
	}
	c.members[i] = m
	c.done.Go(func() { c.read(m) })
}

// read takes the events of a member.
func (c *crowd) read(m *member) {
	for e := range m.Events() {
		now := time.Now()
		c.mu.Lock()
		switch e := e.(type) {
		case client.Message:
			c.heard(m, e.Text, now, &c.live)
		case client.Joined:
			for _, old := range e.History {
				c.heard(m, old.Text, now, &c.caughtUp)
			}
		case client.Connected:
			if e.Resumed {
				c.resumed++
				c.back.Record(now.Sub(c.since))
			} else {
				c.fresh++
			}
		case client.Gap:
			c.gaps++
		}
		c.mu.Unlock()
		select {
		case c.news <- struct{}{}:
		default:
		}
	}
}

// heard counts a message. c.mu is held.
func (c *crowd) heard(m *member, text string, now time.Time, h *bench.Histogram) {
	var n int
	if _, err := fmt.Sscanf(text, "broadcast %d", &n); err != nil || n < 0 || n >= len(c.sent) {
		return
	}
	for len(m.got) <= n {
		m.got = append(m.got, 0)
	}
	m.got[n]++
	h.Record(now.Sub(c.sent[n]))
}

// broadcast says the next message in the room where all are.
func (c *crowd) broadcast(from *client.Client) error {
	c.mu.Lock()
	n := len(c.sent)
	c.sent = append(c.sent, time.Now())
	c.mu.Unlock()
	_, err := from.Post(client.Post{Room: "#lobby", Text: fmt.Sprintf("broadcast %d", n)})
	return err
}

// lostAndDoubled counts over all members and broadcasts. c.mu is held.
func (c *crowd) lostAndDoubled() (lost, doubled int) {
	for _, m := range c.members {
		lost += len(c.sent) - len(m.got)
		for _, n := range m.got {
			switch {
			case n == 0:
				lost++
			case n > 1:
				doubled += n - 1
			}
		}
	}
	return lost, doubled
}

// cut resets the connection of any member.
func (c *crowd) cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	conn := c.members[rand.IntN(len(c.members))].conn
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // a reset, no end of the stream
		_ = tcp.Close()
	}
}

// await waits until a condition holds, which is checked with c.mu held and after each
// event, for a time at most. It reports whether it holds.
func (c *crowd) await(ctx context.Context, limit time.Duration, holds func() bool) bool {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for {
		c.mu.Lock()
		ok := holds()
		c.mu.Unlock()
		if ok {
			return true
		}
		select {
		case <-c.news:
		case <-ctx.Done():
			return false
		}
	}
}

// end closes all clients.
func (c *crowd) end() {
	var closing sync.WaitGroup
	for _, m := range c.members {
		if m != nil {
			closing.Go(func() { _ = m.Close() })
		}
	}
	closing.Wait()
	c.done.Wait()
}
