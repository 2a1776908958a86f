package server

import (
	"errors"
	"log/slog"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	_ "time/tzdata" // the time zones, for systems that have none: Windows

	"github.com/sudoXpg/netloop/eventloop"
	"github.com/sudoXpg/netloop/internal/account"
	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/codec/text"
	"github.com/sudoXpg/netloop/internal/flood"
	"github.com/sudoXpg/netloop/internal/logs"
	"github.com/sudoXpg/netloop/internal/wordfilter"
)

// replay is how much of the log so far a newcomer gets in the classic style, in bytes.
const replay = 1 << 20

// maxZones is how many time zones are known at a time: there are about 600.
const maxZones = 1000

// Options say how a Server works. Loop.Open must be set; a zero limit is no limit
// unless its comment says otherwise.
type Options struct {
	// Loop configures the event loops. OnError is the Server's own.
	Loop eventloop.Options
	// Style is how the server talks.
	Style text.Style
	// Name is what it calls itself in its greeting.
	Name string
	// Log gets the log, each line with its area (package logs) and those about
	// a connection with its number as "conn"; nil discards it.
	Log *slog.Logger
	// Chat is what the chat needs; NewFeed, History and Zone are the Server's own.
	Chat chat.Options
	// Hashing runs what is about passwords; nil: Loop.Executor, which runs what
	// reads the disk.
	Hashing account.Executor

	// SniffWindow is how long a newcomer may be silent before the server speaks
	// first. 0: it does at once. The classic style never waits.
	SniffWindow time.Duration

	// Healthy returns why nothing can be saved now; nil if it can. May be nil.
	Healthy func() error

	// Rehash reads the settings anew, and calls Reconfigure if that is needed. It
	// returns a line for each change and for each that needs a restart, or an
	// error if everything stays as it was. It may read files.
	Rehash func() (report []string, err error)

	Limits
}

// Limits bound what one connection or address may use. All but MaxLag can be
// changed while the server runs: see Reconfigure.
type Limits struct {
	// MaxLine is the longest line in bytes; 0 means 4096.
	MaxLine int
	// LoginTimeout is the time to give a name.
	LoginTimeout time.Duration
	// MaxLag is how far in bytes a reader may be behind before it misses
	// lines; 0 means 1 MiB.
	MaxLag int
	// MaxClients is the most connections at a time.
	MaxClients int
	// MaxPerIP is the most connections at a time, and NewPerIP the most new ones
	// in NewPerIPWindow, of an IPv4 address or IPv6 /64.
	MaxPerIP, NewPerIP int
	NewPerIPWindow     time.Duration
	// Grace is how long Shutdown lets connections live that still have to be
	// sent something; 0: they are closed at once.
	Grace time.Duration
}

// A Server is a running chat. Its methods may be called from any goroutine.
type Server struct {
	o         Options                // its Limits are those of the start
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
	farewell  string       // set before the group drains
	refusing  atomic.Int32 // connections being told why they are not let in
	buffers   sync.Pool    // of *[]byte: what is written is put together here

	since time.Time // when it was made

	mu        sync.Mutex // guards what follows
	listeners []string   // "network address"
	zones     map[string]*time.Location
}

