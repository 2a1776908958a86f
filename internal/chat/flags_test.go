package chat_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/wordfilter"
)

// withGrog is a server on which lines with grog wait for a moderator.
func withGrog(t *testing.T) (*fixture, *disk, *person) {
	t.Helper()
	f, d := withAccounts(t)
	words, err := wordfilter.Parse([]byte("flag: grog\n"))
	if err != nil {
		t.Fatal(err)
	}
	f.hub.SetWords(words)
	return f, d, f.logsIn("modo")
}

// waiting returns the authors of the messages that wait for a review, on disk and as a
// moderator sees them.
func (f *fixture) waiting(d *disk, mod *person) (kept, seen []string) {
	f.t.Helper()
	flags := map[uint64]string{}
	for _, r := range d.records {
		switch r := r.(type) {
		case chat.Flag:
			flags[r.ID] = r.Event.Name
		case chat.DropFlag:
			delete(flags, r.ID)
		}
	}
	for _, name := range flags {
		kept = append(kept, name)
	}
	f.run(mod, "flags", "")
	for _, flag := range lastAnswer[chat.Flags](mod).List {
		seen = append(seen, flag.Event.Name)
	}
	slices.Sort(kept)
	slices.Sort(seen)
	return kept, seen
}

func (f *fixture) says21(p *person) (last string) {
	for i := range 21 {
		f.run(p, "", fmt.Sprint("grog ", i))
		p.resume()
	}
	return p.lastTold().Body
}

func TestOneUserCannotFillTheReviewQueue(t *testing.T) {
	f, d, mod := withGrog(t)
	for _, p := range []*person{f.join("guesty"), f.logsIn("alice")} {
		if last := f.says21(p); last != "20 of your messages are waiting for the moderators, the limit: try again later" {
			t.Errorf("%s is told %q", p.Name(), last)
		}
	}
	// Guests may come again and again, but can fill only half of it.
	for i := range 25 {
		f.says21(f.join(fmt.Sprint("other", i)))
	}
	if last := f.says21(f.join("late")); last != "too many messages are waiting for the moderators: try again later" {
		t.Errorf("told %q", last)
	}
	f.run(f.logsIn("bobby"), "", "grog")
	kept, _ := f.waiting(d, mod)
	if len(kept) != chat.MaxFlags/2+21 {
		t.Errorf("%d wait", len(kept))
	}
}

func TestABanAndARedactionClearTheReviewQueue(t *testing.T) {
	for _, c := range [][2]string{{"ban", "guesty"}, {"ban", "alice"}, {"redact", "guesty"}, {"redact", "alice"}, {"redact", "alice 1h"}} {
		f, d, mod := withGrog(t)
		authors := []string{"alice", "guesty"}
		for _, p := range []*person{f.join("guesty"), f.logsIn("alice")} {
			f.run(p, "", "grog")
			p.resume()
		}
		f.run(mod, c[0], c[1])
		mod.resume()
		target, _, _ := strings.Cut(c[1], " ")
		want := slices.DeleteFunc(authors, func(name string) bool { return name == target })
		if kept, seen := f.waiting(d, mod); !slices.Equal(kept, want) || !slices.Equal(seen, want) {
			t.Errorf("after /%s %s there is %v on disk, and %v is seen, want %v", c[0], c[1], kept, seen, want)
		}
	}
}
