package sim

import (
	"io"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/sudoXpg/netloop/eventloop"
)

// Options configure a World. The zero value works and has no faults.
type Options struct {
	// Seed decides everything that is left to chance.
	Seed uint64
	// Faults sets what goes wrong. The zero value means nothing.
	Faults Faults
	// SocketBuffer is the size in bytes of every send and of every receive
	// buffer. 0 means 64 KiB.
	SocketBuffer int
	// Start is the time at which the clock starts. The zero value means the
	// beginning of the year 2000, UTC.
	Start time.Time
	// Log gets one line for every operation. nil: none.
	Log io.Writer
}

// A World is a simulated machine with its network and its clock. Its methods may
// be called from any goroutine.
type World struct {
	start     time.Time
	log       io.Writer
	faults    Faults
	odds      [faultKinds]float64
	bufferLen int

	// mu guards all below, and every socket and backend of this world.
	mu      sync.Mutex
	changed sync.Cond // something may have become ready
	waiting int       // goroutines in changed.Wait

	rng        *rand.Rand
	now        time.Duration // since start
	hash       uint64
	noFilesFor int // Accept calls that still find no free descriptor

	backends  []*backend
	listeners []*socket
	sockets   []*socket          // by handle-1; nil: closed
	free      []eventloop.Handle // closed handles, reused last first
	endpoints int64              // Clients and Listeners made so far
	lastPort  uint16             // chosen for a socket that named none
	jobs      []func()
}

// New returns a World in which nothing has happened yet.
func New(o Options) *World {
	if o.SocketBuffer <= 0 {
		o.SocketBuffer = 64 << 10
	}
	if o.Start.IsZero() {
		o.Start = time.Date(2000, time.January, 1, 0, 0, 0, 0, time.UTC)
	}
	if o.Faults.TooManyFilesSpan <= 0 {
		o.Faults.TooManyFilesSpan = 8
	}
	if o.Faults.LateBy <= 0 {
		o.Faults.LateBy = 10 * time.Millisecond
	}
	w := &World{
		start:     o.Start,
		log:       o.Log,
		faults:    o.Faults,
		odds:      o.Faults.odds(),
		bufferLen: o.SocketBuffer,
		rng:       rand.New(rand.NewPCG(o.Seed, 0)),
		hash:      hashStart,
	}
	w.changed.L = &w.mu
	return w
}

// Open returns a backend in this world, and never fails. It is for
// eventloop.Options.Open.
func (w *World) Open() (eventloop.Backend, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	b := &backend{world: w, name: int64(len(w.backends) + 1)}
	w.backends = append(w.backends, b)
	return b, nil
}

// Now returns the virtual time.
func (w *World) Now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.start.Add(w.now)
}

// Advance moves the clock by d, which must not be negative.
func (w *World) Advance(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now += max(d, 0)
	w.record(opAdvance, 0, 0, int(d), nil)
}

// Trace returns a hash over all that has happened so far: every operation, the
// handle and token it was about, its count, the kind of its error and the time.
// Two runs with equal traces were, in all likelihood, the same run.
func (w *World) Trace() uint64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.hash
}

// Idle reports whether no backend has anything to do at the present time: no
// handle that is ready for what it is watched for, no Wake that was not yet
// noticed, no job queued. It does not see timers and posted functions, which
// belong to the loops: to run until nothing more happens, step first and then
// call Idle.
func (w *World) Idle() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.jobs) > 0 {
		return false
	}
	for _, b := range w.backends {
		if b.busy() {
			return false
		}
	}
	return true
}

// Handles returns how many handles of backends are open, so that a test can see
// whether a server has closed all of its own.
func (w *World) Handles() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.sockets) - len(w.free)
}

// notify lets every blocked Wait look again.
func (w *World) notify() {
	if w.waiting > 0 {
		w.changed.Broadcast()
	}
}

// assign gives s a handle: the one closed last, if any, because reusing a number at
// once exposes programs that mix handles up.
func (w *World) assign(s *socket) eventloop.Handle {
	if last := len(w.free) - 1; last >= 0 {
		h := w.free[last]
		w.free = w.free[:last]
		w.sockets[h-1] = s
		s.name = int64(h)
		return h
	}
	w.sockets = append(w.sockets, s)
	s.name = int64(len(w.sockets))
	return eventloop.Handle(len(w.sockets))
}

// lookup returns the open socket h, or nil.
func (w *World) lookup(h eventloop.Handle) *socket {
	if h < 1 || h > eventloop.Handle(len(w.sockets)) {
		return nil
	}
	return w.sockets[h-1]
}
