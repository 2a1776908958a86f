package config

import (
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// rewrite replaces the text of a file.
func rewrite(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestAReloadChangesLiveSettingsAndReportsTheOthers(t *testing.T) {
	path := fileOf(t, "port = 1\nlogin-timeout = \"60s\"\nmax-per-ip = 3\nmax-line = 100\n")
	args := []string{"--config", path, "--max-line", "200"}
	s, err := Load(args, environment())
	if err != nil {
		t.Fatal(err)
	}
	before := s.Config
	rewrite(t, path, "port = 2\nlogin-timeout = \"1m\"\nname = \"x\"\ngrace = \"1s\"\nmax-line = 300\nlog-level = \"chat=debug\"\n")
	next, changed, refused, err := s.Reload(args, environment())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]Change{
		{Name: "max-per-ip", From: "3", To: "16", Origin: "default"},
		{Name: "grace", From: "5s", To: "1s", Origin: path + ":4"},
		{Name: "log-level", From: "info", To: "chat=debug", Origin: path + ":6"},
	}, changed); diff != "" {
		t.Errorf("changed (-want +got)\n%s", diff)
	}
	if diff := cmp.Diff([]Change{
		{Name: "port", From: "1", To: "2", Origin: path + ":1"},
		{Name: "name", From: "chatsrv", To: "x", Origin: path + ":3"},
	}, refused); diff != "" {
		t.Errorf("refused (-want +got)\n%s", diff)
	}
	want := before
	want.Grace, want.MaxPerIP, want.LogLevels = time.Second, 16, next.Config.LogLevels
	if diff := cmp.Diff(want, next.Config, addresses); diff != "" {
		t.Errorf("next (-want +got)\n%s", diff)
	}
	if diff := cmp.Diff(before, s.Config, addresses); diff != "" {
		t.Errorf("the old settings have changed (-want +got)\n%s", diff)
	}
	// Settings that need a restart are reported again until there is one.
	if _, changed, refused, err = next.Reload(args, environment()); err != nil || len(changed) != 0 || len(refused) != 2 {
		t.Errorf("again: changed %v, refused %v, %v", changed, refused, err)
	}
}

func TestABadFileKeepsTheOldSettings(t *testing.T) {
	path := fileOf(t, "grace = \"1s\"")
	args := []string{"--config", path}
	s, err := Load(args, environment())
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"grace = \"2s\"\nprot = 1", "grace = 2s", "grace = \"2h\""} {
		rewrite(t, path, text)
		next, changed, refused, err := s.Reload(args, environment())
		if _, ok := err.(Problems); !ok || next != nil || changed != nil || refused != nil { //nolint:errorlint // Reload promises it
			t.Errorf("%q: %v %v %v %v", text, next, changed, refused, err)
		}
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if _, _, _, err := s.Reload(args, environment()); err == nil || s.Config.Grace != time.Second {
		t.Errorf("%v, %v", err, s.Config.Grace)
	}
}

func TestAReloadShowsNoSecret(t *testing.T) {
	rows, path := spies(), fileOf(t, "token = \"a"+canary+"\"")
	s, err := load(rows, []string{"--config", path}, environment())
	if err != nil {
		t.Fatal(err)
	}
	rewrite(t, path, "")
	next, changed, _, err := s.Reload([]string{"--config", path}, environment())
	if diff := cmp.Diff([]Change{{Name: "token", From: redacted, Origin: byDefault}}, changed); err != nil || diff != "" {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}
	rewrite(t, path, "token = \"b"+canary+"\"")
	_, changed, _, err = next.Reload([]string{"--config", path}, environment())
	if diff := cmp.Diff([]Change{{Name: "token", To: redacted, Origin: path + ":1"}}, changed); err != nil || diff != "" {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}
}

func TestThePrintedSettingsLoadAsTheSameConfig(t *testing.T) {
	path := fileOf(t, "name = \"a \\\"b\\\" \\\\ ä\"\nbind = [\"lo\", \"unix:/tmp/a,b\"]\nipv6 = true\nmax-lag = \"64KiB\"\n")
	s, err := Load([]string{"--port", "0", "--config", path}, environment("CHATSRV_LOOPS=03"))
	if err != nil {
		t.Fatal(err)
	}
	var printed strings.Builder
	if err := s.WriteTOML(&printed); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"port = 0                         # --port\n", "# backend is not set             # default\n", "ipv4 = false                     # default\n",
		`loops = "03"                     # CHATSRV_LOOPS`, `bind = ["lo", "unix:/tmp/a,b"]   # ` + path + ":2\n",
		"max-line = 4096                  # default\n", "# Limits.\n",
	} {
		if !strings.Contains(printed.String(), want) {
			t.Errorf("lacks %q:\n%s", want, printed.String())
		}
	}
	again, err := Load([]string{"--config", fileOf(t, printed.String())}, environment())
	if err != nil {
		t.Fatalf("%v\n%s", err, printed.String())
	}
	again.Config.File = path
	if diff := cmp.Diff(s.Config, again.Config, addresses); diff != "" {
		t.Errorf("(-printed +read)\n%s", diff)
	}
	r, w := io.Pipe()
	_ = r.Close()
	if s.WriteTOML(w) == nil {
		t.Error("a failing writer is not reported")
	}
}
