package pollertest

import (
	"errors"
	"io"
	"net/netip"
	"testing"
	"time"

	"github.com/sudoXpg/netloop/eventloop"
)

const (
	// patience is how long a rule waits for what must happen. It is a bound
	// for the failing case only: nothing measures it.
	patience = time.Minute
	// quiet is how long a rule watches for what must not happen.
	quiet = 20 * time.Millisecond
	// both asks for everything that can be asked for.
	both = eventloop.Readable | eventloop.Writable
)

// An env is what one rule works with: a backend of its own, and the handles it
// opened, which are closed when the rule ends.
type env struct {
	*testing.T
	b     eventloop.Backend
	o     Options
	token eventloop.Token
	open  map[eventloop.Handle]bool
	// registered are the handles that the rule has added to b.
	registered map[eventloop.Handle]bool
	beside     *env // what elsewhere returns, once it has
}

func newEnv(t *testing.T, o Options) *env {
	e := &env{T: t, o: o, open: make(map[eventloop.Handle]bool), registered: make(map[eventloop.Handle]bool)}
	e.b = e.backend()
	t.Cleanup(func() {
		for h := range e.open {
			if err := e.b.CloseHandle(h); err != nil {
				t.Errorf("CloseHandle: %v", err)
			}
		}
	})
	return e
}

// backend opens a backend that is closed when the rule ends.
func (e *env) backend() eventloop.Backend {
	e.Helper()
	b, err := e.o.Open()
	if err != nil {
		e.Fatalf("Open: %v", err)
	}
	e.Cleanup(func() {
		if err := b.Close(); err != nil {
			e.Errorf("Close: %v", err)
		}
	})
	return b
}

// elsewhere returns an env for the same handles with another backend, where none
// of them is registered.
func (e *env) elsewhere() *env {
	e.Helper()
	if e.beside == nil {
		other := *e
		other.b, other.registered = e.backend(), make(map[eventloop.Handle]bool)
		e.beside = &other
	}
	return e.beside
}

// fresh returns a token never used before.
func (e *env) fresh() eventloop.Token {
	e.token++
	return e.token
}

// keep notes that h is to be closed when the rule ends.
func (e *env) keep(h eventloop.Handle) eventloop.Handle {
	e.open[h] = true
	return h
}

// close closes a kept handle now.
func (e *env) close(h eventloop.Handle) {
	e.Helper()
	delete(e.open, h)
	delete(e.registered, h)
	if err := e.b.CloseHandle(h); err != nil {
		e.Fatalf("CloseHandle: %v", err)
	}
}

func (e *env) add(h eventloop.Handle, i eventloop.Interest) eventloop.Token {
	e.Helper()
	t := e.fresh()
	if err := e.b.Add(h, t, i); err != nil {
		e.Fatalf("Add: %v", err)
	}
	e.registered[h] = true
	return t
}

func (e *env) modify(h eventloop.Handle, i eventloop.Interest) eventloop.Token {
	e.Helper()
	t := e.fresh()
	if err := e.b.Modify(h, t, i); err != nil {
		e.Fatalf("Modify: %v", err)
	}
	return t
}

func (e *env) remove(h eventloop.Handle) {
	e.Helper()
	if err := e.b.Remove(h); err != nil {
		e.Fatalf("Remove: %v", err)
	}
	delete(e.registered, h)
}

// wait calls Wait once and checks what holds for everything it reports.
func (e *env) wait(room int, timeout time.Duration) []eventloop.Event {
	e.Helper()
	events := make([]eventloop.Event, room)
	n, err := e.b.Wait(events, timeout)
	if err != nil {
		e.Fatalf("Wait: %v", err)
	}
	if n < 0 || n > room {
		e.Fatalf("Wait returned %d events, there was room for %d", n, room)
	}
	seen := make(map[eventloop.Token]bool)
	for _, ev := range events[:n] {
		if ev.Ready == 0 {
			e.Fatalf("Wait reported token %d with nothing ready", ev.Token)
		}
		if ev.Ready&eventloop.HangUp != 0 && ev.Ready&eventloop.Readable == 0 {
			e.Fatalf("Wait reported token %d with HangUp but not Readable", ev.Token)
		}
		if seen[ev.Token] {
			e.Fatalf("one Wait reported token %d twice", ev.Token)
		}
		seen[ev.Token] = true
	}
	return events[:n]
}

