package chat_test

import (
	"errors"
	"net/netip"
	"testing"
	"time"

	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/codec/text"
	"github.com/sudoXpg/netloop/internal/nearest"
)

// log is a Feed that records events.
type log struct {
	forget  bool
	events  []chat.Event
	authors []uint64 // skipped
	names   []string
	seqs    []uint64
}

// Publish records the event in words, as a reader sees it.
func (l *log) Publish(e chat.Event, _ string) {
	if e.Note != nil {
		e.Body = text.Words(e.Note)
	}
	if !l.forget {
		l.events = append(l.events, e)
	}
}
func (l *log) SkipAuthor(author uint64) { l.authors = append(l.authors, author) }
func (l *log) SkipName(key string)      { l.names = append(l.names, key) }
func (l *log) Skip(seq uint64)          { l.seqs = append(l.seqs, seq) }

// person is a Member with an Outlet that records. It runs work and posted
// functions at once.
type person struct {
	chat.Member
	told     []chat.Event
	answers  []chat.Answer
	bare     bool // is shown commands without a slash
	closed   []string
	rooms    []string
	recent   []chat.Event // of the last room entered
	others   int
	role     chat.RoomRole // in it
	enter    func(recent []chat.Event)
	ignored  map[string]bool
	addr     netip.Addr
	exposed  bool
	echoes   bool // the feed shows it its own messages
	asked    string
	answer   func(string)
	busy     bool // work is refused
	discards int
	waits    []func() // continuations that wait for the disk, oldest first
	slow     bool     // work waits, too
	later    bool     // posted functions are dropped
}

var _ chat.Outlet = (*person)(nil)

// Deliver records the event in words, as a reader sees it.
func (p *person) Deliver(e chat.Event) {
	if e.Note != nil {
		e.Body = text.Format{Bare: p.bare}.Words(e.Note)
	}
	p.told = append(p.told, e)
}

func (p *person) Answer(a chat.Answer) { p.answers = append(p.answers, a) }
func (p *person) Close(why *chat.Note) { p.closed = append(p.closed, text.Words(why)) }
func (p *person) Adapt()               {}
func (p *person) Now() time.Time       { return now }
func (p *person) Addr() netip.Addr     { return p.addr }

func (p *person) Post(f func()) {
	if !p.later {
		f()
	}
}

func (p *person) Enter(e chat.Entry) {
	p.recent, p.others, p.role = append([]chat.Event(nil), e.Recent...), e.Others, e.Role
	p.rooms = append(p.rooms, e.Room.Name())
	if p.enter != nil {
		p.enter(e.Recent)
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

func (p *person) Ask(why, question *chat.Note, _ bool, answer func(string)) {
	if why != nil {
		p.Deliver(chat.Event{Kind: chat.Refusal, Note: why})
	}
	p.asked, p.answer = text.Words(question), answer
}

func (p *person) Extra() bool { return false }

func (p *person) Echoes() bool { return p.echoes }

func (p *person) Exposed() bool { return p.exposed }

func (p *person) Discard() { p.discards++ }

func (p *person) Await(start func(func()), done func()) {
	start(func() { p.waits = append(p.waits, done) })
}

func (p *person) Work(_ chat.WorkKind, work, done func()) error {
	if p.busy {
		return errors.New("busy")
	}
	work()
	if p.slow {
		p.waits = append(p.waits, done)
		return nil
	}
	done()
	return nil
}

// resume runs p's waiting continuations.
func (p *person) resume() {
	for len(p.waits) > 0 {
		next := p.waits[0]
		p.waits = p.waits[1:]
		next()
	}
}

// lastAnswer returns p's last answer.
func lastAnswer[T chat.Answer](p *person) (a T) {
	if len(p.answers) > 0 {
		a, _ = p.answers[len(p.answers)-1].(T)
	}
	return a
}

// messages returns the messages of a page of history or of search results.
func messages(a chat.Answer) []chat.Event {
	switch a := a.(type) {
	case chat.History:
		return a.Events
	case chat.Found:
		return a.Events
	}
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
		Words:   text.Words,
		Epoch:   7,
	}
	change(&o)
	f.hub = chat.New(o)
	f.feed = f.logs[chat.Lobby]
	return f
}

// admit admits a member who has no name yet.
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
