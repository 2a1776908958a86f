package store

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sudoXpg/netloop/internal/chat"
)

// Options configure a Writer. The zero value works.
type Options struct {
	// MaxRecords and MaxBytes are how much may wait before Full returns true;
	// 65,536 records and 16 MiB if 0. At twice that, writes are refused with
	// ErrBusy.
	MaxRecords, MaxBytes int
	// MaxBatch is the most records in one transaction, 4096 if 0; a single Write
	// may be larger.
	MaxBatch int
	// Delay is how long records that nobody waits for may wait for others, so that they share a
	// transaction; 50 ms if 0, no delay if negative. A record that somebody waits for, and a full batch,
	// end the delay.
	Delay time.Duration
	// RetryMin and RetryMax are the first and the longest pause after a
	// failure; 100 ms and 5 s if 0. During a pause every write fails at once.
	RetryMin, RetryMax time.Duration
	// Degraded is called with the reason when nothing can be saved any more, and
	// with nil when it can again; nil calls nothing. It must not block.
	Degraded func(error)
	// IndexStep is how many messages are indexed at a time once nothing has been
	// written for IndexQuiet; 256 and 1 s if 0. A search scans messages that are
	// not indexed. If more than IndexBacklog wait (4096 if 0), indexing runs after
	// each batch, so that it does not fall further behind.
	IndexStep, IndexBacklog int
	IndexQuiet              time.Duration
	// Quiet is how long nothing must have been written before deleted text is
	// wiped from the files; 10 ms if 0.
	Quiet time.Duration
	// Keep bounds the history, which is checked every ExpireEvery; 10 minutes if 0.
	Keep        Keep
	ExpireEvery time.Duration
	// Trouble is called with errors of indexing and expiring; it may be nil. It
	// must not block.
	Trouble func(error)
	// Now is the clock, time.Now if nil.
	Now func() time.Time
	// Inline starts no goroutine: Step does the work.
	Inline bool
}

// ErrBusy is the error of a write to a writer that is far over its limits.
var ErrBusy = errors.New("store: too much waits to be saved")

// A Writer is the chat.Journal of a Store. One goroutine takes everything that
// waits, commits it in one transaction and calls the done callbacks in the order of
// the calls of Write. Records that somebody waits for are not delayed to make
// batches larger: the previous commit is delay enough. While nothing waits, it
// indexes and expires.
//
// A record that could not be committed is not tried again: its done gets the
// reason, and its caller may write it again. The Writer finds out by itself
// when the store works again.
type Writer struct {
	store Store
	o     Options
	wake  chan struct{} // has room for one
	ended chan struct{} // closed when the goroutine has ended
	full  atomic.Bool   // there are MaxRecords or MaxBytes
	alarm *time.Timer   // signals the end of Delay; nil without a goroutine

	mu      sync.Mutex
	queue   []entry
	due     bool // the queue must be committed now
	records int  // queued and in flight
	bytes   int
	wakes   []func()
	closed  bool
	failed  error // why nothing can be saved
	stats   Stats

	// Of the goroutine, or of Step.
	pause    time.Duration
	retryAt  time.Time
	waiting  int // messages to index, as of the last count
	expireAt time.Time
	indexAt  time.Time // not before, unless the backlog is too long
	wipes    bool      // something was deleted that Index has to wipe
}

type entry struct {
	records []chat.Record
	bytes   int
	weight  int // how many records it counts as
	done    func(error)
	err     error // refuses it
}

var _ chat.Journal = (*Writer)(nil)

