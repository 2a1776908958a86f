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

// A listener is asked for newcomers by its loop. netpoll only tells that there
// are some, once each time it is asked to: left alone it accepts everybody at
// once, without close-on-exec, and out of descriptors it goes on trying by
// itself. This way newcomers wait in the system's backlog, as they should.
type listener struct {
	socket
	call  *call // nil: not waiting
	there bool  // newcomers, as far as is known
	err   error // netpoll can't watch; Accept is to say so
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

// accept takes one newcomer. Whether there are more is to be found out again.
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

// arrived ends a call: there are newcomers, or netpoll can't watch for them.
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

// A call is netpoll watching a listener until there is a newcomer. It is what
// netpoll takes for a listener itself.
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

// end has netpoll forget the descriptor. It does not block: netpoll has no
// connection of this listener's to wait for.
func (c *call) end() {
	c.mu.Lock()
	c.ended = true
	c.mu.Unlock()
	_ = c.loop.Shutdown(context.Background())
}

// Fd implements netpoll.Listener. Serve asks for it, under the lock that
// Shutdown takes, just before it starts to watch: if end came first it was too
// early for Shutdown, and nothing must be watched any more.
func (c *call) Fd() int {
	if c.over() {
		return -1
	}
	return c.fd
}

// Accept implements net.Listener. netpoll calls it on its poller's goroutine
// when there is somebody, and takes nil for nobody.
func (c *call) Accept() (net.Conn, error) {
	c.end()
	c.l.arrived(c, nil)
	return nil, nil //nolint:nilnil // as netpoll's own listener does
}

// Close implements net.Listener. The descriptor is the listener's.
func (c *call) Close() error { return nil }

// Addr implements net.Listener. netpoll does not ask for it.
func (c *call) Addr() net.Addr { return nil }
