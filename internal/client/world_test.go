package client_test

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"net"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/sudoXpg/netloop"
	"github.com/sudoXpg/netloop/eventloop"
	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/client"
	"github.com/sudoXpg/netloop/internal/nearest"
	"github.com/sudoXpg/netloop/internal/server"
	"github.com/sudoXpg/netloop/internal/store"
	"github.com/sudoXpg/netloop/internal/store/memory"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is the longest wait for anything. No test passes because of it.
const patience = time.Minute

// a world is a real server on this machine that can be stopped, crashed and started
// again, and a network to it that loses connections.
type world struct {
	t      *testing.T
	change func(*server.Options)
	store  *memory.Store

	srv    *server.Server
	writer *store.Writer
	dead   *atomic.Bool // nothing is saved any more
	ran    chan error

	mu    sync.Mutex
	addr  string
	up    chan struct{} // closed while the server runs
	conns map[*faulty]bool

	faults func() faults // of a new connection; nil for none
	cuts   atomic.Int64
	news   chan struct{} // has an element after a cut, or something that a user has seen
}

func newWorld(t *testing.T, change func(*server.Options)) *world {
	t.Helper()
	w := &world{t: t, change: change, store: memory.New(), up: make(chan struct{}), conns: make(map[*faulty]bool), news: make(chan struct{}, 1)}
	w.start()
	t.Cleanup(func() {
		if w.srv != nil {
			w.crash(func() {})
		}
	})
	return w
}

// journal drops what is written after a crash.
type journal struct {
	*store.Writer
	dead *atomic.Bool
}

func (j journal) Write(done func(error), records ...chat.Record) {
	if !j.dead.Load() {
		j.Writer.Write(done, records...)
	}
}

// plain hashes no passwords.
type plain struct{}

func (plain) Hash(password string) (string, error)            { return "=" + password, nil }
func (plain) Match(hash, password string) (match, again bool) { return hash == "="+password, false }
func (plain) Check(string, string) error                      { return nil }

func (w *world) start() {
	w.t.Helper()
	state, err := w.store.Load(time.Now())
	if err != nil {
		w.t.Fatal(err)
	}
	w.writer, w.dead = store.NewWriter(w.store, store.Options{}), &atomic.Bool{}
	o := server.Options{
		Loop:        eventloop.Options{Open: netloop.Backends()[0].Open},
		Name:        "test",
		SniffWindow: time.Second,
		Chat: chat.Options{
			Nearest: nearest.Find, State: state, Passwords: plain{},
			Journal: journal{w.writer, w.dead}, Archive: store.UpToDate(w.store, w.writer),
		},
		Limits: server.Limits{LoginTimeout: patience, MaxPending: 10_000, Grace: time.Second},
	}
	if os.Getenv("CLIENT_LOG") != "" {
		o.Log = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	if w.change != nil {
		w.change(&o)
	}
	if w.srv, err = server.New(o); err != nil {
		w.t.Fatal(err)
	}
	addr, err := w.srv.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		w.t.Fatal(err)
	}
	w.ran = make(chan error, 1)
	go func(srv *server.Server) { w.ran <- srv.Run() }(w.srv)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.addr = addr.String()
	close(w.up)
}

// down marks the server as stopped.
func (w *world) down() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.up = make(chan struct{})
}

// stop stops the server cleanly.
func (w *world) stop() {
	w.t.Helper()
	w.down()
	w.srv.Shutdown("test")
	if err := <-w.ran; err != nil {
		w.t.Error(err)
	}
	w.writer.Write(nil, w.srv.End())
	w.end()
}

// crash stops the server as a kill does: nothing of what follows is saved, nor known to
// clients once before has returned.
func (w *world) crash(before func()) {
	w.t.Helper()
	w.dead.Store(true)
	before()
	w.down()
	w.cutAll()
	w.end()
	if err := <-w.ran; err != nil {
		w.t.Error(err)
	}
}

func (w *world) end() {
	if err := w.srv.Close(); err != nil {
		w.t.Error(err)
	}
	if err := w.writer.Close(); err != nil {
		w.t.Error(err)
	}
	w.srv = nil
}

// wait is the clock of the clients: it waits until the server is up.
func (w *world) wait(ctx context.Context, _ time.Duration) error {
	w.mu.Lock()
	up := w.up
	w.mu.Unlock()
	runtime.Gosched()
	select {
	case <-up:
		return ctx.Err()
	case <-ctx.Done():
		return ctx.Err()
	}
}

