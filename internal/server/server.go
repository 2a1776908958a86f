package server

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sudoXpg/netloop/eventloop"
	"github.com/sudoXpg/netloop/filter/tlsfilter"
	"github.com/sudoXpg/netloop/filter/ws"
	"github.com/sudoXpg/netloop/internal/account"
	"github.com/sudoXpg/netloop/internal/charset"
	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/codec/text"
	"github.com/sudoXpg/netloop/internal/flood"
	"github.com/sudoXpg/netloop/internal/logs"
	"github.com/sudoXpg/netloop/internal/wordfilter"
)

// replay is how much of the log a new client gets in the classic style, in bytes.
const replay = 1 << 20

// Options configure a Server. Loop.Open is required; a zero limit means no limit
// unless its comment says otherwise.
type Options struct {
	// Loop configures the event loops. The Server sets OnError.
	Loop eventloop.Options
	// Classic makes the server speak the protocol of the C chat server that it
	// replaces.
	Classic bool
	// Name is the server's name in its greeting.
	Name string
	// Log receives the log. Each line has its area (package logs), and lines
	// about a connection have its number as "conn". nil discards the log.
	Log *slog.Logger
	// Chat configures the chat. The Server sets NewFeed, History and Zones.
	Chat chat.Options
	// Hashing runs password hashes. nil: Loop.Executor, which also runs disk
	// reads.
	Hashing account.Executor

	// TLS makes the server speak TLS to clients that begin with it; nil: they are
	// closed without an answer. It is not cloned. The classic style has no TLS.
	TLS *tls.Config
	// RequireTLSAuth refuses passwords from other machines that do not come over TLS.
	RequireTLSAuth bool
	// ResumePlain allows clients on other machines to resume sessions without TLS.
	ResumePlain bool
	// HandshakeExecutor steps TLS handshakes; nil: workers of their own.
	HandshakeExecutor eventloop.Executor

	// Site has the pages for browsers; nil: there are none, and no WebSocket.
	Site Site
	// Upgrader says which pages of other servers may use WebSocket, if any. Its
	// subprotocol is set by New.
	Upgrader ws.Upgrader

	// SniffWindow is how long a new client may be silent before the server
	// speaks first. 0: at once. The classic style never waits.
	SniffWindow time.Duration

	// Healthy returns why nothing can be saved now, or nil. It may be nil.
	Healthy func() error

	// Rehash reads the settings again, and calls Reconfigure if that is needed.
	// It returns a line for each change, including those that need a restart, or
	// an error if nothing has changed. It may read files.
	Rehash func() (report []*chat.Note, err error)

	Limits
}

// Limits bound the use by one connection or address. All but MaxLag can be
// changed while the server runs: see Reconfigure.
type Limits struct {
	// MaxLine is the longest line in bytes; 0 means 4096.
	MaxLine int
	// LoginTimeout is the time in which a client must give a name.
	LoginTimeout time.Duration
	// MaxLag is how far in bytes a reader may be behind before it misses
	// lines; 0 means 1 MiB.
	MaxLag int
	// MaxClients is the most connections at a time.
	MaxClients int
	// MaxRefused is how many refused connections, beyond the others, may be open
	// while they are told why; 0 means 128. Further ones are closed without a
	// word.
	MaxRefused int
	// MaxPerIP is the most sessions at a time from an IPv4 address or IPv6 /64, and
	// NewPerIP the most new ones in NewPerIPWindow. Connections count when their
	// protocol is known and is not HTTP.
	MaxPerIP, NewPerIP int
	NewPerIPWindow     time.Duration
	// MaxPending is the most other connections at a time from such an address; 0 means
	// 64, or MaxPerIP if that is more or no limit. In each window it may have
	// pendingFactor times NewPerIP.
	MaxPending int
	// Grace is how long Shutdown waits for connections that still have to be
	// sent something; 0: they are closed at once.
	Grace time.Duration
}

