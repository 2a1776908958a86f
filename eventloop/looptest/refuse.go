package looptest

import (
	"errors"
	"net"
	"net/netip"
	"sync"

	"github.com/sudoXpg/netloop/eventloop"
)

func refusalBehaviours() []behaviour {
	return []behaviour{
		{"a listener that the poller refuses for a while accepts in the end", refusedListener},
		{"an address that takes two sockets is listened on by both", twoSockets},
	}
}

// refusing is a backend that fails some calls for its listener.
type refusing struct {
	eventloop.Backend
	mu                     sync.Mutex
	listener               eventloop.Handle
	adds, modifies, accept int // how many more calls fail
}

var errRefused = errors.New("looptest: refused")

// fails reports whether a call for h is one that fails.
func (b *refusing) fails(h eventloop.Handle, left *int) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if h != b.listener || *left == 0 {
		return false
	}
	*left--
	return true
}

func (b *refusing) Listen(network, address string, o eventloop.ListenOptions) (eventloop.Handle, error) {
	h, err := b.Backend.Listen(network, address, o)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.listener = h
	return h, err
}

func (b *refusing) Add(h eventloop.Handle, t eventloop.Token, i eventloop.Interest) error {
	if b.fails(h, &b.adds) {
		return errRefused
	}
	return b.Backend.Add(h, t, i)
}

func (b *refusing) Modify(h eventloop.Handle, t eventloop.Token, i eventloop.Interest) error {
	if b.fails(h, &b.modifies) {
		return errRefused
	}
	return b.Backend.Modify(h, t, i)
}

func (b *refusing) Accept(h eventloop.Handle) (eventloop.Handle, netip.AddrPort, error) {
	if b.fails(h, &b.accept) {
		return 0, netip.AddrPort{}, eventloop.ErrTooManyFiles
	}
	return b.Backend.Accept(h)
}

func refusedListener(e *env) {
	for _, r := range []*refusing{
		{adds: 2},                           // never watched at first
		{accept: 1, modifies: 1},            // it can't be ignored,
		{accept: 3, modifies: 2},            // nor be watched again,
		{accept: 1, modifies: 3, adds: 2},   // nor be added anew
		{adds: 1, accept: 2, modifies: 100}, // nor ever be modified
	} {
		open := e.o.Open
		e.o.Open = func() (eventloop.Backend, error) {
			b, err := open()
			r.Backend = b
			return r, err
		}
		e.look(func() { e.conns, e.errors = nil, nil })
		e.start(eventloop.Options{})
		p, _ := e.serve(echo())
		p.send("hello")
		p.want("hello")
		e.look(func() {
			var paused *eventloop.AcceptError
			if len(e.errors) == 0 || !errors.As(e.errors[0], &paused) {
				e.Errorf("OnError was told %v", e.errors)
			}
		})
		p.close()
		e.stop()
		e.o.Open = open
	}
}

// twofold is a backend whose addresses take two sockets, as a wildcard does where
// IPv6 sockets are IPv6 only.
type twofold struct {
	eventloop.Backend
	second net.Addr // of the last address
}

func (b *twofold) ListenAll(network, address string, o eventloop.ListenOptions) ([]eventloop.Handle, error) {
	first, err := b.Listen(network, address, o)
	if err != nil {
		return nil, err
	}
	second, err := b.Listen(network, address, o)
	if err == nil {
		b.second, err = b.LocalAddr(second)
	}
	return []eventloop.Handle{first, second}, err
}

func twoSockets(e *env) {
	open := e.o.Open
	var b *twofold
	e.o.Open = func() (eventloop.Backend, error) {
		inner, err := open()
		b = &twofold{Backend: inner}
		return b, err
	}
	e.start(eventloop.Options{})
	ln, err := e.g.Listen("tcp", loopback, e.accept(echo()))
	if err != nil {
		e.Fatal(err)
	}
	for _, at := range []net.Addr{ln.Addr(), b.second} {
		p, _ := e.connect(at)
		p.send("hello")
		p.want("hello")
	}
	ln.Close() // finish counts the handles that are left
}
