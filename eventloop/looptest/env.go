package looptest

import (
	"net"
	"os"
	"runtime"
	"runtime/pprof"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sudoXpg/netloop/eventloop"
)

const (
	patience  = time.Minute // to wait for something that must happen
	pollEvery = 2 * time.Millisecond
	maxTurns  = 1 << 18 // the same in a simulated world
)

// An env is what one behaviour works with: a group that runs, its listeners and
// peers. All callbacks of its handlers are called with mu held, so that what
// they change can be looked at by until.
type env struct {
	*testing.T
	o          Options
	goroutines int
	handles    int
	filtered   bool    // every connection has a toy at both ends
	secure     *Secure // or this filter; nil: neither

	g      *eventloop.Group
	over   chan error // what Run returned
	ended  bool       // Run has returned
	inside map[*eventloop.Loop]*atomic.Int32
	pulse  chan struct{} // something may have changed
	turns  int           // taken while waiting, in a simulated world
	peers  []*peer

	mu     sync.Mutex
	all    []*witness // every handler made
	conns  []*witness // those of connections accepted, in order
	errors []error    // what OnError was told
}

func newEnv(t *testing.T, o Options) *env {
	e := &env{T: t, o: o, pulse: make(chan struct{}, 1)}
	e.goroutines, e.handles = runtime.NumGoroutine(), e.countHandles()
	return e
}

