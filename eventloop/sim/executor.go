package sim

// An Executor runs jobs without goroutines: see World.Executor.
type Executor struct{ world *World }

// Executor returns an executor for eventloop.Options.Executor. Jobs are queued and
// run in seeded order by the goroutine that calls Wait, when there is nothing else
// to do and now and then before that. All executors of a world share one queue.
func (w *World) Executor() *Executor { return &Executor{w} }

// Execute queues job and returns nil. It may be called from any goroutine, also by a job. A job
// that waits for another one, or for the loop, never ends.
func (e *Executor) Execute(job func()) error {
	w := e.world
	w.mu.Lock()
	defer w.mu.Unlock()
	w.jobs = append(w.jobs, job)
	w.notify()
	return nil
}

// runJob runs one job, if there is one, on behalf of b.
func (w *World) runJob(b *backend) bool {
	if len(w.jobs) == 0 {
		return false
	}
	i := w.rng.IntN(len(w.jobs))
	job := w.jobs[i]
	last := len(w.jobs) - 1
	copy(w.jobs[i:], w.jobs[i+1:])
	w.jobs[last] = nil
	w.jobs = w.jobs[:last]
	w.record(opJob, b.name, 0, i, nil)

	// Locked again even if the job panics, for the caller unlocks.
	w.mu.Unlock()
	defer w.mu.Lock()
	job()
	return true
}
