package chat_test

import (
	"errors"
	"net/netip"
	"testing"
	"time"

	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/nearest"
)

// log is a Feed that remembers.
type log struct {
	forget  bool
	events  []chat.Event
	authors []uint64 // skipped
	names   []string
	seqs    []uint64
}

func (l *log) Publish(e chat.Event, _ string) {
	if !l.forget {
		l.events = append(l.events, e)
	}
}
func (l *log) SkipAuthor(author uint64) { l.authors = append(l.authors, author) }
func (l *log) SkipName(key string)      { l.names = append(l.names, key) }
func (l *log) Skip(seq uint64)          { l.seqs = append(l.seqs, seq) }

// person is a Member with an Outlet that remembers. What is asked of other
// goroutines it does at once.
type person struct {
	chat.Member
	told    []chat.Event
	replays []chat.Replay
	closed  []string
	rooms   []string
	recent  []chat.Event // of the last room entered
	others  int
	enter   func(recent []chat.Event)
	ignored map[string]bool
	addr    netip.Addr
	asked   string
	answer  func(string)
	busy    bool // no work is taken
}

var _ chat.Outlet = (*person)(nil)

func (p *person) Deliver(e chat.Event) { p.told = append(p.told, e) }
func (p *person) Replay(r chat.Replay) { p.replays = append(p.replays, r) }
func (p *person) Close(reason string)  { p.closed = append(p.closed, reason) }
func (p *person) Adapt()               {}
func (p *person) Post(f func())        { f() }
func (p *person) Now() time.Time       { return now }
func (p *person) Addr() netip.Addr     { return p.addr }

func (p *person) Enter(r *chat.Room, recent []chat.Event, others int) {
	p.recent, p.others = append([]chat.Event(nil), recent...), others
	p.rooms = append(p.rooms, r.Name())
	if p.enter != nil {
		p.enter(recent)
	}
}

func (p *person) Exit(r *chat.Room) {
	for i, name := range p.rooms {
		if name == r.Name() {
			p.rooms = append(p.rooms[:i], p.rooms[i+1:]...)
			return
		}
	}
}

func (p *person) Ignore(_ *chat.Room, key string, yes bool) {
	if p.ignored == nil {
		p.ignored = map[string]bool{}
	}
	p.ignored[key] = yes
}

func (p *person) Ask(question string, _ bool, answer func(string)) {
	p.asked, p.answer = question, answer
}

func (p *person) Await(start func(func()), done func()) { start(done) }

func (p *person) Work(_ chat.WorkKind, work, done func()) error {
	if p.busy {
		return errors.New("busy")
	}
	work()
	done()
	return nil
}

type fixture struct {
	t    *testing.T
	hub  *chat.Hub
	feed *log // of the lobby
	logs map[string]*log
}

func newFixture(t *testing.T) *fixture {
	return newFixtureWith(t, func(*chat.Options) {})
}

func newFixtureWith(t *testing.T, change func(*chat.Options)) *fixture {
	f := &fixture{t: t, logs: map[string]*log{}}
	o := chat.Options{
		NewFeed: func(room string) chat.Feed {
			f.logs[room] = &log{}
			return f.logs[room]
		},
		Nearest: nearest.Find,
		Epoch:   7,
	}
	change(&o)
	f.hub = chat.New(o)
	f.feed = f.logs[chat.Lobby]
	return f
}

// admit lets somebody in who has no name yet.
func (f *fixture) admit() *person {
	p := &person{}
	f.hub.Admit(&p.Member, p)
	return p
}

func (f *fixture) join(name string) *person {
	f.t.Helper()
	p := f.admit()
	if err := f.hub.Login(&p.Member, name); err != nil {
		f.t.Fatalf("login %q: %v", name, err)
	}
	f.hub.Arrive(&p.Member, now)
	return p
}