// expect waits until t is reported with all of want. Events of other tokens
// fail the rule: it knows which handles it registered.
func (e *env) expect(t eventloop.Token, want eventloop.Interest) eventloop.Interest {
	e.Helper()
	for end := e.o.Now().Add(patience); e.o.Now().Before(end); {
		for _, ev := range e.wait(8, end.Sub(e.o.Now())) {
			if ev.Token != t {
				e.Fatalf("Wait reported token %#x, the only one ready is %#x", ev.Token, t)
			}
			if ev.Ready&want == want {
				return ev.Ready
			}
		}
	}
	e.Fatalf("token %#x was never reported with %03b", t, want)
	return 0
}

// expectNothing fails the rule if anything is reported for a while.
func (e *env) expectNothing() {
	e.Helper()
	start := e.o.Now()
	if events := e.wait(8, quiet); len(events) > 0 {
		e.Fatalf("Wait reported %+v, nothing was to be reported", events)
	}
	if d := e.o.Now().Sub(start); d < quiet {
		e.Fatalf("Wait returned after %v, before its timeout of %v", d, quiet)
	}
}

// until waits for h to be ready for i. Where the rule has registered handles it
// waits with another poller: theirs may become ready, too, and must not end it.
func (e *env) until(h eventloop.Handle, i eventloop.Interest) {
	e.Helper()
	if len(e.registered) > 0 {
		e.elsewhere().until(h, i)
		return
	}
	t := e.add(h, i)
	e.expect(t, i)
	e.remove(h)
}

// listen opens a listener, which is closed when the rule ends.
func (e *env) listen(network, address string) eventloop.Handle {
	e.Helper()
	ln, err := e.b.Listen(network, address, eventloop.ListenOptions{})
	if err != nil {
		e.Fatalf("Listen(%s, %s): %v", network, address, err)
	}
	return e.keep(ln)
}

// address returns the address of h as Dial wants it.
func (e *env) address(h eventloop.Handle) string {
	e.Helper()
	a, err := e.b.LocalAddr(h)
	if err != nil {
		e.Fatalf("LocalAddr: %v", err)
	}
	return a.String()
}

// dial connects to address and waits for the end of that.
func (e *env) dial(network, address string) (eventloop.Handle, error) {
	e.Helper()
	h, err := e.b.Dial(network, address)
	if err != nil {
		return 0, err
	}
	e.keep(h)
	e.until(h, eventloop.Writable)
	if err := e.b.Connected(h); err != nil {
		e.close(h)
		return 0, err
	}
	return h, nil
}

// mustDial is dial where failing fails the rule.
func (e *env) mustDial(network, address string) eventloop.Handle {
	e.Helper()
	h, err := e.dial(network, address)
	if err != nil {
		e.Fatalf("Dial(%s, %s): %v", network, address, err)
	}
	return h
}

// accept takes the next connection of ln, waiting for it.
func (e *env) accept(ln eventloop.Handle) (eventloop.Handle, netip.AddrPort) {
	e.Helper()
	for {
		e.until(ln, eventloop.Readable)
		h, peer, err := e.b.Accept(ln)
		if err == nil {
			return e.keep(h), peer
		}
		if err != eventloop.ErrWouldBlock {
			e.Fatalf("Accept: %v", err)
		}
	}
}

// pair returns the two ends of a TCP connection.
func (e *env) pair() (a, b eventloop.Handle) {
	e.Helper()
	ln := e.listen("tcp4", "127.0.0.1:0")
	a = e.mustDial("tcp4", e.address(ln))
	b, _ = e.accept(ln)
	e.close(ln)
	return a, b
}