// options are those of a client of this world.
func (w *world) options(name string) client.Options {
	return client.Options{
		Address: "the server", Name: name, Connect: w.connect, Wait: w.wait,
		Timeout: patience, Idle: patience, Buffer: 1,
	}
}

func (w *world) connect(ctx context.Context, _, _ string) (net.Conn, error) {
	w.mu.Lock()
	addr := w.addr
	w.mu.Unlock()
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	f := &faulty{Conn: conn, w: w, faults: calm}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.faults != nil {
		f.faults = w.faults()
	}
	w.conns[f] = true
	return f, nil
}

// cutAll resets all connections.
func (w *world) cutAll() {
	w.mu.Lock()
	all := make([]*faulty, 0, len(w.conns))
	for f := range w.conns {
		all = append(all, f)
	}
	w.mu.Unlock()
	for _, f := range all {
		f.reset()
	}
}

// cut counts a connection that was cut.
func (w *world) cut() {
	w.cuts.Add(1)
	w.tell()
}

// tell wakes await.
func (w *world) tell() {
	select {
	case w.news <- struct{}{}:
	default:
	}
}

// await waits until a condition holds, which is checked when there is news, or until the time
// is up, and reports whether it holds.
func (w *world) await(limit time.Duration, holds func() bool) bool {
	over := time.NewTimer(limit)
	defer over.Stop()
	for !holds() {
		select {
		case <-w.news:
		case <-over.C:
			return holds()
		}
	}
	return true
}

// cutOne resets any connection.
func (w *world) cutOne() {
	w.mu.Lock()
	var victim *faulty
	for victim = range w.conns { // in any order
		break
	}
	w.mu.Unlock()
	if victim != nil {
		victim.reset()
		w.cut()
	}
}

// misbehave sets the faults of all connections from now on; nil for none.
func (w *world) misbehave(next func() faults) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.faults = next
	if next == nil {
		for f := range w.conns {
			f.heal()
		}
	}
}

// faults say when a connection fails, in bytes that were received or sent.
type faults struct {
	in, out int
	half    bool // it is half-open then: nothing is delivered any more; otherwise it is reset
}

const never = 1 << 30

var calm = faults{in: never, out: never}

// someFaults makes each connection fail somewhere.
func someFaults(r *rand.Rand, half bool) func() faults {
	var mu sync.Mutex
	return func() faults {
		mu.Lock()
		defer mu.Unlock()
		f := faults{in: never, out: never, half: half && r.IntN(4) == 0}
		if r.IntN(2) == 0 {
			f.in = r.IntN(30_000) // more than half of that is the log-in
		} else {
			f.out = r.IntN(3000)
		}
		return f
	}
}

// a faulty is a connection that fails.
type faulty struct {
	net.Conn
	w *world

	mu     sync.Mutex
	faults faults
	failed bool
}

// use takes bytes from a budget, and returns how many can be used and whether it fails
// after that.
func (f *faulty) use(budget *int, n int) (usable int, fails, half bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	usable = min(n, *budget)
	*budget -= usable
	if usable == n && *budget > 0 {
		return usable, f.failed && f.faults.half, f.faults.half
	}
	if !f.failed {
		f.failed = true
		f.faults.in, f.faults.out = 0, 0
		f.w.cut()
	}
	return usable, true, f.faults.half
}

func (f *faulty) Read(p []byte) (int, error) {
	for {
		n, err := f.Conn.Read(p)
		if n == 0 {
			return n, err
		}
		usable, fails, half := f.use(&f.faults.in, n)
		if !fails {
			return n, err
		}
		if !half {
			f.reset()
		}
		if usable > 0 {
			return usable, nil
		}
		if !half {
			return 0, net.ErrClosed
		}
	}
}

func (f *faulty) Write(p []byte) (int, error) {
	usable, fails, half := f.use(&f.faults.out, len(p))
	if usable > 0 {
		if n, err := f.Conn.Write(p[:usable]); err != nil {
			return n, err
		}
	}
	switch {
	case !fails:
	case half:
	default:
		f.reset()
		return usable, net.ErrClosed
	}
	return len(p), nil
}

// heal takes the faults away that are still to come.
func (f *faulty) heal() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.failed {
		f.faults = calm
	}
}

func (f *faulty) reset() {
	if c, ok := f.Conn.(*net.TCPConn); ok {
		_ = c.SetLinger(0)
	}
	_ = f.Close()
}

func (f *faulty) Close() error {
	f.w.mu.Lock()
	delete(f.w.conns, f)
	f.w.mu.Unlock()
	return f.Conn.Close()
}
