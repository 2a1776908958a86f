package tlsfilter

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/sudoXpg/netloop/eventloop"
	"github.com/sudoXpg/netloop/eventloop/sim"
	"github.com/sudoXpg/netloop/internal/testcert"
)

const address = "127.0.0.1:9443"

// An echo echoes, and counts its calls.
type echo struct{ opened, closed int }

func (h *echo) Opened(*eventloop.Conn)               { h.opened++ }
func (h *echo) Received(c *eventloop.Conn, p []byte) { c.Write(p) }
func (h *echo) Drained(*eventloop.Conn)              {}
func (h *echo) Closed(_ *eventloop.Conn, _ error)    { h.closed++ }

// A jobs is an Executor whose jobs wait for run.
type jobs []func()

func (j *jobs) Execute(job func()) error {
	*j = append(*j, job)
	return nil
}

func (j *jobs) run() {
	for _, job := range *j {
		job()
	}
	*j = nil
}

// A fixture is a server in a simulated world.
type fixture struct {
	testing.TB
	w        *sim.World
	g        *eventloop.Group
	hs       *Handshakes
	handler  echo
	accepted int
	failed   []error
	refuse   bool // accept returns nil
	config   *tls.Config
}

func newFixture(t testing.TB, o sim.Options, hs *Handshakes) *fixture {
	t.Helper()
	f := &fixture{TB: t, w: sim.New(o), hs: hs, config: &tls.Config{Certificates: []tls.Certificate{testcert.New("a.test")}}}
	if hs.Executor == nil {
		hs.Executor = f.w.Executor()
	}
	var err error
	if f.g, err = eventloop.New(eventloop.Options{Open: f.w.Open, Now: f.w.Now, Executor: f.w.Executor()}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.g.Close(); err != nil {
			t.Error(err)
		}
		if n := f.w.Handles(); n > 0 {
			t.Errorf("%d handles are open", n)
		}
		if n := f.hs.InProgress(); n != 0 {
			t.Errorf("%d handshakes are in progress after the end", n)
		}
	})
	accept := func(*eventloop.Conn) eventloop.Handler {
		if f.refuse {
			return nil
		}
		f.accepted++
		return &f.handler
	}
	fail := func(_ *eventloop.Conn, err error) { f.failed = append(f.failed, err) }
	if _, err := f.g.Listen("tcp", address, hs.Server(f.config, accept, fail)); err != nil {
		t.Fatal(err)
	}
	return f
}

// settle takes turns until nothing more happens without time passing.
func (f *fixture) settle() {
	f.Helper()
	for again := true; again; again = !f.w.Idle() {
		if err := f.g.Loops()[0].Step(0); err != nil {
			f.Fatal(err)
		}
	}
}

// pass lets time pass.
func (f *fixture) pass(d time.Duration) {
	f.Helper()
	f.w.Advance(d)
	f.settle()
}

// A guest is a client of the simulated world.
type guest struct {
	f    *fixture
	conn *sim.Client
	*steps
	ended bool // the server has closed
}

func (f *fixture) dial() *guest {
	f.Helper()
	conn, err := f.w.Dial("tcp", address)
	if err != nil {
		f.Fatal(err)
	}
	config := &tls.Config{InsecureSkipVerify: true} //nolint:gosec // self-signed
	g := &guest{f: f, conn: conn, steps: newSteps(func(f *filter) { f.tls = tls.Client(&f.wire, config) }, func() {})}
	f.Cleanup(func() {
		g.stop()
		if err := errors.Join(g.conn.Close()); err != nil && !errors.Is(err, eventloop.ErrClosed) {
			f.Error(err)
		}
		f.settle()
	})
	g.step()
	return g
}

// send sends all of raw.
func (g *guest) send(raw []byte) {
	g.f.Helper()
	for len(raw) > 0 {
		n, err := g.conn.Write(raw)
		if err != nil && !errors.Is(err, eventloop.ErrWouldBlock) {
			g.f.Fatal(err)
		}
		raw = raw[n:]
		g.f.settle()
	}
}

// receive returns the bytes received.
func (g *guest) receive() (raw []byte) {
	g.f.Helper()
	g.f.settle()
	p := make([]byte, 4096)
	for {
		n, err := g.conn.Read(p)
		raw = append(raw, p[:n]...)
		switch {
		case errors.Is(err, eventloop.ErrWouldBlock):
			return raw
		case err != nil:
			g.ended = true
			return raw
		}
	}
}

