package config

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
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

// markdown returns the table of flags for the README.
func markdown() string {
	var b strings.Builder
	b.WriteString("| flag | default | description |\n|---|---|---|\n")
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

// upToDate checks the text between two lines of a file, or with -update writes it.
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

// reloads returns the table of settings that a reload changes.
func reloads() string {
	var b strings.Builder
	b.WriteString("| setting | on reload |\n|---|---|\n")
	for _, group := range groups() {
		for _, r := range table {
			if r.group != group || r.noFile {
				continue
			}
			effect := "needs a restart"
			if r.live {
				effect = "takes effect at once"
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
	want := "| area | what it logs |\n|---|---|\n"
	for _, a := range logs.Areas() {
		want += "| `" + a.Name + "` | " + a.Help + " |\n"
	}
	upToDate(t, page, areasBegin, areasEnd, want)
}

func TestThePageListsWhatAReloadChanges(t *testing.T) {
	upToDate(t, page, reloadBegin, reloadEnd, reloads())
}

// exampleFile returns the example file: every key with its help and its default.
func exampleFile() string {
	var b strings.Builder
	b.WriteString("# Example for chatsrv --config FILE. Each commented key shows its default, or an\n" +
		"# example value if it has none. See docs/configuration.md.\n")
	for _, group := range groups() {
		rows := slices.DeleteFunc(slices.Clone(table), func(r row) bool { return r.group != group || r.noFile })
		if len(rows) == 0 {
			continue
		}
		fmt.Fprintf(&b, "\n## %s\n", group)
		for _, r := range rows {
			value := r.tomlExample()
			if r.isSwitch() {
				value = "false"
			}
			fmt.Fprintf(&b, "\n# %s.\n#%s = %s\n", r.help, r.name, value)
		}
	}
	return b.String()
}

func TestTheExampleListsEveryKeyAndIsRight(t *testing.T) {
	want := exampleFile()
	got, err := os.ReadFile(example)
	if err != nil && !*update {
		t.Fatal(err)
	}
	if string(got) != want {
		if !*update {
			t.Fatalf("%s lists other settings than the table; run: go test ./internal/config -update", example)
		}
		if err := os.WriteFile(example, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Load([]string{"--config", example}, environment()); err != nil {
		t.Errorf("as it is: %v", err)
	}
	keys := regexp.MustCompile(`(?m)^#([a-z])`).ReplaceAllString(want, "$1")
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
