//go:build e2e && linux

package e2e

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// canaries are words that must not be found, by the secret that they are part of.
var canaries = map[string]string{
	"a private message":          "quetzalcoatlus",
	"an answer to one":           "archaeopteryx",
	"a password":                 "dodo9raphus",
	"a new password":             "moa7dinornis",
	"a wrong password":           "auk3pinguinus",
	"a password of an operator":  "rail5aphanapteryx",
	"the key of a room":          "solitaire4pezophaps",
	"a wrong key of a room":      "huia8heteralocha",
	"what nobody confirmed":      "piopio6turnagra",
	"what was said to the shade": "kakapo2strigops",
}

// mailed is in a private message for a user who is not there.
const mailed = "pteranodon"

// A trace is everything that a server has left, by place.
type trace map[string]string

// traceOf collects the contents of files, and adds the server's output.
func traceOf(t *testing.T, shown trace, folders ...string) trace {
	t.Helper()
	all := trace{}
	for where, text := range shown {
		all[where] = text
	}
	for _, dir := range folders {
		if err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
			if err != nil || !e.Type().IsRegular() {
				return err
			}
			text, err := os.ReadFile(path)
			all[filepath.Base(path)] = string(text)
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// with returns the places of a word.
func (all trace) with(word string) []string {
	var found []string
	for where, text := range all {
		if strings.Contains(strings.ToLower(text), word) {
			found = append(found, where)
		}
	}
	slices.Sort(found)
	return found
}

func (all trace) check(t *testing.T, when string) {
	t.Helper()
	for what, word := range canaries {
		if found := all.with(word); len(found) > 0 {
			t.Errorf("%s: %s stands in %q", when, what, found)
		}
	}
}

// Secrets are nowhere: no passwords, no keys, and no delivered private messages;
// a waiting private message is only in the database.
func TestSecretsAreNowhere(t *testing.T) {
	t.Parallel()
	dir, texts, out := keep(t, []Account{{Name: "judge", Role: "admin"}, {Name: "carol", Role: "user"}}), folder(t), folder(t)
	s := startKeeping(t, dir, "--log-level", "debug", "--metrics", "127.0.0.1:0", "--chatlog", texts, "--guests=true")
	judge, alice, bob := registered(t, s, "judge"), guest(t, s, "alice"), guest(t, s, "bob")
	all := []*person{judge, alice, bob}
	secrets(t, s, operator{dir: dir}, alice, bob)
	alice.answer(t, "this is no secret")
	for _, line := range []string{
		alice.answer(t, "/msg bob "+canaries["a private message"]), bob.answer(t, ""),
		bob.answer(t, "/reply "+canaries["an answer to one"]), alice.answer(t, ""),
	} {
		if len((trace{"": line}).with(canaries["a private message"])) == 0 && len((trace{"": line}).with(canaries["an answer to one"])) == 0 {
			t.Errorf("a private message is not delivered: %q", line)
		}
	}
	bob.answer(t, "/msg carol "+mailed)
	judge.answer(t, "/shadowmute bob")
	bob.answer(t, canaries["what was said to the shade"])

	shown := trace{}
	look := func() trace {
		_, shown["/metrics"] = s.get(t, "/metrics")
		shown["log"] = s.log.String()
		for _, command := range []string{"/stats", "/list", "/whois alice", "/whois carol", "/rooms", "/bans", "/flags", "/history"} {
			shown[command] = judge.answer(t, command)
		}
		shown["audit"] = on(t, dir, "audit")
		return traceOf(t, shown, dir, texts, out)
	}
	now := look()
	if len(now.with("this is no secret")) == 0 || !slices.Contains(now.with("this is no secret"), "lobby.log") {
		t.Fatal("what is no secret is not found either")
	}
	now.check(t, "while the server runs")
	for _, where := range now.with(mailed) {
		if !strings.HasPrefix(where, "chat.db") {
			t.Errorf("mail stands in %s", where)
		}
	}
	if len(now.with(mailed)) == 0 {
		t.Error("mail is kept nowhere")
	}

	carol := meet(t, s, "carol", 0)
	if got := carol.asks(t, "carol", "Password: ") + carol.asks(t, Account{Name: "carol"}.Password(), mailed+"\r\n"); got == "" {
		t.Error("no mail")
	}
	carol.here = true
	// It is overwritten, and the write-ahead log truncated, when the server is idle.
	for end := time.Now().Add(patience / 2); len(traceOf(t, nil, dir).with(mailed)) > 0; {
		carol.answer(t, "/whoami")
		if time.Now().After(end) {
			t.Errorf("mail that was delivered stands in %q", traceOf(t, nil, dir).with(mailed))
			break
		}
	}
	on(t, dir, "backup", filepath.Join(out, "backup"))
	on(t, dir, "export", filepath.Join(out, "export"))
	now = look()
	now.check(t, "after a backup and an export")
	if found := now.with(mailed); len(found) > 0 {
		t.Errorf("mail that was delivered stands in %q", found)
	}
	leave(t, append(all, carol))
	s.stops(t)
	shown["log"] = s.log.String()
	now = traceOf(t, shown, dir, texts, out)
	now.check(t, "afterwards")
	if found := now.with(mailed); len(found) > 0 {
		t.Errorf("afterwards mail that was delivered stands in %q", found)
	}
}

// secrets makes users type all kinds of passwords and keys.
func secrets(t *testing.T, s *server, o operator, alice, bob *person) {
	t.Helper()
	alice.asks(t, "/register", "alice: ")
	alice.asks(t, canaries["a password"], ": ")
	alice.asks(t, canaries["a password"], "logged in\r\n")
	alice.asks(t, "/passwd", ": ")
	alice.asks(t, canaries["a password"], "alice: ")
	alice.asks(t, canaries["a new password"], ": ")
	alice.asks(t, canaries["a new password"], "changed\r\n")
	alice.asks(t, "/passwd", ": ")
	alice.asks(t, canaries["a wrong password"], "Current password: ")
	alice.asks(t, "", "nothing was changed\r\n")
	bob.asks(t, "/register", "bob: ")
	bob.asks(t, canaries["what nobody confirmed"], ": ")
	bob.asks(t, "something else", "bob: ")
	bob.asks(t, "", "cancelled: nothing was changed\r\n")
	thief := meet(t, s, "thief", 0)
	thief.asks(t, "alice", "Password: ")
	thief.asks(t, canaries["a wrong password"], "\r\n")
	_ = thief.leaves()
	o.does(t, canaries["a password of an operator"]+"\n", "dave", "useradd", "dave")
	o.does(t, canaries["a password of an operator"]+"\n", "dave", "passwd", "dave")
	alice.answer(t, "/join #tea")
	if set := alice.answer(t, "/room key "+canaries["the key of a room"]); !strings.Contains(set, "key") || strings.Contains(set, canaries["the key of a room"]) {
		t.Errorf("setting a key: %q", set)
	}
	if refused := bob.answer(t, "/join #tea "+canaries["a wrong key of a room"]); !strings.Contains(refused, "key") {
		t.Errorf("a wrong key: %q", refused)
	}
	if entered := bob.answer(t, "/join #tea "+canaries["the key of a room"]); !strings.Contains(entered, "in #tea") {
		t.Errorf("the right key: %q", entered)
	}
	bob.answer(t, "/leave")
	alice.answer(t, "/leave #tea")
	alice.answer(t, "/join #lobby")
}
