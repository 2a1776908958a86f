package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/sudoXpg/netloop/internal/config"
	"github.com/sudoXpg/netloop/internal/logfile"
	"github.com/sudoXpg/netloop/internal/logs"
	"github.com/sudoXpg/netloop/internal/osutil"
)

// logMode is the mode of the log file, which has names and addresses in it.
const logMode fs.FileMode = 0o640

// A journal is the log of the program.
type journal struct {
	*slog.Logger
	// levels can be changed at any time.
	levels *logs.Filter
	// close waits until all is written; later lines may be lost.
	close func()

	queue *logQueue
}

// lost returns how many lines found no room or could not be written.
func (j *journal) lost() uint64 { return j.queue.total.Load() }

// newLog opens the log that c asks for: a file, or stderr. It never blocks its
// writers, which are event loops: a terminal stopped with Ctrl-S, a full pipe
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
	go q.run(w, func(w io.Writer, lost uint64) {
		slog.New(logHandler(c.LogFormat, w)).With(logs.In(logs.Server)).Warn("log_lines_lost", slog.Uint64("count", lost))
	})
	levels := logs.NewFilter(c.LogLevels)
	return &journal{
		Logger: slog.New(levels.Handler(logHandler(c.LogFormat, q))),
		levels: levels, queue: q,
		close: sync.OnceFunc(func() {
			if q.flush() {
				_ = closeFile() // all is written, and an error can't be reported any more
			}
		}),
	}, nil
}

// logHandler writes all levels: the areas filter them.
func logHandler(format config.LogFormat, w io.Writer) slog.Handler {
	o := &slog.HandlerOptions{Level: slog.LevelDebug}
	if format == config.LogJSON {
		return slog.NewJSONHandler(w, o)
	}
	return slog.NewTextHandler(w, o)
}

// A logFile is a log file that reports on stderr when it can't be written.
type logFile struct {
	*logfile.File
	path   string
	stderr io.Writer
	broken bool        // it has been reported; used by the queue's goroutine only
	busy   atomic.Bool // stderr is being written
}

// openLogFile opens the log file, so that errors are found at the start: later
// they can only be reported on stderr.
func openLogFile(c config.Config, stderr io.Writer) (*logFile, error) {
	f, err := logfile.Open(logfile.Options{
		Path: c.LogFile, Mode: logMode, MaxBytes: int64(c.LogMaxSize), Keep: c.LogKeep, Compress: c.LogCompress,
	})
	if err != nil {
		return nil, logFileErr(c.LogFile, err)
	}
	return &logFile{File: f, path: c.LogFile, stderr: stderr}, nil
}

// tryLogFile returns the error that openLogFile would return.
func tryLogFile(path string) error { return logFileErr(path, logfile.Try(path, logMode)) }

func logFileErr(path string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("log file %q: %w (see --log-file)", path, causeOf(err))
}

// causeOf returns an error of package os without the path.
func causeOf(err error) error {
	if failed, ok := errors.AsType[*fs.PathError](err); ok {
		return failed.Err
	}
	return err
}

// Write implements io.Writer. If the file can no longer be written, that is
// reported on stderr, once until it can be again. The lines are lost, and the chat
// continues.
func (f *logFile) Write(lines []byte) (int, error) {
	n, err := f.File.Write(lines)
	if err != nil && !f.broken {
		f.say(fmt.Sprintf("chatsrv: log file %q: %v (%s)\n", f.path, causeOf(err), remedy(err, n == len(lines))))
	}
	f.broken = err != nil
	return n, err
}

// remedy says what can be done about an error of the log file.
func remedy(err error, written bool) string {
	switch {
	case written:
		return "the file can't be rotated and grows; make its folder writable"
	case osutil.IsUnread(err):
		return "lines are lost until a process reads it"
	}
	return "is the disk full? lines are being lost"
}

// say writes to stderr, which may not be read either and must not block the log.
func (f *logFile) say(text string) {
	if f.busy.Swap(true) {
		return
	}
	go func() {
		_, _ = io.WriteString(f.stderr, text)
		f.busy.Store(false)
	}()
}
