// Package netconn presents a connection of a loop to other goroutines as a net.Conn, with bounded
// buffers in both directions, deadlines, and a Write that blocks while the peer is slow. It is for
// code that needs an io.Reader or an io.Writer, such as package net/http, bufio or io.Copy. Each
// such connection costs its buffers and whatever goroutines use it; a handler on the loop costs
// neither.
package netconn

import (
	"cmp"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"time"

	"github.com/sudoXpg/netloop/eventloop"
)

// DefaultBuffer is the default size of each buffer in bytes.
const DefaultBuffer = 64 << 10

// Options bound the buffers of a Conn. The zero value works.
type Options struct {
	// ReadBuffer is the number of unread bytes at which receiving stops. It may be
	// exceeded by one read of the loop (eventloop.Options.ReadBuffer).
	ReadBuffer int
	// WriteBuffer is how many bytes may be written and not yet sent; beyond that
	// Write blocks. It must be less than eventloop.Options.OutboxLimit.
	WriteBuffer int
}

// A Conn is a net.Conn over a connection of a loop, and that connection's Handler.
// Its methods of net.Conn may be called from any goroutine but the loop's, which they
// would block.
//
// A peer that takes nothing for eventloop.Options.StallTimeout ends it with
// eventloop.ErrStalled, whatever the write deadline.
type Conn struct {
	o       Options
	writing sync.Mutex // held during a Write, so that two do not mix

	mu            sync.Mutex // guards what follows
	changed       sync.Cond  // something that a call may wait for has happened
	conn          *eventloop.Conn
	local, remote net.Addr

	in     []byte // received, not read
	paused bool   // the loop receives nothing
	end    error  // what Read returns when in is empty; nil: more may come

	out     []byte // written, not given to the loop
	unsent  int    // bytes of out and of the loop's outbox
	posted  bool   // push will be called
	failed  error  // what Write returns
	closed  bool   // Close was called
	over    bool   // the loop's connection is closed
	readBy  deadline
	writeBy deadline
}

var (
	_ net.Conn               = (*Conn)(nil)
	_ eventloop.Handler      = (*Conn)(nil)
	_ eventloop.EOFHandler   = (*Conn)(nil)
	_ eventloop.DrainHandler = (*Conn)(nil)
)

// New returns a Conn for use as the handler of one accepted or dialled connection.
// It can be used at once; its calls wait until the connection is open.
func New(o Options) *Conn {
	o.ReadBuffer = cmp.Or(o.ReadBuffer, DefaultBuffer)
	o.WriteBuffer = cmp.Or(o.WriteBuffer, DefaultBuffer)
	c := &Conn{o: o, local: &net.TCPAddr{}, remote: &net.TCPAddr{}}
	c.changed.L = &c.mu
	return c
}

// Read implements net.Conn. It returns io.EOF once the peer has ended its side and
// everything is read.
func (c *Conn) Read(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		switch {
		case c.closed:
			return 0, c.failure("read", net.ErrClosed)
		case c.readBy.passed:
			return 0, c.failure("read", os.ErrDeadlineExceeded)
		case len(p) == 0:
			return 0, nil
		case len(c.in) > 0:
			n := copy(p, c.in)
			if c.in = c.in[n:]; len(c.in) == 0 {
				c.in = nil
			}
			if c.paused && len(c.in) <= c.o.ReadBuffer/2 && c.conn.Post(c.conn.Resume) == nil {
				c.paused = false
			}
			return n, nil
		case errors.Is(c.end, io.EOF):
			return 0, io.EOF
		case c.end != nil:
			return 0, c.failure("read", c.end)
		}
		c.changed.Wait()
	}
}

// Write implements net.Conn. It returns when everything is in the write buffer or
// sent, and blocks until there is room.
func (c *Conn) Write(p []byte) (int, error) {
	c.writing.Lock()
	defer c.writing.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	done := 0
	for {
		switch {
		case c.closed:
			return done, c.failure("write", net.ErrClosed)
		case c.writeBy.passed:
			return done, c.failure("write", os.ErrDeadlineExceeded)
		case c.failed != nil:
			return done, c.failure("write", c.failed)
		case done == len(p):
			return done, nil
		}
		if n := min(len(p)-done, c.o.WriteBuffer-c.unsent); n > 0 && c.conn != nil {
			if err := c.push(); err != nil {
				return done, c.failure("write", err)
			}
			c.out = append(c.out, p[done:done+n]...)
			c.unsent += n
			done += n
			continue
		}
		c.changed.Wait()
	}
}

// push makes the loop take what was written. c.mu is held.
func (c *Conn) push() error {
	if c.posted {
		return nil
	}
	err := c.conn.Post(c.take)
	c.posted = err == nil
	return err
}

// take passes what was written to the loop's connection. It runs on the loop.
func (c *Conn) take() {
	c.mu.Lock()
	p := c.out
	c.out, c.posted = nil, false
	c.mu.Unlock()
	_, _ = c.conn.Write(p) // Closed gets the error
}

// CloseWrite shuts down the sending side once everything written is sent. Reading
// continues.
func (c *Conn) CloseWrite() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.conn == nil && !c.over && !c.closed {
		c.changed.Wait()
	}
	if c.closed || c.over {
		return c.failure("close", net.ErrClosed)
	}
	if c.failed != nil {
		return nil
	}
	if err := c.conn.Post(func() { c.take(); c.conn.CloseWrite() }); err != nil {
		return c.failure("close", err)
	}
	c.failed = errEnded
	c.changed.Broadcast()
	return nil
}

var errEnded = errors.New("netconn: write after CloseWrite")

// Close implements net.Conn. It does not wait: what was written is still sent.
func (c *Conn) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return c.failure("close", net.ErrClosed)
	}
	c.closed, c.in = true, nil
	c.readBy.set(c, time.Time{})
	c.writeBy.set(c, time.Time{})
	c.changed.Broadcast()
	if c.conn == nil {
		return nil // Opened closes it
	}
	_ = c.conn.Post(func() {
		c.take()
		c.conn.Close()
	})
	if c.paused {
		_ = c.conn.Post(c.conn.Resume)
	}
	return nil
}

// LocalAddr implements net.Conn.
func (c *Conn) LocalAddr() net.Addr {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.local
}

// RemoteAddr implements net.Conn.
func (c *Conn) RemoteAddr() net.Addr {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.remote
}

// failure puts an error into the form that package net gives it. c.mu is held.
func (c *Conn) failure(op string, err error) error {
	return &net.OpError{Op: op, Net: c.remote.Network(), Source: c.local, Addr: c.remote, Err: err}
}
