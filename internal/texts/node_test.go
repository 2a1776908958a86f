package texts

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"
)

// pageFolder has the modules of the page.
const pageFolder = "../web/page"

// A saying is a case, and what this package says.
type saying struct {
	input map[string]any
	says  string
}

// sample is a value of an argument in a text.
func sample(text, name string) any {
	switch {
	case strings.Contains(text, "{"+name+":date}"):
		return "2026-01-31T15:04:05.5Z"
	case strings.Contains(text, "{"+name+":role}"):
		return "moderator"
	case strings.Contains(text, "{"+name+":"):
		return 5400.5
	case strings.Contains(text, "{"+name+"|"):
		return 2.0
	case name == "reason", name == "why":
		return "[{name}|x]"
	case name == "lasts", name == "done":
		return map[string]any{"code": "lasts", "args": map[string]any{"reason": "spam"}}
	case strings.HasSuffix(name, "s"):
		return []any{"a", 1.0, "c"}
	}
	return "x"
}

// argumentsOf are sets of arguments of a text: all, and all but one.
func argumentsOf(text string) []map[string]any {
	whole := make(map[string]any)
	for _, name := range names(text) {
		whole[name] = sample(text, name)
	}
	sets := []map[string]any{whole}
	for name, v := range whole {
		some := maps.Clone(whole)
		delete(some, name)
		sets = append(sets, some)
		if v == 2.0 {
			some = maps.Clone(whole)
			some[name] = 1.0
			sets = append(sets, some)
		}
	}
	return sets
}

// sayings are the cases of a language.
func sayings(l *Language) (list []saying) {
	add := func(says string, input map[string]any) { list = append(list, saying{input, says}) }
	for _, key := range append(slices.Sorted(maps.Keys(l.tables.page)), "no such key") {
		for _, args := range argumentsOf(l.tables.page[key]) {
			var pairs []any
			for name, v := range args {
				pairs = append(pairs, name, v)
			}
			if key == "deleteTitle" || !slices.ContainsFunc(pairs, func(v any) bool { _, is := v.(map[string]any); return is }) {
				add(l.T(key, pairs...), map[string]any{"what": "t", "key": key, "args": args})
			}
		}
	}
	for _, code := range append(slices.Sorted(maps.Keys(german().tables.codes)), "brand-new", "toString") {
		if _, own := germanCodes[code]; own {
			continue // the page says it in another way
		}
		for _, args := range argumentsOf(german().tables.codes[code]) {
			add(l.Server(code, "English", args), map[string]any{"what": "server", "code": code, "text": "English", "args": args})
			add(l.Server(code, "", args), map[string]any{"what": "server", "code": code, "args": args})
		}
	}
	for _, name := range append(slices.Sorted(maps.Keys(german().tables.commands)), "brand-new") {
		add(l.CommandHelp(name, "words"), map[string]any{"what": "command", "name": name, "help": "words"})
	}
	for _, name := range []string{"slow", "keep", "keep-size", "zone"} {
		for _, v := range []any{true, false, 90.0, 1.5 * (1 << 20), 86400.0 * 30, "Europe/Berlin"} {
			if _, text := v.(string); !text || name == "zone" {
				add(l.Setting(name, v), map[string]any{"what": "setting", "name": name, "value": v})
			}
		}
	}
	for _, s := range []float64{0, 0.4, 1, 1.5, 59, 59.5, 60, 61, 90, 3599, 3600, 3661, 5400, 7200, 86_399, 86_400, 90_000, 2 * 86_400, 2.5 * 86_400, 3 * 86_400, 1234 * 86_400, 1e9, 1e12} {
		d := time.Duration(s * 1e9)
		says := strings.Join([]string{l.ExactDuration(d), l.in(d.Seconds()), l.ago(d.Seconds()), l.Duration(d)}, " | ")
		if s > 9e9 { // longer than a time.Duration
			says = strings.Join([]string{l.exact(s), l.in(s), l.ago(s), l.duration(s)}, " | ")
		}
		add(says, map[string]any{"what": "seconds", "value": s})
	}
	now := time.Date(2026, 3, 1, 0, 30, 0, 0, time.UTC)
	for days := range 370 {
		at := now.AddDate(0, 0, 2-days).Add(-time.Hour)
		add(l.Day(at, now), map[string]any{"what": "day", "at": at, "now": now})
	}
	var emoji []string
	for _, e := range Emojis() {
		emoji = append(emoji, e.Name, e.Character)
	}
	add(strings.Join(emoji, " "), map[string]any{"what": "emoji"})
	for _, text := range []string{
		"", ":tea:", "a :tea: b", ":tea::tea:", "::tea::", ":nope:tea:", ":tea:x", "x:tea:", ":+1: :-1:", ":tea:beer:", "é:tea:é", "_:tea:", ":tea:_",
		"`:tea:` :tea:", "``` :tea:\n``` :tea:", "```\n:tea:", "`:tea:\n`:tea:", "`a`:tea:`b`", ":TEA:", "12:30:45", ":", "::", ":tea", "a:b:tea:",
	} {
		add(Expand(text), map[string]any{"what": "expand", "text": text})
	}
	return list
}

// The page and this package say the same.
func TestThePageSaysTheSame(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("node is not installed: the page's own code can't be run for comparison")
	}
	if _, err := os.Stat(pageFolder); err != nil {
		t.Skip("the modules of the page are not here: this binary runs without the source (scripts/suites.sh)")
	}
	version, err := exec.CommandContext(t.Context(), node, "--version").Output()
	if err != nil {
		t.Fatal(err)
	}
	if v := strings.TrimSpace(string(version)); len(v) < 4 || v[:2] != "v2" { // v20 to v29
		t.Skipf("node %s is not one of v20 to v29, whose formats of times the table expects", v)
	}
	for locale, l := range map[string]*Language{"en-GB": both()["en"], "de-DE": both()["de"]} {
		list := sayings(l)
		inputs := make([]map[string]any, len(list))
		for i := range list {
			inputs[i] = list[i].input
		}
		stdin, err := json.Marshal(inputs)
		if err != nil {
			t.Fatal(err)
		}
		run := exec.CommandContext(t.Context(), node, "testdata/says.mjs", locale, pageFolder)
		run.Stdin, run.Env = bytes.NewReader(stdin), append(os.Environ(), "TZ=UTC")
		var stderr bytes.Buffer
		run.Stderr = &stderr
		stdout, err := run.Output()
		if err != nil {
			t.Fatalf("%v\n%s", err, &stderr)
		}
		var page []string
		if err := json.Unmarshal(stdout, &page); err != nil || len(page) != len(list) {
			t.Fatalf("%d of %d answers, %v", len(page), len(list), err)
		}
		for i := range list {
			if list[i].says != page[i] {
				t.Errorf("%s: %v: %q, but the page says %q", locale, list[i].input, list[i].says, page[i])
			}
		}
		t.Logf("%s: %d texts", locale, len(list))
	}
}
