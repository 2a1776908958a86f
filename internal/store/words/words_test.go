package words_test

import (
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/sudoXpg/netloop/internal/store/words"
)

func TestWordsAreWithoutCaseAccentsAndSigns(t *testing.T) {
	for text, want := range map[string][]string{
		"":                     nil,
		" ?! ":                 nil,
		"Hello, World":         {"hello", "world"},
		"Café CAFÉ cafe\u0301": {"cafe", "cafe", "cafe"},
		`"a* NEAR' OR 1=1;--`:  {"a", "near", "or", "1", "1"},
		"Σίσυφος ΣΊΣΥΦΟΣ":      {"σισυφοσ", "σισυφοσ"},
		"ﬁne ＡＢＣ":              {"fine", "abc"},
		"don't e-mail":         {"don", "t", "e", "mail"},
		"日本語 ok":               {"日", "本", "語", "ok"},
		"ガギ":                   {"ガ", "ギ"},
		"한국어":                  {"한", "국", "어"},
		"กินข้าว":              {"ก", "ิ", "น", "ข", "้", "า", "ว"},
		"हिन्दी":               {"हिन्दी"},
		"mid日dle":              {"mid", "日", "dle"},
		"٣ ½":                  {"٣", "1", "2"},
		"\u0301":               nil,
	} {
		if diff := cmp.Diff(want, words.Of(text)); diff != "" {
			t.Errorf("%q: %s", text, diff)
		}
	}
}

func TestTheWordsOfAPhraseMustBeAdjacent(t *testing.T) {
	in := words.Of("a b c d")
	for query, want := range map[string]bool{"b c": true, "c b": false, "d": true, "a b c d": true, "a b c d e": false, "d e": false} {
		if (words.Phrase{Words: words.Of(query)}).In(in) != want {
			t.Errorf("%q: not %v", query, want)
		}
	}
	in = words.Of("the foxes jump")
	for query, want := range map[string]bool{"fo": true, "the fo": true, "th fo": false, "foxes": true, "foxess": false} {
		if (words.Phrase{Words: words.Of(query), Open: true}).In(in) != want {
			t.Errorf("%q*: not %v", query, want)
		}
	}
}

func TestWordsHaveNothingButLettersDigitsAndMarks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text")
		for _, w := range words.Of(text) {
			if w == "" {
				t.Fatal("an empty word")
			}
			for _, r := range w {
				if !unicode.IsLetter(r) && !unicode.IsNumber(r) && !unicode.IsMark(r) {
					t.Fatalf("%q of %q has %q", w, text, r)
				}
			}
		}
	})
}

func FuzzOf(f *testing.F) {
	f.Add("Hello, Wörld 日本")
	f.Fuzz(func(t *testing.T, text string) {
		for _, w := range words.Of(text) {
			if again := words.Of(w); len(again) == 0 {
				t.Errorf("%q of %q has no words itself", w, text)
			}
		}
	})
}