// A Server is a running chat. Its methods may be called from any goroutine.
type Server struct {
	o         Options                // with the limits at the start
	limits    atomic.Pointer[Limits] // those in force
	log       *slog.Logger           // area net
	chatLog   *slog.Logger           // area chat
	ownLog    *slog.Logger           // area server
	counts    counts
	group     *eventloop.Group
	hub       *chat.Hub
	lobby     *chat.Room
	admission *admission
	greeting  string
	running   atomic.Bool
	stopping  atomic.Bool
	farewell  *chat.Note   // set before the group drains
	lingering atomic.Int32 // members without a connection, who may come back
	refusing  atomic.Int32 // connections being told why they are not let in
	buffers   sync.Pool    // of *[]byte: output is rendered into these

	since      time.Time // when it was made
	auto       *offer    // of a listener
	inside     *offer    // of TLS
	handshakes tlsfilter.Handshakes
	zones      zones

	mu        sync.Mutex // guards what follows
	listeners []listener
	plans     uint64 // shutdowns requested
	planned   bool   // the last of them is still to come
}

// New opens a Server. It serves no clients before Listen and Run.
func New(o Options) (*Server, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	o.Limits = o.withDefaults()
	o.Upgrader.Subprotocols = []string{subprotocol}
	s := &Server{
		o: o, log: o.Log.With(logs.In(logs.Net)), chatLog: o.Log.With(logs.In(logs.Chat)), ownLog: o.Log.With(logs.In(logs.Server)),
		admission: newAdmission(o.Limits),
		greeting:  string(text.Format{}.Notice(nil, chat.NewNote("welcome", "name", o.Name))) + prompt,
		zones:     zones{known: make(map[string]*time.Location)},
	}
	s.limits.Store(&o.Limits)
	s.inside = &offer{protocols: append(slices.Clone(foreign), jsonProtocol, telnetProtocol), window: o.SniffWindow}
	if o.Classic { // in which the server speaks first
		s.inside = &offer{protocols: append(slices.Clone(foreign), classicProtocol)}
	}
	s.auto = &offer{protocols: s.inside.protocols, window: s.inside.window}
	if o.TLS != nil && !o.Classic {
		s.auto.protocols = append([]protocol{tlsProtocol}, s.auto.protocols...)
	}
	s.handshakes.Executor = o.HandshakeExecutor
	s.buffers.New = func() any { return new([]byte) }
	if o.Loop.Executor == nil {
		o.Loop.Executor = eventloop.NewPool(0, 0)
	}
	o.Chat.NewFeed = s.newFeed
	if o.Classic {
		o.Chat.History = -1 // its topic keeps the bytes
	} else {
		o.Chat.History = chat.DefaultHistory
	}
	o.Chat.Zones, o.Chat.Words = &s.zones, text.Words
	o.Chat.Control, o.Chat.Now = control{s}, s.now()
	if o.Chat.Resumption.Token == nil && !o.Classic {
		o.Chat.Resumption.Token = newToken
	}
	s.hub = chat.New(o.Chat)
	s.lobby = s.hub.Room(chat.Lobby)
	o.Loop.OnError = s.loopError
	s.o = o
	s.since = s.now()
	group, err := eventloop.New(o.Loop)
	if err != nil {
		return nil, err
	}
	s.group = group
	return s, nil
}

func (s *Server) newFeed(room string) chat.Feed {
	f := newRoomFeed(room, s.o.MaxLag, &s.counts.messages)
	if s.o.Classic {
		f.hold(text.Classic{}, replay)
	}
	return f
}

// execute runs a job of a kind off the loops. If there are too many, the error says
// what to do about it.
func (s *Server) execute(kind chat.WorkKind, job account.Job) error {
	if kind != chat.Disk && s.o.Hashing != nil {
		wait, ok := s.o.Hashing.Submit(job)
		if !ok {
			return chat.NewRefused("too-many-logins", "wait", max(wait, time.Second))
		}
		return nil
	}
	if s.o.Loop.Executor.Execute(func() {
		if job.Alive == nil || job.Alive() {
			job.Run()
		}
	}) != nil {
		return chat.NewRefused("too-much-work")
	}
	return nil
}

