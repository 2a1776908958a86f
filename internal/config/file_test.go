package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// folder returns a new folder for one test. That of t.TempDir would fail the
// test under Wine, which can't remove it.
func folder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "config")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// fileOf writes a configuration file.
func fileOf(t *testing.T, text string) (path string) {
	t.Helper()
	path = filepath.Join(folder(t), "c.toml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestTheFileOverridesDefaultsAndIsOverriddenByTheRest(t *testing.T) {
	path := fileOf(t, `
port = 1
max-line = "1KiB"
bind = ["::1", "lo"]
ipv6 = true
name = "from the file" # a comment
grace = '7s'
max-lag = 65536
`)
	s, err := Load([]string{"--port", "3", "--config", path}, environment("CHATSRV_PORT=2", "CHATSRV_MAX_LINE=2KiB"))
	if err != nil {
		t.Fatal(err)
	}
	want := defaults()
	want.File, want.Port, want.MaxLine, want.Bind, want.IPv6 = path, 3, 2048, []string{"::1", "lo"}, true
	want.Name, want.Grace, want.MaxLag = "from the file", 7*time.Second, 65536
	if diff := cmp.Diff(want, s.Config, addresses); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	for name, origin := range map[string]string{
		"port": "--port", "max-line": "CHATSRV_MAX_LINE", "bind": path + ":4", "ipv6": path + ":5", "name": path + ":6",
		"max-lag": path + ":8", "loops": "default", "backend": "default", "config": "--config",
	} {
		if got := s.origin(name); got != origin {
			t.Errorf("%s comes from %q, want %q", name, got, origin)
		}
	}
}

func TestTheVariableNamesTheFileToo(t *testing.T) {
	path := fileOf(t, `name = "variable"`)
	if c := parse(t, nil, "CHATSRV_CONFIG="+path); c.Name != "variable" || c.File != path {
		t.Errorf("name %q, file %q", c.Name, c.File)
	}
	other := fileOf(t, `name = "flag"`)
	if c := parse(t, []string{"--config", other}, "CHATSRV_CONFIG="+path); c.Name != "flag" {
		t.Errorf("name %q", c.Name)
	}
	if c := parse(t, []string{"--help", "--config", "/nonesuch"}, "CHATSRV_CONFIG=/nonesuch"); !c.Help {
		t.Error("help needs a file")
	}
}

// problems loads a file and returns the mistakes in it, without its path.
func problems(t *testing.T, text string, args ...string) []string {
	t.Helper()
	path := fileOf(t, text)
	_, err := Load(append(args, "--config", path), environment("CHATSRV_LOOPS=none"))
	all, ok := err.(Problems) //nolint:errorlint // Load promises it
	if !ok {
		t.Fatalf("error %v (%T), want Problems", err, err)
	}
	var lines []string
	for _, each := range all {
		var usage *UsageError
		if !errors.As(each, &usage) {
			t.Errorf("%v is a %T", each, each)
		}
		lines = append(lines, strings.ReplaceAll(each.Error(), filepath.Dir(path)+string(filepath.Separator), ""))
	}
	return lines
}

func TestEveryMistakeIsReportedWithItsLine(t *testing.T) {
	got := problems(t, "port = 70000\nname = = 2\nprot = 1\n", "--prot", "--max-lag", "1")
	want := []string{
		"unknown flag --prot (did you mean --port?)",
		`--max-lag: "1" is not a size from 64KiB to 1GiB (as in 4096, 64KiB, 1MiB)`,
		`CHATSRV_LOOPS: "none" is not a number from 1 to 256`,
		"c.toml:2: not TOML: ",
	}
	if len(got) != len(want) || !strings.HasPrefix(got[3], want[3]) || !cmp.Equal(got[:3], want[:3]) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	got = problems(t, `prot = 9034
port = 70000
max_line = 4096

loops = "many"
ipv4 = "yes"
bind = [1, true]
name = ["a", "b"]
grace = 5
sniff-window = 1.5
config = "other.toml"
help = true
style = "clssic"
xyzzyxyzzy = 1979-05-27
metrics = []

[limits]
max-lag = "1MiB"
[[limit]]
`)
	want = []string{
		`CHATSRV_LOOPS: "none" is not a number from 1 to 256`,
		"c.toml:1: prot: unknown key (did you mean port?)",
		`c.toml:2: port: "70000" is not a port: a number from 1 to 65535, or 0 for any free one`,
		"c.toml:3: max_line: unknown key (did you mean max-line?)",
		`c.toml:5: loops: "many" is not a number from 1 to 256`,
		"c.toml:6: ipv4: is a text, not true or false",
		"c.toml:7: bind: is true or false, not a text in quotes or a list of them",
		"c.toml:8: name: takes one value, not a list",
		`c.toml:9: grace: "5" is not a time from 0s to 1h, with its unit (as in 150ms, 30s, 10m, 90d)`,
		`c.toml:10: sniff-window: is a number with a point, not a text in quotes (as in sniff-window = "150ms")`,
		"c.toml:11: config: is for the command line only",
		"c.toml:12: help: is for the command line only",
		`c.toml:13: style: "clssic" is not one of default, classic (did you mean classic?)`,
		"c.toml:14: xyzzyxyzzy: unknown key (keys are the long flags of chatsrv --help)",
		"c.toml:15: metrics: takes one value, not a list",
		"c.toml:17: limits: there are no tables here: write the keys without the line [limits]",
		"c.toml:19: limit: there are no tables here: write the keys without the line [limit]",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestMistakesInTheFileAreReportedEvenIfAFlagOverridesThem(t *testing.T) {
	if got := problems(t, "port = 70000", "--port", "1"); len(got) != 2 || !strings.HasPrefix(got[1], "c.toml:1: port: ") {
		t.Errorf("%q", got)
	}
}

func TestAFileFullOfMistakesIsReportedInPart(t *testing.T) {
	var text strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&text, "key%d = 1\n", i)
	}
	got := problems(t, text.String())
	if len(got) > maxReported+2 || got[len(got)-1] != "c.toml: and more; these first" {
		t.Errorf("%d problems, the last is %q", len(got), got[len(got)-1])
	}
}

func TestAFileThatCannotBeReadIsExplained(t *testing.T) {
	dir := folder(t)
	locked := fileOf(t, "")
	if err := os.Chmod(locked, 0); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		filepath.Join(dir, "none.toml"): "does not exist",
		dir:                             "is a folder: name a file in it",
		fileOf(t, strings.Repeat("#\n", MaxFile/2+1)): "has more than 64KiB, the most that a configuration may have",
		locked: "can't be read: permission denied",
	} {
		if path == locked && (runtime.GOOS == "windows" || os.Getuid() == 0) {
			continue // nothing is locked for this user
		}
		_, err := Load([]string{"--config", path}, environment())
		if err == nil || err.Error() == "" || !strings.HasPrefix(err.Error(), "--config: "+quote(path)) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", path, err, want)
		}
	}
	if _, err := Load(nil, environment("CHATSRV_CONFIG=/nonesuch")); err == nil || !strings.HasPrefix(err.Error(), `CHATSRV_CONFIG: "/nonesuch" does not exist`) {
		t.Errorf("%v", err)
	}
}

