package store_test

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/store"
)

func TestTheChainIsAsDocumented(t *testing.T) {
	e := store.Chain(store.Entry{}, chat.Act{Time: time.Unix(1, 5), By: "ann", Verb: "ban", Target: "eve", Room: "#a", Why: "spam"})
	// printf '…' | sha256sum over 32 zero bytes, 1, 1000000005 and the five texts
	// after their lengths.
	const want = "c96df23f3e5b40445379b97c7f42ff63251023acfb2dec04b45442687ebcea6d"
	if e.Hash.String() != want {
		t.Errorf("%v", e.Hash)
	}
	var h store.Hash
	if err := h.UnmarshalText([]byte(want)); err != nil || h != e.Hash {
		t.Errorf("%v %v", h, err)
	}
	if h.UnmarshalText([]byte("ab")) == nil || h.UnmarshalText([]byte(strings.Repeat("x", 64))) == nil {
		t.Error("no hash, and taken for one")
	}
}

func TestDifferentActsHaveDifferentHashes(t *testing.T) {
	act := rapid.Custom(func(t *rapid.T) chat.Act {
		s := rapid.SampledFrom([]string{"", "a", "b", "ab", "\x00"})
		return chat.Act{By: s.Draw(t, "by"), Verb: s.Draw(t, "verb"), Target: s.Draw(t, "target"), Room: s.Draw(t, "room"), Why: s.Draw(t, "why")}
	})
	rapid.Check(t, func(t *rapid.T) {
		a, b := act.Draw(t, "a"), act.Draw(t, "b")
		if (store.Chain(store.Entry{}, a).Hash == store.Chain(store.Entry{}, b).Hash) != (a == b) {
			t.Fatalf("%+v, %+v", a, b)
		}
	})
}

func TestAFileNameIsUniqueToItsRoomAndHarmless(t *testing.T) {
	for room, want := range map[string]string{
		"#lobby": "lobby", "#a-b_3": "a-b_3",
	} {
		if got := store.FileName(room); got != want {
			t.Errorf("%q: %q", room, got)
		}
	}
	seen := map[string]string{}
	for _, room := range []string{
		"", "#", "lobby", "#Lobby", "#con", "#nul", "#com1", "#../x", "#a/b", "#a\\b", "#.", "#..", "#x-1", "#-a", "##a", "#a b", "#é", "#日本",
		"#" + strings.Repeat("a", 65), "#a:b", "#a\x00",
	} {
		got := store.FileName(room)
		if !strings.HasPrefix(got, "x-") || len(got) != 22 {
			t.Errorf("%q: %q", room, got)
		}
		if other, ok := seen[got]; ok {
			t.Errorf("%q and %q are both %q", room, other, got)
		}
		seen[got] = room
	}
}
