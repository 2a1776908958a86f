//go:build unix

package chatlog_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sudoXpg/netloop/internal/store/chatlog"
)

// following opens a log, and returns a function that writes a line and waits for it.
func following(t *testing.T, dir string) (say func(body string)) {
	t.Helper()
	l, err := chatlog.Open(chatlog.Options{Dir: dir, MaxBytes: 100, Trouble: func(err error) { t.Error(err) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	return func(body string) {
		l.Follow(said("#a", body, noon))
		for end := time.Now().Add(time.Minute); ; {
			if text, err := os.ReadFile(filepath.Join(dir, "a.log")); err == nil && strings.HasSuffix(string(text), "> "+body+"\n") {
				return
			}
			if time.Now().After(end) {
				t.Fatalf("%s is not written", body)
			}
			<-time.After(time.Millisecond)
		}
	}
}

func TestAFileThatOthersRotateIsCreatedAgain(t *testing.T) {
	dir := folder(t)
	path := filepath.Join(dir, "a.log")
	say := following(t, dir)
	say("one")
	if err := os.Rename(path, path+".1"); err != nil {
		t.Fatal(err)
	}
	say("two")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	say("three")
	for range 3 { // more than fit into a file that is not truncated
		if err := os.Truncate(path, 0); err != nil {
			t.Fatal(err)
		}
		say(strings.Repeat("x", 60))
	}
	if got := names(t, dir); !slices.Equal(got, []string{"a.log", "a.log.1"}) {
		t.Errorf("%q", got)
	}
	if got := read(t, dir, "a.log"); strings.Count(got, "\n") != 1 || strings.Contains(got, "\x00") {
		t.Errorf("%q", got)
	}
	if got := read(t, dir, "a.log.1"); got != "2026-01-31 12:00:00 <ann> one\n" {
		t.Errorf("%q", got)
	}
}

func TestAFileBehindALinkIsNotRotated(t *testing.T) {
	dir, elsewhere := folder(t), folder(t)
	target, link := filepath.Join(elsewhere, "target"), filepath.Join(dir, "a.log")
	if err := os.Symlink(target, link); err != nil {
		t.Fatal(err)
	}
	follow(t, chatlog.Options{Dir: dir, MaxBytes: 40}, said("#a", "one", noon), said("#a", "two", noon), said("#a", "three", noon.Add(24*time.Hour)))
	if to, err := os.Readlink(link); err != nil || to != target || len(names(t, dir)) != 1 {
		t.Errorf("%q, %q, %v", names(t, dir), to, err)
	}
	if got := read(t, target); strings.Count(got, "\n") != 3 {
		t.Errorf("%q", got)
	}
}