// spies is a table with a secret in it; the real one has none yet.
func spies() []row {
	return []row{
		{group: groupAbout, name: fileRow, value: "FILE", noFile: true, set: setPath(func(c *Config) *string { return &c.File })},
		{group: groupTalk, name: "name", value: "TEXT", def: "chatsrv", set: setName},
		{
			group: groupTalk, name: "token", value: "TEXT", secret: true, live: true,
			set: func(c *Config, text string) error {
				if len(text) > 20 {
					return fmt.Errorf("%q is too long", text)
				}
				c.Backend = text
				return nil
			},
		},
	}
}

const canary = "canary-7Qx"

func TestASecretIsNeverShown(t *testing.T) {
	rows := spies()
	path := fileOf(t, `token = "`+canary+`"`)
	s, err := load(rows, []string{"--config", path}, environment())
	if err != nil || s.Config.Backend != canary {
		t.Fatalf("%+v, %v", s, err)
	}
	var printed strings.Builder
	if err := s.WriteTOML(&printed); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(printed.String(), "# token = [redacted]             # "+path+":1") {
		t.Errorf("printed\n%s", printed.String())
	}
	shown := []string{printed.String()}
	for _, text := range []string{
		"token = " + canary, // no quotes
		"token = \"" + canary, "token = '" + canary + "\nname = 1", "token = 0x" + canary, "token = 12" + canary, canary + " = 1 = 2",
		"token = \"\"\"\n" + canary + "\"\n\"\"\"x", "token = [" + canary + "]", "name = \"a\"\ntoken = \"" + canary + "\" x",
		`token = "` + strings.Repeat(canary, 3) + `"`, `token = ["` + canary + `"]`, "token = \"" + canary + "\\q\"",
	} {
		_, err := load(rows, []string{"--config", fileOf(t, text)}, environment())
		if err == nil {
			t.Errorf("%q is accepted", text)
			continue
		}
		// The name of a key is not a secret.
		if !strings.HasPrefix(text, canary) {
			shown = append(shown, err.Error())
		}
	}
	if _, err = load(rows, []string{"--config", path}, environment("CHATSRV_TOKEN=\n"+strings.Repeat(canary, 3))); err == nil {
		t.Error("accepted")
	} else {
		shown = append(shown, err.Error())
	}
	for _, each := range shown {
		if strings.Contains(each, canary) || strings.Contains(each, "canary") {
			t.Errorf("the secret is in %q", each)
		}
	}
}

func FuzzAFileIsReadOrRefusedInWords(f *testing.F) {
	f.Add("port = 1\nbind = [\"lo\"]\n[x]\ny = 1979-05-27\n")
	f.Add("max_line = {a = [1, {b = 2}]}\n[[port]]\nx.y.z = inf")
	f.Add("\xef\xbb\xbfname = \"\\u00e4\"")
	f.Fuzz(func(t *testing.T, text string) {
		values, faults := parseFile(table, text)
		for _, fault := range faults {
			if fault.line < 1 || fault.problem == "" {
				t.Errorf("%q: line %d: %q", text, fault.line, fault.problem)
			}
		}
		for name, v := range values {
			if v.line < 1 || len(v.texts) == 0 {
				t.Errorf("%q: %s is %q in line %d", text, name, v.texts, v.line)
			}
		}
	})
}
