package eventloop

import "sync"

// An Executor runs functions outside of the loops. Execute returns ErrBusy when
// it cannot take another job, and then does not run it.
type Executor interface {
	Execute(job func()) error
}

// The defaults of NewPool.
const (
	DefaultPoolWorkers = 4
	DefaultPoolQueue   = 1024
)

// A Pool is an Executor with a bounded queue and a bounded number of
// goroutines, which start when there is work and end when there is none.
type Pool struct {
	limit, depth int

	mu      sync.Mutex
	queue   []func()
	workers int
	closed  bool
}

// NewPool returns a Pool that has at most workers goroutines and queues at most
// queue jobs. 0 means the default.
func NewPool(workers, queue int) *Pool {
	orDefault(&workers, DefaultPoolWorkers)
	orDefault(&queue, DefaultPoolQueue)
	return &Pool{limit: workers, depth: queue}
}

// Execute queues job. The error is ErrBusy or ErrClosed.
func (p *Pool) Execute(job func()) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.closed:
		return ErrClosed
	case p.workers < p.limit:
		p.workers++
		go p.work(job)
	case len(p.queue) >= p.depth:
		return ErrBusy
	default:
		p.queue = append(p.queue, job)
	}
	return nil
}

func (p *Pool) work(job func()) {
	for job != nil {
		job()
		job = p.next()
	}
}

func (p *Pool) next() func() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.queue) == 0 {
		p.workers--
		return nil
	}
	job := p.queue[0]
	p.queue = p.queue[1:]
	return job
}

// close drops the queued jobs. Running jobs are not interrupted.
func (p *Pool) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed, p.queue = true, nil
}
