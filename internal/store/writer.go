package store

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/sudoXpg/netloop/internal/chat"
)

// Options are a Writer's. The zero value works.
type Options struct {
	// MaxRecords and MaxBytes are how much may wait before Full says so; 65,536
	// records and 16 MiB if 0. Who writes without asking is refused with ErrBusy
	// at twice that.
	MaxRecords, MaxBytes int
	// MaxBatch is the most records in one transaction, 4096 if 0; a single Write
	// may be larger.
	MaxBatch int
	// RetryMin and RetryMax are the pauses after a failure, the first and the
	// longest; 100 ms and 5 s if 0. Meanwhile everything fails at once.
	RetryMin, RetryMax time.Duration
	// Degraded is called with the reason when nothing can be saved any more, and
	// with nil when it can again; nil calls nothing. It must not block.
	Degraded func(error)
	// IndexStep is how many messages are indexed in one go once nothing has been
	// written for Quiet; 256 and 10 ms if 0. Should more than IndexBacklog wait
	// (4096 if 0), indexing takes its turn after each batch, so that searching does
	// not fall behind without end.
	IndexStep, IndexBacklog int
	Quiet                   time.Duration
	// Keep bounds the history, looked at every ExpireEvery; 10 minutes if 0.
	Keep        Keep
	ExpireEvery time.Duration
	// Trouble is called with what went wrong while indexing and expiring, which
	// nobody waits for; nil calls nothing. It must not block.
	Trouble func(error)
	// Now is the clock, time.Now if nil.
	Now func() time.Time
	// Inline starts no goroutine: the work is done by calling Step.
	Inline bool
}

// ErrBusy refuses what is written although the writer is full.
var ErrBusy = errors.New("store: too much waits to be saved")

// A Writer is the chat.Journal of a Store. One goroutine takes all that waits,
// commits it in one transaction and calls the done callbacks in the order of the
// calls of Write; there is no delay to make batches larger, the commit before is
// the delay. While nothing waits, it indexes and expires.
//
// A record that could not be committed is not tried again: its done gets the
// reason, and whoever wrote it may write it again. The Writer finds out by
// itself when the store works again.
type Writer struct {
	store Store
	o     Options
	wake  chan struct{} // has room for one
	ended chan struct{} // closed when the goroutine has ended

	mu      sync.Mutex
	queue   []entry
	records int // queued and in flight
	bytes   int
	wakes   []func()
	closed  bool
	failed  error // why nothing can be saved
	stats   Stats

	// Of the goroutine, or of Step.
	pause    time.Duration
	retryAt  time.Time
	waiting  int // messages to index, as far as is known
	expireAt time.Time
	indexAt  time.Time // not before, unless the backlog is too long
}

type entry struct {
	records []chat.Record
	bytes   int
	done    func(error)
	err     error // refuses it
}

// Stats are counts since the Writer began, and what waits now.
type Stats struct {
	Records, Batches, Failed uint64
	Waiting, WaitingBytes    int
	Unindexed                int
}

var _ chat.Journal = (*Writer)(nil)

// NewWriter returns a Writer that commits to s, which the caller closes after
// the Writer.
func NewWriter(s Store, o Options) *Writer {
	o.MaxRecords = or(o.MaxRecords, 1<<16)
	o.MaxBytes = or(o.MaxBytes, 16<<20)
	o.MaxBatch = or(o.MaxBatch, 4096)
	o.RetryMin = or(o.RetryMin, 100*time.Millisecond)
	o.RetryMax = or(o.RetryMax, 5*time.Second)
	o.IndexStep = or(o.IndexStep, 256)
	o.IndexBacklog = or(o.IndexBacklog, 4096)
	o.Quiet = or(o.Quiet, 10*time.Millisecond)
	o.ExpireEvery = or(o.ExpireEvery, 10*time.Minute)
	if o.Inline {
		o.Quiet = 0
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Degraded == nil {
		o.Degraded = func(error) {}
	}
	if o.Trouble == nil {
		o.Trouble = func(error) {}
	}
	// What an earlier run left unindexed is found out at the first idle moment.
	w := &Writer{store: s, o: o, wake: make(chan struct{}, 1), ended: make(chan struct{}), waiting: 1}
	w.expireAt = o.Now().Add(o.ExpireEvery)
	if o.Inline {
		close(w.ended)
	} else {
		go w.run()
	}
	return w
}

func or[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}

// Write implements chat.Journal. done is never called before Write returns on
// the caller's goroutine. Records that are not [Valid] are refused alone.
func (w *Writer) Write(done func(error), records ...chat.Record) {
	e := entry{records: records, done: done}
	for _, r := range records {
		e.bytes += Size(r)
		e.err = errors.Join(e.err, Valid(r))
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.closed:
		if done != nil {
			go done(ErrClosed)
		}
		return
	case w.records >= 2*w.o.MaxRecords || w.bytes >= 2*w.o.MaxBytes:
		e.err = errors.Join(e.err, ErrBusy)
	}
	if e.err != nil {
		e.records, e.bytes = nil, 0
	}
	w.records += len(e.records)
	w.bytes += e.bytes
	w.queue = append(w.queue, e)
	w.signal()
}

// Full implements chat.Journal. It is true from MaxRecords or MaxBytes on; wake
// is called at half of that.
func (w *Writer) Full(wake func()) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed || w.records < w.o.MaxRecords && w.bytes < w.o.MaxBytes {
		return false
	}
	w.wakes = append(w.wakes, wake)
	return true
}

// Err returns why nothing can be saved at the moment, nil if it can.
func (w *Writer) Err() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.failed
}

// Stats returns what has been done and what waits.
func (w *Writer) Stats() Stats {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.stats
	s.Waiting, s.WaitingBytes = w.records, w.bytes
	return s
}

