package sim_test

import (
	"errors"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/sudoXpg/netloop/eventloop"
	"github.com/sudoXpg/netloop/eventloop/sim"
)

func TestShortReadsAndWritesLoseNothing(t *testing.T) {
	r := newRig(t, sim.Options{Seed: 1, Faults: sim.Faults{ShortRead: 0.5, ShortWrite: 0.5}})
	c, h := r.pair()
	sent := make([]byte, 50000)
	for i := range sent {
		sent[i] = byte(i * 7)
	}
	short := 0
	for rest := sent; len(rest) > 0; {
		n, err := r.b.Write(h, rest)
		if err != nil || n < 1 || n > len(rest) {
			t.Fatalf("Write: %d, %v", n, err)
		}
		if n < len(rest) {
			short++
		}
		rest = rest[n:]
	}
	if short == 0 {
		t.Error("no write was short")
	}
	got, err := readAll(c)
	if err != eventloop.ErrWouldBlock || !slices.Equal(got, sent) {
		t.Fatalf("%d bytes arrived, not the %d sent (%v)", len(got), len(sent), err)
	}
	if n, err := c.Write(sent); n != len(sent) || err != nil {
		t.Fatalf("the client's own write was short: %d, %v", n, err)
	}
	got, short = got[:0], 0
	p := make([]byte, len(sent))
	for len(got) < len(sent) {
		n, err := r.b.Read(h, p)
		if err != nil || n < 1 {
			t.Fatalf("Read: %d, %v", n, err)
		}
		if n < len(sent)-len(got) {
			short++
		}
		got = append(got, p[:n]...)
	}
	if short == 0 || !slices.Equal(got, sent) {
		t.Errorf("%d short reads, all bytes right: %v", short, slices.Equal(got, sent))
	}
}

func TestASpuriousWouldBlockIsFollowedByReadiness(t *testing.T) {
	r := newRig(t, sim.Options{Seed: 1, Faults: sim.Faults{WouldBlock: 0.7}})
	c, err := r.w.Dial("tcp", rigAddress)
	if err != nil {
		t.Fatal(err)
	}
	blocked := 0
	// do repeats an operation, which must be reported as possible each time.
	do := func(h eventloop.Handle, i eventloop.Interest, op func() error) {
		t.Helper()
		r.add(h, 1, i)
		for {
			if got := r.wait(1, time.Second); len(got) != 1 || got[0].Ready != i {
				t.Fatalf("reported %v, want %v", got, i)
			}
			err := op()
			if err == nil {
				break
			}
			if err != eventloop.ErrWouldBlock {
				t.Fatal(err)
			}
			blocked++
		}
		if err := r.b.Remove(h); err != nil {
			t.Fatal(err)
		}
	}
	var h eventloop.Handle
	do(r.ln, eventloop.Readable, func() (err error) {
		h, _, err = r.b.Accept(r.ln)
		return err
	})
	for range 20 {
		do(h, eventloop.Writable, func() error {
			_, err := r.b.Write(h, []byte("x"))
			return err
		})
		if _, err := c.Write([]byte("x")); err != nil {
			t.Fatal(err)
		}
		do(h, eventloop.Readable, func() error {
			_, err := r.b.Read(h, make([]byte, 1))
			return err
		})
	}
	if blocked < 20 {
		t.Errorf("%d calls of 41 would have blocked, at a rate of 0.7 each", blocked)
	}
}

func TestResetsBreakTheConnectionOnBothSides(t *testing.T) {
	r := newRig(t, sim.Options{Seed: 1, Faults: sim.Faults{Reset: 0.1}})
	c, h := r.pair()
	r.add(h, 1, eventloop.Readable)
	p := make([]byte, 100)
	var err error
	tries := 0
	for ; err == nil && tries < 1000; tries++ {
		_, err = r.b.Write(h, p)
	}
	if !errors.Is(err, syscall.ECONNRESET) || tries == 1 {
		t.Fatalf("write %d: %v, want ECONNRESET and not at once", tries, err)
	}
	want := eventloop.Readable | eventloop.HangUp
	if got := r.wait(1, time.Second); len(got) != 1 || got[0].Ready != want {
		t.Errorf("reported %v, want readable and hung up", got)
	}
	if _, err := r.b.Read(h, p); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("read: %v, want ECONNRESET", err)
	}
	if got, err := readAll(c); len(got) != 100*(tries-1) || !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("the client read %d bytes, then %v", len(got), err)
	}
}

