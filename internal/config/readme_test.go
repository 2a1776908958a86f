package config

import (
	"flag"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the table of flags into the README")

const (
	readme     = "../../README.md"
	tableBegin = "<!-- flags: written by go test ./internal/config -update -->\n"
	tableEnd   = "<!-- end of flags -->\n"
)

// markdown is the table of flags as the README shows it.
func markdown() string {
	var b strings.Builder
	b.WriteString("| flag | default | |\n|---|---|---|\n")
	for _, group := range groups() {
		for _, r := range table {
			if r.group == group {
				b.WriteString("| " + r.markdownName() + " | " + r.markdownDefault() + " | " + r.help + " |\n")
			}
		}
	}
	return b.String()
}

func (r row) markdownName() string {
	name := "--" + r.name
	if !r.isSwitch() {
		name += " " + r.value
	}
	if r.short != "" {
		name = "-" + r.short + ", " + name
	}
	return "`" + name + "`"
}

func (r row) markdownDefault() string {
	if r.def == "" {
		return ""
	}
	return "`" + r.def + "`"
}

func TestTheReadmeListsTheFlags(t *testing.T) {
	text, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(text), tableBegin)
	listed, after, ok2 := strings.Cut(rest, tableEnd)
	if !ok || !ok2 {
		t.Fatalf("%s has lost the lines around its table of flags", readme)
	}
	if listed == markdown() {
		return
	}
	if !*update {
		t.Fatalf("%s lists other flags than --help; run: go test ./internal/config -update", readme)
	}
	if err := os.WriteFile(readme, []byte(before+tableBegin+markdown()+tableEnd+after), 0o644); err != nil {
		t.Fatal(err)
	}
}
