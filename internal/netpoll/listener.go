//go:build (linux && (amd64 || arm64 || loong64)) || (darwin && (amd64 || arm64)) || (freebsd && (amd64 || arm64 || riscv64))

package netpoll

import (
	"context"
	"net"
	"net/netip"
	"sync"

	engine "github.com/cloudwego/netpoll"

	"github.com/sudoXpg/netloop/eventloop"
	"github.com/sudoXpg/netloop/internal/sock"
)

// A listener's loop accepts its connections. netpoll only reports, once for
// each call, that there are some: its own listener accepts all connections at
// once, without close-on-exec, and keeps trying by itself when descriptors run
// out. This way new connections wait in the system's backlog, as they should.
type listener struct {
	socket
	call  *call // nil: not waiting
	there bool  // there may be new connections
	err   error // netpoll can't watch; Accept returns it
}

func (l *listener) ready(asked eventloop.Interest) eventloop.Interest {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fd < 0 || asked&eventloop.Readable == 0 {
		return 0
	}
	if l.there {
		return eventloop.Readable
	}
	if l.call == nil {
		l.call = newCall(l)
	}
	return 0
}

// accept takes one connection. Whether there are more is unknown then.
func (l *listener) accept() (int, netip.AddrPort, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.err; err != nil {
		l.err, l.there = nil, false
		return 0, netip.AddrPort{}, err
	}
	fd, peer, err := sock.Net{}.Accept(eventloop.Handle(l.fd))
	if err == nil || err == eventloop.ErrWouldBlock {
		l.there = false
		l.mark()
	}
	return int(fd), peer, err
}

// arrived ends a call: there are new connections, or netpoll can't watch for them.
func (l *listener) arrived(c *call, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.call != c {
		return
	}
	l.call, l.there, l.err = nil, true, err
	l.mark()
}

func (l *listener) close() error {
	l.mu.Lock()
	c, fd := l.call, l.fd
	l.call, l.fd, l.watched = nil, -1, nil
	l.mu.Unlock()
	if c != nil {
		c.end()
	}
	return sock.Net{}.CloseHandle(eventloop.Handle(fd))
}

// A call makes netpoll watch a listener until there is a new connection. It is
// the listener that netpoll sees.
type call struct {
	l     *listener
	fd    int
	loop  engine.EventLoop
	mu    sync.Mutex
	ended bool
}

var _ engine.Listener = (*call)(nil)

func newCall(l *listener) *call {
	c := &call{l: l, fd: l.fd}
	c.loop, _ = engine.NewEventLoop(nil) // it has no errors to return
	go func() {
		if err := c.loop.Serve(c); err != nil && !c.over() {
			l.arrived(c, err)
		}
	}()
	return c
}

func (c *call) over() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ended
}

// end makes netpoll forget the descriptor. It does not block: netpoll has no
// connections of this listener to wait for.
func (c *call) end() {
	c.mu.Lock()
	c.ended = true
	c.mu.Unlock()
	_ = c.loop.Shutdown(context.Background())
}

// Fd implements netpoll.Listener. Serve calls it, under the lock that Shutdown
// takes, just before it starts to watch: if end was called first, that was too
// early for Shutdown, and nothing may be watched any more.
func (c *call) Fd() int {
	if c.over() {
		return -1
	}
	return c.fd
}

// Accept implements net.Listener. netpoll calls it on its poller's goroutine
// when there is a connection, and accepts nil for none.
func (c *call) Accept() (net.Conn, error) {
	c.end()
	c.l.arrived(c, nil)
	return nil, nil //nolint:nilnil // as netpoll's own listener does
}

// Close implements net.Listener. The descriptor belongs to the listener.
func (c *call) Close() error { return nil }

// Addr implements net.Listener. netpoll does not call it.
func (c *call) Addr() net.Addr { return nil }
