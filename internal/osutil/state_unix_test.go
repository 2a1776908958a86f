//go:build unix

package osutil

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestTheStateFolderIsWhereThePlatformKeepsState(t *testing.T) {
	for name, c := range map[string]struct {
		env       string
		root, mac bool
		want      string
	}{
		"a service of systemd":           {"STATE_DIRECTORY=/var/lib/chatsrv HOME=/root", true, false, "/var/lib/chatsrv"},
		"a service with two folders":     {"STATE_DIRECTORY=/var/lib/a:/var/lib/b", true, false, "/var/lib/a"},
		"a service of a user":            {"STATE_DIRECTORY=/home/u/.local/state/x HOME=/home/u", false, false, "/home/u/.local/state/x"},
		"root":                           {"HOME=/root XDG_STATE_HOME=/home/u/state", true, false, "/var/lib/chatsrv"},
		"a user":                         {"HOME=/home/u", false, false, "/home/u/.local/state/chatsrv"},
		"a user with other ideas":        {"HOME=/home/u XDG_STATE_HOME=/srv/u", false, false, "/srv/u/chatsrv"},
		"a relative folder is no answer": {"HOME=/home/u XDG_STATE_HOME=state STATE_DIRECTORY=x", false, false, "/home/u/.local/state/chatsrv"},
		"a Mac":                          {"HOME=/Users/u XDG_STATE_HOME=/srv/u", false, true, "/Users/u/Library/Application Support/chatsrv"},
		"root on a Mac":                  {"HOME=/var/root", true, true, "/Library/Application Support/chatsrv"},
	} {
		u := unixUser{env: variables(c.env), root: c.root, mac: c.mac}
		if got, err := u.stateFolder("chatsrv"); got != c.want || err != nil {
			t.Errorf("%s: %q, %v; want %q", name, got, err, c.want)
		}
	}
}

func TestWithoutAHomeThereIsNoStateFolder(t *testing.T) {
	u := unixUser{env: variables("")}
	if got, err := u.stateFolder("chatsrv"); err == nil || !strings.Contains(err.Error(), "$HOME") {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestTheStateFolderOfThisProcessIsAbsolute(t *testing.T) {
	t.Setenv("STATE_DIRECTORY", "/srv/this")
	if got, err := StateFolder("chatsrv"); got != filepath.Clean("/srv/this") || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
}

// variables returns a function that looks up names in a list such as "A=1 B=2".
func variables(list string) func(string) string {
	return func(name string) string {
		for _, v := range strings.Fields(list) {
			if value, ok := strings.CutPrefix(v, name+"="); ok {
				return value
			}
		}
		return ""
	}
}
