package client_test

import (
	"context"
	"log/slog"
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
	"github.com/sudoXpg/netloop/internal/client/lossy"
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

	network *lossy.Network // is told what users see

	mu   sync.Mutex
	addr string
	up   chan struct{} // closed while the server runs
}

func newWorld(t *testing.T, change func(*server.Options)) *world {
	t.Helper()
	w := &world{t: t, change: change, store: memory.New(), up: make(chan struct{}), network: lossy.New()}
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
	w.network.CutAll()
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
	return w.network.Wrap(conn), nil
}