// New opens a Server. It serves nobody before Listen and Run.
func New(o Options) (*Server, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	o.Limits = o.withDefaults()
	s := &Server{
		o: o, log: o.Log.With(logs.In(logs.Net)), chatLog: o.Log.With(logs.In(logs.Chat)), ownLog: o.Log.With(logs.In(logs.Server)),
		admission: newAdmission(o.Limits),
		greeting:  "*** Welcome to " + o.Name + ".\r\n" + prompt,
		zones:     make(map[string]*time.Location),
	}
	s.limits.Store(&o.Limits)
	s.buffers.New = func() any { return new([]byte) }
	if o.Loop.Executor == nil {
		o.Loop.Executor = eventloop.NewPool(0, 0)
	}
	o.Chat.NewFeed = func(string) chat.Feed { return newFeed(o.Style, o.MaxLag, &s.counts.messages) }
	o.Chat.History = history(o.Style)
	o.Chat.Zone = s.zone
	o.Chat.Control, o.Chat.Now = control{s}, s.now()
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

// history is how many messages a room has to keep: the classic style replays
// the bytes that its topic keeps instead.
func history(style text.Style) int {
	if style == text.Classic {
		return -1
	}
	return chat.DefaultHistory
}

// zone returns the time zone of that name, always the same one, or nil.
func (s *Server) zone(name string) *time.Location {
	if name == "" || strings.EqualFold(name, "UTC") {
		return time.UTC
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if z := s.zones[name]; z != nil {
		return z
	}
	z, err := time.LoadLocation(name)
	if err != nil || name == "Local" || len(s.zones) >= maxZones {
		return nil
	}
	s.zones[name] = z
	return z
}

// execute runs a job of a kind off the loops, while alive says that somebody
// waits for it. The error says what to do about there being too many.
func (s *Server) execute(kind chat.WorkKind, job func(), alive func() bool) error {
	if kind == chat.Hashing && s.o.Hashing != nil {
		wait, ok := s.o.Hashing.Submit(account.Job{Run: job, Alive: alive})
		if !ok {
			return &chat.Refused{Reason: "too many people are logging in: try again in " + inWords(max(wait, time.Second))}
		}
		return nil
	}
	if s.o.Loop.Executor.Execute(job) != nil {
		return &chat.Refused{Reason: "too much is being looked up: try again in a moment"}
	}
	return nil
}

// Group returns the event loops, for a caller that takes their turns itself.
func (s *Server) Group() *eventloop.Group { return s.group }

// Listen opens a listener; network and address are those of eventloop.Net. The
// error says what a user can do about it.
func (s *Server) Listen(network, address string) (net.Addr, error) {
	ln, err := s.group.Listen(network, address, s.accept)
	if err != nil {
		return nil, listenError(network, address, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.listeners = append(s.listeners, network+" "+ln.Addr().String())
	return ln.Addr(), nil
}

// LogStart logs what is being served, and where. version and backend are for
// the log only.
func (s *Server) LogStart(version, backend string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.limits.Load()
	s.ownLog.Info("start", slog.String("version", version), slog.String("backend", backend), slog.Int("loops", len(s.group.Loops())),
		slog.String("addresses", strings.Join(s.listeners, ", ")),
		slog.Group("limits", slog.Int("max_line", l.MaxLine), slog.Duration("login_timeout", l.LoginTimeout),
			slog.Int("max_lag", l.MaxLag), slog.Duration("stall_timeout", s.o.Loop.StallTimeout),
			slog.Int("max_per_ip", l.MaxPerIP), slog.Int("new_per_ip", l.NewPerIP),
			slog.Duration("new_per_ip_window", l.NewPerIPWindow), slog.Int("max_clients", l.MaxClients)))
}

// Run serves until Shutdown has come to its end or Close is called.
func (s *Server) Run() error {
	s.running.Store(true)
	defer s.running.Store(false)
	return s.group.Run()
}

// Shutdown stops accepting, tells everybody, and closes the connections as soon
// as they have been sent what is due to them, after Limits.Grace in any case.
// Run returns then. Shutdown itself does not wait.
func (s *Server) Shutdown(reason string) {
	if s.stopping.Swap(true) {
		return
	}
	grace := s.limits.Load().Grace
	s.ownLog.Info("shutdown", slog.String("reason", reason), slog.Duration("grace", grace))
	s.farewell = "the server is shutting down: " + reason
	s.hub.Announce(s.farewell, s.now())
	s.hub.Close()
	s.group.Drain(grace)
}

// SetFlood changes how much one person may do; nil: as much as he wants.
func (s *Server) SetFlood(l *flood.Limits) { s.hub.SetLimits(l) }

// SetWords changes what may not be said; nil: nothing.
func (s *Server) SetWords(l *wordfilter.List) { s.hub.SetWords(l) }

// Alert tells all moderators and admins something.
func (s *Server) Alert(text string) { s.hub.Alert(text) }

// End is the last record that is to be kept, after Run has returned.
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

// accept is called on the loop of a new connection.
func (s *Server) accept(c *eventloop.Conn) eventloop.Handler {
	if why := s.hub.Banned(c.RemoteAddr().Addr(), c.Loop().Now()); why != "" {
		s.logRefused(c, "banned")
		return s.refuse(&denial{reason: "banned", text: why})
	}
	if why, report := s.admission.admit(c.RemoteAddr().Addr(), c.Loop().Now()); why != nil {
		if report {
			s.logRefused(c, why.reason)
		}
		return s.refuse(why)
	}
	if s.o.Style == text.Classic {
		x := &classic{}
		x.begin(s, c)
		s.hub.Admit(&x.member, x)
		return x
	}
	x := &session{}
	x.begin(s, c)
	x.dec.MaxLine = s.limits.Load().MaxLine
	s.hub.Admit(&x.member, x)
	return x
}

// write sends c what render appends to an empty slice.
func (s *Server) write(c *eventloop.Conn, render func(dst []byte) []byte) {
	buf, _ := s.buffers.Get().(*[]byte)
	*buf = render((*buf)[:0])
	_, _ = c.Write(*buf) // a connection that can't take it is closed, and Closed tells
	if cap(*buf) <= 64<<10 {
		s.buffers.Put(buf)
	}
}

// loopError logs what the event loop can tell nobody else.
func (s *Server) loopError(err error) {
	if paused, ok := errors.AsType[*eventloop.AcceptError](err); ok {
		s.log.Warn("accept_paused", slog.String("listener", paused.Addr.String()), slog.String("cause", paused.Err.Error()),
			slog.String("remedy", "raise the limit of open files, or lower --max-clients"))
		return
	}
	s.log.Error("loop_error", slog.String("cause", err.Error()))
}

// notice renders a line of the server: in the classic style, which has none of
// its own, the same with LF.
func notice(dst []byte, style text.Style, line string) []byte {
	dst = text.Notice(dst, line)
	return append(dst[:len(dst)-len("\r\n")], lineEnd(style)...)
}

func lineEnd(style text.Style) string {
	if style == text.Classic {
		return "\n"
	}
	return "\r\n"
}

func missedNotice(style text.Style, missed uint64) []byte {
	if missed == 0 { // nobody has counted them
		return notice(nil, style, "you missed some lines")
	}
	return notice(nil, style, "you missed "+counted(int(missed), "line"))
}
