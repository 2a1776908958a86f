package account

import (
	"net/netip"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"time"
)

// The default size of a Pool.
const (
	// DefaultWorkers is how many jobs run at a time. A second worker takes the
	// memory of a second hash, and on two processors both would be busy hashing:
	// the loop would then wait until a hash is preempted, which takes 10 ms or
	// more.
	DefaultWorkers = 1
	// DefaultQueue is how many jobs wait at most: less than a minute of work,
	// which is as long as a user waits for a login.
	DefaultQueue = 1024
)

// The times that a Pool estimates with.
const (
	// firstGuess is the estimate for a job before the first was measured.
	firstGuess = 50 * time.Millisecond
	// maxEstimate bounds the wait that users are told.
	maxEstimate = 2 * time.Minute
)

// An Executor runs slow jobs off the loops. Pool is one.
type Executor interface {
	// Submit takes a job and returns an estimate of how long it waits until it
	// starts. If ok is false the job was not taken, and wait is how long to
	// wait before asking again. It never blocks.
	Submit(job Job) (wait time.Duration, ok bool)
}

// A Job is work for an Executor. Its functions are called by a worker.
type Job struct {
	Run func()
	// From is the address that the job is done for, as returned by clientaddr.Of:
	// addresses with jobs take turns. The zero Addr counts as an address.
	From netip.Addr
	// Alive, if it is set, is called when the job's turn has come. If it
	// returns false the job is dropped, and takes no time.
	Alive func() bool
	// Late, if it is set, is called then, too, and reports whether the owner
	// seems to be gone. Such a job runs when no other one waits.
	Late func() bool
}

// PoolOptions configure a Pool. The zero value is right for a server.
type PoolOptions struct {
	// Workers is how many jobs run at a time, DefaultWorkers by default. Each
	// has a processor and 19 MiB to itself while it hashes.
	Workers int
	// Queue is how many jobs wait at most, DefaultQueue by default; one address
	// can have a quarter of them.
	Queue int
	// Stepped is for simulations: there are no workers, and jobs run in Pool.Step.
	Stepped bool
	// Now is the clock, time.Now by default.
	Now func() time.Time
}

// A Pool hashes passwords in its own goroutines, few at a time, with a bounded
// queue. The goroutines start when there is work and end when there is none.
//
// Argon2 allocates its memory anew for each hash, and the collector lets garbage
// grow to the size of the live heap before it runs: 500 logins at once took 77 MiB
// beside 16 MiB of live memory. So a worker has it collected after each job, for the next
// one, and returns it to the system when nothing waits. To return it after each job would
// take too long: getting memory again takes as much time as the hash.
type Pool struct {
	opts PoolOptions

	mu      sync.Mutex           // guards what follows
	waits   map[netip.Addr][]Job // by From, oldest first; none is empty
	turns   []netip.Addr         // the keys of waits, in the order of their turns
	late    []Job                // whose owners seem to be gone
	count   int                  // of all waiting jobs
	workers int
	ran     uint64
	busy    sync.WaitGroup
	closed  bool
	each    time.Duration // how long recent jobs took
	free    time.Time     // when the last refused client was told to come back
}

var _ Executor = (*Pool)(nil)

// NewPool returns a Pool. Close ends it.
func NewPool(o PoolOptions) *Pool {
	if o.Workers <= 0 {
		o.Workers = DefaultWorkers
	}
	if o.Queue <= 0 {
		o.Queue = DefaultQueue
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Pool{opts: o, each: firstGuess, waits: make(map[netip.Addr][]Job)}
}

// Submit implements Executor. Refused clients are told different times, each a
// job later than the one before, so that they don't all come back at once. A
// closed Pool refuses everything.
func (p *Pool) Submit(job Job) (wait time.Duration, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return 0, false
	}
	if p.workers < p.opts.Workers && !p.opts.Stepped {
		p.workers++
		p.busy.Go(func() { p.work(job) })
		return 0, true
	}
	if p.count >= p.opts.Queue || job.From.IsValid() && len(p.waits[job.From]) >= max(1, p.opts.Queue/4) {
		p.forget()
	}
	if p.count >= p.opts.Queue || job.From.IsValid() && len(p.waits[job.From]) >= max(1, p.opts.Queue/4) {
		return p.comeBack(), false
	}
	wait = p.estimate(p.count + 1)
	p.add(job)
	return wait, true
}