// write writes all of p, waiting for room.
func (e *env) write(h eventloop.Handle, p []byte) {
	e.Helper()
	for len(p) > 0 {
		n, err := e.b.Write(h, p)
		if err == eventloop.ErrWouldBlock {
			e.until(h, eventloop.Writable)
			continue
		}
		if err != nil {
			e.Fatalf("Write: %v", err)
		}
		if n < 0 || n > len(p) {
			e.Fatalf("Write took %d bytes of %d", n, len(p))
		}
		p = p[n:]
	}
}

// send writes p, which must fit, and waits until it arrives: the other end
// becomes Readable before send returns.
func (e *env) send(from, to eventloop.Handle, p string) {
	e.Helper()
	e.write(from, []byte(p))
	e.until(to, eventloop.Readable)
}

// read reads n bytes, waiting for them. End of file and errors fail the rule.
func (e *env) read(h eventloop.Handle, n int) []byte {
	e.Helper()
	p := make([]byte, n)
	for got := 0; got < n; {
		m, err := e.b.Read(h, p[got:])
		if err == eventloop.ErrWouldBlock {
			e.until(h, eventloop.Readable)
			continue
		}
		if err != nil {
			e.Fatalf("Read after %d of %d bytes: %v", got, n, err)
		}
		if m < 1 || m > n-got {
			e.Fatalf("Read returned %d bytes of at most %d without an error", m, n-got)
		}
		got += m
	}
	return p
}

func (e *env) closeWrite(h eventloop.Handle) {
	e.Helper()
	if err := e.b.CloseWrite(h); err != nil {
		e.Fatalf("CloseWrite: %v", err)
	}
}

// readNow reads once, at most n bytes, which must be there.
func (e *env) readNow(h eventloop.Handle, n int) int {
	e.Helper()
	got, err := e.b.Read(h, make([]byte, n))
	if err != nil {
		e.Fatalf("Read of a Readable handle: %v", err)
	}
	return got
}

// readEnd reads h, waiting, until Read fails and returns how: io.EOF after a
// peer that closed its side.
func (e *env) readEnd(h eventloop.Handle) error {
	e.Helper()
	p := make([]byte, 64<<10)
	for {
		n, err := e.b.Read(h, p)
		switch err {
		case nil:
			if n == 0 {
				e.Fatal("Read returned no bytes and no error")
			}
		case eventloop.ErrWouldBlock:
			e.until(h, eventloop.Readable)
		default:
			return err
		}
	}
}

// fill writes to h, whose other end is not read, until there is no more room and
// none appears by itself: the system may move bytes on to the receiver's buffer
// later. It registers h for Writable and returns the token and the bytes written;
// nothing is reported at that point.
func (e *env) fill(h eventloop.Handle) (t eventloop.Token, n int) {
	e.Helper()
	t = e.add(h, eventloop.Writable)
	return t, e.refill(h)
}

// refill fills the room that has appeared in h since fill, and returns the bytes
// written. Room that is reported must exist.
func (e *env) refill(h eventloop.Handle) (n int) {
	e.Helper()
	p := make([]byte, 64<<10)
	for still := 0; still < 2 && n < 256<<20; still++ {
		reported := e.wait(8, quiet)
		m, err := e.b.Write(h, p)
		if err == eventloop.ErrWouldBlock && len(reported) > 0 {
			e.Fatalf("Wait reported %+v, but Write would block", reported)
		}
		for ; err == nil && n < 256<<20; m, err = e.b.Write(h, p) {
			n += m
			still = -1
		}
		if err != nil && err != eventloop.ErrWouldBlock {
			e.Fatalf("Write: %v", err)
		}
	}
	if n >= 256<<20 {
		e.Fatalf("after %d bytes to a peer that does not read there is still room", n)
	}
	return n
}

// wantEOF fails the rule if err is not io.EOF itself.
func (e *env) wantEOF(err error) {
	e.Helper()
	if err != io.EOF {
		e.Fatalf("Read after the last byte: %v, want io.EOF", err)
	}
}

// wantError fails the rule if err is nil or one of the loop's own signals.
func (e *env) wantError(what string, err error) {
	e.Helper()
	if err == nil || errors.Is(err, eventloop.ErrWouldBlock) || errors.Is(err, eventloop.ErrClosed) {
		e.Fatalf("%s: %v, want the error of the system", what, err)
	}
}
