package sim

import (
	"net"
	"net/netip"
	"os"

	"github.com/sudoXpg/netloop/eventloop"
)

// A Client is an end of a connection that a test uses. It is non-blocking,
// injects no faults and has no handle. After Close, every method returns
// eventloop.ErrClosed.
type Client struct{ s *socket }

// Dial connects to a listener of this world; networks and addresses are those of
// eventloop.Net, "/path" included. The error is one of the address, or an
// *os.SyscallError: ECONNREFUSED, or ENOENT for a Unix path. If the backlog is
// full, Read and Write return eventloop.ErrWouldBlock until there is room.
func (w *World) Dial(network, address string) (*Client, error) {
	return w.DialFrom(netip.Addr{}, network, address)
}

// DialFrom is like Dial, but from a source address, which may be any IP
// address. The zero Addr means the address that is dialled. Unix sockets have
// no source address.
func (w *World) DialFrom(source netip.Addr, network, address string) (*Client, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	s, err := w.dial(network, address, source)
	if err == nil && s.err != nil {
		err = os.NewSyscallError("connect", s.err)
	}
	if err != nil {
		w.record(opDial, 0, 0, 0, err)
		return nil, err
	}
	s.name = w.endpoint()
	w.record(opDial, s.name, 0, int(s.local.Port()), nil)
	return &Client{s}, nil
}

// Read reads up to len(p) bytes. The error is eventloop.ErrWouldBlock, io.EOF
// or an *os.SyscallError: ECONNRESET.
func (c *Client) Read(p []byte) (int, error) {
	return c.do(opRead, func(s *socket) (int, error) {
		if len(p) == 0 {
			return 0, nil
		}
		return s.read(p)
	})
}

// Write writes as much of p as there is room for. The error is
// eventloop.ErrWouldBlock or an *os.SyscallError: ECONNRESET, EPIPE.
func (c *Client) Write(p []byte) (int, error) {
	return c.do(opWrite, func(s *socket) (int, error) {
		if len(p) == 0 {
			return 0, nil
		}
		return s.write(p)
	})
}

// CloseWrite tells the peer that no more bytes come.
func (c *Client) CloseWrite() error {
	_, err := c.do(opCloseWrite, func(s *socket) (int, error) { return 0, s.closeWrite() })
	return err
}

// Close closes the connection, which resets it if there is unread input.
func (c *Client) Close() error {
	_, err := c.do(opClose, func(s *socket) (int, error) {
		s.close()
		return 0, nil
	})
	return err
}

// Reset closes the connection with a reset, as a crashed peer does. The other
// side reads what has reached its receive buffer, then ECONNRESET.
func (c *Client) Reset() error {
	_, err := c.do(opReset, func(s *socket) (int, error) {
		s.reset()
		s.close()
		return 0, nil
	})
	return err
}

// SetReadBuffer sets the size of the receive buffer, at least one byte. A small
// one makes a reader that stalls its writers soon. The writer's send buffer
// comes on top of it.
func (c *Client) SetReadBuffer(bytes int) {
	w := c.s.world
	w.mu.Lock()
	defer w.mu.Unlock()
	c.s.recvBuf = max(1, bytes)
	w.notify()
}

// LocalAddr returns the address that the peer sees.
func (c *Client) LocalAddr() net.Addr {
	w := c.s.world
	w.mu.Lock()
	defer w.mu.Unlock()
	return c.s.localAddr()
}

// do calls f on the socket, if it is open, and records the result.
func (c *Client) do(o op, f func(*socket) (int, error)) (int, error) {
	w := c.s.world
	w.mu.Lock()
	defer w.mu.Unlock()
	if c.s.closed {
		return 0, eventloop.ErrClosed
	}
	n, err := f(c.s)
	w.record(o, c.s.name, 0, n, err)
	return n, err
}

// A Listener is a listener that a test uses, for servers that dial.
type Listener struct{ s *socket }

// Listen opens a listener. Networks and addresses are those of eventloop.Net.
func (w *World) Listen(network, address string, o eventloop.ListenOptions) (*Listener, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	s, err := w.listen(network, address, o)
	if err != nil {
		w.record(opListen, 0, 0, 0, err)
		return nil, err
	}
	s.name = w.endpoint()
	w.record(opListen, s.name, 0, int(s.address.port), nil)
	return &Listener{s}, nil
}

// Accept returns the next connection. The error is eventloop.ErrWouldBlock if
// there is none, or eventloop.ErrClosed.
func (ln *Listener) Accept() (*Client, error) {
	w := ln.s.world
	w.mu.Lock()
	defer w.mu.Unlock()
	if ln.s.closed {
		return nil, eventloop.ErrClosed
	}
	s, err := ln.s.accept()
	if err != nil {
		w.record(opAccept, ln.s.name, 0, 0, err)
		return nil, err
	}
	s.name = w.endpoint()
	w.record(opAccept, ln.s.name, 0, int(-s.name), nil)
	return &Client{s}, nil
}

// Addr returns the address that the listener is bound to.
func (ln *Listener) Addr() net.Addr {
	w := ln.s.world
	w.mu.Lock()
	defer w.mu.Unlock()
	return ln.s.localAddr()
}

// Close closes the listener. Connections that are not yet accepted are reset or refused.
func (ln *Listener) Close() error {
	w := ln.s.world
	w.mu.Lock()
	defer w.mu.Unlock()
	if ln.s.closed {
		return eventloop.ErrClosed
	}
	ln.s.close()
	w.record(opClose, ln.s.name, 0, 0, nil)
	return nil
}
