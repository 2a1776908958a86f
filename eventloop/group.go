package eventloop

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// The default limits of a Group.
const (
	DefaultReadBuffer    = 64 << 10         // bytes
	DefaultOutboxLimit   = 1 << 20          // bytes
	DefaultPostLimit     = 1 << 20          // functions
	DefaultStallTimeout  = 30 * time.Second // without a byte taken by the peer
	DefaultLingerTimeout = 5 * time.Second  // for the peer to close after us
	DefaultDialTimeout   = 30 * time.Second // to connect, over all addresses
)

// Options configure a Group. Only Open is required, and package netloop fills
// that in.
type Options struct {
	// Open opens a backend; each loop gets one of its own.
	Open func() (Backend, error)
	// Loops is the number of loops, each a goroutine. 0 means 1, which is best
	// up to some 10,000 connections.
	Loops int
	// Now is the clock, time.Now by default. It must never go back.
	Now func() time.Time
	// Executor runs the work of Conn.Offload and the name look-ups of Dial,
	// which must not run on a loop. The default is NewPool(0, 0).
	Executor Executor
	// ReadBuffer is the size in bytes of the one buffer that a loop reads into,
	// and so the most that one connection gets in before the others have their turn.
	ReadBuffer int
	// OutboxLimit bounds the bytes queued by Conn.Write. A connection that exceeds it
	// is closed with ErrOutboxFull.
	OutboxLimit int
	// PostLimit bounds the functions waiting in a loop. When it is reached, Post returns
	// ErrBusy.
	PostLimit int
	// StallTimeout closes a connection with ErrStalled when its peer has taken
	// nothing for this long although there was something to send. Negative:
	// never.
	StallTimeout time.Duration
	// LingerTimeout bounds the wait for the peer to close after Close has sent
	// everything. Negative: it does not wait.
	LingerTimeout time.Duration
	// DialTimeout bounds Dial, which then fails with ErrDeadline.
	DialTimeout time.Duration
	// KeepAlive detects peers that have vanished, on every TCP connection.
	KeepAlive KeepAlive
	// ReusePort gives each loop a listening socket of its own (SO_REUSEPORT)
	// instead of one acceptor that hands connections out.
	ReusePort bool
	// OnError is called with errors that cannot be returned to a caller, such as
	// an *AcceptError. It may be called from any loop and must not block. nil:
	// such errors are dropped.
	OnError func(error)
}