// warmUp makes the runtime and package net open the handles that they never
// close, so that these are not taken for a leak.
func warmUp(t *testing.T, o Options) {
	t.Helper()
	if o.Dial != nil {
		return
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := ln.Close(); err != nil {
		t.Fatal(err)
	}
	warmUpThreads()
}

// warmUpThreads starts more threads than a test needs at a time. The runtime keeps them, and
// on Windows each has handles (in runtime/os_windows.go: of the thread and of its semaphores).
func warmUpThreads() {
	const threads = 32
	var together, done sync.WaitGroup
	together.Add(threads)
	for range threads {
		done.Go(func() {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			together.Done()
			together.Wait()
		})
	}
	done.Wait()
}

// virtual reports whether the world is simulated.
func (e *env) virtual() bool { return e.o.Dial != nil }

// start makes the group and, in the real world, runs it.
func (e *env) start(o eventloop.Options) {
	e.Helper()
	o.Open, o.Now, o.Executor = e.o.Open, e.o.Now, e.o.Executor
	o.OnError = func(err error) {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.errors = append(e.errors, err)
	}
	g, err := eventloop.New(o)
	if err != nil {
		e.Fatalf("New: %v", err)
	}
	e.g, e.ended, e.over = g, false, make(chan error, 1)
	e.inside = make(map[*eventloop.Loop]*atomic.Int32)
	for _, l := range g.Loops() {
		e.inside[l] = new(atomic.Int32)
	}
	e.Cleanup(e.stop)
	if !e.virtual() {
		go func() { e.over <- g.Run() }()
	}
	e.on(g.Loops()[0], func() {}) // it runs
}

// stop closes the group and waits until it has ended.
func (e *env) stop() {
	if e.ended {
		return
	}
	if err := e.g.Close(); err != nil {
		e.Errorf("Close: %v", err)
	}
	e.join()
}

// join waits for Run to return.
func (e *env) join() {
	e.ended = true
	if e.virtual() {
		return
	}
	select {
	case err := <-e.over:
		if err != nil {
			e.Errorf("Run: %v", err)
		}
	case <-time.After(patience):
		e.Errorf("Run does not return")
	}
}

// finish checks what holds after every behaviour: each handler got its Closed,
// and nothing is left.
func (e *env) finish() {
	e.Helper()
	e.stop()
	for _, p := range e.peers {
		p.close()
	}
	e.mu.Lock()
	for _, w := range e.all {
		if w.used && w.closes != 1 {
			e.Errorf("a handler got Closed %d times", w.closes)
		}
	}
	e.mu.Unlock()
	if n := e.g.Stats().Open; n != 0 {
		e.Errorf("Stats().Open is %d after the end", n)
	}
	if !e.settled(func() bool { return e.countHandles() <= e.handles }) {
		e.Errorf("%d handles left open", e.countHandles()-e.handles)
	}
	if !e.settled(func() bool { return runtime.NumGoroutine() <= e.goroutines }) {
		var dump strings.Builder
		if err := pprof.Lookup("goroutine").WriteTo(&dump, 1); err != nil {
			e.Error(err)
		}
		e.Errorf("%d goroutines left running:\n%s", runtime.NumGoroutine()-e.goroutines, dump.String())
	}
}

// now is the loop's clock.
func (e *env) now() time.Time {
	if e.o.Now == nil {
		return time.Now()
	}
	return e.o.Now()
}

// settled waits for a condition that will soon hold by itself.
func (e *env) settled(cond func() bool) bool {
	deadline := time.Now().Add(patience)
	for !cond() {
		if time.Now().After(deadline) {
			return false
		}
		<-time.After(pollEvery)
	}
	return true
}

// countHandles returns the number of handles open in the world, 0 where it is
// not known.
func (e *env) countHandles() int {
	if e.o.Handles != nil {
		return e.o.Handles()
	}
	for _, dir := range []string{"/proc/self/fd", "/dev/fd"} {
		if entries, err := os.ReadDir(dir); err == nil {
			return len(entries)
		}
	}
	return 0
}

// until waits for cond, which is called with mu held. It is not called while
// one of the loops is in a callback.
func (e *env) until(what string, cond func() bool) {
	e.Helper()
	holds := func() bool {
		e.mu.Lock()
		defer e.mu.Unlock()
		return cond()
	}
	if e.virtual() {
		for e.turns = 0; !holds(); {
			e.turn(what)
		}
		return
	}
	give := time.NewTimer(patience)
	defer give.Stop()
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for !holds() {
		select {
		case <-e.pulse:
		case <-tick.C:
		case <-give.C:
			e.Fatalf("waited in vain until %s", what)
		}
	}
}

// turn takes one turn of every loop of a simulated world.
func (e *env) turn(what string) {
	e.Helper()
	if e.turns++; e.turns > maxTurns {
		e.Fatalf("%d turns were not enough until %s", maxTurns, what)
	}
	for _, l := range e.g.Loops() {
		if err := l.Step(time.Millisecond); err != nil {
			e.Fatalf("Step: %v", err)
		}
	}
}

// enter begins a callback on l: no other one may be running there.
func (e *env) enter(l *eventloop.Loop, what string) {
	if e.inside[l].Add(1) > 1 {
		e.Errorf("%s is called from inside another callback", what)
		return
	}
	e.mu.Lock()
}

// leave ends a callback.
func (e *env) leave(l *eventloop.Loop) {
	if e.inside[l].Add(-1) > 0 {
		return
	}
	e.mu.Unlock()
	select {
	case e.pulse <- struct{}{}:
	default:
	}
}

// callback makes f a function that may be posted to l.
func (e *env) callback(l *eventloop.Loop, what string, f func()) func() {
	return func() {
		e.enter(l, what)
		defer e.leave(l)
		f()
	}
}

// on runs f on l, as a callback, and waits for its end.
func (e *env) on(l *eventloop.Loop, f func()) {
	e.Helper()
	done := false
	if err := l.Post(e.callback(l, "a posted function", func() { f(); done = true })); err != nil {
		e.Fatalf("Post: %v", err)
	}
	e.until("a posted function has run", func() bool { return done })
}

// look calls f with mu held.
func (e *env) look(f func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	f()
}

// pass lets the loop run for n timers, one after the other. It returns how many
// turns were taken meanwhile.
func (e *env) pass(n int) (turns int) {
	e.Helper()
	l := e.g.Loops()[0]
	before := e.g.Stats().Waits
	left := n
	var next func()
	next = func() {
		if left--; left > 0 {
			l.AfterFunc(time.Millisecond, e.callback(l, "a timer", next))
		}
	}
	e.on(l, func() { l.AfterFunc(time.Millisecond, e.callback(l, "a timer", next)) })
	e.until("the timers have run", func() bool { return left == 0 })
	return int(e.g.Stats().Waits - before)
}

// rest lets some time pass, in a simulated world only.
func (e *env) rest(d time.Duration) {
	e.Helper()
	if !e.virtual() {
		return
	}
	over := false
	l := e.g.Loops()[0]
	e.on(l, func() { l.AfterFunc(d, e.callback(l, "a timer", func() { over = true })) })
	e.until("some time has passed", func() bool { return over })
}

// tempDir is T.TempDir with a name short enough for a socket in it.
func tempDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "loop")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}
