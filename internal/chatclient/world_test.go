package chatclient_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sudoXpg/netloop"
	"github.com/sudoXpg/netloop/eventloop"
	"github.com/sudoXpg/netloop/filter/http1"
	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/chatclient"
	"github.com/sudoXpg/netloop/internal/client"
	"github.com/sudoXpg/netloop/internal/client/lossy"
	"github.com/sudoXpg/netloop/internal/nearest"
	"github.com/sudoXpg/netloop/internal/server"
	"github.com/sudoXpg/netloop/internal/store"
	"github.com/sudoXpg/netloop/internal/store/memory"
)

// patience ends a test that hangs. No test waits for it to pass.
const patience = time.Minute

// a world is a real server on this machine that can be stopped and started again.
type world struct {
	t      *testing.T
	store  *memory.Store
	srv    *server.Server
	writer *store.Writer
	ran    chan error

	network *lossy.Network

	mu   sync.Mutex
	addr string
	up   chan struct{} // closed while the server runs
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, store: memory.New(), network: lossy.New(), up: make(chan struct{})}
	w.start()
	t.Cleanup(func() {
		if w.srv != nil {
			w.stop()
		}
	})
	return w
}

// plain hashes no passwords.
type plain struct{}

func (plain) Hash(password string) (string, error)            { return "=" + password, nil }
func (plain) Match(hash, password string) (match, again bool) { return hash == "="+password, false }
func (plain) Check(string, string) error                      { return nil }

// noPages is a site without pages, so that the server has WebSocket.
type noPages struct{}

// Answer implements server.Site.
func (noPages) Answer(*http.Request) *http1.Response {
	return &http1.Response{Status: http.StatusNotFound}
}

func (w *world) start() {
	w.t.Helper()
	state, err := w.store.Load(time.Now())
	if err != nil {
		w.t.Fatal(err)
	}
	w.writer = store.NewWriter(w.store, store.Options{})
	w.srv, err = server.New(server.Options{
		Loop: eventloop.Options{Open: netloop.Backends()[0].Open}, Name: "test", SniffWindow: time.Second, ResumePlain: true,
		Chat: chat.Options{
			Nearest: nearest.Find, State: state, Passwords: plain{}, Journal: w.writer, Archive: store.UpToDate(w.store, w.writer),
		},
		Limits: server.Limits{LoginTimeout: patience, MaxPending: 10_000, Grace: time.Second}, Site: noPages{},
	})
	if err != nil {
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

func (w *world) stop() {
	w.t.Helper()
	w.mu.Lock()
	w.up = make(chan struct{})
	w.mu.Unlock()
	w.srv.Shutdown("test")
	err := <-w.ran
	w.writer.Write(nil, w.srv.End())
	if err := errors.Join(err, w.srv.Close(), w.writer.Close()); err != nil {
		w.t.Error(err)
	}
	w.srv = nil
}

// forget starts the server again, without its sessions.
func (w *world) forget() {
	w.t.Helper()
	w.stop()
	state, err := w.store.Load(time.Now())
	if err != nil {
		w.t.Fatal(err)
	}
	for _, s := range state.Sessions {
		if err := w.store.Commit([]chat.Record{chat.DropSession{ID: s.ID}}); err != nil {
			w.t.Fatal(err)
		}
	}
	w.start()
}

// wait is the clock of the clients: it waits until the server is up.
func (w *world) wait(ctx context.Context, _ time.Duration) error {
	w.mu.Lock()
	up := w.up
	w.mu.Unlock()
	select {
	case <-up:
		return ctx.Err()
	case <-ctx.Done():
		return ctx.Err()
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

func (w *world) client(name string, change ...func(*client.Options)) *client.Client {
	w.t.Helper()
	o := client.Options{Address: "the server", Name: name, Connect: w.connect, Wait: w.wait, Timeout: patience, Idle: patience}
	for _, c := range change {
		c(&o)
	}
	c, err := client.Dial(w.t.Context(), o)
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

// a screen records what is written.
type screen struct {
	t       *testing.T
	mu      sync.Mutex
	text    bytes.Buffer
	read    int
	changed chan struct{}
}

func newScreen(t *testing.T) *screen { return &screen{t: t, changed: make(chan struct{})} }

// Write implements io.Writer.
func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.changed)
	s.changed = make(chan struct{})
	return s.text.Write(p)
}

// sees waits for a text, after what was seen before.
func (s *screen) sees(want string) {
	s.t.Helper()
	over := time.NewTimer(patience)
	defer over.Stop()
	for {
		s.mu.Lock()
		all, changed := s.text.String(), s.changed
		if i := strings.Index(all[s.read:], want); i >= 0 {
			s.read += i + len(want)
			s.mu.Unlock()
			return
		}
		s.mu.Unlock()
		select {
		case <-changed:
		case <-over.C:
			s.t.Fatalf("no %q in %q", want, all)
		}
	}
}

func (s *screen) all() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// a talker is a user of the plain mode.
type talker struct {
	*screen
	in    *io.PipeWriter
	stop  context.CancelFunc
	ended chan error
}

// runs starts a session.
func (w *world) runs(p *chatclient.Plain) *talker {
	w.t.Helper()
	ctx, stop := context.WithCancel(w.t.Context())
	u := &talker{screen: newScreen(w.t), stop: stop, ended: make(chan error, 1)}
	r, in := io.Pipe()
	u.in, p.In, p.Zone = in, r, time.UTC
	if p.Out == nil {
		p.Out = u.screen
	}
	if p.Only {
		p.In = nil
	}
	go func() { u.ended <- p.Run(ctx) }()
	w.t.Cleanup(func() {
		stop()
		_ = in.Close()
		_ = u.ends() // what a test has not looked at
	})
	return u
}

func (w *world) talker(name string) *talker {
	w.t.Helper()
	u := w.runs(&chatclient.Plain{Client: w.client(name)})
	u.sees("as " + name + ", with ")
	return u
}

func (u *talker) types(lines string) {
	u.t.Helper()
	if _, err := io.WriteString(u.in, lines); err != nil {
		u.t.Error(err)
	}
}

// ends waits for the end, and returns its error.
func (u *talker) ends() error {
	u.t.Helper()
	select {
	case err := <-u.ended:
		u.ended <- err
		return err
	case <-time.After(patience):
		u.t.Error("does not end")
		return os.ErrDeadlineExceeded
	}
}