func (o *Options) setDefaults() {
	if o.Loops <= 0 {
		o.Loops = 1
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.OnError == nil {
		o.OnError = func(error) {}
	}
	orDefault(&o.ReadBuffer, DefaultReadBuffer)
	orDefault(&o.OutboxLimit, DefaultOutboxLimit)
	orDefault(&o.PostLimit, DefaultPostLimit)
	orDefault(&o.StallTimeout, DefaultStallTimeout)
	orDefault(&o.LingerTimeout, DefaultLingerTimeout)
	orDefault(&o.DialTimeout, DefaultDialTimeout)
	o.KeepAlive.setDefaults(o.StallTimeout)
}

func orDefault[T int | time.Duration](v *T, d T) {
	if *v == 0 {
		*v = d
	}
}

// The errors that end a connection, as passed to Handler.Closed, and the error
// of a busy Group.
var (
	ErrIdle       = errors.New("eventloop: nothing received for too long")
	ErrDeadline   = errors.New("eventloop: deadline passed")
	ErrStalled    = errors.New("eventloop: peer does not read")
	ErrOutboxFull = errors.New("eventloop: outbox full")
	ErrBusy       = errors.New("eventloop: too much waiting")
)

// A Group is one or more loops that share listeners and options. Its methods
// may be called from any goroutine.
type Group struct {
	opts  Options
	loops []*Loop
	pool  *Pool         // nil if the caller gave an Executor
	turn  atomic.Uint32 // which loop gets the next connection

	over chan struct{} // closed when everything is released

	mu      sync.Mutex // guards what follows; never held while a callback runs
	running bool
	closed  bool
}

// New opens a Group. It does nothing until Run, or the Step of its loops, is called.
func New(o Options) (*Group, error) {
	if o.Open == nil {
		return nil, errors.New("eventloop: Options.Open is missing (package netloop chooses a backend)")
	}
	o.setDefaults()
	g := &Group{opts: o, over: make(chan struct{})}
	if o.Executor == nil {
		g.pool = NewPool(0, 0)
		g.opts.Executor = g.pool
	}
	for range o.Loops {
		l, err := newLoop(g)
		if err != nil {
			return nil, errors.Join(err, g.Close())
		}
		g.loops = append(g.loops, l)
	}
	return g, nil
}

// Loops returns the loops, which never change.
func (g *Group) Loops() []*Loop { return g.loops }

// Conns returns the number of the group's connections, including those being
// dialled or closed.
func (g *Group) Conns() int {
	n := 0
	for _, l := range g.loops {
		n += l.Conns()
	}
	return n
}

// Run runs the loops until Close is called or a Drain has ended, and then
// returns nil. If a Poller fails, it returns the first error. All connections
// are closed when it returns.
func (g *Group) Run() error {
	g.mu.Lock()
	if g.running || g.closed {
		g.mu.Unlock()
		return fmt.Errorf("eventloop: Run: %w", ErrClosed)
	}
	g.running = true
	g.mu.Unlock()

	errs := make(chan error, len(g.loops))
	for _, l := range g.loops {
		go func() { errs <- l.run() }()
	}
	var first error
	for range g.loops {
		if err := <-errs; err != nil && first == nil {
			first = err
			_ = g.Close() // only asks the others to stop
		}
	}
	g.mu.Lock()
	g.running, g.closed = false, true
	g.mu.Unlock()
	return errors.Join(first, g.release())
}

// Close closes all listeners and connections at once, with ErrClosed, and makes
// Run return. Without Run it must be called from the goroutine that calls Step,
// between two turns.
func (g *Group) Close() error {
	g.mu.Lock()
	again, running := g.closed, g.running
	g.closed = true
	g.mu.Unlock()
	switch {
	case running:
		for _, l := range g.loops {
			l.stop()
		}
		return nil
	case again:
		return nil
	}
	return g.release()
}

// release releases what the loops hold. No loop runs any more.
func (g *Group) release() error {
	var errs []error
	for _, l := range g.loops {
		l.shutdown()
	}
	for _, l := range g.loops {
		errs = append(errs, l.be.Close())
	}
	if g.pool != nil {
		g.pool.close()
	}
	close(g.over)
	return errors.Join(errs...)
}

// Drain stops accepting, closes every connection gracefully, aborts those left
// after d with ErrDeadline, and then makes Run return. It does not wait.
func (g *Group) Drain(d time.Duration) {
	for _, l := range g.loops {
		_ = l.post(task{f: func() { l.drain(d) }, sure: true}) // a stopped loop has nothing left
	}
}

// Shutdown stops accepting, closes every connection gracefully, waits until that is done and Run is about to
// return, and returns nil. If ctx ends first, it closes the remaining connections at once, with ErrClosed,
// and returns the error of ctx. It must not be called from a callback, which would wait for itself. Without
// Run it is the same as Close.
func (g *Group) Shutdown(ctx context.Context) error {
	g.mu.Lock()
	running, closed := g.running, g.closed
	g.mu.Unlock()
	if !running && !closed {
		return g.Close()
	}
	for _, l := range g.loops {
		_ = l.post(task{f: l.endGracefully, sure: true}) // a stopped loop has nothing left
	}
	select {
	case <-g.over:
		return nil
	case <-ctx.Done():
	}
	_ = g.Close() // only asks the loops to stop
	<-g.over
	return ctx.Err()
}

// Listen opens a listener. network and address are those of Net. accept is called on the
// new connection's loop and returns its handler, or nil to close it at once; it must not
// use the Conn except to ask for its addresses.
func (g *Group) Listen(network, address string, accept func(*Conn) Handler) (*Listener, error) {
	loops := g.loops[:1]
	if g.opts.ReusePort {
		loops = g.loops
	}
	ln := &Listener{group: g, accept: accept}
	if network == "unix" && !strings.HasPrefix(address, "@") {
		ln.path = address
	}
	for _, l := range loops {
		if err := ln.listen(l, network, address); err != nil {
			ln.Close()
			return nil, fmt.Errorf("listen %s %s: %w", network, address, err)
		}
		address = ln.addr.String() // the port that 0 became, for the other loops
	}
	return ln, nil
}

// Adopt listens on a standard listener's socket, such as one passed by systemd.
// It makes a duplicate: std may be closed afterwards.
func (g *Group) Adopt(std net.Listener, accept func(*Conn) Handler) (*Listener, error) {
	l := g.loops[0]
	h, err := l.be.Adopt(std)
	if err != nil {
		return nil, fmt.Errorf("adopt listener %s: %w", std.Addr(), err)
	}
	ln := &Listener{group: g, accept: accept}
	if err := ln.add(l, h); err != nil {
		return nil, fmt.Errorf("adopt listener %s: %w", std.Addr(), err)
	}
	return ln, nil
}

// next chooses the loop of the next connection.
func (g *Group) next() *Loop {
	return g.loops[int(g.turn.Add(1)-1)%len(g.loops)]
}
