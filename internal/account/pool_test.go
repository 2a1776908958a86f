package account_test

import (
	"maps"
	"net/netip"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sudoXpg/netloop/internal/account"
)

// takes returns a job that takes d, in a synctest bubble.
func takes(d time.Duration) account.Job {
	return account.Job{Run: func() { <-time.After(d) }}
}

func TestNoMoreJobsRunAtATimeThanThereAreWorkers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := account.NewPool(account.PoolOptions{Workers: 2, Queue: 100})
		defer p.Close()
		var running, most, ran atomic.Int32
		for range 50 {
			_, ok := p.Submit(account.Job{Run: func() {
				if n := running.Add(1); n > most.Load() {
					most.Store(n)
				}
				<-time.After(time.Second)
				running.Add(-1)
				ran.Add(1)
			}})
			if !ok {
				t.Fatal("a job was turned away")
			}
		}
		<-time.After(time.Minute)
		if most.Load() != 2 || ran.Load() != 50 {
			t.Errorf("%d of 50 jobs ran, %d at a time; want 2", ran.Load(), most.Load())
		}
	})
}

func TestSubmitNeverBlocksAndEstimatesTheWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := account.NewPool(account.PoolOptions{Workers: 1, Queue: 3})
		defer p.Close()
		for range 60 { // now the pool knows how long a job takes
			p.Submit(takes(time.Second))
			<-time.After(2 * time.Second)
		}
		start := time.Now()
		var waits []time.Duration
		for i := range 7 {
			wait, ok := p.Submit(takes(time.Second))
			if ok != (i < 4) {
				t.Errorf("job %d: taken is %v", i, ok)
			}
			waits = append(waits, wait.Round(200*time.Millisecond))
		}
		const s = time.Second
		// One runs, three wait, and three are told to come back one after the other.
		if want := []time.Duration{0, s, 2 * s, 3 * s, 3 * s, 4 * s, 5 * s}; !slices.Equal(waits, want) {
			t.Errorf("estimates %v, want about %v", waits, want)
		}
		if time.Since(start) != 0 {
			t.Errorf("Submit blocked for %v", time.Since(start))
		}
		<-time.After(waits[4] + s/2)
		if _, ok := p.Submit(takes(s)); !ok {
			t.Error("whoever came back when told was turned away again")
		}
	})
}

func TestEstimatesAreBounded(t *testing.T) {
	p := account.NewPool(account.PoolOptions{Queue: 1, Stepped: true})
	p.Submit(account.Job{Run: func() {}})
	for range 100_000 {
		wait, ok := p.Submit(account.Job{Run: func() {}})
		if ok || wait <= 0 || wait > 2*time.Minute {
			t.Fatalf("a full pool says %v, %v", wait, ok)
		}
	}
}

func TestAJobWhoseOwnerIsGoneIsDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := account.NewPool(account.PoolOptions{Workers: 1})
		var ran []int
		var gone atomic.Bool
		p.Submit(takes(time.Second))
		for i := range 4 {
			p.Submit(account.Job{
				Run:   func() { ran = append(ran, i) },
				Alive: func() bool { return !gone.Load() || i == 2 },
			})
		}
		gone.Store(true)
		<-time.After(time.Minute)
		p.Close()
		if !slices.Equal(ran, []int{2}) {
			t.Errorf("jobs %v ran, want only 2, whose owner is there", ran)
		}
	})
}

func TestCloseWaitsForRunningJobsAndDropsQueuedOnes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := account.NewPool(account.PoolOptions{Workers: 2})
		var ran atomic.Int32
		for range 10 {
			p.Submit(account.Job{Run: func() { <-time.After(time.Second); ran.Add(1) }})
		}
		synctest.Wait()
		p.Close()
		if ran.Load() != 2 || p.Waiting() != 0 {
			t.Errorf("%d jobs ran and %d wait; want 2 and 0", ran.Load(), p.Waiting())
		}
		if _, ok := p.Submit(takes(time.Second)); ok {
			t.Error("a closed pool took a job")
		}
		p.Close()
	})
}

func TestASteppedPoolRunsOneJobAtAStepInOrder(t *testing.T) {
	p := account.NewPool(account.PoolOptions{Stepped: true, Queue: 3})
	var ran []int
	for i := range 4 {
		if _, ok := p.Submit(account.Job{Run: func() { ran = append(ran, i) }}); ok != (i < 3) {
			t.Errorf("job %d: taken is %v", i, ok)
		}
	}
	if len(ran) != 0 {
		t.Errorf("jobs %v ran before the first step", ran)
	}
	for i := range 3 {
		if !p.Step() || len(ran) != i+1 {
			t.Errorf("after step %d jobs %v have run", i, ran)
		}
	}
	if p.Step() || !slices.Equal(ran, []int{0, 1, 2}) {
		t.Errorf("jobs %v have run", ran)
	}
	p.Close()
}