// NewWriter returns a Writer that commits to s, which the caller closes after
// the Writer.
func NewWriter(s Store, o Options) *Writer {
	o.MaxRecords = or(o.MaxRecords, 1<<16)
	o.MaxBytes = or(o.MaxBytes, 16<<20)
	o.MaxBatch = or(o.MaxBatch, 4096)
	o.Delay = or(o.Delay, 50*time.Millisecond)
	o.RetryMin = or(o.RetryMin, 100*time.Millisecond)
	o.RetryMax = or(o.RetryMax, 5*time.Second)
	o.IndexStep = or(o.IndexStep, 256)
	o.IndexBacklog = or(o.IndexBacklog, 4096)
	o.IndexQuiet = or(o.IndexQuiet, time.Second)
	o.Quiet = or(o.Quiet, 10*time.Millisecond)
	o.ExpireEvery = or(o.ExpireEvery, 10*time.Minute)
	if o.Inline {
		o.Quiet, o.IndexQuiet = 0, 0
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
	// Messages that an earlier run left unindexed are found at the first idle moment.
	w := &Writer{store: s, o: o, wake: make(chan struct{}, 1), ended: make(chan struct{}), waiting: 1}
	w.expireAt = o.Now().Add(o.ExpireEvery)
	if o.Inline {
		close(w.ended)
	} else {
		w.alarm = time.AfterFunc(time.Hour, w.ring)
		w.alarm.Stop()
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

// Write implements chat.Journal. done is never called before Write returns on the
// caller's goroutine. A write with a record that is not [Valid] is refused alone. A
// refused write waits for its turn as one record without bytes, so that done is
// called in the order of the calls. Exceptions are writes without a done, which are
// dropped, and writes at four times MaxRecords, whose done is called at once on its
// own goroutine.
func (w *Writer) Write(done func(error), records ...chat.Record) {
	e := entry{records: records, done: done, weight: max(1, len(records))}
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
		w.stats.Failed += uint64(len(records))
		e.records, e.bytes, e.weight = nil, 0, 1
		switch {
		case done == nil:
			return
		case w.records >= 4*w.o.MaxRecords:
			go done(e.err)
			return
		}
	}
	w.records += e.weight
	w.bytes += e.bytes
	w.queue = append(w.queue, e)
	w.full.Store(w.records >= w.o.MaxRecords || w.bytes >= w.o.MaxBytes)
	switch {
	case w.due:
	case done != nil && awaited(records) || w.records >= w.o.MaxBatch || w.full.Load() || w.alarm == nil:
		w.due = true
		w.signal()
	case len(w.queue) == 1:
		w.alarm.Reset(w.o.Delay)
	}
}

// awaited reports whether somebody waits for records to be saved. Otherwise they
// are messages whose authors are told only of failures.
func awaited(records []chat.Record) bool {
	for _, r := range records {
		if p, ok := r.(chat.Post); !ok || p.Awaited {
			return true
		}
	}
	return len(records) == 0
}

// ring ends the delay.
func (w *Writer) ring() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.due = true
	w.signal()
}

// Full implements chat.Journal. It returns true from MaxRecords or MaxBytes on;
// wake is called at half of that.
func (w *Writer) Full(wake func()) bool {
	if !w.full.Load() {
		return false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed || !w.full.Load() {
		return false
	}
	if wake != nil {
		w.wakes = append(w.wakes, wake)
	}
	return true
}

// Err returns why nothing can be saved at the moment, or nil.
func (w *Writer) Err() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.failed
}

// Stats returns the counters and the length of the queue.
func (w *Writer) Stats() Stats {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.stats
	s.Waiting, s.WaitingBytes = w.records, w.bytes
	return s
}

// Close commits what waits, and returns an error if not all of it is saved.
// Later writes are refused with ErrClosed.
func (w *Writer) Close() error {
	w.mu.Lock()
	w.closed, w.due = true, true
	w.signal()
	w.mu.Unlock()
	<-w.ended
	if w.alarm != nil {
		w.alarm.Stop()
	}
	w.retryAt = time.Time{} // one more try
	for batch := w.take(); len(batch) > 0; batch = w.take() {
		w.commit(batch)
	}
	return w.Err()
}

// Step does one piece of work: a batch, or some indexing or expiring. It reports
// whether there was any. It is only for Options.Inline.
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

// next returns when there may be something to do without a write.
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

// take returns the next batch, if one is due.
func (w *Writer) take() []entry {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.due {
		return nil
	}
	n, records := 0, 0
	for n < len(w.queue) && (n == 0 || records+w.queue[n].weight <= w.o.MaxBatch) {
		records += w.queue[n].weight
		n++
	}
	batch := w.queue[:n:n]
	w.queue = w.queue[n:]
	if len(w.queue) == 0 {
		w.queue, w.due = nil, false
	}
	return batch
}

func (w *Writer) commit(batch []entry) {
	var records []chat.Record
	bytes, weight := 0, 0
	for _, e := range batch {
		records = append(records, e.records...)
		bytes += e.bytes
		weight += e.weight
	}
	var err error
	if len(records) > 0 {
		err = w.try(records)
	}
	w.mu.Lock()
	w.records -= weight
	w.bytes -= bytes
	w.full.Store(w.records >= w.o.MaxRecords || w.bytes >= w.o.MaxBytes)
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
	added := posts(records)
	w.wipes = w.wipes || slices.ContainsFunc(records, deletes) // Index does that, too
	if w.wipes {
		w.indexAt = w.o.Now().Add(w.o.Quiet)
	} else {
		w.indexAt = w.o.Now().Add(w.o.IndexQuiet)
	}
	if w.waiting += max(1, added); w.waiting > w.o.IndexBacklog {
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

// deletes reports whether a record may delete text.
func deletes(r chat.Record) bool {
	switch r.(type) {
	case chat.Post, chat.ReadMark, chat.Session, chat.DropSession:
		return false
	}
	return true
}

// try commits records unless the store failed a moment ago.
func (w *Writer) try(records []chat.Record) error {
	if err := w.Err(); err != nil && w.o.Now().Before(w.retryAt) {
		return err
	}
	began := w.o.Now()
	err := w.store.Commit(records)
	took := max(0, w.o.Now().Sub(began))
	w.mu.Lock()
	w.stats.Latency.add(took)
	w.mu.Unlock()
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

// judge records whether the store works.
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

// idle does background work, which nobody waits for.
func (w *Writer) idle() bool {
	now := w.o.Now()
	switch {
	case w.Err() != nil:
		if now.Before(w.retryAt) {
			return false
		}
		err := w.store.Commit(nil) // a test whether the store can write
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
	w.waiting, w.wipes = waiting, w.wipes && waiting > 0
	if err != nil {
		w.o.Trouble(fmt.Errorf("index messages: %w", err))
		w.waiting, w.indexAt = max(1, waiting), w.o.Now().Add(w.o.RetryMax)
	}
	w.mu.Lock()
	w.stats.Unindexed = w.waiting
	w.mu.Unlock()
}

// Wait returns when everything written before is committed or has failed. It is
// for UpToDate, tests and tools, and must not be called on a loop.
func (w *Writer) Wait() {
	done := make(chan struct{})
	w.Write(func(error) { close(done) })
	for w.o.Inline && w.Step() {
		continue
	}
	<-done
}
