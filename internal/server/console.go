package server

import (
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/sudoXpg/netloop/internal/account"
	"github.com/sudoXpg/netloop/internal/charset"
	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/codec/text"
)

// consolePatience is how long an operator waits for the answer to a command that
// needs the disk or a hash.
const consolePatience = 30 * time.Second

// A console carries out one command of an operator, who runs the server. It
// belongs to the goroutine that runs it.
type console struct {
	srv    *Server
	member chat.Member
	out    []byte
	ask    func(question string, hidden bool) (answer string, ok bool)
	failed bool
	waits  int // for work

	mu    sync.Mutex // guards posts
	posts []func()
	more  chan struct{} // has one element when there are posts
}

var _ chat.Outlet = (*console)(nil)

// bare is an operator's format: they type commands without a slash.
var bare = text.Format{Bare: true}

// Operate carries out a command for by, who runs the server and has all rights:
// as it is typed in the chat, with or without a slash, and with "in ROOM" before
// it if it is about a room. ask asks them for a password; it may be nil. Operate
// returns the lines of the answer, and whether the command was carried out. It
// must not be called on a loop.
func (s *Server) Operate(by, line string, ask func(question string, hidden bool) (string, bool)) (answer string, done bool) {
	c := &console{srv: s, ask: ask, more: make(chan struct{}, 1)}
	s.hub.Operate(&c.member, c, by)
	room, command := operatorCommand(line)
	s.hub.RunIn(&c.member, room, command, s.now())
	patience := time.NewTimer(consolePatience)
	defer patience.Stop()
	for len(c.out) == 0 || c.waits > 0 {
		select {
		case <-c.more:
			c.run()
		case <-patience.C:
			c.failed = true
			c.out = bare.Notice(c.out, chat.NewNote("no-answer-yet"))
			return string(c.out), false
		}
	}
	return string(c.out), !c.failed
}

// operatorCommand parses an operator's line.
func operatorCommand(line string) (room string, command chat.Command) {
	line = clean(charset.UTF8, []byte(line))
	if rest, ok := strings.CutPrefix(strings.TrimSpace(line), "in "); ok {
		room, line, _ = strings.Cut(strings.TrimSpace(rest), " ")
		if !strings.HasPrefix(room, "#") {
			room = "#" + room
		}
	}
	return room, text.Parse("/" + strings.TrimPrefix(strings.TrimSpace(line), "/"))
}

// Loggable returns the part of a line for Operate that may be logged: no passwords
// and no keys.
func (s *Server) Loggable(line string) string {
	room, command := operatorCommand(line)
	line = s.hub.Loggable(command)
	if room != "" {
		line = "in " + room + " " + line
	}
	return line
}

// run runs what was posted.
func (c *console) run() {
	c.mu.Lock()
	posts := c.posts
	c.posts = nil
	c.mu.Unlock()
	for _, f := range posts {
		f()
	}
}

// Deliver implements chat.Outlet.
func (c *console) Deliver(e chat.Event) {
	c.failed = c.failed || e.Kind == chat.Refusal
	c.out = bare.Event(c.out, e)
}

// Answer implements chat.Outlet.
func (c *console) Answer(a chat.Answer) { c.out = bare.Answer(c.out, a) }

// Ask implements chat.Outlet.
func (c *console) Ask(why, question *chat.Note, hidden bool, answer func(string)) {
	words := bare.Words(question)
	if why != nil {
		words = bare.Words(why) + "\n" + words
	}
	if c.ask == nil {
		c.Deliver(chat.Event{Kind: chat.Refusal, Note: chat.NewNote("nobody-to-ask")})
		return
	}
	line, ok := c.ask(words, hidden)
	if !ok {
		c.Deliver(chat.Event{Kind: chat.Refusal, Note: chat.NewNote("no-password")})
		return
	}
	answer(line)
}

// Extra implements chat.Outlet.
func (c *console) Extra() bool { return false }

// Exposed implements chat.Outlet.
func (c *console) Exposed() bool { return false }

// Discard implements chat.Outlet: nothing is typed ahead here.
func (c *console) Discard() {}

// Work implements chat.Outlet.
func (c *console) Work(kind chat.WorkKind, work, done func()) error {
	err := c.srv.execute(kind, account.Job{Run: func() {
		work()
		c.Post(func() {
			c.waits--
			done()
		})
	}})
	if err == nil {
		c.waits++
	}
	return err
}

// Await implements chat.Outlet.
func (c *console) Await(start func(finish func()), done func()) {
	c.waits++
	start(func() {
		c.Post(func() {
			c.waits--
			done()
		})
	})
}

// Post implements chat.Outlet.
func (c *console) Post(f func()) {
	c.mu.Lock()
	c.posts = append(c.posts, f)
	c.mu.Unlock()
	select {
	case c.more <- struct{}{}:
	default:
	}
}

// Now implements chat.Outlet.
func (c *console) Now() time.Time { return c.srv.now() }

// Addr implements chat.Outlet.
func (c *console) Addr() netip.Addr { return netip.Addr{} }

// Close implements chat.Outlet; an operator is in no room, and has nothing to leave.
func (c *console) Close(*chat.Note) {}

// Enter implements chat.Outlet.
func (c *console) Enter(chat.Entry) {}

// Echoes implements chat.Outlet.
func (c *console) Echoes() bool { return false }

// Exit implements chat.Outlet.
func (c *console) Exit(*chat.Room) {}

// Ignore implements chat.Outlet.
func (c *console) Ignore(*chat.Room, string, bool) {}

// Adapt implements chat.Outlet.
func (c *console) Adapt() {}
