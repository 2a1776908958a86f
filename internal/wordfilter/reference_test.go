package wordfilter_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/sudoXpg/netloop/internal/wordfilter"
)

// A reference is the slow and obvious implementation, for texts of a few letters,
// spaces and dots: it compares every word and every row of words with every
// pattern.
type reference []string

func (words reference) finds(text string) bool {
	fields := strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == '.' })
	for _, phrase := range words {
		parts := strings.Fields(phrase)
		for i := range len(fields) - len(parts) + 1 {
			all := true
			for j, part := range parts {
				all = all && sameWord(part, fields[i+j])
			}
			if all {
				return true
			}
		}
		if len(parts) == 1 && spelledOut(phrase, text) {
			return true
		}
	}
	return false
}

// sameWord compares letter by letter, three or more equal ones for any number.
func sameWord(word, text string) bool {
	for word != "" && text != "" {
		w, t := row(word), row(text)
		if word[0] != text[0] || w != t && (t < 3 || t < w) {
			return false
		}
		word, text = word[w:], text[t:]
	}
	return word == text
}

// row returns how many letters like the first s begins with.
func row(s string) int { return len(s) - len(strings.TrimLeft(s, s[:1])) }

// spelledOut searches for the word as a row of single letters with equal
// separators.
func spelledOut(word, text string) bool {
	type single struct {
		letter byte
		gap    string // before it
		new    bool   // it can't be of the row before
	}
	var singles []single
	broken, gap := true, ""
	for i := 0; i < len(text); {
		if text[i] == ' ' || text[i] == '.' {
			gap += text[i : i+1]
			i++
			continue
		}
		end := i
		for end < len(text) && text[end] != ' ' && text[end] != '.' {
			end++
		}
		if end-i == 1 {
			singles = append(singles, single{text[i], gap, broken || len(gap) > 4})
			broken = false
		} else {
			broken = true
		}
		gap, i = "", end
	}
	for i := 0; i < len(singles); {
		letters := string(singles[i].letter)
		j := i + 1
		for ; j < len(singles) && !singles[j].new && strings.TrimSpace(singles[j].gap) == strings.TrimSpace(singles[i+1].gap); j++ {
			letters += string(singles[j].letter)
		}
		if len(letters) >= 3 && sameWord(word, letters) {
			return true
		}
		i = j
	}
	return false
}

func TestCheckAgreesWithTheReference(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOfNDistinct(rapid.StringMatching(`[abil]{2,5}( [abil]{1,3}){0,2}`), 1, 6, func(s string) string { return s }).Draw(t, "words")
		text := rapid.OneOf(
			rapid.StringMatching(`([abil]{1,6}[ .]{1,2}){0,8}`),
			rapid.StringMatching(`([abil][ .]{1,2}){0,9}`),
			rapid.StringMatching(`([abil][ .]){0,5}`),
			rapid.StringMatching(`([ab]{0,3}[ .]{0,6}){0,9}`),
		).Draw(t, "text")
		l, err := wordfilter.Parse([]byte("mask: " + strings.Join(words, "\nmask: ")))
		if err != nil {
			t.Fatal(err)
		}
		if got, want := l.Check(text).Action == wordfilter.Mask, reference(words).finds(text); got != want {
			t.Fatalf("%q in %q: %v, want %v", words, text, got, want)
		}
	})
}

// A masked text contains none of the words, and the rest in order.
func TestMaskedTextHasNoUnwantedWordsLeft(t *testing.T) {
	l := list(t, "mask: darn", "mask: ass", "mask: go to hell", "mask: hello", "mask: 馬鹿", "mask: to")
	rapid.Check(t, func(t *rapid.T) {
		parts := rapid.SliceOfN(rapid.OneOf(
			rapid.SampledFrom([]string{"darn", "d4rn", "a$$", "go to hell", "to", "馬", "鹿", "he1lo", "d a r n", " ", ".", "@", "!", "é", "x", "¼", "\u200b", "\u0336"}),
			rapid.StringN(0, 3, -1),
		), 0, 12).Draw(t, "parts")
		checkVerdict(t, l, strings.Join(parts, ""))
	})
}

type failer interface {
	Fatalf(format string, args ...any)
}

func checkVerdict(t failer, l *wordfilter.List, text string) {
	v := l.Check(text)
	if (v.Action == wordfilter.None) != (len(v.Words) == 0) || v.Action > wordfilter.Strike {
		t.Fatalf("%q: %+v", text, v)
	}
	if v.Action < wordfilter.Mask {
		if v.Text != text {
			t.Fatalf("%q became %q", text, v.Text)
		}
		return
	}
	if len(v.Text) > len(text) || utf8.ValidString(text) && !utf8.ValidString(v.Text) {
		t.Fatalf("%q became %q", text, v.Text)
	}
	// Every asterisk is for a letter, everything else was there.
	rest := text
	for _, r := range strings.ReplaceAll(v.Text, "*", "") {
		if r == utf8.RuneError {
			return // bytes that are no UTF-8
		}
		_, after, ok := strings.Cut(rest, string(r))
		if !ok {
			t.Fatalf("%q became %q: where is %q from?", text, v.Text, r)
		}
		rest = after
	}
}

func FuzzCheck(f *testing.F) {
	l := list(f, "mask: darn", "refuse: ass", "strike: go to hell", "flag: hello", "mask: 馬鹿", "allow: darn socks", "mask: 1488", "mask: straße", "mask: сука")
	for _, s := range []string{"", "darn", "d a r n", "@ss a$$ sh!t", "go  to.hell", "ﷺ", "d\u0336a\u0336rn", "馬 鹿", "\xffdarn", "he1lo", "ｄａｒｎ", "Straße", "dаrn socks", "e\u0301", "각\u11a8", "\u0300!a"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) { checkVerdict(t, l, s) })
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"", "# c", "mask: darn", "mask: darn # c\r\nflag:x\n\n", "allow: a b c", "mask: \xff", "\ufeffmask: ß", "mask: ﷺ", "strike: 馬", "mask: a\u0300\u0301"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		l, err := wordfilter.Parse([]byte(s))
		if err != nil {
			if l != nil || !strings.HasPrefix(err.Error(), "line ") {
				t.Fatalf("%v, %v", l, err)
			}
			return
		}
		// A list finds its own words.
		for line := range strings.Lines(strings.TrimPrefix(s, "\ufeff")) {
			action, word, ok := strings.Cut(strings.TrimSpace(line), ":")
			word, _, _ = strings.Cut(word, " #")
			word = strings.TrimSpace(word)
			if action = strings.ToLower(strings.TrimSpace(action)); !ok || action == "allow" || strings.HasPrefix(action, "#") || strings.Contains(s, "llow") || strings.Contains(s, "LLOW") {
				continue
			}
			if v := l.Check(word); v.Action == wordfilter.None {
				t.Fatalf("%q is not found", word)
			}
		}
		checkVerdict(t, l, s)
	})
}
