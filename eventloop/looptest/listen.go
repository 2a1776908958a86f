package looptest

import (
	"errors"
	"net"
	"os"

	"github.com/sudoXpg/netloop/eventloop"
)

func listenBehaviours() []behaviour {
	return []behaviour{
		{"a nil Handler refuses a connection", refuses},
		{"a Listener that is closed accepts no more and leaves its connections alone", listenerCloses},
		{"a Unix socket works and its file is removed on Close", unixFile},
		{"an address in use is an error of Listen", addressInUse},
		{"two loops share the connections of one listener", sharesConnections},
		{"with ReusePort every loop listens", reusePort},
		{"an adopted listener outlives the original", adopts},
	}
}

func refuses(e *env) {
	e.start(eventloop.Options{})
	calls := 0
	ln, err := e.g.Listen("tcp", loopback, func(c *eventloop.Conn) eventloop.Handler {
		e.enter(c.Loop(), "accept")
		defer e.leave(c.Loop())
		if !c.RemoteAddrPort().Addr().IsLoopback() {
			e.Errorf("RemoteAddr is %v", c.RemoteAddrPort())
		}
		calls++
		return nil
	})
	if err != nil {
		e.Fatalf("Listen: %v", err)
	}
	for range 3 {
		e.dial(ln.Addr()).wantEnd()
	}
	e.look(func() {
		if calls != 3 {
			e.Errorf("accept was called %d times", calls)
		}
	})
}

func listenerCloses(e *env) {
	e.start(eventloop.Options{})
	ln, err := e.g.Listen("tcp", loopback, e.accept(echo()))
	if err != nil {
		e.Fatalf("Listen: %v", err)
	}
	p, _ := e.connect(ln.Addr())
	ln.Close()
	ln.Close()
	e.on(e.g.Loops()[0], func() {}) // has closed it
	if e.reachable(ln.Addr()) {
		e.Error("a closed listener is still reachable")
	}
	p.send("still here")
	p.want("still here")
}

// reachable reports whether an address is listened on.
func (e *env) reachable(at net.Addr) bool {
	if e.virtual() {
		raw, err := e.o.Dial(at.Network(), at.String())
		if err == nil {
			_ = raw.Close()
		}
		return err == nil
	}
	c, err := net.DialTimeout(at.Network(), at.String(), patience)
	if err == nil {
		_ = c.Close()
	}
	return err == nil
}

func unixFile(e *env) {
	if err := e.unixSockets(); err != nil {
		e.Skipf("not by this backend: %v", err)
	}
	path := e.socketPath()
	e.start(eventloop.Options{})
	for range 2 { // the path is free again each time
		ln, err := e.g.Listen("unix", path, e.accept(echo()))
		if err != nil {
			e.Fatalf("Listen: %v", err)
		}
		if ln.Addr().String() != path || ln.Addr().Network() != "unix" {
			e.Errorf("Addr is %v", ln.Addr())
		}
		p, _ := e.connect(ln.Addr())
		p.send("hello")
		p.want("hello")
		ln.Close()
		e.on(e.g.Loops()[0], func() {}) // has closed it
		if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
			e.Errorf("the file is still there: %v", err)
		}
	}
	e.listen("unix", path, echo())
	e.stop()
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		e.Errorf("the file is still there after Group.Close: %v", err)
	}
}

func addressInUse(e *env) {
	e.start(eventloop.Options{})
	at := e.listen("tcp", loopback, echo())
	if _, err := e.g.Listen("tcp", at.String(), e.accept(echo())); err == nil {
		e.Error("two listeners on one address")
	}
	p, _ := e.connect(at)
	p.send("x")
	p.want("x")
}

func sharesConnections(e *env) {
	const n = 10
	e.start(eventloop.Options{Loops: 2})
	to := e.listen("tcp", loopback, echo())
	count := make(map[*eventloop.Loop]int)
	for range n {
		p, w := e.connect(to)
		count[w.conn.Loop()]++
		p.send("x")
		p.want("x")
	}
	for _, l := range e.g.Loops() {
		if count[l] != n/2 {
			e.Errorf("a loop got %d connections of %d", count[l], n)
		}
	}
	if s := e.g.Stats(); s.Accepted != n || s.Open != n {
		e.Errorf("Stats: %d accepted, %d open of %d", s.Accepted, s.Open, n)
	}
}

func reusePort(e *env) {
	e.start(eventloop.Options{Loops: 2, ReusePort: true})
	ln, err := e.g.Listen("tcp", loopback, e.accept(echo()))
	if errors.Is(err, errors.ErrUnsupported) {
		e.Skipf("not on this system: %v", err)
	}
	if err != nil {
		e.Fatalf("Listen: %v", err)
	}
	for range 20 {
		p, w := e.connect(ln.Addr())
		p.send("x")
		p.want("x")
		p.close()
		w.untilClosed()
	}
	ln.Close()
	for _, l := range e.g.Loops() {
		e.on(l, func() {})
	}
	if e.reachable(ln.Addr()) {
		e.Error("a closed listener is still reachable")
	}
}

func adopts(e *env) {
	e.start(eventloop.Options{})
	if e.virtual() {
		e.Skip("package net does not reach a simulated world")
	}
	for _, at := range e.addresses() {
		std, err := net.Listen(at[0], at[1])
		if err != nil {
			e.Fatal(err)
		}
		ln, err := e.g.Adopt(std, e.accept(echo()))
		closeErr := std.Close()
		if errors.Is(err, errors.ErrUnsupported) {
			e.Skipf("not by this backend: %v", err)
		}
		if err != nil || closeErr != nil {
			e.Fatalf("Adopt: %v; closing the original: %v", err, closeErr)
		}
		p, _ := e.connect(ln.Addr())
		p.send("x")
		p.want("x")
	}
}
