package account

import (
	"runtime/debug"
	"sync"
	"time"
)

// The size of a Pool, by default.
const (
	// DefaultWorkers is how many jobs run at a time. A second worker takes the
	// memory of a second hash, and on two processors it takes them both: the loop
	// then waits until a hash is interrupted, which is after 10 ms or more.
	DefaultWorkers = 1
	// DefaultQueue is how many jobs wait at most: under a minute of work, which is
	// as long as anybody waits for a log-in.
	DefaultQueue = 1024
)

// The times a Pool reckons with.
const (
	// firstGuess is how long a job takes, before the first was measured.
	firstGuess = 50 * time.Millisecond
	// maxEstimate bounds what people are told to wait.
	maxEstimate = 2 * time.Minute
)

// An Executor runs what takes long somewhere else than on a loop. Pool is one.
type Executor interface {
	// Submit takes a job and returns an estimate of how long it waits until it
	// starts. With ok false it was not taken, and wait is after how long to ask
	// again. It never blocks.
	Submit(job Job) (wait time.Duration, ok bool)
}

// A Job is work for an Executor. Its functions are called by a worker.
type Job struct {
	Run func()
	// Alive, if it is set, is asked when the job's turn has come. Without its
	// owner a job is dropped, and takes no time.
	Alive func() bool
}

// PoolOptions say how large a Pool is. The zero value is that of a server.
type PoolOptions struct {
	// Workers is how many jobs run at a time, DefaultWorkers by default. Each
	// has a processor and 19 MiB to itself while it hashes.
	Workers int
	// Queue is how many jobs wait at most, DefaultQueue by default.
	Queue int
	// Stepped is for simulations: there are no workers, jobs run in Pool.Step.
	Stepped bool
	// Now is the clock, time.Now by default.
	Now func() time.Time
}

// A Pool hashes passwords in goroutines of its own, few at a time, with a bounded
// queue before them. The goroutines are started when there is work and are gone
// when there is none.
//
// Argon2 allocates its memory anew for each hash, and the collector lets garbage
// grow to the size of everything that is alive before it looks: 500 log-ins at
// once took 77 MiB beside 16 MiB that were alive. Collecting after each job is not
// enough: small things get into the gap that a hash leaves, the next one does not
// fit there any more, and two are resident. So a worker also gives the memory back
// to the system after each job. The peak then is one hash for each worker (500
// log-ins took 20 MiB), none is kept when all is done, and a log-in takes 45 ms of
// a processor, 25 of them for the hash and the others for getting the memory again.
type Pool struct {
	opts PoolOptions

	mu      sync.Mutex // guards what follows
	queue   []Job      // queue[head:] waits, the first of it longest
	head    int
	workers int
	busy    sync.WaitGroup
	closed  bool
	each    time.Duration // what a job has taken of late
	free    time.Time     // when the last who was turned away was told to come back
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
	return &Pool{opts: o, each: firstGuess}
}

// Submit implements Executor. Those who are turned away are told different times,
// each a job later than the one before, so that they don't come back all at once.
// A closed Pool takes nothing.
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
	if p.waiting() >= p.opts.Queue {
		return p.comeBack(), false
	}
	wait = p.estimate(p.waiting() + 1)
	p.queue = append(p.queue, job)
	return wait, true
}

// Waiting returns how many jobs wait.
func (p *Pool) Waiting() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.waiting()
}

// Step runs the job that has waited longest, with Stepped, and tells whether
// there was one.
func (p *Pool) Step() bool {
	job, ok := p.next()
	if ok {
		job.run()
	}
	return ok
}

// Close drops the jobs that wait, which are never run, and waits for those that
// run.
func (p *Pool) Close() {
	p.mu.Lock()
	p.closed = true
	p.queue, p.head = nil, 0
	p.mu.Unlock()
	p.busy.Wait()
}

func (p *Pool) work(job Job) {
	for ok := true; ok; job, ok = p.next() {
		start := p.opts.Now()
		if !job.run() {
			continue
		}
		debug.FreeOSMemory()
		took := max(p.opts.Now().Sub(start), 0)
		p.mu.Lock()
		p.each += (took - p.each) / 8
		p.mu.Unlock()
	}
}

// run runs the job unless its owner is gone, and tells whether it did.
func (j Job) run() bool {
	if j.Alive != nil && !j.Alive() {
		return false
	}
	j.Run()
	return true
}

// next takes the next job out of the queue, or a worker out of the pool.
func (p *Pool) next() (job Job, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.waiting() == 0 {
		p.queue, p.head = nil, 0
		if !p.opts.Stepped {
			p.workers--
		}
		return Job{}, false
	}
	job = p.queue[p.head]
	p.queue[p.head] = Job{} // which may hold a connection
	p.head++
	if p.head > p.opts.Queue {
		p.queue, p.head = append([]Job(nil), p.queue[p.head:]...), 0
	}
	return job, true
}

func (p *Pool) waiting() int { return len(p.queue) - p.head }

// estimate returns how long n jobs take.
func (p *Pool) estimate(n int) time.Duration {
	return min(time.Duration(n)*p.each/time.Duration(p.opts.Workers), maxEstimate)
}

// comeBack returns when there will be room for one more of those who were turned
// away: the first after the queue as it is now, each other one after the one before.
func (p *Pool) comeBack() time.Duration {
	now := p.opts.Now()
	if first := now.Add(p.estimate(p.waiting())); p.free.Before(first) {
		p.free = first
	}
	wait := p.free.Sub(now)
	if wait < maxEstimate {
		p.free = p.free.Add(p.estimate(1))
	}
	return min(wait, maxEstimate)
}
