package looptest

import (
	"errors"
	"net"
	"strings"

	"github.com/sudoXpg/netloop/eventloop"
)

func dialBehaviours() []behaviour {
	return []behaviour{
		{"Dial connects, and both sides talk", dials},
		{"Dial by name finds localhost", dialsByName},
		{"a Dial that is refused calls Closed only", dialRefused},
		{"a Dial that gets no answer calls Closed with ErrDeadline", dialUnanswered},
		{"a Dial to an invalid address calls Closed only", dialNonsense},
		{"a Dial under way when the group closes calls Closed", dialClosed},
	}
}

// greeter is a client that sends hello and closes once it has the echo.
func greeter() script {
	missing := len("hello")
	return script{
		opened: func(c *eventloop.Conn) { c.Write([]byte("hello")) },
		received: func(c *eventloop.Conn, data []byte) {
			if missing -= len(data); missing == 0 {
				c.Close()
			}
		},
	}
}

func dials(e *env) {
	e.start(eventloop.Options{Loops: 2})
	for _, at := range e.addresses() {
		to := e.listen(at[0], at[1], echo())
		for range 4 {
			w := e.dialled(at[0], to.String(), greeter())
			w.wantClosed(nil)
			e.look(func() {
				if string(w.got) != "hello" {
					e.Errorf("the client got %q", w.got)
				}
			})
		}
	}
}

func dialsByName(e *env) {
	e.start(eventloop.Options{})
	to, ok := e.listen("tcp", ":0", echo()).(*net.TCPAddr)
	if !ok {
		e.Fatal("Addr of a TCP listener is no *net.TCPAddr")
	}
	for _, host := range []string{"localhost", "", "127.0.0.1"} {
		for _, network := range []string{"tcp", "tcp4"} {
			address := net.JoinHostPort(host, to.AddrPort().String()[strings.LastIndexByte(to.AddrPort().String(), ':')+1:])
			w := e.dialled(network, address, greeter())
			if err := w.untilClosed(); err != nil {
				e.Errorf("Dial %s %s: %v", network, address, err)
			}
		}
	}
}

func dialRefused(e *env) {
	e.start(eventloop.Options{})
	ln, err := e.g.Listen("tcp", loopback, e.accept(echo()))
	if err != nil {
		e.Fatalf("Listen: %v", err)
	}
	ln.Close()
	e.on(e.g.Loops()[0], func() {}) // has closed it
	_, port, err := net.SplitHostPort(ln.Addr().String())
	if err != nil {
		e.Fatal(err)
	}
	for _, at := range [][2]string{
		{"tcp", ln.Addr().String()}, {"tcp", "localhost:" + port}, {"unix", e.socketPath()},
	} {
		e.dialFails(at[0], at[1])
	}
}

func dialNonsense(e *env) {
	e.start(eventloop.Options{})
	for _, at := range [][2]string{
		{"tcp", "nonsense"},
		{"tcp", "127.0.0.1"},
		{"tcp", ""},
		{"tcp", "127.0.0.1:99999"},
		{"ip", "localhost:1"},
		{"tcp6", "127.0.0.1:1"},
		{"", "127.0.0.1:1"},
		{"", "localhost:1"},
	} {
		e.dialFails(at[0], at[1])
	}
}

// dialUnanswered dials a listener with a short backlog that nobody accepts
// from, until its backlog is full.
func dialUnanswered(e *env) {
	e.start(eventloop.Options{DialTimeout: 5 * soon})
	b, err := e.o.Open()
	if err != nil {
		e.Fatal(err)
	}
	h, err := b.Listen("tcp", loopback, eventloop.ListenOptions{Backlog: 1})
	if err != nil {
		e.Fatal(err)
	}
	defer func() {
		if err := errors.Join(b.CloseHandle(h), b.Close()); err != nil {
			e.Error(err)
		}
	}()
	to, err := b.LocalAddr(h)
	if err != nil {
		e.Fatal(err)
	}
	const dials = 8
	closed := 0
	for range dials {
		w := e.dialled("tcp", to.String(), script{})
		e.until("the Dial has ended", func() bool { return w.opens+w.closes > 0 })
		e.look(func() {
			if closed += w.closes; w.closes > 0 && !errors.Is(w.err, eventloop.ErrDeadline) {
				e.Errorf("Closed got %v", w.err)
			}
		})
	}
	if e.stop(); closed == 0 {
		e.Skipf("this system has room for %d in a backlog of 1", dials)
	}
}

// dialFails checks that a Dial fails.
func (e *env) dialFails(network, address string) {
	e.Helper()
	w := e.dialled(network, address, script{})
	if err := w.untilClosed(); err == nil {
		e.Errorf("Dial %q %q: Closed got nil", network, address)
	}
	e.look(func() {
		if w.opens > 0 {
			e.Errorf("Dial %q %q: Opened", network, address)
		}
	})
}

// dialClosed relies on finish to check that each handler gets its Closed.
func dialClosed(e *env) {
	e.start(eventloop.Options{})
	_, port, err := net.SplitHostPort(e.listen("tcp", loopback, echo()).String())
	if err != nil {
		e.Fatal(err)
	}
	for _, host := range []string{"localhost", "127.0.0.1", "localhost", "::1"} {
		e.dialled("tcp", net.JoinHostPort(host, port), script{})
	}
}
