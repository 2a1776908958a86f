package server_test

import (
	"bytes"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sudoXpg/netloop/eventloop"
	"github.com/sudoXpg/netloop/eventloop/sim"
	"github.com/sudoXpg/netloop/filter/http1"
	"github.com/sudoXpg/netloop/internal/account"
	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/e2e"
	"github.com/sudoXpg/netloop/internal/flood"
	"github.com/sudoXpg/netloop/internal/server"
	"github.com/sudoXpg/netloop/internal/store/memory"
	"github.com/sudoXpg/netloop/internal/testcert"
	"github.com/sudoXpg/netloop/internal/wordfilter"
)

// patience is how long, in virtual time, a person waits for the server.
const patience = time.Minute

// TestConversations runs the scripts that also run against the real server, and
// those that need a clock or an address of their own.
func TestConversations(t *testing.T) {
	for _, way := range []struct {
		name         string
		secure, data bool // inside TLS; clients speak JSON
		web          bool // in WebSocket
	}{
		{name: "text"},
		{name: "text inside TLS", secure: true},
		{name: "JSON", data: true},
		{name: "JSON inside TLS", secure: true, data: true},
		{name: "WebSocket", data: true, web: true},
		{name: "WebSocket inside TLS", secure: true, data: true, web: true},
	} {
		t.Run(way.name, func(t *testing.T) {
			has := []string{"tcp", "sim", "accounts"}
			var secure *tls.Config
			if way.secure {
				secure = &tls.Config{Certificates: []tls.Certificate{testcert.New("chat.test")}}
			} else {
				has = append(has, "plain")
			}
			if !way.data {
				has = append(has, "text")
			}
			holdConversations(t, has, func(t *testing.T, s e2e.Script) (e2e.World, *stage) {
				w := newStage(t, s, secure)
				switch {
				case way.web:
					return e2e.JSON(e2e.WebSocket(w), w.world.Now), w
				case way.data:
					return e2e.JSON(w, w.world.Now), w
				}
				return w, w
			})
		})
	}
}

// holdConversations holds all conversations that need no more than the world has.
func holdConversations(t *testing.T, has []string, begin func(*testing.T, e2e.Script) (e2e.World, *stage)) {
	t.Helper()
	scripts, err := e2e.Scripts()
	if err != nil || len(scripts) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, s := range scripts {
		if !s.Fits(func(need string) bool { return slices.Contains(has, need) }) {
			continue
		}
		t.Run(s.File+"/"+s.Title, func(t *testing.T) {
			w, stage := begin(t, s)
			if err := e2e.Hold(w, s); err != nil {
				t.Errorf("%v\n%s", err, stage.log.String())
			}
		})
	}
}

// A new command needs a script that shows its use.
func TestEveryCommandHasAConversation(t *testing.T) {
	scripts, err := e2e.Scripts()
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range chat.Verbs() {
		for _, word := range append([]string{v.Name}, v.Aliases...) {
			if !slices.ContainsFunc(scripts, func(s e2e.Script) bool { return s.Says("/" + word) }) {
				t.Errorf("nobody says /%s", word)
			}
		}
	}
}

// A stage is the simulated world as scripts see it.
type stage struct {
	*fixture
	script e2e.Script
	secure *tls.Config   // nil: nothing is encrypted
	log    bytes.Buffer  // JSON
	kept   *memory.Store // nil: nothing is stored
}

var _ e2e.World = (*stage)(nil)

// newStage starts the server of a script.
func newStage(t *testing.T, s e2e.Script, secure *tls.Config) *stage {
	t.Helper()
	w := &stage{script: s, secure: secure}
	if !s.Fits(func(need string) bool { return need != "accounts" }) {
		w.kept = memory.New()
		w.register(t, s.Accounts)
	}
	w.open(t, sim.New(sim.Options{}))
	return w
}

// open starts a server on the store.
func (w *stage) open(t *testing.T, world *sim.World) {
	t.Helper()
	w.fixture = startIn(t, world, func(o *server.Options) {
		o.Name, o.SniffWindow = "chatsrv", 150*time.Millisecond
		if o.TLS = w.secure; o.TLS != nil {
			o.HandshakeExecutor = o.Loop.Executor
		}
		o.ResumePlain, o.Site = true, noPages{}
		o.Chat.Resumption.Linger = -1 // others are told at once who has left
		if w.kept != nil {
			w.keep(t, o)
		}
	}, flagged(t, w.script.Flags), func(o *server.Options) {
		o.Log = slog.New(slog.NewJSONHandler(&w.log, nil))
	})
	if i := slices.Index(w.script.Flags, "--flood-control"); i >= 0 && w.script.Flags[i+1] == "true" {
		limits := flood.Defaults()
		w.srv.SetFlood(&limits)
	}
	if len(w.script.Words) > 0 {
		words, err := wordfilter.Parse([]byte(strings.Join(w.script.Words, "\n")))
		if err != nil {
			t.Fatal(err)
		}
		w.srv.SetWords(words)
	}
}

