package client_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/sudoXpg/netloop/internal/chat/historytest"
	"github.com/sudoXpg/netloop/internal/client"
)

// a user reads the events of a client, and counts what must not happen.
type user struct {
	t    *testing.T
	name string
	c    *client.Client
	done chan struct{}

	mu       sync.Mutex
	changed  chan struct{} // closed and replaced at each event
	rooms    map[string]*client.Transcript
	seen     map[uint64]int // how many times each message was received
	acks     map[string]client.Ack
	last     client.Event
	joined   map[string]int
	pages    map[string]client.History
	texts    map[string]bool // of all messages that are in a transcript, or were
	record   *record         // nil: nothing is recorded
	problems []string
	lost     int // sessions
	gaps     int
	filled   int
	private  []string // texts of messages from others
	resumes  int
	rollback int
	closed   bool
}

// A record is what a user adds to a history that is checked.
type record struct {
	history *historytest.History
	user    int
	posts   map[string]client.Post           // by CID
	latest  map[string][]historytest.Message // of each room, without a gap
	asked   map[string]func([]historytest.Message, bool)
}

// recorded has a history record what u does from now on. No message may be unacknowledged.
func (u *user) recorded(h *historytest.History, number int) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.record = &record{
		history: h, user: number, posts: make(map[string]client.Post), latest: make(map[string][]historytest.Message),
		asked: make(map[string]func([]historytest.Message, bool)),
	}
}

// asks asks for the latest messages of a room, if there is a connection.
func (u *user) asks(room string) {
	u.t.Helper()
	u.mu.Lock()
	defer u.mu.Unlock()
	cid := fmt.Sprint("ask-", len(u.record.asked))
	u.record.asked[cid] = u.record.history.Ask(u.record.user, room)
	_, err := u.c.Send(client.Request{Type: "history", Room: room, Limit: 10, CID: cid})
	if err != nil && !errors.Is(err, client.ErrOffline) && !errors.Is(err, client.ErrQueueFull) {
		u.t.Error(err)
	}
}

// take records an event.
func (r *record) take(e client.Event) {
	switch e := e.(type) {
	case client.Message:
		r.sees(e.Room, e)
	case client.Joined:
		if !e.Resumed {
			r.latest[e.Room] = nil
			r.history.Forget(r.user, e.Room)
		}
		r.sees(e.Room, e.History...)
	case client.Gap:
		r.latest[e.Room] = nil
	case client.Rollback:
		r.latest[e.Room] = slices.DeleteFunc(r.latest[e.Room], func(m historytest.Message) bool { return m.Epoch == e.Epoch && m.Seq > e.KeptTo })
		r.history.Rollback(r.user, e.Room, e.Epoch, e.KeptTo)
	case client.Ack:
		if p, known := r.posts[e.CID]; known {
			r.history.Ack(p.Room, p.Text, historytest.Position(e.Place))
		}
	case client.History:
		if answered := r.asked[e.CID]; answered != nil {
			answered(entries(e.Events), e.Older)
		}
	}
}

// sees records messages of a room that follow those before.
func (r *record) sees(room string, list ...client.Message) {
	if room == "" || len(list) == 0 {
		return
	}
	all := append(r.latest[room], entries(list)...)
	r.latest[room] = all[max(0, len(all)-5):]
	r.history.See(r.user, room, r.latest[room])
}

func entries(list []client.Message) []historytest.Message {
	all := make([]historytest.Message, len(list))
	for i, m := range list {
		all[i] = historytest.Message{Position: historytest.Position(m.Place), Key: m.Text}
	}
	return all
}

// joins connects a client.
func (w *world) joins(o client.Options, rooms ...string) *user {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), patience)
	defer cancel()
	c, err := client.Dial(ctx, o)
	if err != nil {
		w.t.Fatal(err)
	}
	u := &user{
		t: w.t, name: o.Name, c: c, done: make(chan struct{}), changed: make(chan struct{}), seen: make(map[uint64]int),
		acks: make(map[string]client.Ack), rooms: make(map[string]*client.Transcript), pages: make(map[string]client.History),
		texts: make(map[string]bool), joined: make(map[string]int),
	}
	for _, room := range append(rooms, "#lobby") {
		u.rooms[room] = &client.Transcript{Room: room}
	}
	go u.read(w.network.Tell)
	w.t.Cleanup(func() {
		_ = c.Close()
		<-u.done
	})
	return u
}

// read takes the events, and calls tell after each.
func (u *user) read(tell func()) {
	defer close(u.done)
	for e := range u.c.Events() {
		u.mu.Lock()
		u.take(e)
		close(u.changed)
		u.changed = make(chan struct{})
		u.mu.Unlock()
		tell()
	}
	u.mu.Lock()
	u.closed = true
	close(u.changed)
	u.changed = make(chan struct{})
	u.mu.Unlock()
}

