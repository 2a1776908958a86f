package telnet

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A step of a transcript: one read from the client or one call of the server,
// with the resulting events or bytes.
type step struct {
	call string // "" for a read
	text string // what was read, or what the call returned
	want log
}

// TestRealClientsAreUnderstood replays what real clients sent, as recorded in
// testdata: as it was read, and byte by byte.
func TestRealClientsAreUnderstood(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("testdata", "*.txt"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no transcripts: %v", err)
	}
	for _, file := range files {
		steps := readTranscript(t, file)
		for _, piece := range []int{4096, 1} {
			t.Run(fmt.Sprintf("%s in pieces of %d", filepath.Base(file), piece), func(t *testing.T) {
				replay(t, steps, piece)
			})
		}
	}
}

func replay(t *testing.T, steps []step, piece int) {
	t.Helper()
	var d Decoder
	calls := map[string]func() []byte{
		"Greeting": func() []byte { return d.Greeting(nil) }, "HidePassword": d.HidePassword, "ShowPassword": d.ShowPassword,
	}
	for i, s := range steps {
		if s.call != "" {
			if got := calls[s.call](); string(got) != s.text {
				t.Fatalf("step %d: %s gave %q, want %q", i, s.call, got, s.text)
			}
			continue
		}
		var got log
		for part := range slices.Chunk([]byte(s.text), piece) {
			feed(t, &d, &got, part)
		}
		if !slices.Equal(got, s.want) {
			t.Fatalf("step %d: client sent %q\n got %q\nwant %q", i, s.text, got, s.want)
		}
	}
}

// readTranscript reads lines of the form
//
//	server CALL "bytes"
//	client "bytes"
//	event KIND "text"
func readTranscript(t *testing.T, file string) (steps []step) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for n, line := range strings.Split(strings.TrimSpace(string(data)), "\n") {
		who, what, _ := strings.Cut(line, " ")
		switch who {
		case "#":
		case "server":
			call, text, _ := strings.Cut(what, " ")
			steps = append(steps, step{call: call, text: unquote(t, text)})
		case "client":
			steps = append(steps, step{text: unquote(t, what)})
		case "event":
			want := &steps[len(steps)-1].want
			if text, ok := strings.CutPrefix(what, replyPrefix); ok {
				want.reply([]byte(unquote(t, text)))
			} else {
				*want = append(*want, what)
			}
		default:
			t.Fatalf("%s:%d: what is %q?", file, n+1, line)
		}
	}
	return steps
}

func unquote(t *testing.T, s string) string {
	t.Helper()
	text, err := strconv.Unquote(s)
	if err != nil {
		t.Fatalf("%s: %v", s, err)
	}
	return text
}
