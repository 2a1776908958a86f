// Package words splits text into words for searching. Every store uses it for
// both stored text and queries, so a query is a list of words and not a
// language, and all stores find the same.
package words

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Of returns the words of text: letters, digits and the marks that belong to
// them, without case and accents, in their compatible form ("ﬁ" is "fi"). In
// scripts that are written without spaces each character is a word, so that a
// search for several in a row finds any part of a sentence.
func Of(text string) []string {
	if !ascii(text) {
		text = plain(text)
	}
	var list []string
	start := -1
	for i, r := range text {
		switch {
		case alone(r):
			if start >= 0 {
				list = append(list, lower(text[start:i]))
			}
			list, start = append(list, text[i:i+utf8.RuneLen(r)]), -1
		case !part(r):
			if start >= 0 {
				list = append(list, lower(text[start:i]))
			}
			start = -1
		case start < 0:
			start = i
		}
	}
	if start >= 0 {
		list = append(list, lower(text[start:]))
	}
	return list
}

// A Phrase is a part of a query: words that follow one another.
type Phrase struct {
	Words []string
	// Open is set if the last one is only the beginning of a word.
	Open bool
}

// In reports whether in, the words of a text, contains the phrase.
func (p Phrase) In(in []string) bool {
	last := len(p.Words) - 1
	for i := range len(in) - last {
		found := true
		for j, w := range p.Words {
			if in[i+j] != w && (!p.Open || j != last || !strings.HasPrefix(in[i+j], w)) {
				found = false
				break
			}
		}
		if found {
			return true
		}
	}
	return false
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// plain removes accents.
func plain(s string) string {
	s = norm.NFKD.String(s)
	s = strings.Map(func(r rune) rune {
		if accent(r) {
			return -1
		}
		return r
	}, s)
	return norm.NFC.String(s)
}

// accent reports whether r is a mark that is not specific to a script. Marks of
// one script, such as the vowels of Devanagari, count as letters, and so do the
// voicing marks of kana.
func accent(r rune) bool {
	return r >= 0x300 && r != 0x3099 && r != 0x309A && unicode.Is(unicode.Mn, r) && unicode.Is(unicode.Inherited, r)
}

func part(r rune) bool {
	if r < utf8.RuneSelf {
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
	}
	return unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsMark(r)
}

// spaceless are the scripts that are written without spaces, and Hangul, whose
// words carry their particles.
var spaceless = []*unicode.RangeTable{
	unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Bopomofo, unicode.Yi,
	unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar, unicode.Javanese, unicode.Balinese,
	unicode.Tai_Le, unicode.New_Tai_Lue, unicode.Tai_Tham, unicode.Tai_Viet,
}

// firstAlone is the first character of the spaceless scripts.
const firstAlone = 0xe01

func alone(r rune) bool {
	return r >= firstAlone && part(r) && !unicode.IsMark(r) && unicode.In(r, spaceless...)
}

// lower maps characters that differ only in case to one.
func lower(s string) string {
	return strings.Map(func(r rune) rune { return unicode.ToLower(unicode.ToUpper(r)) }, s)
}
