package main

import (
	"bytes"
	"io"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/sudoXpg/netloop/internal/config"
)

const (
	// queuedLines bounds the log lines that wait for their reader.
	queuedLines = 4096
	// flushTime is how long the end of the program waits for that reader.
	flushTime = time.Second
)

// newLog returns the log that c asks for. It never blocks who writes to it:
// event loops do, and a terminal stopped with Ctrl-S or a full pipe must not
// stop the chat. flush waits until all is written; later lines may be lost.
func newLog(c config.Config, w io.Writer) (log *slog.Logger, flush func()) {
	o := &slog.HandlerOptions{Level: c.LogLevel}
	handler := func(w io.Writer) slog.Handler {
		if c.LogFormat == config.LogJSON {
			return slog.NewJSONHandler(w, o)
		}
		return slog.NewTextHandler(w, o)
	}
	q := &logQueue{lines: make(chan []byte, queuedLines), done: make(chan struct{})}
	direct := slog.New(handler(w))
	go q.run(w, func(lost uint64) { direct.Warn("log_lines_lost", slog.Uint64("count", lost)) })
	return slog.New(handler(q)), q.flush
}

// A logQueue is an io.Writer of lines that another goroutine writes out. Lines
// for which there is no room are counted instead.
type logQueue struct {
	lines chan []byte // nil: the end
	lost  atomic.Uint64
	done  chan struct{} // closed when the end has been reached
}

// Write implements io.Writer.
func (q *logQueue) Write(p []byte) (int, error) {
	select {
	case q.lines <- bytes.Clone(p):
	default:
		q.lost.Add(1)
	}
	return len(p), nil
}

func (q *logQueue) run(w io.Writer, report func(lost uint64)) {
	defer close(q.done)
	for {
		p := <-q.lines
		if n := q.lost.Swap(0); n > 0 {
			report(n)
		}
		if p == nil {
			return
		}
		_, _ = w.Write(p) // there is nobody left to tell
	}
}

func (q *logQueue) flush() {
	patience := time.NewTimer(flushTime)
	defer patience.Stop()
	select {
	case q.lines <- nil:
	case <-patience.C:
		return
	}
	select {
	case <-q.done:
	case <-patience.C:
	}
}
