package netconn

import (
	"cmp"
	"io"

	"github.com/sudoXpg/netloop/eventloop"
)

// The methods that the loop calls.

// Opened implements eventloop.Handler.
func (c *Conn) Opened(conn *eventloop.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.conn = conn
	if a := conn.LocalAddr(); a != nil {
		c.local = a
	}
	c.remote = conn.RemoteAddr()
	if c.closed {
		conn.Close()
	}
	c.changed.Broadcast()
}

// Received implements eventloop.Handler.
func (c *Conn) Received(conn *eventloop.Conn, data []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return
	}
	c.in = append(c.in, data...)
	if len(c.in) >= c.o.ReadBuffer {
		c.paused = true
		conn.Pause()
	}
	c.changed.Broadcast()
}

// Drained implements eventloop.Handler.
func (c *Conn) Drained(*eventloop.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.unsent = len(c.out)
	c.changed.Broadcast()
}

// EOF implements eventloop.EOFHandler.
func (c *Conn) EOF(*eventloop.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.end = io.EOF
	c.changed.Broadcast()
}

// Draining implements eventloop.DrainHandler: what was written is sent.
func (c *Conn) Draining(*eventloop.Conn) { c.take() }

// Closed implements eventloop.Handler.
func (c *Conn) Closed(_ *eventloop.Conn, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.over = true
	err = cmp.Or(err, eventloop.ErrClosed)
	c.end = cmp.Or(c.end, err)
	c.failed = err
	c.changed.Broadcast()
}
