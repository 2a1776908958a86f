package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sudoXpg/netloop/internal/testcert"
)

func TestTheLanguageIsThatOfTheFlagOrTheEnvironment(t *testing.T) {
	for _, c := range []struct {
		flag string
		env  map[string]string
		want string
	}{
		{"", nil, "en"},
		{"", map[string]string{"LANG": "de_DE.UTF-8"}, "de"},
		{"", map[string]string{"LANG": "de_DE.UTF-8", "LC_MESSAGES": "en_GB.UTF-8"}, "en"},
		{"", map[string]string{"LANG": "de_DE.UTF-8", "LC_ALL": "C"}, "en"},
		{"", map[string]string{"LANG": "en_GB.UTF-8", "LC_MESSAGES": "fr_FR.UTF-8", "LC_ALL": "de_AT"}, "de"},
		{"", map[string]string{"LANG": "fr_FR.UTF-8"}, "en"},
		{"en", map[string]string{"LC_ALL": "de_DE.UTF-8"}, "en"},
		{"de", map[string]string{"LC_ALL": "C"}, "de"},
	} {
		if got := language(&options{language: c.flag}, func(name string) string { return c.env[name] }).Tag(); got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
	}
}

func TestChatInGerman(t *testing.T) {
	cert := testcert.New("localhost")
	srv, port := serve(t, &cert)
	addAda(t, srv)
	_, open := serve(t, nil)
	run := func(input string, args ...string) (int, string, string) {
		known, _ := files(t, nil)
		return chats(t, input, append([]string{"--plain", "--language", "de", "--known-servers", known}, args...)...)
	}
	secure, plain := fmt.Sprintf("localhost:%d", port), fmt.Sprintf("localhost:%d", open)
	for what, c := range map[string]struct {
		input          string
		args           []string
		code           int
		stdout, stderr string
	}{
		"a session":           {"/rooms\n", []string{"bob@" + secure}, 0, "*** #lobby           1 Person\n", "wird ab jetzt an seinem Zertifikat erkannt"},
		"plain text":          {"/list\n", []string{"bob@" + plain}, 0, "*** 1 Person in #lobby: bob\n", "NICHT VERSCHLÜSSELT"},
		"a password, no TLS":  {"secret words\n", []string{"--login", plain}, 1, "", "Das Passwort ginge unverschlüsselt hinaus"},
		"a wrong password":    {"wrong\n", []string{"--login", secure}, 1, "", "lässt ada nicht hinein: Name oder Passwort ist falsch."},
		"no password":         {"", []string{secure}, 1, "", "Dieser Name ist registriert und braucht sein Passwort. (--login fragt danach)"},
		"a bad name":          {"", []string{"a:b@" + secure}, 1, "", "(wie in chat NAME@localhost)"},
		"nobody there":        {"", []string{"--tls-only", "bob@" + plain}, 3, "", "Keine Verbindung zu " + plain + ": der Server hat kein TLS"},
		"nobody to send to":   {"", []string{"--send", "nobody", "hello", "bob@" + secure}, 1, "", "Hier ist niemand namens nobody."},
		"requests as objects": {"{}\n", []string{"--json", "bob@" + secure}, 0, "", "Eine Anfrage wurde nicht gesendet"},
		"mistakes in English": {"", []string{"--folow", secure}, 2, "", "did you mean --follow?"},
		"another language":    {"", []string{"--language", "fr", secure}, 2, "", `--language: there is no language "fr" (use en or de)`},
	} {
		code, stdout, stderr := run(c.input, c.args...)
		if code != c.code || !strings.Contains(stdout, c.stdout) || !strings.Contains(stderr, c.stderr) {
			t.Errorf("%s: exit code %d, %q, %q", what, code, stdout, stderr)
		}
	}
}
