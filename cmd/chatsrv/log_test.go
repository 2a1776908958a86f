package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/sudoXpg/netloop/internal/config"
)

func TestAnUnreadLogDoesNotBlockAndReportsLostLines(t *testing.T) {
	r, w := io.Pipe()
	log, err := newLog(config.Config{}, w)
	if err != nil {
		t.Fatal(err)
	}
	const lines = 3 * maxQueued / 50 // of 50 bytes and more
	for range lines {
		log.Info("hello") // would hang here
	}
	var got bytes.Buffer
	all := make(chan error, 1)
	go func() {
		_, err := io.Copy(&got, r)
		all <- err
	}()
	log.close()
	_ = w.Close()
	if err := <-all; err != nil {
		t.Fatal(err)
	}
	seen := strings.Count(got.String(), "msg=hello")
	if seen < lines/6 || seen == lines || !strings.Contains(got.String(), "level=WARN msg=log_lines_lost area=server count=") || log.lost() == 0 {
		t.Errorf("%d of %d lines seen; the end is %q", seen, lines, got.String()[got.Len()-100:])
	}
}

func TestTheLogIsWholeAfterFlush(t *testing.T) {
	for format, want := range map[config.LogFormat]string{
		config.LogText: `level=INFO msg=hello area=server name="a\nb"`,
		config.LogJSON: `"level":"INFO","msg":"hello","area":"server","name":"a\nb"`,
	} {
		var got bytes.Buffer
		log, err := newLog(config.Config{LogFormat: format}, &got)
		if err != nil {
			t.Fatal(err)
		}
		for range 100 {
			log.Info("hello", "name", "a\nb") //nolint:sloglint // shorter
			log.Debug("not asked for")
		}
		log.close()
		if n := strings.Count(got.String(), want); n != 100 || strings.Count(got.String(), "\n") != 100 {
			t.Errorf("%s: %d of 100 lines like %s: %.200q", format, n, want, got.String())
		}
	}
}

// filesIn returns the files of a folder by name, those that are compressed in plain.
func filesIn(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := make(map[string]string)
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err == nil && strings.HasSuffix(e.Name(), ".gz") {
			var r *gzip.Reader
			if r, err = gzip.NewReader(bytes.NewReader(text)); err == nil {
				text, err = io.ReadAll(r)
			}
		}
		if err != nil {
			t.Fatal(err)
		}
		all[e.Name()] = string(text)
	}
	return all
}

func TestALargeLogFileIsRotatedAndOldOnesAreRemoved(t *testing.T) {
	dir := folder(t)
	path := filepath.Join(dir, "chat.log")
	if err := os.WriteFile(path, []byte("from before\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("x", 1000)
	for range 5 { // each is a run of the program
		log, err := newLog(config.Config{LogFile: path, LogMaxSize: 1 << 20, LogKeep: 2, LogCompress: true}, io.Discard)
		if err != nil {
			t.Fatal(err)
		}
		for range 600 {
			log.Info("hello", slog.String("long", long))
		}
		log.close()
	}
	files := filesIn(t, dir)
	if len(files) != 3 || files["chat.log"] == "" {
		t.Errorf("%d files", len(files))
	}
	for name, text := range files {
		if name != "chat.log" && !strings.HasSuffix(name, ".log.gz") || strings.Count(text, "\n") != strings.Count(text, " msg=hello area=server long="+long+"\n") {
			t.Errorf("%s has %d bytes, and other lines than those logged", name, len(text))
		}
	}
}

func TestTheLogFileHasTheWholeLogOfARun(t *testing.T) {
	path := filepath.Join(folder(t), "chat.log")
	signals := make(chan os.Signal, 1)
	signals <- os.Interrupt
	var stderr bytes.Buffer
	p := program{stdout: io.Discard, stderr: &stderr, env: ephemeral, signals: signals, exit: func(int) {}}
	code := p.run([]string{"--port", "0", "--bind", "127.0.0.1", "--log-file", path, "--log-level", "warn,server=info"})
	close(signals)
	text, err := os.ReadFile(path)
	if code != 0 || stderr.Len() > 0 || err != nil || strings.Count(string(text), "\n") != 4 {
		t.Errorf("code %d, stderr %q, log %q, %v", code, stderr.String(), text, err)
	}
	for _, msg := range []string{"start", "certificate", "shutdown", "stopped"} {
		if !strings.Contains(string(text), " level=INFO msg="+msg+" area=server") {
			t.Errorf("%s is missing in\n%s", msg, text)
		}
	}
}

func TestALogFileThatCannotBeOpenedIsExplained(t *testing.T) {
	dir := folder(t)
	for _, path := range []string{dir, filepath.Join(dir, "none", "chat.log")} {
		_, err := newLog(config.Config{LogFile: path}, io.Discard)
		if err == nil || !strings.HasPrefix(err.Error(), "log file ") || !strings.HasSuffix(err.Error(), "(see --log-file)") || strings.Count(err.Error(), "chat.log") > 1 {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestALogFileThatCanNoLongerBeWrittenIsReportedOnce(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a file that is open can't be removed on Windows")
	}
	dir := filepath.Join(folder(t), "logs")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	told, stderr := io.Pipe()
	f, err := openLogFile(config.Config{LogFile: filepath.Join(dir, "chat.log"), LogMaxSize: 1 << 20, LogKeep: 1}, stderr)
	if err != nil {
		t.Fatal(err)
	}
	// Not with os.RemoveAll, which Wine can't.
	if err := errors.Join(os.Remove(filepath.Join(dir, "chat.log")), os.Remove(dir)); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(dir, nil, 0o600); err != nil { // where the folder was
		t.Fatal(err)
	}
	for range 3 { // although nobody reads stderr
		if _, err := f.Write([]byte("line\n")); err == nil {
			t.Fatal("written")
		}
	}
	lines := bufio.NewReader(told)
	if got, err := lines.ReadString('\n'); err != nil || !strings.HasPrefix(got, "chatsrv: log file ") || !strings.Contains(got, "lines are being lost") {
		t.Errorf("stderr has %q, %v", got, err)
	}
	if err := stderr.Close(); err != nil {
		t.Fatal(err)
	}
	if rest, err := io.ReadAll(lines); err != nil || len(rest) > 0 {
		t.Errorf("stderr has more: %q, %v", rest, err)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
}

func TestTheLogFileIsNotReadableByOthers(t *testing.T) {
	path := filepath.Join(folder(t), "chat.log")
	f, err := openLogFile(config.Config{LogFile: path}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	info, err := os.Stat(path)
	if err != nil || filepath.Separator == '/' && info.Mode().Perm()&^logMode != 0 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}