// LogStart logs that the server has started, and where it listens. version,
// backend and more are for the log only.
func (s *Server) LogStart(version, backend string, more ...slog.Attr) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.limits.Load()
	attrs := append([]slog.Attr{
		slog.String("version", version), slog.String("backend", backend), slog.Int("loops", len(s.group.Loops())),
		slog.String("addresses", strings.Join(addresses(s.listeners), ", ")),
	}, more...)
	attrs = append(attrs, slog.Group("limits", slog.Int("max_line", l.MaxLine), slog.Duration("login_timeout", l.LoginTimeout),
		slog.Int("max_lag", l.MaxLag), slog.Duration("stall_timeout", s.o.Loop.StallTimeout),
		slog.Int("max_per_ip", l.MaxPerIP), slog.Int("new_per_ip", l.NewPerIP),
		slog.Duration("new_per_ip_window", l.NewPerIPWindow), slog.Int("max_clients", l.MaxClients)))
	s.ownLog.LogAttrs(context.Background(), slog.LevelInfo, "start", attrs...)
	for _, each := range s.listeners {
		s.logListener(each)
	}
}

// Run serves until Shutdown has completed or Close is called.
func (s *Server) Run() error {
	s.running.Store(true)
	defer s.running.Store(false)
	return s.group.Run()
}

// Shutdown stops accepting, tells every client, and closes each connection once
// it has been sent everything, but after Limits.Grace at the latest. Then Run
// returns. Shutdown itself does not wait.
func (s *Server) Shutdown(reason string) {
	if s.stopping.Swap(true) {
		return
	}
	grace := s.limits.Load().Grace
	s.ownLog.Info("shutdown", slog.String("reason", reason), slog.Duration("grace", grace))
	s.farewell = chat.NewNote("shutting-down", "reason", reason)
	s.hub.Announce(s.farewell, s.now())
	s.hub.Close()
	s.group.Drain(grace)
}

// SetFlood changes the flood limits of each user; nil: no limits.
func (s *Server) SetFlood(l *flood.Limits) { s.hub.SetLimits(l) }

// SetWords changes the list of forbidden words; nil: none.
func (s *Server) SetWords(l *wordfilter.List) { s.hub.SetWords(l) }

// Alert shows a note to all moderators and admins.
func (s *Server) Alert(what *chat.Note) { s.hub.Alert(what) }

// End returns the last record to be stored, after Run has returned.
func (s *Server) End() chat.End { return s.hub.End() }

// Close ends everything at once.
func (s *Server) Close() error { return s.group.Close() }

// now is the time outside of any loop's turn.
func (s *Server) now() time.Time {
	if s.o.Loop.Now != nil {
		return s.o.Loop.Now()
	}
	return time.Now()
}

// write sends c the text that render appends to an empty slice, in the client's
// character set.
func (s *Server) write(c *eventloop.Conn, encoding charset.Encoding, render func(dst []byte) []byte) {
	buf, _ := s.buffers.Get().(*[]byte)
	*buf = encoding.Encode(render((*buf)[:0]))
	_, _ = c.Write(*buf) // a connection that can't take it is closed, and Closed gets the error
	if cap(*buf) <= 64<<10 {
		s.buffers.Put(buf)
	}
}

// loopError logs errors that the event loop can't return to a caller.
func (s *Server) loopError(err error) {
	if paused, ok := errors.AsType[*eventloop.AcceptError](err); ok {
		s.log.Warn("accept_paused", slog.String("listener", paused.Addr.String()), slog.String("cause", paused.Err.Error()),
			slog.String("remedy", "raise the limit of open files, or lower --max-clients"))
		return
	}
	s.log.Error("loop_error", slog.String("cause", err.Error()))
}
