package config

import (
	"flag"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/sudoXpg/netloop/internal/logs"
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
	upToDate(t, readme, tableBegin, tableEnd, markdown())
}

// upToDate checks what stands between two lines of a file, or puts it there.
func upToDate(t *testing.T, path, begin, end, want string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(text), begin)
	listed, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("%s has lost the lines around its table", path)
	}
	if listed == want {
		return
	}
	if !*update {
		t.Fatalf("%s lists other settings than the table; run: go test ./internal/config -update", path)
	}
	if err := os.WriteFile(path, []byte(before+begin+want+end+after), 0o644); err != nil {
		t.Fatal(err)
	}
}

const (
	page        = "../../docs/configuration.md"
	reloadBegin = "<!-- reload: written by go test ./internal/config -update -->\n"
	reloadEnd   = "<!-- end of reload -->\n"
	example     = "../../docs/chatsrv.example.toml"
)

// reloads is the table of what a reload changes.
func reloads() string {
	var b strings.Builder
	b.WriteString("| setting | at a reload |\n|---|---|\n")
	for _, group := range groups() {
		for _, r := range table {
			if r.group != group || r.noFile {
				continue
			}
			effect := "needs a restart"
			if r.live {
				effect = "changes at once"
			}
			b.WriteString("| `" + r.name + "` | " + effect + " |\n")
		}
	}
	return b.String()
}

const (
	areasBegin = "<!-- areas: written by go test ./internal/config -update -->\n"
	areasEnd   = "<!-- end of areas -->\n"
)

func TestThePageListsTheAreasOfTheLog(t *testing.T) {
	want := "| area | what is logged there |\n|---|---|\n"
	for _, a := range logs.Areas() {
		want += "| `" + a.Name + "` | " + a.Help + " |\n"
	}
	upToDate(t, page, areasBegin, areasEnd, want)
}

func TestThePageListsWhatAReloadChanges(t *testing.T) {
	upToDate(t, page, reloadBegin, reloadEnd, reloads())
}

func TestTheExampleListsEveryKeyAndIsRight(t *testing.T) {
	var want strings.Builder
	if err := WriteExample(&want); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(example)
	if err != nil && !*update {
		t.Fatal(err)
	}
	if string(got) != want.String() {
		if !*update {
			t.Fatalf("%s lists other settings than the table; run: go test ./internal/config -update", example)
		}
		if err := os.WriteFile(example, []byte(want.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Load([]string{"--config", example}, environment()); err != nil {
		t.Errorf("as it is: %v", err)
	}
	keys := regexp.MustCompile(`(?m)^#([a-z])`).ReplaceAllString(want.String(), "$1")
	s, err := Load([]string{"--config", fileOf(t, keys)}, environment())
	if err != nil {
		t.Fatalf("with every key: %v", err)
	}
	for i, r := range table {
		if !r.noFile && !s.values[i].inFile {
			t.Errorf("%s is missing", r.name)
		}
	}
}
