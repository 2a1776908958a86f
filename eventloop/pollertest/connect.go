package pollertest

import (
	"errors"
	"net"
	"testing"

	"github.com/sudoXpg/netloop/eventloop"
)

// connectChecks test listening, accepting and dialling.
func connectChecks() []check {
	return []check{
		{Rule{39, "a Dial that succeeds is Writable and Connected"}, dialConnects},
		{Rule{40, "a refused Dial fails, at once or when Connected is asked"}, dialRefused},
		{Rule{41, "Accept with an empty backlog returns ErrWouldBlock"}, acceptNobody},
		{Rule{42, "Accept takes newcomers one by one, each a handle of its own"}, acceptEach},
		{Rule{43, "Accept skips a connection that is gone, or reading it ends"}, acceptGone},
		{Rule{44, "an address in use can't be listened on"}, addressInUse},
		{Rule{45, "the address of a closed listener is free at once, with connections left over"}, restartAtOnce},
		{Rule{46, "several listeners share an address with ReusePort"}, reusePort},
		{Rule{47, "a listener with a backlog of one works"}, smallBacklog},
		{Rule{48, "an adopted listener accepts, and the original may be closed"}, adopt},
	}
}

// dialConnects: both ends can be used right away.
func dialConnects(e *env) {
	ln := e.listen("tcp4", "127.0.0.1:0")
	h, err := e.b.Dial("tcp4", e.address(ln))
	if err != nil {
		e.Fatalf("Dial: %v", err)
	}
	e.keep(h)
	e.expect(e.add(h, eventloop.Writable), eventloop.Writable)
	e.remove(h)
	if err := e.b.Connected(h); err != nil {
		e.Fatalf("Connected: %v", err)
	}
	s, _ := e.accept(ln)
	e.write(h, []byte("ping"))
	e.write(s, []byte("pong"))
	if got := string(e.read(s, 4)) + string(e.read(h, 4)); got != "pingpong" {
		e.Errorf("read %q, want %q", got, "pingpong")
	}
}

// dialRefused: Readable is asked for too, as a client's loop does.
func dialRefused(e *env) {
	ln := e.listen("tcp4", "127.0.0.1:0")
	address := e.address(ln)
	e.close(ln)
	h, err := e.b.Dial("tcp4", address)
	if err == nil {
		e.keep(h)
		e.expect(e.add(h, both), eventloop.Writable)
		e.remove(h)
		err = e.b.Connected(h)
	}
	e.wantError("Dial of an address where nobody listens", err)
}

// acceptNobody: before the first and after the last newcomer.
func acceptNobody(e *env) {
	ln := e.listen("tcp4", "127.0.0.1:0")
	for range 2 {
		if _, _, err := e.b.Accept(ln); err != eventloop.ErrWouldBlock {
			e.Fatalf("Accept with nobody there: %v, want ErrWouldBlock itself", err)
		}
		e.mustDial("tcp4", e.address(ln))
		e.accept(ln)
	}
}

// acceptEach: what one client writes comes out of one handle only.
func acceptEach(e *env) {
	const clients = 20
	ln := e.listen("tcp4", "127.0.0.1:0")
	seen := make(map[byte]bool)
	for i := range clients {
		e.write(e.mustDial("tcp4", e.address(ln)), []byte{byte(i)})
	}
	for range clients {
		s, _ := e.accept(ln)
		p := e.read(s, 1)
		if seen[p[0]] {
			e.Errorf("two handles read the byte of client %d", p[0])
		}
		seen[p[0]] = true
	}
}

// acceptGone: the client is gone before it was accepted, politely or not. The
// system may or may not still deliver it.
func acceptGone(e *env) {
	ln := e.listen("tcp4", "127.0.0.1:0")
	e.close(e.mustDial("tcp4", e.address(ln)))
	stays := e.mustDial("tcp4", e.address(ln))
	e.write(stays, []byte("here"))
	for range 2 {
		h, _ := e.accept(ln)
		p := make([]byte, 4)
		e.until(h, eventloop.Readable)
		if n, err := e.b.Read(h, p); err == nil {
			p = append(p[:n], e.read(h, 4-n)...)
			if string(p) != "here" {
				e.Errorf("read %q, want %q", p, "here")
			}
			return
		}
	}
	e.Error("the newcomer that stayed was not among two accepted")
}

