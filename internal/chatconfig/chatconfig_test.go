package chatconfig_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sudoXpg/netloop/internal/chatconfig"
)

var keys = []chatconfig.Key{
	{Name: "language", Kind: chatconfig.Text},
	{Name: "plain"},
	{Name: "port", Kind: chatconfig.Number},
	{Name: "target", Kind: chatconfig.Text, ProfileOnly: true},
	{Name: "ca", Kind: chatconfig.Text, Path: true, ProfileOnly: true},
	{Name: "password-file", Kind: chatconfig.Text, Path: true, ProfileOnly: true},
	{Name: "login", ProfileOnly: true},
}

// write writes a file, and returns its path.
func write(t *testing.T, text string) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "chat") // on Wine 8, os.RemoveAll can't remove it
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	path := filepath.Join(dir, "config.toml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestDefaultsAndProfilesAreRead(t *testing.T) {
	absolute, err := filepath.Abs("elsewhere")
	if err != nil {
		t.Fatal(err)
	}
	path := write(t, "language = \"de\"\nplain = false\n\n[server.home]\ntarget = \"tls://alice@chat.example.org/#tea\"\nca = \"ca.pem\"\nlogin = true\n\n"+
		"[server.work]\nport = 9035\npassword-file = '"+absolute+"'\n[server.bare]\n")
	got, err := chatconfig.Read(path, keys)
	if err != nil {
		t.Fatal(err)
	}
	want := &chatconfig.Config{
		Defaults: chatconfig.Values{"language": {"de", path + ":1"}, "plain": {"false", path + ":2"}},
		Profiles: map[string]chatconfig.Values{
			"home": {
				"target": {"tls://alice@chat.example.org/#tea", path + ":5"},
				"ca":     {filepath.Join(filepath.Dir(path), "ca.pem"), path + ":6"},
				"login":  {"true", path + ":7"},
			},
			"work": {"port": {"9035", path + ":10"}, "password-file": {absolute, path + ":11"}},
			"bare": {},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Each mistake is named with its line.
func TestMistakesInAFile(t *testing.T) {
	for text, want := range map[string]string{
		"\nlanguag = \"de\"":                        ":2: unknown key languag (did you mean language?)",
		"xyz = 1":                                   ":1: unknown key xyz (known are language, plain, port)",
		"[server.a]\npassword_file = \"x\"":         ":2: unknown key password_file (did you mean password-file?)",
		"[server.a]\nxyz = 1":                       ":2: unknown key xyz (known are ca, language, login, password-file, plain, port, target)",
		"[server.a]\npassword = \"secret words\"":   ":2: password: a password does not belong in this file: chat --save-password",
		"[server.a]\nMyPassword = \"secret words\"": ":2: MyPassword: a password does not belong",
		"target = \"a\"":                            ":1: target belongs in a profile",
		"[home]\ntarget = \"a\"":                    ":1: unknown table [home] (a profile begins with a line [server.NAME])",
		"server = 1":                                ":1: server is a number",
		"[server]\nhome = \"a\"":                    ":2: server.home is a text: a profile begins",
		"[[server]]\ntarget = \"a\"":                ":1: server is a table: a profile begins",
		"[server.\"a.b\"]\ntarget = \"a\"":          ":1: \"a.b\": the name of a profile has no dots",
		"plain = \"yes\"":                           ":1: plain is a text, not true or false",
		"language = true":                           ":1: language is true or false, not a text in quotes",
		"language = \"\"":                           ":1: language: the value is empty",
		"port = 1.5":                                ":1: port is a number with a point, not a number",
		"port = [1]":                                ":1: port is a list, not a number",
		"[server.a]\nlogin.x = 1":                   ":1: login is a table, not true or false",
		"\n\nlanguage = de":                         ":3: not TOML: ",
		"plain = true\nplain = false":               ":2: not TOML: ",
		"x1 = 1\nx2 = 2":                            ":2: unknown key x2",
	} {
		path := write(t, text)
		_, err := chatconfig.Read(path, keys)
		if _, ok := errors.AsType[*chatconfig.Error](err); !ok || !strings.Contains(err.Error(), path+want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

func TestAFileWithManyMistakes(t *testing.T) {
	var text strings.Builder
	for i := range 1000 {
		text.WriteString("x" + strings.Repeat("x", i%50) + string(rune('a'+i/50)) + " = 1\n")
	}
	_, err := chatconfig.Read(write(t, text.String()), keys)
	if err == nil || strings.Count(err.Error(), "\n") != 20 || !strings.HasSuffix(err.Error(), "and more; these first") {
		t.Error(err)
	}
}

func TestTheNullDeviceHasNoKeys(t *testing.T) {
	c, err := chatconfig.Read(os.DevNull, keys)
	if err != nil || len(c.Defaults)+len(c.Profiles) > 0 {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestFilesThatAreNotUsed(t *testing.T) {
	if _, err := chatconfig.Read(filepath.Join(filepath.Dir(write(t, "")), "none"), keys); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	if _, err := chatconfig.Read(filepath.Dir(write(t, "")), keys); err == nil {
		t.Error("read a folder")
	}
	if _, err := chatconfig.Read(write(t, strings.Repeat("#", chatconfig.MaxFile+1)), keys); err == nil || !strings.Contains(err.Error(), "bytes") {
		t.Error(err)
	}
	if runtime.GOOS == "windows" {
		return
	}
	path := write(t, "plain = true\n")
	if err := os.Chmod(path, 0o622); err != nil {
		t.Fatal(err)
	}
	if _, err := chatconfig.Read(path, keys); err == nil || !strings.Contains(err.Error(), "chmod 600 "+path) {
		t.Error(err)
	}
}