// noPages is a site without pages.
type noPages struct{}

func (noPages) Answer(*http.Request) *http1.Response {
	return &http1.Response{Status: http.StatusNotFound}
}

// Start implements e2e.World.
func (w *stage) Start() error {
	if err := w.srv.Close(); err != nil {
		return err
	}
	if w.kept != nil {
		if err := w.kept.Commit([]chat.Record{w.srv.End()}); err != nil {
			return err
		}
	}
	w.open(w.t, w.world)
	return nil
}

// register adds accounts to the store.
func (w *stage) register(t *testing.T, accounts []e2e.Account) {
	t.Helper()
	for i, a := range accounts {
		role, ok := chat.ParseRole(a.Role)
		if !ok {
			t.Fatalf("no role %s", a.Role)
		}
		hash, _ := quick{}.Hash(a.Password())
		now := time.Date(2000, time.January, 1, 0, 0, 0, 0, time.UTC)
		record := chat.Account{ID: uint64(i + 1), Name: a.Name, Role: role, Hash: hash, Created: now, Seen: now}
		if err := w.kept.Commit([]chat.Record{record}); err != nil {
			t.Fatal(err)
		}
	}
}

// keep gives the server a store.
func (w *stage) keep(t *testing.T, o *server.Options) {
	t.Helper()
	state, err := w.kept.Load(o.Loop.Now())
	if err != nil {
		t.Fatal(err)
	}
	o.Chat.State, o.Chat.Archive, o.Chat.Journal = state, w.kept, journal{w.kept}
	o.Chat.Passwords, o.Chat.Throttle = quick{}, account.NewThrottle(account.ThrottleOptions{})
}

// A journal writes at once.
type journal struct{ *memory.Store }

func (j journal) Write(done func(error), records ...chat.Record) {
	if err := j.Commit(records); done != nil {
		done(err)
	}
}

func (j journal) Full(func()) bool { return false }

// quick does not hash.
type quick struct{ server.Passwords }

func (quick) Hash(password string) (string, error) { return "hash of " + password, nil }

func (quick) Match(hash, password string) (match, again bool) {
	return hash == "hash of "+password, false
}

// flagged changes the options as the program's flags do.
func flagged(t *testing.T, flags []string) func(*server.Options) {
	t.Helper()
	number := func(field func(*server.Options) *int) func(*server.Options, string) error {
		return func(o *server.Options, v string) (err error) {
			*field(o), err = strconv.Atoi(v)
			return err
		}
	}
	table := map[string]func(o *server.Options, value string) error{
		"--style": func(o *server.Options, v string) error {
			if v == "classic" {
				classicStyle(o)
			}
			return nil
		},
		"--name":          func(o *server.Options, v string) error { o.Name = v; return nil },
		"--web":           func(o *server.Options, _ string) error { o.Site = nil; return nil },
		"--log-format":    func(*server.Options, string) error { return nil },
		"--flood-control": func(*server.Options, string) error { return nil }, // see newStage
		"--login-timeout": func(o *server.Options, v string) (err error) {
			o.LoginTimeout, err = time.ParseDuration(v)
			return err
		},
		"--tls": func(o *server.Options, v string) error {
			if v != "off" {
				return fmt.Errorf("the simulated server speaks TLS only in tests of its own")
			}
			o.TLS = nil
			return nil
		},
		"--sniff-window": func(o *server.Options, v string) (err error) {
			o.SniffWindow, err = time.ParseDuration(v)
			return err
		},
		"--loops":       number(func(o *server.Options) *int { return &o.Loop.Loops }),
		"--max-line":    number(func(o *server.Options) *int { return &o.MaxLine }),
		"--max-clients": number(func(o *server.Options) *int { return &o.MaxClients }),
		"--max-per-ip":  number(func(o *server.Options) *int { return &o.MaxPerIP }),
		"--new-per-ip":  number(func(o *server.Options) *int { return &o.NewPerIP }),
	}
	return func(o *server.Options) {
		for i := 0; i+1 < len(flags); i += 2 {
			set := table[flags[i]]
			if set == nil {
				t.Fatalf("no %s on the simulated server", flags[i])
			}
			if err := set(o, flags[i+1]); err != nil {
				t.Fatalf("%s: %v", flags[i], err)
			}
		}
	}
}

