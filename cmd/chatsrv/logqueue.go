package main

import (
	"io"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// maxQueued bounds the log lines that wait to be written, in bytes.
	maxQueued = 1 << 20
	// logDelay is how long a line waits for more: a log that keeps up with tens
	// of thousands of connections a second must not wake a thread for each.
	logDelay = 10 * time.Millisecond
	// flushTime is how long the end of the program waits for the log's reader.
	flushTime = time.Second
)

// A logQueue is an io.Writer of lines that another goroutine writes out. Lines
// for which there is no room are counted instead.
type logQueue struct {
	woken chan struct{} // there are lines
	stop  chan struct{} // closed: no more will come
	done  chan struct{} // closed: all are written
	total atomic.Uint64 // lines lost since the start

	mu    sync.Mutex // guards what follows
	lines []byte
	lost  uint64
}

func newLogQueue() *logQueue {
	return &logQueue{woken: make(chan struct{}, 1), stop: make(chan struct{}), done: make(chan struct{})}
}

// Write implements io.Writer.
func (q *logQueue) Write(line []byte) (int, error) {
	q.mu.Lock()
	if len(q.lines)+len(line) <= maxQueued {
		q.lines = append(q.lines, line...)
	} else {
		q.lost++
		q.total.Add(1)
	}
	q.mu.Unlock()
	select {
	case q.woken <- struct{}{}:
	default: // it has been told
	}
	return len(line), nil
}

func (q *logQueue) run(w io.Writer, report func(lost uint64)) {
	defer close(q.done)
	var lines []byte
	for stopped := false; !stopped; {
		stopped = q.wait()
		var lost uint64
		lines, lost = q.take(lines)
		_, _ = w.Write(lines) // there is nobody left to tell
		if lost > 0 {
			report(lost)
		}
	}
}

// wait returns when there is something to write, or no more will come.
func (q *logQueue) wait() (stopped bool) {
	select {
	case <-q.stop:
		return true
	case <-q.woken:
	}
	select {
	case <-q.stop:
		return true
	case <-time.After(logDelay):
		return false
	}
}

// take exchanges the queue for an empty one in the memory of spare.
func (q *logQueue) take(spare []byte) (lines []byte, lost uint64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	lines, lost = q.lines, q.lost
	q.lines, q.lost = spare[:0], 0
	return lines, lost
}

// flush waits until all is written, if that can be.
func (q *logQueue) flush() (written bool) {
	close(q.stop)
	select {
	case <-q.done:
		return true
	case <-time.After(flushTime):
		return false
	}
}