// Ran returns how many jobs have run or are running, without those that were dropped
// because their owners were gone.
func (p *Pool) Ran() uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.ran
}

// Waiting returns how many jobs wait.
func (p *Pool) Waiting() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.count
}

// Step runs the job that has waited longest, if Stepped is set, and reports
// whether there was one.
func (p *Pool) Step() bool {
	job, ok := p.next()
	if ok {
		p.run(job)
	}
	return ok
}

// Close drops the waiting jobs, and waits for those that run.
func (p *Pool) Close() {
	p.mu.Lock()
	p.closed = true
	p.clear()
	p.mu.Unlock()
	p.busy.Wait()
}

func (p *Pool) work(job Job) {
	for ok := true; ok; job, ok = p.next() {
		start := p.opts.Now()
		if !p.run(job) {
			continue
		}
		if p.Waiting() > 0 {
			runtime.GC()
		} else {
			debug.FreeOSMemory()
		}
		took := max(p.opts.Now().Sub(start), 0)
		p.mu.Lock()
		p.each += (took - p.each) / 8
		p.mu.Unlock()
	}
}

// run runs a job unless its owner is gone, and reports whether it did.
func (p *Pool) run(job Job) bool {
	if !job.alive() {
		return false
	}
	p.mu.Lock()
	p.ran++
	p.mu.Unlock()
	job.Run()
	return true
}

func (j Job) alive() bool { return j.Alive == nil || j.Alive() }

// add puts a job at the end of those from its address.
func (p *Pool) add(job Job) {
	if p.waits[job.From] == nil {
		p.turns = append(p.turns, job.From)
	}
	p.waits[job.From] = append(p.waits[job.From], job)
	p.count++
}

// take takes the next job: the first of the address whose turn it is.
func (p *Pool) take() (job Job, ok bool) {
	if len(p.turns) == 0 {
		return Job{}, false
	}
	from := p.turns[0]
	p.turns = slices.Delete(p.turns, 0, 1)
	queue := p.waits[from]
	job, queue[0] = queue[0], Job{} // which may hold a connection
	if queue = queue[1:]; len(queue) == 0 {
		delete(p.waits, from)
	} else {
		p.waits[from] = queue
		p.turns = append(p.turns, from)
	}
	p.count--
	return job, true
}

// next takes the next job out of the queue, or a worker out of the pool.
func (p *Pool) next() (job Job, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		if job, ok = p.take(); !ok {
			break
		}
		switch {
		case !job.alive():
		case job.Late != nil && job.Late():
			p.late = append(p.late, job)
			p.count++
		default:
			return job, true
		}
	}
	if len(p.late) > 0 {
		job = p.late[0]
		p.late = slices.Delete(p.late, 0, 1)
		p.count--
		return job, true
	}
	p.clear()
	if !p.opts.Stepped {
		p.workers--
	}
	return Job{}, false
}

// forget drops the jobs whose owners are gone.
func (p *Pool) forget() {
	all := p.late
	for {
		job, ok := p.take()
		if !ok {
			break
		}
		all = append(all, job)
	}
	p.clear()
	for _, job := range all {
		if job.alive() {
			p.add(job)
		}
	}
}

func (p *Pool) clear() {
	clear(p.waits)
	p.turns, p.late, p.count = nil, nil, 0
}

// estimate returns how long n jobs take.
func (p *Pool) estimate(n int) time.Duration {
	return min(time.Duration(n)*p.each/time.Duration(p.opts.Workers), maxEstimate)
}

// comeBack returns when there will be room for one more refused client: for the
// first one after the present queue, for each other one a job after the one before.
func (p *Pool) comeBack() time.Duration {
	now := p.opts.Now()
	if first := now.Add(p.estimate(p.count)); p.free.Before(first) {
		p.free = first
	}
	wait := p.free.Sub(now)
	if wait < maxEstimate {
		p.free = p.free.Add(p.estimate(1))
	}
	return min(wait, maxEstimate)
}