// take acts on an event. u.mu is held.
func (u *user) take(e client.Event) {
	u.last = e
	switch e := e.(type) {
	case client.Message:
		if u.got(e); e.Private && e.From != "" {
			u.private = append(u.private, e.Text)
		}
	case client.Joined:
		u.joined[e.Room]++
		if !e.Resumed {
			u.forget(e.Room, func(client.Message) bool { return true })
		}
		for _, m := range e.History {
			u.got(m)
		}
	case client.Connected:
		if e.Resumed {
			u.resumes++
		} else {
			u.lost++
		}
	case client.Gap:
		u.gaps++
	case client.Filled:
		u.filled++
	case client.Rollback:
		u.rollback++
		u.forget(e.Room, func(m client.Message) bool { return m.Epoch == e.Epoch && m.Seq > e.KeptTo })
	case client.Ack:
		if a, known := u.acks[e.CID]; known && a != e {
			u.problem("two acks: %+v and %+v", a, e)
		}
		u.acks[e.CID] = e
	case client.Failure:
		u.problem("%+v", e)
	case client.Lost:
		u.problem("%+v", e)
	case client.History:
		u.pages[e.CID] = e
	}
	for _, r := range u.rooms {
		r.Apply(e)
	}
	if u.record != nil {
		u.record.take(e)
	}
}

func (u *user) problem(format string, args ...any) {
	u.problems = append(u.problems, fmt.Sprintf("%s: %.150s", u.name, fmt.Sprintf(format, args...)))
}

func (u *user) got(m client.Message) {
	if m.ID == 0 {
		return
	}
	if u.seen[m.ID]++; u.seen[m.ID] > 1 {
		u.problem("got twice: #%d of %v: %s", m.ID, m.Place, m.Text)
	}
	u.texts[m.Text] = true
}

// forget allows the messages of a room that match to come again.
func (u *user) forget(room string, which func(client.Message) bool) {
	if r := u.rooms[room]; r != nil {
		for _, m := range r.Messages() {
			if which(m) {
				delete(u.seen, m.ID)
			}
		}
	}
}

// until waits until a condition holds, which is checked after each event.
func (u *user) until(what string, holds func() bool) {
	u.t.Helper()
	ctx, cancel := context.WithTimeout(u.t.Context(), patience)
	defer cancel()
	for {
		u.mu.Lock()
		ok, changed, closed := holds(), u.changed, u.closed
		last := fmt.Sprintf("%T %+.300v", u.last, u.last)
		u.mu.Unlock()
		switch {
		case ok:
			return
		case closed:
			u.t.Fatalf("%s: closed (%v) before: %s", u.name, u.c.Err(), what)
		}
		select {
		case <-changed:
		case <-ctx.Done():
			u.t.Fatalf("%s: not in time: %s; the last event was %s", u.name, what, last)
		}
	}
}

// says posts a message, and waits while the queue is full.
func (u *user) says(room, text string) string {
	u.t.Helper()
	u.until("place in the queue", func() bool { return u.c.Unacked() < client.MaxUnacked })
	u.mu.Lock()
	defer u.mu.Unlock()
	p := client.Post{Room: room, Text: text}
	if r := u.record; r != nil {
		r.history.Post(r.user, room, text)
	}
	cid, err := u.c.Post(p)
	if err != nil {
		u.t.Fatal(err)
	}
	if r := u.record; r != nil {
		r.posts[cid] = p
	}
	return cid
}

// sees waits for a message.
func (u *user) sees(text string) {
	u.t.Helper()
	u.until("see "+text, func() bool { return u.texts[text] })
}

// flush waits until everything is acknowledged.
func (u *user) flush() {
	u.t.Helper()
	ctx, cancel := context.WithTimeout(u.t.Context(), patience)
	defer cancel()
	if err := u.c.Flush(ctx); err != nil {
		u.t.Fatalf("%s: %v, with %d messages", u.name, err, u.c.Unacked())
	}
}

// history asks for all messages of a room.
func (u *user) history(room string) (all []client.Message) {
	u.t.Helper()
	for before := uint64(0); ; {
		cid, err := u.c.Send(client.Request{Type: "history", Room: room, Before: before, Limit: 200})
		if err != nil {
			u.t.Fatal(err)
		}
		var page client.History
		u.until("history", func() bool {
			p, ok := u.pages[cid]
			page = p
			return ok
		})
		all = append(slices.Clone(page.Events), all...)
		if !page.Older || len(page.Events) == 0 {
			return all
		}
		before = page.Events[0].ID
	}
}

// transcript returns what u has of a room.
func (u *user) transcript(room string) []client.Message {
	u.mu.Lock()
	defer u.mu.Unlock()
	return slices.Clone(u.rooms[room].Messages())
}

// check reports what must not have happened.
func (u *user) check() {
	u.t.Helper()
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, p := range u.problems[:min(len(u.problems), 5)] {
		u.t.Error(p)
	}
	if n := len(u.problems); n > 5 {
		u.t.Errorf("%s: %d problems", u.name, n)
	}
}
