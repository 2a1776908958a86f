package main

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/sudoXpg/netloop/internal/config"
)

func TestALogThatNobodyReadsStopsNobodyAndTellsWhatIsLost(t *testing.T) {
	r, w := io.Pipe()
	log, flush := newLog(config.Config{}, w)
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
	flush()
	_ = w.Close()
	if err := <-all; err != nil {
		t.Fatal(err)
	}
	seen := strings.Count(got.String(), "msg=hello")
	if seen < lines/6 || seen == lines || !strings.Contains(got.String(), "level=WARN msg=log_lines_lost count=") {
		t.Errorf("%d of %d lines seen; the end is %q", seen, lines, got.String()[got.Len()-100:])
	}
}

func TestTheLogIsWholeAfterFlush(t *testing.T) {
	for format, want := range map[config.LogFormat]string{
		config.LogText: `level=INFO msg=hello name="a\nb"`,
		config.LogJSON: `"level":"INFO","msg":"hello","name":"a\nb"`,
	} {
		var got bytes.Buffer
		log, flush := newLog(config.Config{LogFormat: format}, &got)
		for range 100 {
			log.Info("hello", "name", "a\nb") //nolint:sloglint // shorter
			log.Debug("not asked for")
		}
		flush()
		if n := strings.Count(got.String(), want); n != 100 || strings.Count(got.String(), "\n") != 100 {
			t.Errorf("%s: %d of 100 lines like %s: %.200q", format, n, want, got.String())
		}
	}
}