// Dial implements e2e.World.
func (w *stage) Dial(_ int, from string) (e2e.Conn, error) {
	source := netip.AddrFrom4([4]byte{127, 0, 0, 1})
	target := "127.0.0.1:9034"
	if from != "" {
		var err error
		if source, err = netip.ParseAddr(from); err != nil {
			return nil, err
		}
	}
	if source.Is6() {
		target = "[::1]:9034"
	}
	c, err := w.world.DialFrom(source, "tcp", target)
	if err != nil {
		return nil, err
	}
	w.settle()
	s := &socket{Client: c, w: w}
	if w.secure == nil {
		return s, nil
	}
	x := &secured{tls.Client(cable{s: s}, &tls.Config{InsecureSkipVerify: true}), s} //nolint:gosec // self-signed
	return x, x.Handshake()
}

// A socket is the end of a connection that waits, in virtual time.
type socket struct {
	*sim.Client
	w       *stage
	hastens bool // Read does not wait
}

// A cable is the net.Conn of a socket.
type cable struct {
	net.Conn // nil: the rest is not used
	s        *socket
}

func (c cable) Read(p []byte) (int, error)       { return c.s.Read(p) }
func (c cable) Write(p []byte) (int, error)      { return c.s.Write(p) }
func (c cable) Close() error                     { return c.s.Close() }
func (c cable) CloseWrite() error                { return c.s.CloseWrite() }
func (cable) SetWriteDeadline(_ time.Time) error { return nil }

// A secured is the client's end of a TLS connection.
type secured struct {
	*tls.Conn
	socket *socket
}

// Reset closes with a reset.
func (c *secured) Reset() error { return c.socket.Reset() }

// Read implements e2e.Conn.
func (c *socket) Read(p []byte) (int, error) {
	const tick = 100 * time.Millisecond
	for waited := time.Duration(0); ; waited += tick {
		c.w.settle()
		n, err := c.Client.Read(p)
		if n > 0 || !errors.Is(err, eventloop.ErrWouldBlock) {
			return n, err
		}
		if c.hastens {
			return 0, errNothing{}
		}
		if waited >= patience {
			return 0, errors.New("nothing more has come")
		}
		c.w.advance(tick)
	}
}

// Write implements e2e.Conn.
func (c *socket) Write(p []byte) (int, error) {
	for done := 0; ; {
		n, err := c.Client.Write(p[done:])
		c.w.settle()
		if done += n; done == len(p) {
			return done, nil
		}
		if err != nil && !errors.Is(err, eventloop.ErrWouldBlock) {
			return done, err
		}
	}
}

// Rest implements e2e.World.
func (w *stage) Rest(conn e2e.Conn) (rest []byte, known bool, err error) {
	c, ok := conn.(*socket)
	if x, inside := conn.(*secured); inside {
		c, ok = x.socket, true
	}
	if !ok {
		return nil, false, fmt.Errorf("%T is none of this world", conn)
	}
	c.hastens = true
	defer func() { c.hastens = false }()
	buf := make([]byte, 64<<10)
	for {
		n, err := conn.Read(buf)
		rest = append(rest, buf[:n]...)
		switch {
		case errors.Is(err, errNothing{}):
			return rest, true, nil
		case errors.Is(err, io.EOF): // the next read returns it again
			return rest, true, nil
		case err != nil:
			return rest, true, err
		}
	}
}

// Stop implements e2e.World.
func (w *stage) Stop(terminated bool) error {
	reason := "interrupt"
	if terminated {
		reason = "terminated"
	}
	w.srv.Shutdown(reason)
	w.settle()
	return nil
}

// Exits implements e2e.World.
func (w *stage) Exits(code int) error {
	w.advance(10 * time.Second)
	if n := w.world.Handles(); n > 0 || code != 0 {
		return fmt.Errorf("%d handles are open, want exit code %d", n, code)
	}
	return nil
}

// Pass implements e2e.World.
func (w *stage) Pass(d time.Duration) error {
	w.advance(d)
	return nil
}

// Logs implements e2e.World.
func (w *stage) Logs(want map[string]string) error {
	w.settle()
	for line := range bytes.Lines(w.log.Bytes()) {
		var values map[string]any
		if err := json.Unmarshal(line, &values); err != nil {
			return fmt.Errorf("log: %w: %q", err, line)
		}
		all := true
		for key, value := range want {
			all = all && fmt.Sprint(values[key]) == value
		}
		if all {
			return nil
		}
	}
	return fmt.Errorf("no line with %v in the log", want)
}