func TestSpuriousReadinessIsOnlyOfWhatIsWatched(t *testing.T) {
	r := newRig(t, sim.Options{Seed: 1, SocketBuffer: 1000, Faults: sim.Faults{Spurious: 0.5}})
	_, watched := r.pair()
	_, paused := r.pair()
	r.add(watched, 1, eventloop.Readable)
	r.add(paused, 2, 0)
	spurious := 0
	for range 200 {
		for _, ev := range r.wait(4, time.Second) {
			if ev != (eventloop.Event{Token: 1, Ready: eventloop.Readable}) {
				t.Fatalf("reported %+v", ev)
			}
			if _, err := r.b.Read(watched, make([]byte, 1)); err != eventloop.ErrWouldBlock {
				t.Fatalf("there is something to read: %v", err)
			}
			spurious++
		}
	}
	if spurious == 0 || spurious == 200 {
		t.Errorf("%d of 200 waits reported what was not so", spurious)
	}
}

func TestSpuriousReadinessLeavesAPendingDialAlone(t *testing.T) {
	r := newRig(t, sim.Options{Faults: sim.Faults{Spurious: 1}})
	ln, err := r.b.Listen("tcp", "127.0.0.1:80", eventloop.ListenOptions{Backlog: 1})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.w.Dial("tcp", "127.0.0.1:80"); err != nil {
		t.Fatal(err)
	}
	h, err := r.b.Dial("tcp", "127.0.0.1:80")
	if err != nil {
		t.Fatal(err)
	}
	r.add(h, 1, eventloop.Writable)
	if got := r.wait(1, time.Second); len(got) != 0 {
		t.Fatalf("reported %v before the backlog had room", got)
	}
	if _, _, err := r.b.Accept(ln); err != nil {
		t.Fatal(err)
	}
	if got := r.wait(1, time.Second); len(got) != 1 {
		t.Fatal("not reported when connected")
	}
	if err := r.b.Connected(h); err != nil {
		t.Error(err)
	}
}

// tokens returns the order of the events that one Wait reports for n handles.
func (r *rig) tokens(room int) (order []eventloop.Token) {
	r.Helper()
	for _, ev := range r.wait(room, time.Second) {
		order = append(order, ev.Token)
	}
	return order
}

func TestReorderedEventsAreTheSameEvents(t *testing.T) {
	r := newRig(t, sim.Options{Seed: 1, Faults: sim.Faults{Reorder: 0.5}})
	all := make([]eventloop.Token, 8)
	for i := range all {
		_, h := r.pair()
		all[i] = eventloop.Token(i + 1)
		r.add(h, all[i], eventloop.Writable)
	}
	reordered := 0
	for range 20 {
		got := r.tokens(100)
		if !slices.Equal(got, all) {
			reordered++
		}
		slices.Sort(got)
		if !slices.Equal(got, all) {
			t.Fatalf("reported %v", got)
		}
	}
	if reordered == 0 || reordered == 20 {
		t.Errorf("%d of 20 waits were reordered", reordered)
	}
}

func TestEveryReadyHandleIsReportedInTurn(t *testing.T) {
	for name, tc := range map[string]struct {
		room   int
		faults sim.Faults
	}{
		"little room": {2, sim.Faults{}},
		"partial":     {100, sim.Faults{Partial: 1}},
		"both":        {3, sim.Faults{Partial: 0.5}},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, sim.Options{Seed: 1, Faults: tc.faults})
			const handles = 9
			for i := range handles {
				_, h := r.pair()
				r.add(h, eventloop.Token(i), eventloop.Writable)
			}
			var last [handles]int
			for turn := 1; turn <= 200; turn++ {
				got := r.tokens(tc.room)
				if n := len(got); n == 0 || n > tc.room || n == handles {
					t.Fatalf("one Wait reported %d handles", n)
				}
				for _, token := range got {
					last[token] = turn
				}
				if oldest := slices.Min(last[:]); turn-oldest > handles {
					t.Fatalf("at turn %d, the last reports are %v", turn, last)
				}
			}
		})
	}
}

