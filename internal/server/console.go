package server

import (
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/codec/text"
)

// consolePatience is how long an operator waits for the answer to a command that
// needs the disk or a hash.
const consolePatience = 30 * time.Second

// A console carries out the commands of whoever runs the server: one, and is
// over. It belongs to the goroutine that runs it.
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

// Operate carries out a command for by, who runs the server and has all rights:
// as it is typed in the chat, with or without a slash, and with "in ROOM" before
// it if it is about a room. ask asks him for a password; it may be nil. It
// returns the lines of the answer, and whether it was done. It may not be called
// on a loop.
func (s *Server) Operate(by, line string, ask func(question string, hidden bool) (string, bool)) (answer string, done bool) {
	c := &console{srv: s, ask: ask, more: make(chan struct{}, 1)}
	s.hub.Operate(&c.member, c, by)
	room := ""
	if rest, ok := strings.CutPrefix(strings.TrimSpace(line), "in "); ok {
		room, line, _ = strings.Cut(strings.TrimSpace(rest), " ")
		if !strings.HasPrefix(room, "#") {
			room = "#" + room
		}
	}
	command := text.Parse("/" + strings.TrimPrefix(strings.TrimSpace(line), "/"))
	s.hub.RunIn(&c.member, room, command, s.now())
	patience := time.NewTimer(consolePatience)
	defer patience.Stop()
	for len(c.out) == 0 || c.waits > 0 {
		select {
		case <-c.more:
			c.run()
		case <-patience.C:
			c.failed = true
			c.out = text.Notice(c.out, "there is no answer yet; it may still be done")
			return string(c.out), false
		}
	}
	return string(c.out), !c.failed
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
	c.out = text.Format{}.Append(c.out, e)
}

// Replay implements chat.Outlet.
func (c *console) Replay(r chat.Replay) { c.out = text.Format{}.Replay(c.out, r) }

// Ask implements chat.Outlet.
func (c *console) Ask(question string, hidden bool, answer func(string)) {
	if c.ask == nil {
		c.Deliver(chat.Event{Kind: chat.Refusal, Body: "there is nobody to ask for the password here"})
		return
	}
	line, ok := c.ask(question, hidden)
	if !ok {
		c.Deliver(chat.Event{Kind: chat.Refusal, Body: "no password was given: nothing was changed"})
		return
	}
	answer(line)
}

// Work implements chat.Outlet.
func (c *console) Work(kind chat.WorkKind, work, done func()) error {
	err := c.srv.execute(kind, func() {
		work()
		c.Post(func() {
			c.waits--
			done()
		})
	}, func() bool { return true })
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
func (c *console) Close(string) {}

// Enter implements chat.Outlet.
func (c *console) Enter(*chat.Room, []chat.Event, int) {}

// Exit implements chat.Outlet.
func (c *console) Exit(*chat.Room) {}

// Ignore implements chat.Outlet.
func (c *console) Ignore(*chat.Room, string, bool) {}

// Adapt implements chat.Outlet.
func (c *console) Adapt() {}
