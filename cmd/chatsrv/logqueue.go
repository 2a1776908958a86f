package main

import (
	"bytes"
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
// that find no room, or can't be written, are counted instead.
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
	default: // it has been woken already
	}
	return len(line), nil
}

// run writes lines to w until there are no more. After lines were lost and others
// could be written, report writes how many were lost.
func (q *logQueue) run(w io.Writer, report func(w io.Writer, lost uint64)) {
	defer close(q.done)
	out := &countingWriter{w: w}
	var lines []byte
	var lost uint64
	for stopped := false; !stopped; {
		stopped = q.wait()
		var dropped uint64
		lines, dropped = q.take(lines)
		failed := out.write(lines)
		q.total.Add(failed)
		if lost += dropped + failed; lost == 0 || failed > 0 {
			continue
		}
		if report(out, lost); out.lost == 0 {
			lost = 0
		}
	}
}

// A countingWriter writes lines and counts those that w did not take. It is used
// by the queue's goroutine only.
type countingWriter struct {
	w    io.Writer
	torn bool   // the last line that was written is not whole
	lost uint64 // of the last write
}

// Write implements io.Writer for lines. It never fails.
func (c *countingWriter) Write(lines []byte) (int, error) {
	c.write(lines)
	return len(lines), nil
}

// write returns how many of the lines are lost.
func (c *countingWriter) write(lines []byte) (lost uint64) {
	c.lost = 0
	if len(lines) == 0 {
		return 0
	}
	if c.torn {
		if _, err := io.WriteString(c.w, "\n"); err != nil {
			c.lost = uint64(bytes.Count(lines, []byte("\n")))
			return c.lost
		}
		c.torn = false
	}
	n, err := c.w.Write(lines)
	if err == nil {
		return 0
	}
	c.torn = n > 0 && lines[n-1] != '\n'
	c.lost = uint64(bytes.Count(lines[n:], []byte("\n")))
	return c.lost
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
