// Package wordfilter finds unwanted words in lines of chat, also when they are
// dressed up, and never inside of other words.
//
// A line and a word are compared in a common form: normalised (NFKC), in lower
// case, without characters that nobody sees, with letters of other scripts for
// the Latin ones they look like (UTS #39), and with 0 1 3 4 5 7 @ $ ! for o i/l e
// a s t a s i/l. Three or more equal letters in a row stand for any number, so
// "daaarn" is "darn", but "good" is not "god". A word that is spelled out is read
// as one ("d a r n", "d.a.r.n") if it is three or more single letters, the whole
// row of them.
//
// A match begins and ends where words do; what is neither letter nor digit ends
// a word. Scripts that are written without spaces (Han, kana, Thai and the like)
// have words begin and end at every character. Digits stand for letters only
// beside letters: "455" is a number, "A55" a road. Accents make another letter:
// "ano" is not "año"; but marks that have no letter of their own are left out.
//
// The package is pure: no clock, no files. A List never changes; to reload one,
// make another and use that.
package wordfilter

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// An Action is what to do about a line. Later ones are stronger.
type Action uint8

const (
	// None is for a line without unwanted words.
	None Action = iota
	// Mask lets the line through with its words masked.
	Mask
	// Flag has the line wait until a moderator has looked at it.
	Flag
	// Refuse doesn't let the line through.
	Refuse
	// Strike doesn't either, and counts against the person.
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

// MaxFound is how many words a Verdict names. More are masked all the same.
const MaxFound = 32

// A Verdict is what a List says of a line.
type Verdict struct {
	// Action is the strongest action of the words found.
	Action Action
	// Words are the words found, as the list has them, each once, in the order
	// of the line, at most MaxFound. Exceptions are not among them.
	Words []string
	// Text is the line with an asterisk for each letter of the words that are
	// to be masked or worse; what is between the words of a phrase, or between
	// spelled-out letters, stays, and so does everything else, byte for byte. No
	// letter of a word is left, since the first one is enough to read it.
	Text string
}

// A List is a set of words that are looked for all at once. It never changes, and
// is for any number of goroutines. A nil List has no words.
type List struct {
	patterns []pattern
	trie     trie
}

// A pattern is a word or phrase of a list.
type pattern struct {
	word    string // as written
	action  Action
	letters []rune // one by one, ' ' between words
	symbols []rune // what the trie has of it: classes, none twice in a row, ' ' at both ends
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
	hits = slices.Compact(hits) // what is read in two ways may be the same both times
	slices.SortFunc(excuses, hit.compare)
	// reach is where the exceptions that begin at or before a hit end at most.
	reach, next := 0, 0
	return slices.DeleteFunc(hits, func(h hit) bool {
		for ; next < len(excuses) && excuses[next].start <= h.start; next++ {
			reach = max(reach, excuses[next].end)
		}
		return h.end <= reach || l.patterns[h.pattern].action == allow
	})
}

// verdict sums up the hits, of which there is one at least.
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

// mask writes an asterisk for each letter of the text, what is between them, and
// nothing for what nobody sees.
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
