package config

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/sudoXpg/netloop/internal/helptext"
)

func TestHelpNamesEveryFlagOnceIn80Columns(t *testing.T) {
	var b strings.Builder
	if err := WriteHelp(&b, []Command{{"check", "[FILE]", "Look for mistakes"}, {Name: "help", Help: "Print this"}}); err != nil {
		t.Fatal(err)
	}
	help := b.String()
	for _, r := range table {
		line := "--" + r.name + " "
		if r.short != "" {
			line = "-" + r.short + ", " + line
		}
		if n := strings.Count(help, "  "+line); n != 1 {
			t.Errorf("%q begins %d lines of the help, want 1", line, n)
		}
		if r.def != "" && !strings.Contains(strings.Join(strings.Fields(help), " "), r.help+" (default "+r.def+")") {
			t.Errorf("--%s: help or default is missing", r.name)
		}
	}
	if !strings.Contains(help, "\n\nCommands:\n  check [FILE]                  Look for mistakes\n  help                          Print this\n\n") {
		t.Error("the commands are missing")
	}
	for line := range strings.Lines(help) {
		if strings.TrimSuffix(line, "\n") != strings.TrimRight(line, " \n") || len(line) > helptext.Width+1 {
			t.Errorf("a line is too long or ends in a space: %q", line)
		}
	}
	if t.Failed() {
		t.Log(help)
	}
}

func TestHelpReportsAFailingWriter(t *testing.T) {
	r, w := io.Pipe()
	_ = r.Close()
	if err := WriteHelp(w, nil); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("error %v, want %v", err, io.ErrClosedPipe)
	}
}