// shakeHands completes the handshake, sending piece bytes at a time.
func (g *guest) shakeHands(piece int) error {
	g.f.Helper()
	for again := true; again; again = g.next != nil {
		out := g.filter.wire.take(nil)
		for len(out) > 0 {
			n := min(piece, len(out))
			g.send(out[:n])
			out = out[n:]
		}
		in := g.receive()
		if g.next != nil && len(in) == 0 {
			return fmt.Errorf("no answer; closed: %v", g.ended)
		}
		if err := g.give(in, 1<<20); err != nil {
			return err
		}
	}
	g.send(g.filter.wire.take(nil))
	g.filter.Idle()
	return nil
}

// wantEcho says something and waits for it to come back.
func (g *guest) wantEcho(text string) {
	g.f.Helper()
	g.send(g.filter.Seal(nil, []byte(text)))
	if got, err := pass(g.f, g.filter, g.receive(), 1<<20); string(got) != text {
		g.f.Errorf("the echo of %q is %q, %v", text, got, err)
	}
}

func TestAHandshakeAndAnEchoOverTornSegments(t *testing.T) {
	for seed := range uint64(20) {
		f := newFixture(t, sim.Options{Seed: seed, Faults: sim.Faults{ShortRead: 0.8, ShortWrite: 0.8}}, &Handshakes{})
		g := f.dial()
		if err := g.shakeHands(1 + int(seed)*7); err != nil {
			t.Fatal(err)
		}
		g.wantEcho("hello")
		if f.accepted != 1 || f.handler.opened != 1 || len(f.failed) > 0 || f.hs.InProgress() > 0 {
			t.Errorf("accepted %d, opened %d, failed %v, in progress %d", f.accepted, f.handler.opened, f.failed, f.hs.InProgress())
		}
	}
}

// Wherever a client stops, it is closed at the deadline and leaves nothing behind.
func TestAStalledHandshakeIsClosedAtItsDeadline(t *testing.T) {
	f := newFixture(t, sim.Options{}, &Handshakes{})
	whole := f.dial()
	first := whole.filter.wire.take(nil)
	whole.send(first)
	if err := whole.give(whole.receive(), 1<<20); err != nil {
		t.Fatal(err)
	}
	second := whole.filter.wire.take(nil)
	if err := whole.conn.Reset(); err != nil {
		t.Fatal(err)
	}
	f.settle()
	if f.failed = nil; f.hs.InProgress() > 0 {
		t.Fatal("a handshake of a connection that was reset is in progress")
	}
	for _, cut := range []int{0, 1, 5, len(first) / 2, len(first) - 1, len(first), len(first) + 1, len(first) + len(second) - 1} {
		f.failed = nil
		g := f.dial()
		own := g.filter.wire.take(nil)
		f.settle()
		g.send(own[:min(cut, len(own))])
		if cut >= len(own) {
			if err := g.give(g.receive(), 1<<20); err != nil {
				t.Fatal(err)
			}
			flight := g.filter.wire.take(nil)
			g.send(flight[:min(cut-len(own), len(flight)-1)])
		}
		f.pass(DefaultTimeout - time.Second)
		if len(f.failed) > 0 {
			t.Errorf("cut after %d bytes: failed before the deadline: %v", cut, f.failed)
		}
		f.pass(2 * time.Second)
		if len(f.failed) != 1 || !errors.Is(f.failed[0], eventloop.ErrDeadline) || f.hs.InProgress() != 0 {
			t.Errorf("cut after %d bytes: failed with %v, %d in progress", cut, f.failed, f.hs.InProgress())
		}
	}
	if f.accepted > 0 {
		t.Errorf("%d connections were accepted", f.accepted)
	}
}

// No place is taken before the ClientHello is whole, and none is kept after the handshake.
func TestHandshakesInProgressAreBounded(t *testing.T) {
	f := newFixture(t, sim.Options{}, &Handshakes{Max: 2})
	var waiting []*guest
	for range 2 {
		g := f.dial()
		g.send(g.filter.wire.take(nil))
		waiting = append(waiting, g)
	}
	idle := f.dial()
	hello := idle.filter.wire.take(nil)
	idle.send(hello[:len(hello)-1])
	late := f.dial()
	if err := late.shakeHands(1 << 20); err == nil || !late.ended {
		t.Errorf("a third handshake: %v", err)
	}
	if len(f.failed) != 0 { // it is told when the client has closed, too
		t.Errorf("failed with %v", f.failed)
	}
	if err := late.conn.Close(); err != nil {
		t.Fatal(err)
	}
	f.settle()
	if len(f.failed) != 1 || !errors.Is(f.failed[0], ErrTooMany) {
		t.Errorf("failed with %v, want %v", f.failed, ErrTooMany)
	}
	if err := waiting[0].give(waiting[0].receive(), 1<<20); err != nil {
		t.Fatal(err)
	}
	if err := waiting[0].shakeHands(1 << 20); err != nil {
		t.Fatal(err)
	}
	waiting[0].wantEcho("one place is free")
	idle.filter.wire.out = hello[len(hello)-1:]
	if err := idle.shakeHands(1 << 20); err != nil {
		t.Error(err)
	}
	idle.wantEcho("and taken")
}

