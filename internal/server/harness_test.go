package server_test

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/sudoXpg/netloop/eventloop"
	"github.com/sudoXpg/netloop/eventloop/sim"
	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/nearest"
	"github.com/sudoXpg/netloop/internal/server"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Bytes that every connection in the default style is sent first.
const (
	negotiation = "\xff\xfd\x18\xff\xfd\x1f" // IAC DO TTYPE, IAC DO NAWS
	prompt      = "Enter username : "
	greeting    = negotiation + "*** Welcome to test.\r\n" + prompt
)

// a fixture is a server in a simulated world, and the only goroutine of it.
type fixture struct {
	t     *testing.T
	world *sim.World
	srv   *server.Server
	log   bytes.Buffer
	next  byte // last byte of the next peer's address
}

// start opens a server; change may change its options.
func start(t *testing.T, change func(*server.Options)) *fixture {
	t.Helper()
	return startIn(t, sim.New(sim.Options{}), change)
}

func startIn(t *testing.T, world *sim.World, changes ...func(*server.Options)) *fixture {
	t.Helper()
	f := &fixture{t: t, world: world}
	o := server.Options{
		Loop: eventloop.Options{Open: f.world.Open, Now: f.world.Now, Executor: f.world.Executor()},
		Name: "test",
		Log:  slog.New(slog.NewTextHandler(&f.log, &slog.HandlerOptions{ReplaceAttr: withoutTime})),
		Chat: chat.Options{Nearest: nearest.Find},
		Limits: server.Limits{
			LoginTimeout: time.Minute, Grace: 5 * time.Second,
			MaxPerIP: 16, NewPerIP: 32, NewPerIPWindow: 10 * time.Minute,
		},
	}
	for _, change := range changes {
		if change != nil {
			change(&o)
		}
	}
	var err error
	if f.srv, err = server.New(o); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.srv.Close(); err != nil {
			t.Error(err)
		}
		if n := f.world.Handles(); n != 0 {
			t.Errorf("%d handles are left open", n)
		}
	})
	if _, err := f.srv.Listen("tcp", ":9034"); err != nil {
		t.Fatal(err)
	}
	return f
}

func withoutTime(_ []string, a slog.Attr) slog.Attr {
	if a.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return a
}

func classicStyle(o *server.Options) { o.Classic = true }

// settle takes turns until nothing happens any more at the present time.
func (f *fixture) settle() {
	f.t.Helper()
	// Idle does not see posted functions; they never form a longer chain than this.
	for quiet := 0; quiet < 4; quiet++ {
		if !f.world.Idle() {
			quiet = 0
		}
		for _, l := range f.srv.Group().Loops() {
			if err := l.Step(0); err != nil {
				f.t.Fatal(err)
			}
		}
	}
}

func (f *fixture) advance(d time.Duration) {
	f.t.Helper()
	f.settle()
	f.world.Advance(d)
	f.settle()
}

// a peer is the other end of a connection.
type peer struct {
	f    *fixture
	c    *sim.Client
	open bool
}

// dial connects from an address of the peer's own.
func (f *fixture) dial() *peer {
	f.t.Helper()
	f.next++
	return f.dialFrom(netip.AddrFrom4([4]byte{192, 0, 2, f.next}))
}

func (f *fixture) dialFrom(source netip.Addr) *peer {
	f.t.Helper()
	target := "127.0.0.1:9034"
	if source.Is6() {
		target = "[::1]:9034"
	}
	return f.dialTo(source, target)
}

func (f *fixture) dialTo(source netip.Addr, target string) *peer {
	f.t.Helper()
	c, err := f.world.DialFrom(source, "tcp", target)
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() { _ = c.Close() })
	f.settle()
	return &peer{f: f, c: c, open: true}
}

// join connects and gives a name, and discards what was received until then.
func (f *fixture) join(name string) *peer {
	f.t.Helper()
	p := f.dial()
	p.sends(name + "\r\n")
	p.reads()
	return p
}

// sends sends s, however small the buffers are.
func (p *peer) sends(s string) {
	p.f.t.Helper()
	for len(s) > 0 {
		n, err := p.c.Write([]byte(s))
		if err != nil && !errors.Is(err, eventloop.ErrWouldBlock) {
			p.f.t.Fatalf("send: %v", err)
		}
		s = s[n:]
		p.f.settle()
	}
}

// reads returns all that is there to be read.
func (p *peer) reads() string {
	p.f.t.Helper()
	var all []byte
	buf := make([]byte, 64<<10)
	for {
		p.f.settle()
		n, err := p.c.Read(buf)
		all = append(all, buf[:n]...)
		if errors.Is(err, eventloop.ErrWouldBlock) {
			return string(all)
		}
		if err != nil {
			if !errors.Is(err, io.EOF) {
				p.f.t.Errorf("read: %v", err)
			}
			p.open = false
			return string(all)
		}
	}
}

// sees checks that exactly want is there to be read.
func (p *peer) sees(want string) {
	p.f.t.Helper()
	if diff := cmp.Diff(want, p.reads()); diff != "" {
		p.f.t.Error(diff)
	}
}

// isClosed checks that the server has closed, gracefully.
func (p *peer) isClosed() {
	p.f.t.Helper()
	if rest := p.reads(); rest != "" || p.open {
		p.f.t.Errorf("still open, or read %q", rest)
	}
	_ = p.c.Close()
	p.f.settle()
}

// logged checks that the log has a line with all of the parts.
func (f *fixture) logged(parts ...string) {
	f.t.Helper()
	for _, line := range strings.Split(f.log.String(), "\n") {
		all := true
		for _, part := range parts {
			all = all && strings.Contains(line, part)
		}
		if all {
			return
		}
	}
	f.t.Errorf("no line with %q in the log:\n%s", parts, f.log.String())
}
