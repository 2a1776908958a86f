package wordfilter

import (
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/sudoXpg/netloop/internal/names"
)

// A kind is the role of a character in words.
type kind uint8

const (
	letter    kind = iota // letters, digits, the marks of scripts that need them
	separator             // ends a word
	unseen                // ignored
)

// How to read the signs @ $ and !.
type signs uint8

const (
	asLetters signs = iota // a, s, and i or l
	asSigns                // separators
)

// A glyph is a character in the form that is compared: folded, and replaced by what it
// looks like.
type glyph struct {
	r    rune
	kind kind
	// It is read from text[start:end]; other glyphs may come from there, too.
	start, end int
}

// A reader reads a text character by character.
type reader struct {
	text   string
	signs  signs
	at     int // where to read next
	normal int // text[at:normal] is in form KC

	start, end int    // the part of the text that is being read
	segment    []byte // the rest of it, in form KC
	look       string // the rest of the letters that a character looks like
	inWord     bool   // the last glyph was a letter
	sawSign    bool   // one that can be read in two ways
}

// next returns the next character, and false at the end.
func (r *reader) next() (glyph, bool) {
	var g glyph
	switch {
	case r.look != "":
		g.r, g.kind = rune(r.look[0]), letter
		r.look = r.look[1:]
	case len(r.segment) > 0:
		c, size := utf8.DecodeRune(r.segment)
		r.segment = r.segment[size:]
		g.r, g.kind = r.classify(c)
	case r.at >= len(r.text):
		return glyph{}, false
	case r.text[r.at] < utf8.RuneSelf && (r.at < r.normal || r.at+1 == len(r.text) || r.text[r.at+1] < utf8.RuneSelf):
		r.start, r.end = r.at, r.at+1
		r.at++
		g.r, g.kind = r.classifyASCII(r.text[r.start])
	default:
		g.r, g.kind = r.classify(r.advance())
	}
	g.start, g.end = r.start, r.end
	if g.kind != unseen {
		r.inWord = g.kind == letter
	}
	return g, true
}

// advance reads a character of the text if it is in form KC, otherwise the
// segment that normalises together.
func (r *reader) advance() rune {
	if r.at >= r.normal {
		r.normal = r.at + norm.NFKC.QuickSpanString(r.text[r.at:])
	}
	r.start = r.at
	if r.at < r.normal {
		c, size := utf8.DecodeRuneInString(r.text[r.at:])
		r.at += size
		r.end = r.at
		if c == utf8.RuneError {
			r.normal = r.at // a QuickSpan skips everything after invalid UTF-8
		}
		return c
	}
	size := norm.NFKC.NextBoundaryInString(r.text[r.at:], true)
	r.at += max(size, 1)
	r.end = r.at
	r.segment = normalize(r.text[r.start:r.end])
	c, size := utf8.DecodeRune(r.segment)
	r.segment = r.segment[size:]
	return c
}

// normalize returns form KC of a segment. A single character, such as a
// fullwidth one, is not allocated.
func normalize(segment string) []byte {
	p := norm.NFKC.PropertiesString(segment)
	if d := p.Decomposition(); p.Size() == len(segment) && len(d) > 0 && norm.NFKC.QuickSpan(d) == len(d) {
		return d
	}
	return norm.NFKC.AppendString(nil, segment)
}

func (r *reader) classifyASCII(c byte) (rune, kind) {
	switch {
	case 'a' <= c && c <= 'z' || '0' <= c && c <= '9':
		return rune(c), letter
	case 'A' <= c && c <= 'Z':
		return rune(c) + 'a' - 'A', letter
	case c != '@' && c != '$' && c != '!':
		return rune(c), separator
	}
	// An exclamation mark is punctuation unless it is in the middle of a word.
	if r.signs == asSigns || c == '!' && (!r.inWord || !r.wordGoesOn()) {
		return rune(c), separator
	}
	r.sawSign = true
	return rune(c), letter
}

// wordGoesOn reports whether the next character may be a letter.
func (r *reader) wordGoesOn() bool {
	if len(r.segment) > 0 || r.at >= len(r.text) {
		return len(r.segment) > 0
	}
	c := r.text[r.at]
	return c >= utf8.RuneSelf || 'a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9' || c == '@' || c == '$'
}