// A connection that dies before, while and after a worker steps its handshake.
func TestAConnectionMayDieWhileAWorkerSteps(t *testing.T) {
	j := &jobs{}
	f := newFixture(t, sim.Options{}, &Handshakes{Executor: j})
	for _, after := range []int{0, 1} { // steps
		f.failed = nil
		g := f.dial()
		g.send(g.filter.wire.take(nil))
		if after > 0 {
			j.run()
			if err := g.give(g.receive(), 1<<20); err != nil {
				t.Fatal(err)
			}
			g.send(g.filter.wire.take(nil))
		}
		if len(*j) != 1 || f.hs.InProgress() != 1 {
			t.Fatalf("%d jobs wait, %d handshakes in progress", len(*j), f.hs.InProgress())
		}
		f.pass(DefaultTimeout + time.Second) // the job waits all the time
		if len(f.failed) != 1 || f.hs.InProgress() != 0 {
			t.Errorf("after the deadline: failed with %v, %d in progress", f.failed, f.hs.InProgress())
		}
		j.run()
		f.settle()
		if len(f.failed) != 1 || f.accepted != 0 || f.hs.InProgress() != 0 {
			t.Errorf("after the job: failed with %v, accepted %d, %d in progress", f.failed, f.accepted, f.hs.InProgress())
		}
	}
	// While a step runs.
	ends := 0
	var server *steps
	config := &tls.Config{GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
		server.stop()
		if ends > 0 {
			t.Error("a handshake has ended inside one of its steps")
		}
		cert := testcert.New("a.test")
		return &cert, nil
	}}
	server = newSteps(func(f *filter) { f.tls = tls.Server(&f.wire, config) }, func() { ends++ })
	client := newSteps(func(f *filter) { f.tls = tls.Client(&f.wire, &tls.Config{InsecureSkipVerify: true}) }, func() {}) //nolint:gosec // self-signed
	client.step()
	_ = server.give(client.filter.wire.take(nil), 1<<20)
	server.stop()
	client.stop()
	client.stop()
	if ends != 1 {
		t.Errorf("a handshake that was stopped in one of its steps has ended %d times", ends)
	}
}

// A ClientHello in records of one byte, as RFC 8446, section 5.1, allows.
func TestAClientHelloMayLieInManyRecords(t *testing.T) {
	f := newFixture(t, sim.Options{}, &Handshakes{})
	g := f.dial()
	hello := g.filter.wire.take(nil)
	var torn []byte
	for _, b := range hello[recordHeader:] {
		torn = append(torn, hello[0], hello[1], hello[2], 0, 1, b)
	}
	g.filter.wire.out = torn
	if err := g.shakeHands(1000); err != nil {
		t.Fatal(err)
	}
	g.wantEcho("whole")
}

func TestBadFirstBytesEndAHandshake(t *testing.T) {
	long := []byte{typeHandshake, 3, 1, 0x40, 0, typeClientHello, 0xff, 0xff, 0xff}
	long = append(long, make([]byte, maxPlain-4)...)
	for name, c := range map[string]struct {
		raw   []byte
		want  error // nil: one of crypto/tls
		alert bool
	}{
		"a ClientHello that is too long": {append(long, long...), ErrHello, false},
		"another type of record":         {[]byte("GET / HTTP/1.1\r\n\r\n"), nil, false},
		"another handshake message":      {[]byte{typeHandshake, 3, 1, 0, 4, 2, 0, 0, 0}, nil, true},
		"an empty record":                {[]byte{typeHandshake, 3, 1, 0, 0}, nil, true},
		"a record that is too long":      {[]byte{typeHandshake, 3, 1, 0xff, 0xff}, nil, true},
		"SSL 2":                          {[]byte{0x80, 0x2e, 1, 0, 2, 0, 0x15, 0, 0, 0, 0x10}, nil, true},
	} {
		f := newFixture(t, sim.Options{}, &Handshakes{})
		g := f.dial()
		g.send(c.raw)
		answer := g.receive()
		if !g.ended || (len(answer) > 0) != c.alert {
			t.Errorf("%s is answered with %x; closed: %v", name, answer, g.ended)
		}
		if err := g.conn.Close(); err != nil {
			t.Fatal(err)
		}
		f.settle()
		if len(f.failed) != 1 || f.failed[0] == nil || c.want != nil && !errors.Is(f.failed[0], c.want) {
			t.Errorf("%s: failed with %v", name, f.failed)
		}
	}
}

