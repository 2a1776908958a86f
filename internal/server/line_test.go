package server_test

import (
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/sudoXpg/netloop/eventloop"
	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/flood"
	"github.com/sudoXpg/netloop/internal/server"
)

// The cost of a line, from its bytes to the writes to all readers.

// A wire is a backend without a system. Its peers read everything, and send the line that
// the test sets.
type wire struct {
	listener eventloop.Token
	tokens   []eventloop.Token // by handle
	waiting  int               // to be accepted
	events   []eventloop.Event
	line     []byte // the next Read of any connection
	writes   int
	last     []byte // the last write
}

func (w *wire) Add(h eventloop.Handle, t eventloop.Token, _ eventloop.Interest) error {
	if h == 0 {
		w.listener = t
		return nil
	}
	w.tokens = append(w.tokens, t)
	return nil
}

func (w *wire) Modify(eventloop.Handle, eventloop.Token, eventloop.Interest) error { return nil }
func (w *wire) Remove(eventloop.Handle) error                                      { return nil }
func (w *wire) Close() error                                                       { return nil }
func (w *wire) Wake() error                                                        { return nil }

func (w *wire) Wait(events []eventloop.Event, _ time.Duration) (int, error) {
	n := copy(events, w.events)
	w.events = w.events[:0]
	return n, nil
}

func (w *wire) Listen(string, string, eventloop.ListenOptions) (eventloop.Handle, error) {
	return 0, nil
}
func (w *wire) Adopt(net.Listener) (eventloop.Handle, error)  { return 0, nil }
func (w *wire) Dial(string, string) (eventloop.Handle, error) { return 0, io.EOF }
func (w *wire) Connected(eventloop.Handle) error              { return nil }
func (w *wire) LocalAddr(eventloop.Handle) (net.Addr, error)  { return &net.TCPAddr{}, nil }
func (w *wire) CloseWrite(eventloop.Handle) error             { return nil }
func (w *wire) CloseHandle(eventloop.Handle) error            { return nil }

func (w *wire) Accept(eventloop.Handle) (eventloop.Handle, netip.AddrPort, error) {
	if w.waiting == 0 {
		return 0, netip.AddrPort{}, eventloop.ErrWouldBlock
	}
	w.waiting--
	return eventloop.Handle(len(w.tokens) + 1), netip.MustParseAddrPort("127.0.0.1:1"), nil
}

func (w *wire) Write(_ eventloop.Handle, p []byte) (int, error) {
	w.writes++
	w.last = append(w.last[:0], p...)
	return len(p), nil
}

func (w *wire) Read(_ eventloop.Handle, p []byte) (int, error) {
	if len(w.line) == 0 {
		return 0, eventloop.ErrWouldBlock
	}
	n := copy(p, w.line)
	w.line = w.line[:0]
	return n, nil
}

// A room is a server with some members, all in the lobby and all without a delay.
type room struct {
	testing.TB
	*wire
	srv  *server.Server
	loop *eventloop.Loop
	now  time.Time
	text []byte
}

func newRoom(tb testing.TB, members int, change func(*server.Options)) *room {
	r := &room{TB: tb, wire: &wire{}, now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), text: []byte("what everybody reads, and more of it\n")}
	o := server.Options{
		Loop: eventloop.Options{
			Open: func() (eventloop.Backend, error) { return r.wire, nil }, Now: func() time.Time { return r.now },
			Loops: 1, StallTimeout: -1, Executor: eventloop.NewPool(1, 1),
		},
		Name: "test", Log: slog.New(slog.DiscardHandler),
		Limits: server.Limits{LoginTimeout: time.Minute, MaxPerIP: -1, NewPerIP: -1, MaxClients: -1},
	}
	change(&o)
	srv, err := server.New(o)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = srv.Close() })
	limits := flood.Defaults()
	limits.Messages.Per, limits.Messages.Burst, limits.Repeats = time.Nanosecond, flood.MaxBurst, 1<<15
	srv.SetFlood(&limits)
	r.srv, r.loop = srv, srv.Group().Loops()[0]
	if _, err := srv.Listen("tcp", ":1"); err != nil {
		tb.Fatal(err)
	}
	r.step()
	for i := range members {
		r.waiting = 1
		r.events = append(r.events, eventloop.Event{Token: r.listener, Ready: eventloop.Readable})
		r.step()
		r.send(i, fmt.Appendf(nil, "member%d\n", i))
	}
	return r
}

func (r *room) step() {
	if err := r.loop.Step(0); err != nil {
		r.Fatal(err)
	}
}

// send makes a member send something.
func (r *room) send(member int, line []byte) {
	r.line = append(r.line[:0], line...)
	r.events = append(r.events, eventloop.Event{Token: r.tokens[member], Ready: eventloop.Readable})
	r.step()
}

// say makes the first member send the same line again, which all members read.
func (r *room) say() {
	r.now = r.now.Add(time.Millisecond)
	want := r.writes + len(r.tokens) - 1
	r.send(0, r.text)
	for r.writes < want {
		r.step()
	}
}

// An instantJournal saves everything before the turn ends.
type instantJournal struct{ last chat.Record }

func (j *instantJournal) Write(done func(error), records ...chat.Record) {
	j.last = records[len(records)-1]
	if done != nil {
		done(nil)
	}
}

func (j *instantJournal) Full(func()) bool { return false }

// A lineCase is a case of a plain line, with how often it allocates. Every line needs one
// allocation, for its text, which the history and the store keep.
type lineCase struct {
	name    string
	readers int
	change  func(*server.Options)
	first   string // said before
	allocs  float64
}

var lineCases = []lineCase{
	{"10 readers", 10, func(*server.Options) {}, "", 1},
	{"300 readers", 300, func(*server.Options) {}, "", 1},
	{"10 readers in the classic style", 10, func(o *server.Options) { o.Classic = true }, "", 1},
	// The record, and the list that it is in.
	{"saved", 10, func(o *server.Options) { o.Chat.Journal = &instantJournal{} }, "", 3},
	// The continuation that waits for the result, and the words of the receipt.
	{"saved, with a receipt", 10, func(o *server.Options) { o.Chat.Journal = &instantJournal{} }, "/set receipts on\n", 12},
}

func (c *lineCase) start(tb testing.TB) *room {
	r := newRoom(tb, c.readers+1, c.change)
	if c.first != "" {
		r.send(0, []byte(c.first))
	}
	for range 2 * chat.DefaultHistory { // until the history no longer grows
		r.say()
	}
	return r
}

func TestALineAllocatesOnlyWhatItNeeds(t *testing.T) {
	for _, c := range lineCases {
		t.Run(c.name, func(t *testing.T) {
			r := c.start(t)
			before, seen := r.writes, string(r.last)
			const runs = 100
			if n := testing.AllocsPerRun(runs, r.say); n > c.allocs && !raceEnabled {
				t.Errorf("%v allocations for a line, want %v at most", n, c.allocs)
			}
			if n := r.writes - before; n < (runs+1)*c.readers {
				t.Errorf("%d writes for %d lines to %d readers", n, runs+1, c.readers)
			}
			if !strings.Contains(seen, "what everybody reads") && c.first == "" {
				t.Errorf("a reader was sent %q", seen)
			}
		})
	}
}

func BenchmarkLine(b *testing.B) {
	for _, c := range lineCases {
		b.Run(c.name, func(b *testing.B) {
			r := c.start(b)
			b.ReportAllocs()
			for b.Loop() {
				r.say()
			}
		})
	}
}
