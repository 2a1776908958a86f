package client

import (
	"context"
	"time"
)

// A pause is the wait before an attempt to connect.
type pause struct {
	cut   context.CancelFunc
	ends  time.Time // on the wall clock
	early bool      // Retry has cut it
}

// Retry tries to connect at once, also if the server has asked to wait longer. It does nothing
// while the client is connected or tries already. The attempt does not count for the waits
// that follow.
func (c *Client) Retry() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.pause != nil {
		c.pause.early = true
		c.pause.cut()
	}
}

// rest tells the user why there is no connection, and waits before the next attempt. early is
// set if Retry has ended the wait, and closed if the client has ended.
func (c *Client) rest(why error, d time.Duration) (early, closed bool) {
	ctx, cut := context.WithCancel(c.stop)
	defer cut()
	p := &pause{cut: cut, ends: c.o.Now().Add(d)}
	c.setPause(p) // before the event, whose receiver may call Retry
	defer c.setPause(nil)
	if !c.emit(Disconnected{Err: why, Retry: d}) {
		return false, true
	}
	if c.o.Wait(ctx, d) != nil && ctx.Err() == nil {
		return false, true
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return p.early, c.stop.Err() != nil
}

func (c *Client) setPause(p *pause) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pause = p
}

// atLeast returns how long to wait at least, because the server has asked for it now or
// before a wait that Retry has cut.
func (c *Client) atLeast(err error) time.Duration {
	now := c.o.Now()
	if after := retryAfter(err); after > 0 {
		c.notBefore = now.Add(after)
	}
	return min(max(0, c.notBefore.Sub(now)), MaxRetryAfter)
}

// watch checks the connection whenever the machine has slept. The timers of connections and
// of Wait stop meanwhile on most systems, so that only the wall clock shows it.
func (c *Client) watch() {
	ticks := time.NewTicker(clockCheck)
	defer ticks.Stop()
	last := c.o.Now()
	for {
		select {
		case <-ticks.C:
		case <-c.stop.Done():
			return
		}
		now := c.o.Now()
		if now.Sub(last) > clockCheck+minSleep {
			c.awake(now)
		}
		last = now
	}
}

// awake acts on the end of a sleep of the machine.
func (c *Client) awake(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.link != nil {
		c.link.check()
		c.ring()
	}
	if c.pause != nil && !now.Before(c.pause.ends) {
		c.pause.cut()
	}
}
