// Package words takes text apart for searching. Every store uses it on both
// sides, on what is stored and on what is asked for, so a query is words and
// never a language, and all stores find the same.
package words

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Of returns the words of text: letters, digits and the marks that belong to
// them, without case and accents, in their compatible form ("ﬁ" is "fi"). In
// scripts that are written without spaces each character is a word of its own,
// so that looking for several in a row finds any part of a sentence.
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

// Contain tells whether in, the words of a text, has phrase, the words of a
// query, one after the other.
func Contain(in, phrase []string) bool {
	for i := range len(in) - len(phrase) + 1 {
		found := true
		for j, w := range phrase {
			if in[i+j] != w {
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

// plain takes accents away.
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

// accent tells whether r is a mark that any script may carry. Marks of one
// script, such as the vowels of Devanagari, are letters to those who read it,
// and so is what voices a kana.
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
}

func alone(r rune) bool {
	return r >= 0x1100 && part(r) && !unicode.IsMark(r) && unicode.In(r, spaceless...)
}

// lower maps characters that differ only in case to one.
func lower(s string) string {
	return strings.Map(func(r rune) rune { return unicode.ToLower(unicode.ToUpper(r)) }, s)
}
