// Package lossy is a network that loses connections, for tests.
package lossy

import (
	"errors"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// A Network makes the connections of clients fail. Its methods may be called from any
// goroutine.
type Network struct {
	cuts atomic.Int64
	news chan struct{} // has an element after a cut and after Tell

	mu     sync.Mutex
	conns  map[*conn]bool
	faults func() Faults // of a new connection; nil for none
}

// New returns a network without faults.
func New() *Network {
	return &Network{conns: make(map[*conn]bool), news: make(chan struct{}, 1)}
}

// Faults say when a connection fails, in bytes that were received or sent. Afterwards it is
// half-open, so that nothing is delivered any more, or it is reset.
type Faults struct {
	In, Out int
	Half    bool
}

// Never is more bytes than a connection has.
const Never = 1 << 30

var calm = Faults{In: Never, Out: Never}

// Random returns faults that make each connection fail somewhere. half allows half-open ones.
func Random(r *rand.Rand, half bool) func() Faults {
	var mu sync.Mutex
	return func() Faults {
		mu.Lock()
		defer mu.Unlock()
		f := Faults{In: Never, Out: Never, Half: half && r.IntN(4) == 0}
		if r.IntN(2) == 0 {
			f.In = r.IntN(30_000) // more than half of that is the log-in
		} else {
			f.Out = r.IntN(3000)
		}
		return f
	}
}

// Wrap makes a connection part of the network.
func (n *Network) Wrap(inner net.Conn) net.Conn {
	c := &conn{Conn: inner, network: n, faults: calm}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.faults != nil {
		c.faults = n.faults()
	}
	n.conns[c] = true
	return c
}

// Misbehave sets the faults of all connections from now on. nil also takes those away that are
// still to come.
func (n *Network) Misbehave(next func() Faults) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.faults = next
	if next == nil {
		for c := range n.conns {
			c.heal()
		}
	}
}

// Cuts returns how many connections have failed.
func (n *Network) Cuts() int { return int(n.cuts.Load()) }

// CutOne resets any connection.
func (n *Network) CutOne() {
	n.mu.Lock()
	var victim *conn
	for victim = range n.conns { // in any order
		break
	}
	n.mu.Unlock()
	if victim != nil {
		victim.reset()
		n.cut()
	}
}

// CutAll resets all connections, which are not counted.
func (n *Network) CutAll() {
	n.mu.Lock()
	all := make([]*conn, 0, len(n.conns))
	for c := range n.conns {
		all = append(all, c)
	}
	n.mu.Unlock()
	for _, c := range all {
		c.reset()
	}
}

func (n *Network) cut() {
	n.cuts.Add(1)
	n.Tell()
}

// Tell has Await check its condition.
func (n *Network) Tell() {
	select {
	case n.news <- struct{}{}:
	default:
	}
}

// Await waits until a condition holds, which is checked after cuts and Tell, or until the time
// is up, and reports whether it holds. One goroutine may call it at a time.
func (n *Network) Await(limit time.Duration, holds func() bool) bool {
	over := time.NewTimer(limit)
	defer over.Stop()
	for !holds() {
		select {
		case <-n.news:
		case <-over.C:
			return holds()
		}
	}
	return true
}

// A conn is a connection that fails.
type conn struct {
	net.Conn
	network *Network

	mu     sync.Mutex
	faults Faults
	failed bool
}

// use takes bytes from a budget, and returns how many can be used and whether it fails
// after that.
func (c *conn) use(budget *int, n int) (usable int, fails, half bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	usable = min(n, *budget)
	*budget -= usable
	if usable == n && *budget > 0 {
		return usable, c.failed && c.faults.Half, c.faults.Half
	}
	if !c.failed {
		c.failed = true
		c.faults.In, c.faults.Out = 0, 0
		c.network.cut()
	}
	return usable, true, c.faults.Half
}

// Read implements net.Conn.
func (c *conn) Read(p []byte) (int, error) {
	for {
		n, err := c.Conn.Read(p)
		if n == 0 {
			return n, err
		}
		usable, fails, half := c.use(&c.faults.In, n)
		if !fails {
			return n, err
		}
		if !half {
			c.reset()
		}
		if usable > 0 {
			return usable, nil
		}
		if !half {
			return 0, net.ErrClosed
		}
	}
}

// Write implements net.Conn.
func (c *conn) Write(p []byte) (int, error) {
	usable, fails, half := c.use(&c.faults.Out, len(p))
	if usable > 0 {
		if n, err := c.Conn.Write(p[:usable]); err != nil {
			return n, err
		}
	}
	if fails && !half {
		c.reset()
		return usable, net.ErrClosed
	}
	return len(p), nil
}

// heal takes the faults away that are still to come.
func (c *conn) heal() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.failed {
		c.faults = calm
	}
}

func (c *conn) reset() {
	if tcp, ok := c.Conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = c.Close()
}

// CloseWrite ends what is sent, as that of a TCP connection.
func (c *conn) CloseWrite() error {
	half, ok := c.Conn.(interface{ CloseWrite() error })
	if !ok {
		return errors.ErrUnsupported
	}
	return half.CloseWrite()
}

// Close implements net.Conn.
func (c *conn) Close() error {
	c.network.mu.Lock()
	delete(c.network.conns, c)
	c.network.mu.Unlock()
	return c.Conn.Close()
}
