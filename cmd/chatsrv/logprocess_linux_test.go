package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sudoXpg/netloop/internal/osutil/disktest"
)

func TestLogLinesLostToAFullDiskAreReportedLater(t *testing.T) {
	dir := folder(t)
	disktest.Mount(t, dir, "64k")
	log, socket := filepath.Join(dir, "log"), filepath.Join(folder(t), "s")
	p := launch(t, processOf(t, "--bind", "unix:"+socket, "--log-file", log, "--metrics", "127.0.0.1:0"))
	p.comesAndGoes(socket)
	address := attribute(awaitLine(t, log, " msg=metrics "), "address")
	ballast := filepath.Join(dir, "ballast")
	f, err := os.Create(ballast)
	if err != nil {
		t.Fatal(err)
	}
	for err == nil {
		_, err = f.Write(make([]byte, 4096))
	}
	_ = f.Close()
	metric(t, "http://"+address+"/metrics", "chatsrv_log_lines_lost_total", func(lost string) bool {
		p.comesAndGoes(socket)
		return isSome(lost)
	})
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	p.comesAndGoes(socket)
	p.stops()
	text, err := os.ReadFile(log)
	if err != nil || !strings.Contains(string(text), " msg=log_lines_lost ") || !strings.Contains(string(text), " msg=stopped ") {
		t.Errorf("%v; the log ends with %q", err, text[max(0, len(text)-1000):])
	}
	for line := range strings.Lines(string(text)) {
		if strings.Count(line, " msg=") > 1 {
			t.Errorf("two lines are one: %q", line)
		}
	}
}

// awaitLine waits for a line of a log file and returns it.
func awaitLine(t *testing.T, path, part string) string {
	t.Helper()
	for end := time.Now().Add(deadline); ; {
		text, err := os.ReadFile(path)
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			if strings.Contains(line, part) && strings.HasSuffix(line, "\n") {
				return line
			}
		}
		if time.Now().After(end) {
			t.Fatalf("no line has %q in\n%s", part, text)
		}
		<-time.After(time.Millisecond)
	}
}
