//go:build e2e && unix

package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// readFile returns the contents of a file.
func readFile(t *testing.T, parts ...string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(parts...))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// The text logs have the saved messages of rooms: no private messages, none of
// shadow-muted users, and none that wait for a moderator.
func TestTheChatLogHasTheMessagesOfRooms(t *testing.T) {
	t.Parallel()
	dir, texts := keep(t, []Account{{Name: "judge", Role: "moderator"}}), filepath.Join(folder(t), "texts")
	words := filepath.Join(folder(t), "words")
	writeFile(t, words, "flag: heldword\n")
	s := startKeeping(t, dir, "--chatlog", texts, "--words", words)
	judge, alice, bob := registered(t, s, "judge"), guest(t, s, "alice"), guest(t, s, "bob")
	alice.answer(t, "hello")
	bob.answer(t, "/me waves")
	bob.answer(t, "/msg alice privately")
	judge.answer(t, "/shadowmute bob 1h")
	bob.answer(t, "from the shadows")
	alice.answer(t, "heldword one")
	alice.answer(t, "heldword two")
	waiting := regexp.MustCompile(`#(\d+) #lobby alice: heldword (one|two)`).FindAllStringSubmatch(judge.answer(t, "/flags"), -1)
	if len(waiting) != 2 {
		t.Fatalf("%q wait for review", waiting)
	}
	judge.answer(t, "/flags approve "+waiting[0][1])
	judge.answer(t, "/flags remove "+waiting[1][1])
	alice.answer(t, "/join #tea")
	alice.answer(t, "in the other room")
	leave(t, []*person{judge, alice, bob})
	s.stops(t)
	for file, want := range map[string]string{
		"lobby.log": `^STAMP <alice> hello\nSTAMP \* bob waves\nSTAMP <alice> heldword one\n$`,
		"tea.log":   `^STAMP <alice> in the other room\n$`,
	} {
		like := regexp.MustCompile(regexp.MustCompile("STAMP").ReplaceAllString(want, `\d{4}-\d\d-\d\d \d\d:\d\d:\d\d`))
		if got := readFile(t, texts, file); !like.MatchString(got) {
			t.Errorf("%s: %q", file, got)
		}
	}
	if files, err := os.ReadDir(texts); err != nil || len(files) != 2 {
		t.Errorf("%v, %v", files, err)
	}
}

func TestAChatLogThatCannotBeWrittenIsReportedAtTheStart(t *testing.T) {
	t.Parallel()
	file := filepath.Join(folder(t), "file")
	writeFile(t, file, "")
	_, stderr, code := command(t, nil, "--port", "0", "--chatlog", file)
	if want := regexp.MustCompile(`^chatsrv: chat log: [^\n]*` + regexp.QuoteMeta(file) + `[^\n]*\(see --chatlog\)\n$`); code != 1 || !want.MatchString(stderr) {
		t.Errorf("code %d, %q", code, stderr)
	}
}

func TestTheClassicStyleHasAChatLogToo(t *testing.T) {
	t.Parallel()
	texts := folder(t)
	s := start(t, "--bind", "127.0.0.1", "--style", "classic", "--chatlog", texts)
	bob, ann := meet(t, s, "bob", 0), meet(t, s, "ann", 0)
	for _, step := range []struct {
		who  *person
		line string
	}{{bob, "bob\n"}, {ann, "ann\n"}, {ann, "hello\n"}} {
		if err := step.who.send(step.line); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := bob.until("hello\n"); err != nil {
		t.Fatal(err)
	}
	leave(t, []*person{ann, bob})
	s.stops(t)
	if text := readFile(t, texts, "lobby.log"); !regexp.MustCompile(`^[-\d]+ [:\d]+ <ann> hello\n$`).MatchString(text) {
		t.Errorf("%q", text)
	}
}
