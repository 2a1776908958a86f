//go:build e2e && unix

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// A record is a line of the server's log: its attributes as text, the time, the
// level and the message among them.
type record map[string]string

// A serverLog collects what a server writes to its standard error.
type serverLog struct {
	mu      sync.Mutex // guards what follows; the writer is a goroutine of os/exec
	text    []byte     // all of it
	parsed  int        // bytes of text that are in records
	records []record
	bad     []string      // lines that are not well-formed
	changed chan struct{} // closed at the next change
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
			l.bad = append(l.bad, fmt.Sprintf("%v: %q", err, line))
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

// find returns the first record that has all that want has, and otherwise what
// is closed when there is more to look at.
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

// wait returns the first record that has all that want has, which may be still
// to come. It gives up when ctx ends or the server does.
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

// problems returns what is wrong with the form of the log as a whole.
func (l *serverLog) problems() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if rest := l.text[l.parsed:]; len(rest) > 0 {
		return append(l.bad, fmt.Sprintf("unfinished: %q", rest))
	}
	return l.bad
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

func TestALogLineIsWellFormedOrNot(t *testing.T) {
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