// addressInUse: two servers that did not ask for it must not share clients.
func addressInUse(e *env) {
	ln := e.listen("tcp4", "127.0.0.1:0")
	second, err := e.b.Listen("tcp4", e.address(ln), eventloop.ListenOptions{})
	if err == nil {
		e.keep(second)
	}
	e.wantError("the second Listen on "+e.address(ln), err)
}

// restartAtOnce: the side that closes first keeps the port in TIME_WAIT.
func restartAtOnce(e *env) {
	ln := e.listen("tcp4", "127.0.0.1:0")
	address := e.address(ln)
	c := e.mustDial("tcp4", address)
	s, _ := e.accept(ln)
	e.close(s)
	e.wantEOF(e.readEnd(c))
	e.close(c)
	e.close(ln)
	e.mustDial("tcp4", e.address(e.listen("tcp4", address)))
}

// reusePort: every connection goes to one of them. A backend without it says so.
func reusePort(e *env) {
	o := eventloop.ListenOptions{ReusePort: true}
	first, err := e.b.Listen("tcp4", "127.0.0.1:0", o)
	skipUnsupported(e.T, "ReusePort", err)
	e.keep(first)
	second, err := e.b.Listen("tcp4", e.address(first), o)
	if err != nil {
		e.Fatalf("the second Listen: %v", err)
	}
	e.keep(second)
	const clients = 16
	for range clients {
		e.mustDial("tcp4", e.address(first))
	}
	t1, t2 := e.add(first, eventloop.Readable), e.add(second, eventloop.Readable)
	listeners := map[eventloop.Token]eventloop.Handle{t1: first, t2: second}
	for left := clients; left > 0; {
		events := e.wait(8, patience)
		if len(events) == 0 {
			e.Fatalf("%d of %d connections reached none of the two listeners", left, clients)
		}
		for _, ev := range events {
			if h, _, err := e.b.Accept(listeners[ev.Token]); err == nil {
				e.keep(h)
				left--
			}
		}
	}
}

// smallBacklog: one client at a time is always served.
func smallBacklog(e *env) {
	ln, err := e.b.Listen("tcp4", "127.0.0.1:0", eventloop.ListenOptions{Backlog: 1})
	if err != nil {
		e.Fatalf("Listen: %v", err)
	}
	e.keep(ln)
	for range 3 {
		e.mustDial("tcp4", e.address(ln))
		e.accept(ln)
	}
}

// adopt: tests and service managers pass listeners of the standard library.
func adopt(e *env) {
	origin, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		e.Fatalf("net.Listen: %v", err)
	}
	ln, err := e.b.Adopt(origin)
	if closeErr := origin.Close(); closeErr != nil {
		e.Fatalf("closing the origin: %v", closeErr)
	}
	skipUnsupported(e.T, "Adopt", err)
	e.keep(ln)
	if e.address(ln) != origin.Addr().String() {
		e.Errorf("adopted as %s, was %s", e.address(ln), origin.Addr())
	}
	if _, _, err := e.b.Accept(ln); err != eventloop.ErrWouldBlock {
		e.Errorf("Accept with nobody there: %v, want ErrWouldBlock", err)
	}
	c := e.mustDial("tcp4", e.address(ln))
	s, _ := e.accept(ln)
	e.write(c, []byte("x"))
	e.read(s, 1)
}

// skipUnsupported ends a rule about something that a backend may lack, naming
// it, and fails it for any other error.
func skipUnsupported(t *testing.T, what string, err error) {
	t.Helper()
	if errors.Is(err, errors.ErrUnsupported) {
		t.Skipf("%s: %v", what, err)
	}
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}
