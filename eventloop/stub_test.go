package eventloop

import (
	"net"
	"net/netip"
	"testing"
	"time"
)

// A stub is a backend whose peers take as many bytes as take says. The test
// decides what it reports.
type stub struct {
	events []Event
	gives  string                       // to every Read
	take   func(h Handle, p []byte) int // less than all: the peer is full now. nil: all
	wake   func() error                 // nil: nothing happens
}

var _ Backend = (*stub)(nil)

func (b *stub) Add(Handle, Token, Interest) error    { return nil }
func (b *stub) Modify(Handle, Token, Interest) error { return nil }
func (b *stub) Remove(Handle) error                  { return nil }
func (b *stub) Close() error                         { return nil }

func (b *stub) Wake() error {
	if b.wake == nil {
		return nil
	}
	return b.wake()
}

func (b *stub) Wait(events []Event, _ time.Duration) (int, error) {
	n := copy(events, b.events)
	b.events = b.events[:0]
	return n, nil
}

func (b *stub) Listen(string, string, ListenOptions) (Handle, error) { return 0, nil }
func (b *stub) Adopt(net.Listener) (Handle, error)                   { return 0, nil }
func (b *stub) Dial(string, string) (Handle, error)                  { return 0, nil }
func (b *stub) Connected(Handle) error                               { return nil }
func (b *stub) LocalAddr(Handle) (net.Addr, error)                   { return &net.TCPAddr{}, nil }
func (b *stub) CloseWrite(Handle) error                              { return nil }
func (b *stub) CloseHandle(Handle) error                             { return nil }

func (b *stub) Accept(Handle) (Handle, netip.AddrPort, error) {
	return 0, netip.AddrPort{}, ErrWouldBlock
}

func (b *stub) Write(h Handle, p []byte) (int, error) {
	if b.take == nil {
		return len(p), nil
	}
	if n := b.take(h, p); n > 0 {
		return n, nil
	}
	return 0, ErrWouldBlock
}

func (b *stub) Read(_ Handle, p []byte) (int, error) {
	if b.gives == "" {
		return 0, ErrWouldBlock
	}
	return copy(p, b.gives), nil
}

// mute is a handler that does nothing.
type mute struct{}

func (mute) Opened(*Conn)           {}
func (mute) Received(*Conn, []byte) {}
func (mute) Drained(*Conn)          {}
func (mute) Closed(*Conn, error)    {}

// onReceived calls a function for whatever it receives.
type onReceived struct {
	mute
	f func()
}

func (r *onReceived) Received(*Conn, []byte) { r.f() }

// A bench is a group over stubs, with a clock of its own.
type bench struct {
	testing.TB
	g       *Group
	stubs   []*stub
	now     time.Time
	handles Handle
}

func newBench(tb testing.TB, loops int, changes ...func(*Options)) *bench {
	b := &bench{TB: tb, now: time.Date(2000, time.January, 1, 0, 0, 0, 0, time.UTC)}
	o := Options{
		Open: func() (Backend, error) {
			b.stubs = append(b.stubs, &stub{})
			return b.stubs[len(b.stubs)-1], nil
		},
		Now: func() time.Time { return b.now }, Loops: loops, StallTimeout: -1,
	}
	for _, change := range changes {
		change(&o)
	}
	g, err := New(o)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := g.Close(); err != nil {
			tb.Error(err)
		}
	})
	b.g = g
	return b
}

// conn returns a new connection on a loop.
func (b *bench) conn(loop int) (c *Conn) {
	b.handles++
	b.g.loops[loop].adopt(newcomer{h: b.handles}, func(conn *Conn) Handler {
		c = conn
		return mute{}
	})
	return c
}

// writable reports that a connection's peer has room again.
func (b *bench) writable(c *Conn) {
	s := b.stubs[0]
	s.events = append(s.events, Event{c.token, Writable})
}

func (b *bench) step() {
	for _, l := range b.g.loops {
		if err := l.Step(0); err != nil {
			b.Fatal(err)
		}
	}
}
