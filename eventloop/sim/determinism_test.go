package sim_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sudoXpg/netloop/eventloop"
	"github.com/sudoXpg/netloop/eventloop/sim"
)

// A relay is a small server on a bare backend: it sends every byte that it reads
// to every client, in the order of their accounts.
type relay struct {
	w     *sim.World
	b     eventloop.Backend
	ln    eventloop.Handle
	token eventloop.Token
	conns []*relayed
	buf   [4096]byte
	err   error
}

type relayed struct {
	h     eventloop.Handle
	token eventloop.Token
	out   []byte
	want  eventloop.Interest
}

const lnToken = 1

func newRelay(o sim.Options) (*relay, error) {
	r := &relay{w: sim.New(o), token: lnToken}
	var err error
	if r.b, err = r.w.Open(); err != nil {
		return nil, err
	}
	if r.ln, err = r.b.Listen("tcp", ":9034", eventloop.ListenOptions{}); err != nil {
		return nil, err
	}
	return r, r.b.Add(r.ln, lnToken, eventloop.Readable)
}

func (r *relay) step() error {
	var events [16]eventloop.Event
	n, err := r.b.Wait(events[:], time.Millisecond)
	if err != nil {
		return err
	}
	for _, ev := range events[:n] {
		if ev.Token == lnToken {
			r.accept()
			continue
		}
		for _, c := range slices.Clone(r.conns) {
			if c.token == ev.Token {
				r.serve(c, ev.Ready)
			}
		}
	}
	for _, c := range slices.Clone(r.conns) {
		r.flush(c)
	}
	return r.err
}

func (r *relay) accept() {
	h, _, err := r.b.Accept(r.ln)
	if err != nil {
		return // would block or out of descriptors: it is reported again
	}
	r.token++
	r.conns = append(r.conns, &relayed{h: h, token: r.token, want: eventloop.Readable})
	r.err = r.b.Add(h, r.token, eventloop.Readable)
}

func (r *relay) serve(c *relayed, ready eventloop.Interest) {
	if ready&eventloop.Readable == 0 {
		return
	}
	n, err := r.b.Read(c.h, r.buf[:])
	switch err {
	case nil:
		for _, other := range r.conns {
			other.out = append(other.out, r.buf[:n]...)
		}
	case eventloop.ErrWouldBlock:
	default:
		r.drop(c)
	}
}

func (r *relay) flush(c *relayed) {
	want := eventloop.Readable
	if len(c.out) > 0 {
		n, err := r.b.Write(c.h, c.out)
		if err != nil && err != eventloop.ErrWouldBlock {
			r.drop(c)
			return
		}
		if c.out = c.out[n:]; len(c.out) > 0 {
			want |= eventloop.Writable
		}
	}
	if want != c.want {
		c.want = want
		r.err = r.b.Modify(c.h, c.token, want)
	}
}

func (r *relay) drop(c *relayed) {
	if err := r.b.Remove(c.h); err != nil {
		r.err = err
	}
	if err := r.b.CloseHandle(c.h); err != nil {
		r.err = err
	}
	r.conns = slices.DeleteFunc(r.conns, func(other *relayed) bool { return other == c })
}

// settle steps until nothing more happens.
func (r *relay) settle() error {
	for again := true; again; again = !r.w.Idle() {
		if err := r.step(); err != nil {
			return err
		}
	}
	return nil
}

// run plays a broadcast among ten clients and returns the trace and what each got.
func run(o sim.Options) (trace uint64, got [10]string, err error) {
	r, err := newRelay(o)
	if err != nil {
		return 0, got, err
	}
	var clients [10]*sim.Client
	for i := range clients {
		if clients[i], err = r.w.Dial("tcp", "127.0.0.1:9034"); err != nil {
			return 0, got, err
		}
	}
	for range 5 {
		if err := r.settle(); err != nil {
			return 0, got, err
		}
		for i, c := range clients {
			if _, err := fmt.Fprintf(client{c}, "line of %d\n", i); err != nil {
				return 0, got, err
			}
		}
	}
	if err := r.settle(); err != nil {
		return 0, got, err
	}
	for i, c := range clients {
		p, err := readAll(c)
		if err != eventloop.ErrWouldBlock {
			return 0, got, err
		}
		got[i] = string(p)
	}
	return r.w.Trace(), got, nil
}

// client makes an io.Writer of a Client.
type client struct{ c *sim.Client }

