// Package wordfilter finds unwanted words in lines of chat, even when they are
// disguised, and never inside other words.
//
// A line and a word are compared in a common form: normalised (NFKC), in lower
// case, without invisible characters, with letters of other scripts for the Latin
// ones they look like (UTS #39), and with 0 1 3 4 5 7 @ $ ! for o i/l e a s t a s
// i/l. Three or more equal letters in a row match any number, so "daaarn" is
// "darn", but "good" is not "god". A word that is spelled out is read as one ("d
// a r n", "d.a.r.n") if it is three or more single letters, the whole row of
// them.
//
// A match begins and ends where words do; a character that is neither letter nor
// digit ends a word. In scripts that are written without spaces (Han, kana, Thai
// and the like) words can begin and end at every character. Digits stand for
// letters only beside letters: "455" is a number, "A55" a road. Accents make
// another letter: "ano" is not "año"; but marks that have no letter of their own
// are left out.
//
// The package is pure: no clock, no files. A List never changes; to reload one,
// make a new one.
package wordfilter

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// An Action is the action for a line. Later ones are stronger.
type Action uint8

const (
	// None is for a line without unwanted words.
	None Action = iota
	// Mask allows the line with its words masked.
	Mask
	// Flag holds the line until a moderator has reviewed it.
	Flag
	// Refuse refuses the line.
	Refuse
	// Strike refuses the line, and counts as a strike.
	Strike

	allow // an exception, only in lists
)

// actions are the actions by their words in a list.
var actions = map[string]Action{"flag": Flag, "mask": Mask, "refuse": Refuse, "strike": Strike, "allow": allow}

// String returns the action as lists write it.
func (a Action) String() string {
	for word, action := range actions {
		if action == a {
			return word
		}
	}
	return "none"
}

// MaxFound is how many words a Verdict names. Further ones are still masked.
const MaxFound = 32

// A Verdict is the result of checking a line.
type Verdict struct {
	// Action is the strongest action of the words found.
	Action Action
	// Words are the words found, as the list has them, each once, in the order
	// of the line, at most MaxFound. Exceptions are not among them.
	Words []string
	// Text is the line with an asterisk for each letter of the words whose
	// action is Mask or stronger. Separators in a phrase or between spelled-out
	// letters stay, and so does everything else, byte for byte. No letter of a
	// word is left, because the first one is enough to guess it.
	Text string
}

// A List is a set of words that are searched for at once. It never changes, and
// may be used by any number of goroutines. A nil List has no words.
type List struct {
	patterns []pattern
	trie     trie
}

// A pattern is a word or phrase of a list.
type pattern struct {
	word    string // as written
	action  Action
	letters []rune // one by one, ' ' between words
	symbols []rune // its path in the trie: classes, none twice in a row, ' ' at both ends
	line    int    // in the file
}

// Len returns how many words, phrases and exceptions the list has.
func (l *List) Len() int {
	if l == nil {
		return 0
	}
	return len(l.patterns)
}

// Check returns the verdict on a line. It takes time in proportion to the line,
// whatever the list, and allocates nothing if it finds nothing.
func (l *List) Check(text string) Verdict {
	if l.Len() == 0 {
		return Verdict{Text: text}
	}
	s := scanner{list: l, text: text}
	if signs := s.scan(asLetters); signs {
		// "@home" and "crap!" may be read both ways.
		s.scan(asSigns)
	}
	hits := l.unexcused(s.hits)
	if len(hits) == 0 {
		return Verdict{Text: text}
	}
	return l.verdict(text, hits)
}

// unexcused returns the hits that lie in no exception, sorted.
func (l *List) unexcused(hits []hit) []hit {
	var excuses []hit
	for _, h := range hits {
		if l.patterns[h.pattern].action == allow {
			excuses = append(excuses, h)
		}
	}
	slices.SortFunc(hits, hit.compare)
	hits = slices.Compact(hits) // both readings may give the same hit
	slices.SortFunc(excuses, hit.compare)
	// reach is the furthest end of the exceptions that begin at or before a hit.
	reach, next := 0, 0
	return slices.DeleteFunc(hits, func(h hit) bool {
		for ; next < len(excuses) && excuses[next].start <= h.start; next++ {
			reach = max(reach, excuses[next].end)
		}
		return h.end <= reach || l.patterns[h.pattern].action == allow
	})
}

// verdict summarizes the hits, of which there is at least one.
func (l *List) verdict(text string, hits []hit) Verdict {
	v := Verdict{}
	var b strings.Builder
	done := 0
	for _, h := range hits {
		p := &l.patterns[h.pattern]
		v.Action = max(v.Action, p.action)
		if len(v.Words) < MaxFound && !slices.Contains(v.Words, p.word) {
			v.Words = append(v.Words, p.word)
		}
		if p.action != Flag && h.end > done {
			from := max(h.start, done)
			b.WriteString(text[done:from])
			mask(&b, text[from:h.end])
			done = h.end
		}
	}
	if done == 0 {
		v.Text = text
		return v
	}
	b.WriteString(text[done:])
	v.Text = b.String()
	return v
}

// mask writes an asterisk for each letter of the text, keeps separators, and
// drops invisible characters.
func mask(b *strings.Builder, text string) {
	r := reader{text: text, signs: asLetters}
	masked := -1
	for g, ok := r.next(); ok; g, ok = r.next() {
		switch {
		case g.kind == separator && masked < g.start:
			b.WriteString(text[g.start:g.end])
			masked = g.start // one character may be read as several
		case g.kind == letter && masked < g.start && !unicode.IsMark(g.r):
			b.WriteByte('*')
			masked = g.start
		}
	}
}

// A hit is a pattern found at text[start:end].
type hit struct{ start, end, pattern int }

func (h hit) compare(o hit) int {
	if h.start != o.start {
		return h.start - o.start
	}
	if h.end != o.end {
		return o.end - h.end // the longer one first
	}
	return h.pattern - o.pattern
}

// fold returns the lower case of a character in normalisation form KC.
func fold(r rune) rune {
	if r < utf8.RuneSelf {
		if 'A' <= r && r <= 'Z' {
			r += 'a' - 'A'
		}
		return r
	}
	if r = unicode.ToLower(r); r == 'ς' {
		return 'σ'
	}
	return r
}