// classify returns the folded form and the kind of a character in form KC. If
// it looks like several letters it returns the first, and leaves the others in
// r.look.
func (r *reader) classify(c rune) (rune, kind) {
	var m meaning
	switch {
	case c < utf8.RuneSelf:
		return r.classifyASCII(byte(c))
	case int(c) < len(alphabets()):
		m = alphabets()[c]
	default:
		m = mean(c)
	}
	r.look = m.look
	return m.r, m.kind
}

// A meaning is the result of classify for a character beyond ASCII.
type meaning struct {
	r    rune
	kind kind
	look string // letters that come after r
}

// alphabets are the meanings of the characters up to Cyrillic, which need many
// look-ups each.
var alphabets = sync.OnceValue(func() *[0x530]meaning {
	var a [0x530]meaning
	for c := utf8.RuneSelf; c < len(a); c++ {
		a[c] = mean(rune(c))
	}
	return &a
})

// mean looks up the meaning of a character.
func mean(c rune) meaning {
	switch {
	case isUnseen(c):
		return meaning{c, unseen, ""}
	case !unicode.In(c, unicode.Letter, unicode.Nd, unicode.Mn, unicode.Mc):
		return meaning{c, separator, ""}
	}
	c = fold(c)
	if c < utf8.RuneSelf {
		return meaning{c, letter, ""} // of the I with a dot
	}
	look := latin(c)
	if look == "" {
		return meaning{c, letter, ""}
	}
	return meaning{rune(look[0]), letter, look[1:]}
}

// latin returns the Latin letters as which a letter is read, or "".
func latin(c rune) string {
	if c == 'ß' {
		return "ss"
	}
	look, _ := names.Latin(c)
	for i := range len(look) {
		if look[i] < 'a' {
			return "" // it looks like a digit, not a letter
		}
	}
	if look == "rn" {
		return "m" // which the table uses for m
	}
	return look
}

// isUnseen reports whether c is invisible (Default_Ignorable_Code_Point), or a
// mark that can be put on any letter, or the Arabic stroke that only makes a word
// longer.
func isUnseen(c rune) bool {
	return c == 0x0640 || unicode.In(c, unicode.Cf, unicode.Inherited, unicode.Me,
		unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// unspaced are the scripts that don't put spaces between words.
var unspaced = []*unicode.RangeTable{
	unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar,
}

func isUnspaced(c rune) bool { return c >= 0x0e00 && (unicode.In(c, unspaced...) || c == 'ー') }

// A token is a letter, or ' ' where a word ends, one at a time.
type token struct {
	r          rune
	start, end int
}

// A tokenizer reads a text as words. It begins and ends with ' '.
type tokenizer struct {
	reader
	// joined treats the whole text as one word.
	joined bool

	held    token // a letter that came with the end of a word before it
	holding bool
	edge    bool // the last token was ' '
	begun   bool
	alone   bool // the last letter is a word
	ended   bool
}

// next returns the next token, and false at the end.
func (t *tokenizer) next() (token, bool) {
	if !t.begun {
		t.begun, t.edge = true, true
		return token{r: ' '}, true
	}
	if t.holding {
		t.holding = false
		t.edge = false
		return t.held, true
	}
	for !t.ended {
		g, ok := t.reader.next()
		switch {
		case !ok:
			t.ended = true
			if !t.edge {
				t.edge = true
				return token{r: ' ', start: len(t.text), end: len(t.text)}, true
			}
		case g.kind == letter:
			return t.letter(g), true
		case g.kind == separator && !t.edge && !t.joined:
			t.edge, t.alone = true, false
			return token{r: ' ', start: g.start, end: g.end}, true
		}
	}
	return token{}, false
}

// letter returns a letter, or the end of a word that is before it.
func (t *tokenizer) letter(g glyph) token {
	alone := isUnspaced(g.r)
	end := (alone || t.alone) && !t.edge && !t.joined
	t.alone = alone
	if end {
		t.held, t.holding, t.edge = token{g.r, g.start, g.end}, true, true
		return token{r: ' ', start: g.start, end: g.start}
	}
	t.edge = false
	return token{g.r, g.start, g.end}
}

// class returns the symbol for all letters that c may be read as.
func class(c rune) rune {
	switch c {
	case '0':
		return 'o'
	case '1', '!', 'l':
		return 'i'
	case '3':
		return 'e'
	case '4', '@':
		return 'a'
	case '5', '$':
		return 's'
	case '7':
		return 't'
	}
	return c
}

// readsAs reports whether c, of a text, may be read as the letter of a word, both
// being of one class.
func readsAs(c, letter rune) bool {
	return c == letter || letter >= 'a' && (c < 'a' || c > 'z')
}
