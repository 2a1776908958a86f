//go:build e2e && unix

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// A record is a line of the server's log: its attributes as text, including the
// time, the level and the message.
type record map[string]string

// A serverLog collects what a server writes to its standard error.
type serverLog struct {
	mu      sync.Mutex // guards what follows; the writer is a goroutine of os/exec
	text    []byte     // all of it
	parsed  int        // bytes of text that are in records
	records []record
	bad     []badLine     // lines that are not well-formed
	changed chan struct{} // closed at the next change
}

// A badLine is a line that is not a record.
type badLine struct {
	text  string
	err   error
	after int // records that came before it
}

func newServerLog() *serverLog { return &serverLog{changed: make(chan struct{})} }

// Write implements io.Writer.
func (l *serverLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text = append(l.text, p...)
	for {
		line, _, whole := bytes.Cut(l.text[l.parsed:], []byte{'\n'})
		if !whole {
			break
		}
		l.parsed += len(line) + 1
		if r, err := parseRecord(string(line)); err != nil {
			l.bad = append(l.bad, badLine{string(line), err, len(l.records)})
		} else {
			l.records = append(l.records, r)
		}
	}
	close(l.changed)
	l.changed = make(chan struct{})
	return len(p), nil
}

// String returns all of the log.
func (l *serverLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return string(l.text)
}

// find returns the first record that has all attributes of want, or a channel
// that is closed when there are more records.
func (l *serverLog) find(want record) (record, <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, r := range l.records {
		all := true
		for key, value := range want {
			all = all && r[key] == value
		}
		if all {
			return r, nil
		}
	}
	return nil, l.changed
}

// wait waits for the first record that has all attributes of want. It gives up
// when ctx or the server ends.
func (l *serverLog) wait(ctx context.Context, want record) (record, error) {
	for {
		r, changed := l.find(want)
		if r != nil {
			return r, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, fmt.Errorf("no line with %v in the log", want)
		}
	}
}

// wineEnding is the beginning of Wine's message for a thread that makes a request
// after its process has closed the connection to Wine's server, at the end of the
// process (server_protocol_perror in dlls/ntdll/unix/server.c).
const wineEnding = "wine client error:"

// problems returns the errors in the form of the whole log. Lines that begin
// with ending, if it is set, may follow the server's last line.
func (l *serverLog) problems(ending string) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	bad := slices.Clone(l.bad)
	if ending != "" && len(l.records) > 0 && l.records[len(l.records)-1]["msg"] == "stopped" {
		bad = slices.DeleteFunc(bad, func(b badLine) bool {
			return b.after == len(l.records) && strings.HasPrefix(b.text, ending)
		})
	}
	var all []string
	for _, b := range bad {
		all = append(all, fmt.Sprintf("%v: %q", b.err, b.text))
	}
	if rest := l.text[l.parsed:]; len(rest) > 0 {
		all = append(all, fmt.Sprintf("unfinished: %q", rest))
	}
	return all
}

var textLine = regexp.MustCompile(`^` + attribute + `(?: ` + attribute + `)*$`)

// parseRecord reads a line in either format of the log.
func parseRecord(line string) (record, error) {
	r := make(record)
	var err error
	if strings.HasPrefix(line, "{") {
		err = parseJSON(r, line)
	} else {
		err = parseText(r, line)
	}
	for _, key := range []string{"time", "level", "msg"} {
		if err == nil && r[key] == "" {
			err = fmt.Errorf("no %s", key)
		}
	}
	return r, err
}

func parseJSON(r record, line string) error {
	var values map[string]any
	if err := json.Unmarshal([]byte(line), &values); err != nil {
		return err
	}
	for key, value := range values {
		r[key] = fmt.Sprint(value)
	}
	return nil
}

func parseText(r record, line string) error {
	if !textLine.MatchString(line) {
		return fmt.Errorf("not a line of key=value")
	}
	for _, m := range attributes.FindAllStringSubmatch(line, -1) {
		key, value := m[1], m[2]
		if strings.HasPrefix(value, `"`) {
			var err error
			if value, err = strconv.Unquote(value); err != nil {
				return err
			}
		}
		if _, twice := r[key]; twice {
			return fmt.Errorf("%s comes twice", key)
		}
		r[key] = value
	}
	return nil
}

func TestMalformedLogLinesAreDetected(t *testing.T) {
	for line, msg := range map[string]string{
		`time=1 level=INFO msg=login conn=1 name=bob`:           "login",
		`time=1 level=INFO msg="a b" reason="x\" msg=\"forged"`: "a b",
		`{"time":"1","level":"INFO","msg":"login","conn":1}`:    "login",
		`time=1 level=INFO msg=login name=a b`:                  "",
		`time=1 level=INFO msg=login name=a msg=forged`:         "",
		`time=1 level=INFO msg=login name="a`:                   "",
		"time=1 level=INFO msg=login name=a\x1b":                "",
		`time=1 level=INFO name=a`:                              "",
		`{"time":"1","level":"INFO","msg":"login"} x`:           "",
		`goroutine 1 [running]:`:                                "",
		``:                                                      "",
	} {
		if r, err := parseRecord(line); (err == nil) != (msg != "") || err == nil && r["msg"] != msg {
			t.Errorf("%q: %v, %v", line, r, err)
		}
	}
}

func TestOnlyWineMayWriteAfterTheServersLastLine(t *testing.T) {
	const stopped, wine = "time=1 level=INFO msg=stopped\n", wineEnding + "3b0: sendmsg: Bad file descriptor\n"
	for log, problems := range map[string]int{
		stopped:                           0,
		stopped + wine:                    0,
		stopped + wine + wine:             0,
		wine + stopped:                    1,
		wine:                              1,
		stopped + "panic: x\n":            1,
		stopped + wine + stopped:          1,
		stopped + wine + "panic: x":       1,
		stopped + strings.TrimSpace(wine): 1,
	} {
		l := newServerLog()
		if _, err := l.Write([]byte(log)); err != nil {
			t.Fatal(err)
		}
		if got := l.problems(wineEnding); len(got) != problems {
			t.Errorf("%q under Wine: %q, want %d problems", log, got, problems)
		}
		if got := l.problems(""); strings.Contains(log, wineEnding) && len(got) == 0 {
			t.Errorf("%q elsewhere: no problem", log)
		}
	}
}
