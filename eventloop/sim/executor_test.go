package sim_test

import (
	"slices"
	"testing"
	"time"

	"github.com/sudoXpg/netloop/eventloop"
	"github.com/sudoXpg/netloop/eventloop/sim"
)

// order returns the order in which ten jobs ran.
func order(t *testing.T, seed uint64) (ran []int) {
	r := newRig(t, sim.Options{Seed: seed})
	x := r.w.Executor()
	for i := range 10 {
		if err := x.Execute(func() { ran = append(ran, i) }); err != nil {
			t.Fatal(err)
		}
	}
	if len(ran) > 0 {
		t.Fatal("a job ran inside Execute")
	}
	r.wait(1, time.Millisecond)
	return ran
}

func TestJobsRunOnceInTheOrderOfTheSeed(t *testing.T) {
	first := order(t, 1)
	if again := order(t, 1); !slices.Equal(first, again) {
		t.Errorf("one seed, two orders: %v, %v", first, again)
	}
	if other := order(t, 2); slices.Equal(first, other) {
		t.Errorf("two seeds, one order: %v", first)
	}
	slices.Sort(first)
	if !slices.Equal(first, []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}) {
		t.Errorf("the jobs that ran: %v", first)
	}
}

func TestJobsRunBeforeTheClockMoves(t *testing.T) {
	r := newRig(t, sim.Options{})
	start := r.w.Now()
	var at time.Time
	if err := r.w.Executor().Execute(func() {
		at = r.w.Now()
		_ = r.b.Wake()
	}); err != nil {
		t.Fatal(err)
	}
	r.wait(1, time.Hour)
	if !at.Equal(start) || !r.w.Now().Equal(start) {
		t.Errorf("the job ran at %v and its Wake was noticed at %v, all began at %v", at, r.w.Now(), start)
	}
}

func TestJobsHaveTheirTurnOnABusyLoop(t *testing.T) {
	r := newRig(t, sim.Options{})
	_, h := r.pair()
	r.add(h, 1, eventloop.Writable)
	ran := false
	if err := r.w.Executor().Execute(func() { ran = true }); err != nil {
		t.Fatal(err)
	}
	for range 1000 {
		if r.wait(1, -1); ran {
			return
		}
	}
	t.Error("the job did not run in 1000 turns")
}

func TestAJobMayQueueAnother(t *testing.T) {
	r := newRig(t, sim.Options{})
	x := r.w.Executor()
	ran := false
	if err := x.Execute(func() { _ = x.Execute(func() { ran = true }) }); err != nil {
		t.Fatal(err)
	}
	r.wait(1, time.Millisecond)
	if !ran {
		t.Error("the second job did not run")
	}
}

func TestAJobsPanicReachesTheCaller(t *testing.T) {
	r := newRig(t, sim.Options{})
	if err := r.w.Executor().Execute(func() { panic("job") }); err != nil {
		t.Fatal(err)
	}
	func() {
		defer func() {
			if got := recover(); got != "job" {
				t.Errorf("recovered %v", got)
			}
		}()
		r.wait(1, time.Millisecond)
	}()
	r.wait(1, time.Millisecond) // the world is usable still
}
