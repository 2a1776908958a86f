package netconn

import (
	"net"
	"time"
)

// A deadline is the deadline of one direction. The Conn's mutex guards it.
type deadline struct {
	passed bool
	timer  *time.Timer // nil: none is set, or it has passed
}

// set sets the deadline to t; zero means never.
func (d *deadline) set(c *Conn, t time.Time) {
	if d.timer != nil {
		d.timer.Stop()
	}
	d.timer, d.passed = nil, false
	left := time.Until(t)
	switch {
	case t.IsZero():
	case left <= 0:
		d.passed = true
	default:
		var timer *time.Timer
		timer = time.AfterFunc(left, func() {
			c.mu.Lock()
			defer c.mu.Unlock()
			if d.timer == timer { // no other one was set meanwhile
				d.timer, d.passed = nil, true
				c.changed.Broadcast()
			}
		})
		d.timer = timer
	}
}

// SetDeadline implements net.Conn.
func (c *Conn) SetDeadline(t time.Time) error { return c.setDeadlines(t, &c.readBy, &c.writeBy) }

// SetReadDeadline implements net.Conn.
func (c *Conn) SetReadDeadline(t time.Time) error { return c.setDeadlines(t, &c.readBy) }

// SetWriteDeadline implements net.Conn.
func (c *Conn) SetWriteDeadline(t time.Time) error { return c.setDeadlines(t, &c.writeBy) }

func (c *Conn) setDeadlines(t time.Time, all ...*deadline) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return c.failure("set", net.ErrClosed)
	}
	for _, d := range all {
		d.set(c, t)
	}
	c.changed.Broadcast()
	return nil
}
