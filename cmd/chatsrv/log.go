package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"sync"

	"github.com/DeRuina/timberjack"

	"github.com/sudoXpg/netloop/internal/config"
	"github.com/sudoXpg/netloop/internal/logs"
)

// logMode is who may read the log: it has names and addresses in it.
const logMode fs.FileMode = 0o640

// A journal is the log of the program, as it was asked for.
type journal struct {
	*slog.Logger
	// levels can be changed at any time.
	levels *logs.Filter
	// close waits until all is written; later lines may be lost.
	close func()

	queue *logQueue
}

// lost returns how many lines found no room.
func (j *journal) lost() uint64 { return j.queue.total.Load() }

// newLog opens the log that c asks for: a file, or stderr. It never blocks who
// writes to it: event loops do, and a terminal stopped with Ctrl-S, a full pipe
// or a slow disk must not stop the chat.
func newLog(c config.Config, stderr io.Writer) (*journal, error) {
	w, closeFile := stderr, func() error { return nil }
	if c.LogFile != "" {
		file, err := openLogFile(c, stderr)
		if err != nil {
			return nil, err
		}
		w, closeFile = file, file.Close
	}
	q := newLogQueue()
	direct := slog.New(logHandler(c.LogFormat, w)).With(logs.In(logs.Server))
	go q.run(w, func(lost uint64) { direct.Warn("log_lines_lost", slog.Uint64("count", lost)) })
	levels := logs.NewFilter(c.LogLevels)
	return &journal{
		Logger: slog.New(levels.Handler(logHandler(c.LogFormat, q))),
		levels: levels, queue: q,
		close: sync.OnceFunc(func() {
			if q.flush() {
				_ = closeFile() // all is written, and there is nobody left to tell
			}
		}),
	}, nil
}

// logHandler writes everything that it is given: levels are the areas' business.
func logHandler(format config.LogFormat, w io.Writer) slog.Handler {
	o := &slog.HandlerOptions{Level: slog.LevelDebug}
	if format == config.LogJSON {
		return slog.NewJSONHandler(w, o)
	}
	return slog.NewTextHandler(w, o)
}

// A logFile is a file that is put aside when it is large enough.
type logFile struct {
	timberjack.Logger
	stderr io.Writer
	broken bool // it has been reported; used by the queue's goroutine only
}

// openLogFile tries whether the file can be written, so that it is known at the
// start: later there is only stderr to tell.
func openLogFile(c config.Config, stderr io.Writer) (*logFile, error) {
	if err := tryLogFile(c.LogFile); err != nil {
		return nil, err
	}
	compression := "none"
	if c.LogCompress {
		compression = "gzip"
	}
	return &logFile{stderr: stderr, Logger: timberjack.Logger{
		Filename: c.LogFile, MaxBackups: c.LogKeep, Compression: compression, FileMode: logMode,
		MaxSize: (c.LogMaxSize + 1<<20 - 1) >> 20,
	}}, nil
}

func tryLogFile(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, logMode)
	if err == nil {
		err = f.Close()
	}
	if err == nil {
		return nil
	}
	cause := err
	if failed, ok := errors.AsType[*fs.PathError](err); ok {
		cause = failed.Err
	}
	return fmt.Errorf("log file %q: %w (see --log-file)", path, cause)
}

// Write implements io.Writer. That the file can't be written any more is said
// on stderr, once until it can be again. The lines are lost, and the chat goes on.
func (f *logFile) Write(lines []byte) (int, error) {
	n, err := f.Logger.Write(lines)
	if err != nil && !f.broken {
		_, _ = fmt.Fprintf(f.stderr, "chatsrv: log file %q: %v (is the disk full? lines are being lost)\n", f.Filename, err)
	}
	f.broken = err != nil
	return n, err
}
