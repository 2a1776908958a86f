package chat_test

import (
	"sync"
	"testing"

	"github.com/sudoXpg/netloop/internal/chat"
)

// nowhere is a Journal that stores nothing, for any number of goroutines.
type nowhere struct{}

func (nowhere) Write(done func(error), _ ...chat.Record) {
	if done != nil {
		done(nil)
	}
}

func (nowhere) Full(func()) bool { return false }

// Two operators of a room mute and unmute at the same time. The rooms get the
// effect of both, however their reads of the sanctions overlap.
func TestSimultaneousMutesAreNotLost(t *testing.T) {
	state := &chat.State{LastID: 100}
	for i, name := range []string{"alice", "bobby", "carol", "david"} {
		state.Accounts = append(state.Accounts, chat.Account{ID: uint64(i + 1), Name: name, Hash: "=" + name, Role: chat.User})
	}
	f := newFixtureWith(t, func(o *chat.Options) { o.State, o.Journal, o.Passwords = state, nowhere{}, plain{} })
	ops := []*person{f.logsIn("alice"), f.logsIn("bobby")}
	others := []*person{f.logsIn("carol"), f.logsIn("david")}
	f.run(ops[0], "join", "#tea")
	f.run(ops[0], "op", "bobby")
	ops[0].resume()
	for _, p := range append(others, ops[1]) {
		f.run(p, "join", "#tea")
	}
	for name := range f.logs {
		f.logs[name].forget = true
	}
	for round := range 2000 {
		for _, verb := range []string{"mute", "unmute"} {
			var both sync.WaitGroup
			for i, op := range ops {
				both.Go(func() {
					f.hub.Run(&op.Member, chat.Command{Name: verb, Text: others[i].Name()}, now)
					op.resume()
				})
			}
			both.Wait()
			for _, p := range others {
				p.told = nil
				f.run(p, "", "hello")
				if muted := len(p.told) > 0; muted != (verb == "mute") {
					t.Fatalf("round %d: after /%s %s is told %v", round, verb, p.Name(), p.told)
				}
			}
			for _, op := range ops {
				op.told = nil
			}
		}
	}
}

// A queued is a person whose goroutine runs posted functions later.
type queued struct {
	person
	mu    sync.Mutex
	posts []func()
}

func (q *queued) Post(f func()) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.posts = append(q.posts, f)
}

func (q *queued) takePosts() {
	q.mu.Lock()
	posts := q.posts
	q.posts = nil
	q.mu.Unlock()
	for _, f := range posts {
		f()
	}
}

// A guest whose last mute has ended speaks while they are muted again. The check that
// finds no mute must not end the mute that comes right after it.
func TestAMuteHoldsAlthoughTheUserSpeaksAtThatMoment(t *testing.T) {
	state := &chat.State{LastID: 100, Accounts: []chat.Account{
		{ID: 1, Name: "alice", Hash: "=alice", Role: chat.Moderator}, {ID: 2, Name: "bobby", Hash: "=bobby", Role: chat.User},
	}}
	f := newFixtureWith(t, func(o *chat.Options) { o.State, o.Journal, o.Passwords = state, nowhere{}, plain{} })
	staff := f.logsIn("alice")
	var connections []*queued
	for range 8 {
		q := &queued{}
		f.hub.Admit(&q.Member, q)
		f.hub.Run(&q.Member, chat.Command{Name: "login", Text: "bobby"}, now)
		q.answer("bobby")
		q.resume()
		f.hub.Arrive(&q.Member, now)
		connections = append(connections, q)
	}
	for _, l := range f.logs {
		l.forget = true
	}
	moderate := func(verb string) {
		f.run(staff, verb, "bobby")
		staff.resume()
		staff.told = nil
	}
	for round := range 1000 {
		var all sync.WaitGroup
		for _, q := range connections {
			all.Go(func() { f.hub.Run(&q.Member, chat.Command{Text: "hello"}, now) })
		}
		all.Go(func() { moderate("mute") })
		all.Wait()
		for _, q := range connections {
			q.takePosts()
			q.told = nil
			f.hub.Run(&q.Member, chat.Command{Text: "hello"}, now)
			if len(q.told) == 0 {
				t.Fatalf("round %d: speaks although muted", round)
			}
		}
		moderate("unmute") // and the next line of each finds that the mute has ended
	}
}
