package netconn

import (
	"context"
	"net"
	"sync"

	"github.com/sudoXpg/netloop/eventloop"
)

// A Dialer is a Group, which chooses the loop, or a Loop.
type Dialer interface {
	Dial(network, address string, h eventloop.Handler) error
}

// Dial connects to address, as eventloop.Group.Dial does, and waits until that is
// done or ctx ends. If ctx has ended already, nothing is dialed.
func Dial(ctx context.Context, d Dialer, network, address string, o Options) (*Conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	c := New(o)
	if err := d.Dial(network, address, c); err != nil {
		return nil, err
	}
	defer context.AfterFunc(ctx, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.changed.Broadcast()
	})()
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.conn == nil && !c.over {
		if err := ctx.Err(); err != nil {
			c.closed = true // Opened closes it
			return nil, err
		}
		c.changed.Wait()
	}
	if c.conn == nil {
		return nil, c.end
	}
	return c, nil
}

// backlog is how many connections may be accepted by the loop and not by Accept.
const backlog = 128

// A Listener is a net.Listener over a listener of a group, for http.Server and
// the like. While 128 connections wait for Accept, further ones are closed at
// once.
type Listener struct {
	ln    *eventloop.Listener
	o     Options
	conns chan *Conn
	over  chan struct{}
	close sync.Once
}

var _ net.Listener = (*Listener)(nil)

// Listen listens, as eventloop.Group.Listen does.
func Listen(g *eventloop.Group, network, address string, o Options) (*Listener, error) {
	l := &Listener{o: o, conns: make(chan *Conn, backlog), over: make(chan struct{})}
	var err error
	l.ln, err = g.Listen(network, address, l.adopt)
	if err != nil {
		return nil, err
	}
	return l, nil
}

// adopt is called on the new connection's loop.
func (l *Listener) adopt(*eventloop.Conn) eventloop.Handler {
	c := New(l.o)
	select {
	case <-l.over:
		return nil
	default:
	}
	select {
	case l.conns <- c:
		return c
	default:
		return nil
	}
}

// Accept implements net.Listener.
func (l *Listener) Accept() (net.Conn, error) {
	select {
	case <-l.over:
		return nil, &net.OpError{Op: "accept", Net: l.Addr().Network(), Addr: l.Addr(), Err: net.ErrClosed}
	case c := <-l.conns:
		return c, nil
	}
}

// Close implements net.Listener. Connections that were not accepted are closed.
func (l *Listener) Close() error {
	l.close.Do(func() {
		close(l.over)
		l.ln.Close()
		for {
			select {
			case c := <-l.conns:
				_ = c.Close()
			default:
				return
			}
		}
	})
	return nil
}

// Addr implements net.Listener.
func (l *Listener) Addr() net.Addr { return l.ln.Addr() }