func (c client) Write(p []byte) (int, error) { return c.c.Write(p) }

func TestTheSameSeedGivesTheSameRun(t *testing.T) {
	seen := make(map[uint64]uint64)
	for seed := range uint64(50) {
		o := sim.Options{Seed: seed, Faults: sim.SomeFaults(seed)}
		o.Faults.WouldBlock = 0.1 // so that every seed has something to draw
		trace, got, err := run(o)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		again, gotAgain, err := run(o)
		if err != nil || again != trace || gotAgain != got {
			t.Errorf("seed %d: traces %x and %x, %v", seed, trace, again, err)
		}
		if other, ok := seen[trace]; ok {
			t.Errorf("seeds %d and %d have one trace", other, seed)
		}
		seen[trace] = seed
		for i := range got {
			if got[i] != got[0] || strings.Count(got[i], "\n") != 50 {
				t.Fatalf("seed %d: client %d got %q, client 0 %q", seed, i, got[i], got[0])
			}
		}
	}
}

func TestEveryDifferenceShowsInTheTrace(t *testing.T) {
	seen := make(map[uint64]string)
	for name, act := range map[string]func(r *rig, c *sim.Client, h eventloop.Handle){
		"nothing":       func(*rig, *sim.Client, eventloop.Handle) {},
		"a token":       func(r *rig, _ *sim.Client, h eventloop.Handle) { r.add(h, 1, both) },
		"another token": func(r *rig, _ *sim.Client, h eventloop.Handle) { r.add(h, 2, both) },
		"an interest":   func(r *rig, _ *sim.Client, h eventloop.Handle) { r.add(h, 1, 0) },
		"a handle":      func(r *rig, _ *sim.Client, _ eventloop.Handle) { r.add(r.ln, 1, both) },
		"a count":       func(r *rig, _ *sim.Client, h eventloop.Handle) { _, _ = r.b.Write(h, []byte("x")) },
		"another count": func(r *rig, _ *sim.Client, h eventloop.Handle) { _, _ = r.b.Write(h, []byte("xy")) },
		"a client":      func(_ *rig, c *sim.Client, _ eventloop.Handle) { _, _ = c.Write([]byte("x")) },
		"no error":      func(r *rig, _ *sim.Client, h eventloop.Handle) { _, _ = r.b.Read(h, nil) },
		"an error":      func(r *rig, _ *sim.Client, h eventloop.Handle) { _, _ = r.b.Read(h, make([]byte, 1)) },
		"a time":        func(r *rig, _ *sim.Client, _ eventloop.Handle) { r.wait(1, time.Second) },
		"another time":  func(r *rig, _ *sim.Client, _ eventloop.Handle) { r.wait(1, time.Minute) },
	} {
		r := newRig(t, sim.Options{})
		c, h := r.pair()
		act(r, c, h)
		trace := r.w.Trace()
		if other, ok := seen[trace]; ok {
			t.Errorf("%s and %s have one trace", name, other)
		}
		seen[trace] = name
	}
}

func TestTheLogLeavesTheTraceAlone(t *testing.T) {
	o := sim.Options{Seed: 5, Faults: sim.SomeFaults(5)}
	trace, _, err := run(o)
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	o.Log = &log
	logged, _, err := run(o)
	if err != nil || logged != trace || log.Len() == 0 {
		t.Errorf("traces %x and %x, %d bytes of log, %v", trace, logged, log.Len(), err)
	}
}

func TestAWaitAllocatesNothing(t *testing.T) {
	r := newRig(t, sim.Options{Faults: sim.Faults{Reorder: 0.5, Spurious: 0.5, Partial: 0.5}})
	for i := range 10 {
		_, h := r.pair()
		r.add(h, eventloop.Token(i), both)
		if i%2 == 0 {
			if err := r.b.CloseWrite(h); err != nil {
				t.Fatal(err)
			}
		}
	}
	events := make([]eventloop.Event, 20)
	if n := testing.AllocsPerRun(100, func() {
		if _, err := r.b.Wait(events, 0); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations per Wait", n)
	}
}

func BenchmarkBroadcast(b *testing.B) {
	b.ReportAllocs()
	for seed := range uint64(b.N) {
		if _, _, err := run(sim.Options{Seed: seed, Faults: sim.SomeFaults(seed)}); err != nil {
			b.Fatal(err)
		}
	}
}