func TestTooManyFilesLeavesTheNewcomerInTheBacklog(t *testing.T) {
	r := newRig(t, sim.Options{Seed: 1, Faults: sim.Faults{TooManyFiles: 0.03, TooManyFilesSpan: 5}})
	r.add(r.ln, 1, eventloop.Readable)
	longest := 0
	for range 100 {
		if _, err := r.w.Dial("tcp", rigAddress); err != nil {
			t.Fatal(err)
		}
		for run := 0; ; run++ {
			if got := r.wait(1, time.Second); len(got) != 1 {
				t.Fatal("the newcomer is gone from the backlog")
			}
			longest = max(longest, run)
			_, _, err := r.b.Accept(r.ln)
			if err == nil {
				break
			}
			if err != eventloop.ErrTooManyFiles {
				t.Fatal(err)
			}
		}
	}
	if longest < 3 || longest > 5 {
		t.Errorf("the longest span without a descriptor was %d calls", longest)
	}
	if _, _, err := r.b.Accept(r.ln); err != eventloop.ErrWouldBlock {
		t.Errorf("with nobody waiting: %v", err)
	}
}

func TestLateWaitsAreNeverEarly(t *testing.T) {
	r := newRig(t, sim.Options{Seed: 1, Faults: sim.Faults{LateWait: 0.5, LateBy: time.Millisecond}})
	late := 0
	for range 50 {
		before := r.w.Now()
		r.wait(1, time.Second)
		d := r.w.Now().Sub(before)
		if d < time.Second || d > time.Second+time.Millisecond {
			t.Fatalf("a Wait of 1 s took %v", d)
		}
		if d > time.Second {
			late++
		}
	}
	if late == 0 || late == 50 {
		t.Errorf("%d of 50 waits were late", late)
	}
}

func TestALateWakeIsNotLost(t *testing.T) {
	r := newRig(t, sim.Options{Seed: 1, Faults: sim.Faults{LateWake: 1, LateBy: time.Second}})
	for range 20 {
		before := r.w.Now()
		if err := r.b.Wake(); err != nil {
			t.Fatal(err)
		}
		r.wait(1, -1)
		if d := r.w.Now().Sub(before); d <= 0 || d > time.Second {
			t.Fatalf("noticed after %v", d)
		}
	}
	// A Wait that ends earlier does not consume it.
	if err := r.b.Wake(); err != nil {
		t.Fatal(err)
	}
	r.wait(1, 0)
	before := r.w.Now()
	r.wait(1, time.Hour)
	if d := r.w.Now().Sub(before); d > time.Second {
		t.Errorf("noticed after %v", d)
	}
}

func TestSomeFaultsChoosesEveryKindAndNone(t *testing.T) {
	if sim.SomeFaults(4) != sim.SomeFaults(4) {
		t.Error("one seed, two answers")
	}
	var with, without [9]bool
	for seed := range uint64(100) {
		f := sim.SomeFaults(seed)
		if f.Reset != 0 {
			t.Fatal("Reset is not 0")
		}
		for i, rate := range []float64{
			f.ShortRead, f.ShortWrite, f.WouldBlock, f.Spurious, f.Reorder,
			f.Partial, f.TooManyFiles, f.LateWait, f.LateWake,
		} {
			with[i] = with[i] || rate > 0
			without[i] = without[i] || rate == 0
		}
	}
	for i := range with {
		if !with[i] || !without[i] {
			t.Errorf("fault %d: met %v, left out %v", i, with[i], without[i])
		}
	}
}
