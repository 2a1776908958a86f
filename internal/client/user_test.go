package client_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"

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
	problems []string
	lost     int // sessions
	gaps     int
	resumes  int
	rollback int
	closed   bool
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
	go u.read(w.tell)
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
		u.got(e)
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
	cid, err := u.c.Post(client.Post{Room: room, Text: text})
	if err != nil {
		u.t.Fatal(err)
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