// Close commits what waits, and returns why not all of it is saved. What is
// written from now on is refused with ErrClosed.
func (w *Writer) Close() error {
	w.mu.Lock()
	w.closed = true
	w.signal()
	w.mu.Unlock()
	<-w.ended
	w.retryAt = time.Time{} // one more try
	for batch := w.take(); len(batch) > 0; batch = w.take() {
		w.commit(batch)
	}
	return w.Err()
}

// Step does one thing that is to be done: a batch, or some indexing or expiring.
// It tells whether there was something. Only for Options.Inline.
func (w *Writer) Step() bool {
	if batch := w.take(); len(batch) > 0 {
		w.commit(batch)
		return true
	}
	return w.idle()
}

func (w *Writer) signal() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

func (w *Writer) run() {
	defer close(w.ended)
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		w.mu.Lock()
		closed := w.closed
		w.mu.Unlock()
		if closed {
			return
		}
		if w.Step() {
			continue
		}
		timer.Reset(max(time.Millisecond, w.next().Sub(w.o.Now())))
		select {
		case <-w.wake:
		case <-timer.C:
		}
	}
}

// next returns when there may be something to do though nothing is written.
func (w *Writer) next() time.Time {
	next := w.expireAt
	if w.Err() != nil && w.retryAt.Before(next) {
		next = w.retryAt
	}
	if w.waiting > 0 && w.indexAt.Before(next) {
		next = w.indexAt
	}
	return next
}

// take returns the next batch.
func (w *Writer) take() []entry {
	w.mu.Lock()
	defer w.mu.Unlock()
	n, records := 0, 0
	for n < len(w.queue) && (n == 0 || records+len(w.queue[n].records) <= w.o.MaxBatch) {
		records += len(w.queue[n].records)
		n++
	}
	batch := w.queue[:n:n]
	w.queue = w.queue[n:]
	if len(w.queue) == 0 {
		w.queue = nil
	}
	return batch
}

func (w *Writer) commit(batch []entry) {
	var records []chat.Record
	bytes := 0
	for _, e := range batch {
		records = append(records, e.records...)
		bytes += e.bytes
	}
	var err error
	if len(records) > 0 {
		err = w.try(records)
	}
	w.mu.Lock()
	w.records -= len(records)
	w.bytes -= bytes
	if err != nil {
		w.stats.Failed += uint64(len(records))
	}
	var wakes []func()
	if w.records <= w.o.MaxRecords/2 && w.bytes <= w.o.MaxBytes/2 {
		wakes, w.wakes = w.wakes, nil
	}
	w.mu.Unlock()
	for _, e := range batch {
		if e.done == nil {
			continue
		}
		if e.err != nil {
			e.done(e.err)
		} else {
			e.done(err)
		}
	}
	for _, wake := range wakes {
		wake()
	}
	if len(records) == 0 || err != nil {
		return
	}
	w.indexAt = w.o.Now().Add(w.o.Quiet)
	// Also after other records: what is taken back is wiped out by Index.
	if w.waiting += max(1, posts(records)); w.waiting > w.o.IndexBacklog {
		w.index(max(w.o.IndexStep, 2*len(records)))
	}
}

func posts(records []chat.Record) (n int) {
	for _, r := range records {
		if _, ok := r.(chat.Post); ok {
			n++
		}
	}
	return n
}

// try commits records unless the store failed a moment ago.
func (w *Writer) try(records []chat.Record) error {
	if err := w.Err(); err != nil && w.o.Now().Before(w.retryAt) {
		return err
	}
	err := w.store.Commit(records)
	if err != nil {
		err = &unsaved{err}
	} else {
		w.pause = 0
		w.mu.Lock()
		w.stats.Records += uint64(len(records))
		w.stats.Batches++
		w.mu.Unlock()
	}
	w.judge(err)
	return err
}

// judge takes note of whether the store works.
func (w *Writer) judge(err error) {
	if err != nil {
		w.pause = min(max(2*w.pause, w.o.RetryMin), w.o.RetryMax)
		w.retryAt = w.o.Now().Add(w.pause)
	}
	w.mu.Lock()
	before := w.failed
	w.failed = err
	w.mu.Unlock()
	if (before == nil) != (err == nil) {
		w.o.Degraded(err)
	}
}

// idle does what nobody waits for.
func (w *Writer) idle() bool {
	now := w.o.Now()
	switch {
	case w.Err() != nil:
		if now.Before(w.retryAt) {
			return false
		}
		err := w.store.Commit(nil) // writes all the same
		if err != nil {
			err = &unsaved{err}
		}
		w.judge(err)
		return true
	case w.waiting > 0 && !now.Before(w.indexAt):
		w.index(w.o.IndexStep)
		return true
	case !now.Before(w.expireAt):
		more, err := w.store.Expire(now, w.o.Keep)
		if err != nil {
			w.o.Trouble(fmt.Errorf("archive old messages: %w", err))
		}
		if !more || err != nil {
			w.expireAt = now.Add(w.o.ExpireEvery)
		}
		return true
	}
	return false
}

func (w *Writer) index(limit int) {
	waiting, err := w.store.Index(limit)
	w.waiting = waiting
	if err != nil {
		w.o.Trouble(fmt.Errorf("index messages: %w", err))
		w.waiting, w.indexAt = max(1, waiting), w.o.Now().Add(w.o.RetryMax)
	}
	w.mu.Lock()
	w.stats.Unindexed = w.waiting
	w.mu.Unlock()
}

// Wait returns when all that was written before is committed or has failed. It is
// for tests and tools.
func (w *Writer) Wait() {
	done := make(chan struct{})
	w.Write(func(error) { close(done) })
	for w.o.Inline && w.Step() {
		continue
	}
	<-done
}