func TestACleanEndPassesInBothDirections(t *testing.T) {
	f := newFixture(t, sim.Options{}, &Handshakes{})
	g := f.dial()
	if err := g.shakeHands(1 << 20); err != nil {
		t.Fatal(err)
	}
	g.wantEcho("hello")
	g.send(g.filter.End(nil))
	if _, err := pass(t, g.filter, g.receive(), 1<<20); !errors.Is(err, io.EOF) || !g.ended {
		t.Errorf("the server's end is %v; closed: %v", err, g.ended)
	}
	if f.handler.closed != 1 {
		t.Errorf("closed %d times", f.handler.closed)
	}
}

// The error of a handshake reaches the handler of a client, which is never opened.
func TestAClientIsToldWhyItsHandshakeFails(t *testing.T) {
	f := newFixture(t, sim.Options{}, &Handshakes{})
	var got []error
	h := &closing{echo: &echo{}, closed: func(err error) { got = append(got, err) }}
	if err := f.g.Dial("tcp", address, f.hs.Client(&tls.Config{ServerName: "b.test", Time: time.Now}, h)); err != nil {
		t.Fatal(err)
	}
	f.settle()
	var unknown *tls.CertificateVerificationError
	if len(got) != 1 || !errors.As(got[0], &unknown) || h.opened > 0 {
		t.Errorf("closed with %v, opened %d times", got, h.opened)
	}
	if len(f.failed) != 1 || f.failed[0] == nil { // the server was sent an alert
		t.Errorf("the server failed with %v", f.failed)
	}
}

// A closing reports how it was closed.
type closing struct {
	*echo
	closed func(error)
}

func (h *closing) Closed(_ *eventloop.Conn, err error) { h.closed(err) }

// A handshake that is interrupted has an error, too, whoever has ended the connection.
func TestAnInterruptedHandshakeFailsWithAnError(t *testing.T) {
	for name, end := range map[string]func(*fixture, *guest) error{
		"the client closes": func(_ *fixture, g *guest) error { return g.conn.Close() },
		"the group drains": func(f *fixture, g *guest) error {
			f.g.Drain(time.Minute)
			f.settle()
			return g.conn.Close()
		},
		"nobody hears of the end": func(f *fixture, _ *guest) error {
			f.g.Drain(time.Minute)
			f.pass(2 * eventloop.DefaultLingerTimeout)
			return nil
		},
	} {
		for _, started := range []bool{false, true} {
			f := newFixture(t, sim.Options{}, &Handshakes{})
			g := f.dial()
			f.settle()
			if started {
				g.send(g.filter.wire.take(nil))
			}
			if err := end(f, g); err != nil {
				t.Fatal(err)
			}
			f.settle()
			if len(f.failed) != 1 || f.failed[0] == nil || f.hs.InProgress() != 0 {
				t.Errorf("%s, started: %v: failed with %v, %d in progress", name, started, f.failed, f.hs.InProgress())
			}
		}
	}
}

// A handler that accept refuses is the end of the connection, and reported as such.
func TestAnAcceptedNobodyClosesTheConnection(t *testing.T) {
	f := newFixture(t, sim.Options{}, &Handshakes{})
	f.refuse = true
	g := f.dial()
	if err := g.shakeHands(1 << 20); err != nil {
		t.Fatal(err)
	}
	if _, err := pass(t, g.filter, g.receive(), 1<<20); !errors.Is(err, io.EOF) {
		t.Errorf("the client's end is %v", err)
	}
	if err := g.conn.Close(); err != nil {
		t.Fatal(err)
	}
	f.settle()
	if len(f.failed) != 1 || f.failed[0] == nil {
		t.Errorf("failed with %v", f.failed)
	}
}
