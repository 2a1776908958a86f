package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/zalando/go-keyring"

	"github.com/sudoXpg/netloop/internal/testcert"
)

// configure writes a configuration file into a new folder.
func configure(t *testing.T, text string) (dir string) {
	t.Helper()
	dir = folder(t)
	if err := os.WriteFile(filepath.Join(dir, "config.toml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

const example = `
language = "de"
plain = true
tls-only = true
port = 9100

[server.home]
target = "tls://alice@chat.example.org/#tea"
ca = "ca.pem"
login = true

[server.open]
target = "tcp://chat.example.org:8000"
plain = false
ipv6 = true

[server.web]
target = "wss://chat.example.org"
port = 443

[server.old]
target = "chat.example.org"
plain-text = true
`

func TestArgumentsComeBeforeTheProfileAndThatBeforeTheDefaults(t *testing.T) {
	dir := configure(t, example)
	for _, c := range []struct{ args, want string }{
		{"localhost", "localhost:9100 tls-only plain de"},
		{"localhost:1", "localhost:1 tls-only plain de"},
		{"-p 1 localhost", "localhost:1 tls-only plain de"},
		{"tcp://localhost", "tcp://localhost:9100 plain de"},
		{"--plain-text localhost", "localhost:9100 plain-text plain de"},
		{"home", "tls://alice@chat.example.org:9100/#tea plain de ca=ca.pem login"},
		{"home/#coffee", "tls://alice@chat.example.org:9100/#coffee plain de ca=ca.pem login"},
		{"home/", "tls://alice@chat.example.org:9100 plain de ca=ca.pem login"},
		{"--follow #b home", "tls://alice@chat.example.org:9100 plain de ca=ca.pem login"},
		{"--send #b x home", "tls://alice@chat.example.org:9100 plain de ca=ca.pem login"},
		{"--ca /mine.pem home", "tls://alice@chat.example.org:9100/#tea plain de ca=mine.pem login"},
		{"--plain-text home", "tcp://alice@chat.example.org:9100/#tea plain-text plain de login"},
		{"open", "tcp://chat.example.org:8000 de ipv6"},
		{"-4 -p 1 open", "tcp://chat.example.org:1 de ipv4"},
		{"--tls-only open", "tls://chat.example.org:8000 tls-only de ipv6"},
		{"web", "wss://chat.example.org:443 plain de"},
		{"-p 1 web", "wss://chat.example.org:1 plain de"},
		{"old", "chat.example.org:9100 plain-text plain de"},
		{"tcp://home", "tcp://home:9100 plain de"},
		{"bob@home", "bob@home:9100 tls-only plain de"},
		{"home:1", "home:1 tls-only plain de"},
	} {
		o, err := readArgs(strings.Fields(c.args), dir)
		if err != nil {
			t.Errorf("%s: %v", c.args, err)
			continue
		}
		got := o.target.String()
		for _, word := range []struct {
			text string
			set  bool
		}{
			{"plain-text", o.plainText},
			{"tls-only", o.tlsOnly},
			{"plain", o.plain},
			{o.language, o.language != ""},
			{"ca=" + filepath.Base(o.ca), o.ca != ""},
			{"login", o.login},
			{"ipv4", o.ipv4},
			{"ipv6", o.ipv6},
		} {
			if word.set {
				got += " " + word.text
			}
		}
		if got != c.want {
			t.Errorf("%s: %s, want %s", c.args, got, c.want)
		}
	}
}

func TestTheFileIsRelative(t *testing.T) {
	dir := configure(t, example)
	if o, err := readArgs([]string{"home"}, dir); err != nil || o.ca != filepath.Join(dir, "ca.pem") {
		t.Error(o.ca, err)
	}
	other := configure(t, "[server.home]\ntarget = \"localhost\"\nknown-servers = \"known\"\n")
	if o, err := readArgs([]string{"--config", filepath.Join(other, "config.toml"), "home"}, dir); err != nil || o.known != filepath.Join(other, "known") || o.ca != "" {
		t.Error(o.known, err)
	}
}

func TestMistakesInTheConfiguration(t *testing.T) {
	for text, want := range map[string]string{
		"prot = 1":                              "config.toml:1: unknown key prot (did you mean port?)",
		"json = true":                           "config.toml:1: unknown key json",
		"login = true":                          "config.toml:1: login belongs in a profile",
		"[server.home]\npassword = \"secret\"":  "config.toml:2: password: a password does not belong in this file",
		"[server.home]\nlogin = true":           "the profile home has no target",
		"[server.home]\ntarget = \"http://x\"":  "config.toml:2: target: http:// is for browsers",
		"[server.home]\ntarget = \"x\"\nport=0": "--port: \"0\" is not a port",
	} {
		code, _, stderr := chatsIn(t, configure(t, text), "", "home")
		if code != exitUsage || !strings.Contains(stderr, want) || strings.Contains(stderr, "secret") {
			t.Errorf("%q: exit code %d, %q does not have %q", text, code, stderr, want)
		}
	}
}

func TestAProfileConnects(t *testing.T) {
	cert := testcert.New("localhost")
	_, port := serve(t, &cert)
	_, ca := files(t, &cert)
	dir := configure(t, fmt.Sprintf("[server.home]\ntarget = \"wss://localhost:%d/#tea\"\nca = '%s'\n", port, ca))
	code, stdout, stderr := chatsIn(t, dir, "", "home")
	if code != 0 || stderr != "" || !strings.Contains(stdout, "*** you are in #tea as ada") {
		t.Error(code, stdout, stderr)
	}
	code, stdout, stderr = chatsIn(t, dir, "") // remembers the profile, not what it says
	if code != 0 || stderr != "chat: connecting to home, the last target\n" || !strings.Contains(stdout, "*** you are in #tea as ada") {
		t.Error(code, stdout, stderr)
	}
}

// What a target alone does not say is not remembered.
func TestTargetsThatAreNotRemembered(t *testing.T) {
	dir := configure(t, example)
	for args, want := range map[string]string{
		"home":                                  "home",
		"home/#b":                               "home/#b",
		"--login home":                          "home",
		"--tls-only old":                        "",
		"--tls-only localhost":                  "tls://localhost:9100",
		"bob@localhost":                         "tls://bob@localhost:9100", // tls-only is a default
		"--ca x localhost":                      "",
		"--known-servers x localhost":           "",
		"--config " + dir + "/config.toml home": "",
		"--follow a localhost":                  "",
		"--json localhost":                      "",
		"--send a x localhost":                  "",
	} {
		o, err := readArgs(strings.Fields(args), dir)
		if got := o.remembered(); err != nil || got != want {
			t.Errorf("%s: %q, %v; want %q", args, got, err, want)
		}
	}
}

// The first line of a script's input is a password only if the script says so with --login.
func TestLoginInAProfileReadsNoInput(t *testing.T) {
	keyring.MockInit()
	port, _, ca := serveAda(t)
	dir := configure(t, fmt.Sprintf("[server.home]\ntarget = \"localhost:%d\"\nca = '%s'\nlogin = true\n", port, ca))
	if code, _, stderr := chatsIn(t, dir, "hello\n", "home"); code != exitFailure || !strings.Contains(stderr, "no password was given") {
		t.Error(code, stderr)
	}
	if code, stdout, stderr := chatsIn(t, dir, "secret words\n/whoami\n", "--login", "--save-password", "home"); code != 0 || !strings.Contains(stdout, "ada (registered") {
		t.Error(code, stdout, stderr)
	}
	if code, stdout, stderr := chatsIn(t, dir, "/whoami\n", "home"); code != 0 || !strings.Contains(stdout, "ada (registered") {
		t.Error(code, stdout, stderr)
	}
}

func TestTheLastTarget(t *testing.T) {
	_, port := serve(t, nil)
	dir := folder(t)
	last := func() string {
		data, _ := os.ReadFile(filepath.Join(dir, "last"))
		return string(data)
	}
	if code, _, stderr := chatsIn(t, dir, ""); code != exitUsage || !strings.Contains(stderr, "where to?") {
		t.Error(code, stderr)
	}
	at := fmt.Sprintf("localhost:%d", port)
	for _, args := range [][]string{
		{"--send", "#lobby", "x", "--plain-text", at}, {"--json", "tcp://" + at}, {"--follow", "#", "tcp://" + at}, {"tls://" + at}, {"--plain-text", "--known-servers", filepath.Join(dir, "k"), at},
	} {
		_, _, _ = chatsIn(t, dir, "", args...)
		if got := last(); got != "" {
			t.Errorf("%q: %q", args, got)
		}
	}
	if code, _, stderr := chatsIn(t, dir, "", "--plain-text", "bob@"+at+"/#tea"); code != 0 {
		t.Fatal(code, stderr)
	}
	want := "tcp://bob@" + at + "/#tea"
	if got := last(); got != want+"\n" {
		t.Errorf("%q", got)
	}
	code, stdout, stderr := chatsIn(t, dir, "")
	if code != 0 || stderr != "chat: connecting to "+want+", the last target\n" || !strings.Contains(stdout, "you are in #tea as bob") {
		t.Error(code, stdout, stderr)
	}
	if code, _, stderr := chatsIn(t, dir, "", "--json"); code != exitUsage {
		t.Error(code, stderr)
	}
	if err := os.WriteFile(filepath.Join(dir, "last"), []byte("a b\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, stderr := chatsIn(t, dir, ""); code != exitUsage || !strings.Contains(stderr, "is not a host name") {
		t.Error(code, stderr)
	}
}

func TestPasswordsInTheKeyring(t *testing.T) {
	keyring.MockInit()
	port, known, ca := serveAda(t)
	file := filepath.Join(filepath.Dir(known), "password")
	if err := os.WriteFile(file, []byte("secret words\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	target := fmt.Sprintf("LocalHost:%d", port)
	if code, _, stderr := chats(t, "", "--ca", ca, "--password-file", file, "--save-password", target); code != 0 || !strings.Contains(stderr, fmt.Sprintf("the password of ada@localhost:%d is now in the keyring", port)) {
		t.Error(code, stderr)
	}
	if code, stdout, stderr := chats(t, "/whoami\n", "--ca", ca, target); code != 0 || stderr != "" || !strings.Contains(stdout, "*** you are ada (registered, user)") {
		t.Error(code, stdout, stderr)
	}
	if code, _, stderr := chats(t, "", "--forget-password", target); code != 0 || !strings.Contains(stderr, "is no longer in the keyring") {
		t.Error(code, stderr)
	}
	if code, _, stderr := chats(t, "", "--forget-password", target); code != exitFailure || !strings.Contains(stderr, "the keyring has no password of ada@localhost") {
		t.Error(code, stderr)
	}
	if code, _, stderr := chats(t, "", "--ca", ca, target); code != exitFailure || !strings.Contains(stderr, "--login") {
		t.Error(code, stderr)
	}
}

func TestAMalformedProxyIsNamed(t *testing.T) {
	var stderr strings.Builder
	p := program{
		stderr: &stderr, user: func() (string, error) { return "ada", nil },
		env: func(name string) string { return map[string]string{"ALL_PROXY": "socks4://ada:secret@x"}[name] },
	}
	if code := p.run([]string{"chat.example"}); code != exitFailure || !strings.Contains(stderr.String(), "ALL_PROXY: a proxy with socks4:// is not supported") || strings.Contains(stderr.String(), "secret") {
		t.Error(code, stderr.String())
	}
}