// The queue takes memory for the jobs that wait, not for all past ones.
func TestAQueueThatIsNeverEmptyDoesNotGrow(t *testing.T) {
	p := account.NewPool(account.PoolOptions{Stepped: true, Queue: 10})
	next, want := 0, 0
	for range 1000 {
		for range 2 {
			i := next
			if _, ok := p.Submit(account.Job{Run: func() {
				if i != want {
					t.Errorf("job %d ran, want %d", i, want)
				}
				want++
			}}); ok {
				next++
			}
		}
		p.Step()
		if p.Waiting() > 10 || account.Held(p) > 40 {
			t.Fatalf("%d wait, and there is room for %d", p.Waiting(), account.Held(p))
		}
	}
}

func TestSubmitMayBeCalledFromAnyGoroutine(t *testing.T) {
	p := account.NewPool(account.PoolOptions{Workers: 2, Queue: 64})
	var taken, ran atomic.Int32
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 20 {
				if _, ok := p.Submit(account.Job{Run: func() { ran.Add(1) }}); ok {
					taken.Add(1)
				}
				p.Waiting()
			}
		})
	}
	wg.Wait()
	for p.Waiting() > 0 {
		runtime.Gosched()
	}
	p.Close()
	if taken.Load() != ran.Load() {
		t.Errorf("%d jobs were taken, %d ran", taken.Load(), ran.Load())
	}
}

func TestAddressesTakeTurns(t *testing.T) {
	p := account.NewPool(account.PoolOptions{Stepped: true})
	var ran []string
	add := func(name string, from byte) {
		if _, ok := p.Submit(account.Job{From: netip.AddrFrom4([4]byte{192, 0, 2, from}), Run: func() { ran = append(ran, name) }}); !ok {
			t.Fatalf("%s was turned away", name)
		}
	}
	for _, name := range []string{"a1", "a2", "a3", "a4"} {
		add(name, 1)
	}
	add("b1", 2)
	add("c1", 3)
	add("b2", 2)
	for p.Step() {
	}
	if want := []string{"a1", "b1", "c1", "a2", "b2", "a3", "a4"}; !slices.Equal(ran, want) {
		t.Errorf("ran %v, want %v", ran, want)
	}
}

func TestOneAddressCannotFillTheQueue(t *testing.T) {
	p := account.NewPool(account.PoolOptions{Stepped: true, Queue: 8})
	taken := map[byte]int{}
	for _, from := range []byte{1, 1, 1, 1, 2, 2, 2, 3} {
		if _, ok := p.Submit(account.Job{From: netip.AddrFrom4([4]byte{192, 0, 2, from}), Run: func() {}}); ok {
			taken[from]++
		}
	}
	if want := map[byte]int{1: 2, 2: 2, 3: 1}; !maps.Equal(taken, want) {
		t.Errorf("taken %v, want %v", taken, want)
	}
}

func TestJobsOfOwnersThatAreGoneMakeRoomInAFullQueue(t *testing.T) {
	p := account.NewPool(account.PoolOptions{Stepped: true, Queue: 3})
	for range 3 {
		p.Submit(account.Job{Alive: func() bool { return false }, Run: func() { t.Error("a job of the gone ran") }})
	}
	ran := false
	if _, ok := p.Submit(account.Job{Run: func() { ran = true }}); !ok {
		t.Error("a job was turned away because of the gone")
	}
	if p.Step(); !ran || p.Waiting() != 0 {
		t.Errorf("ran: %v, %d wait", ran, p.Waiting())
	}
}

func TestJobsOfOwnersThatSeemToBeGoneRunLast(t *testing.T) {
	p := account.NewPool(account.PoolOptions{Stepped: true})
	var ran []int
	for i := range 4 {
		p.Submit(account.Job{Late: func() bool { return i < 2 }, Run: func() { ran = append(ran, i) }})
	}
	for p.Step() {
	}
	if want := []int{2, 3, 0, 1}; !slices.Equal(ran, want) || p.Waiting() != 0 {
		t.Errorf("ran %v, want %v; %d wait", ran, want, p.Waiting())
	}
}
