// Package safetext makes text harmless: use [Clean] for input by users, and [Append]
// for output to a terminal. All cleaning is done here, so that all places agree.
package safetext

import (
	"unicode"
	"unicode/utf8"
)

// MaxMarks is how many combining marks may follow each other. More pile up on one
// base character and cover the lines above and below it ("Zalgo").
const MaxMarks = 4

// Harmless reports whether r may be written as it is. It is false for control
// characters other than TAB, for the bidirectional overrides, embeddings and
// isolates, which would affect the text that follows, for the line separators,
// the byte order mark and the annotation characters.
func Harmless(r rune) bool {
	switch {
	case r < ' ':
		return r == '\t'
	case r < 0x7f:
		return true
	case r < 0xa0, // DEL and C1
		r >= 0x2028 && r <= 0x202e,
		r >= 0x2066 && r <= 0x206f,
		r == 0xfeff,
		r >= 0xfff9 && r <= 0xfffb:
		return false
	}
	return true
}

// Marks counts the combining marks of a text. The zero value is for its beginning.
type Marks struct{ run uint8 }

// Allow takes the next character of the text and reports whether to keep it:
// false for a combining mark that follows MaxMarks others. Joiners and other
// invisible characters between marks do not begin a new run.
func (m *Marks) Allow(r rune) bool {
	switch {
	case r < 0x300 && r != 0xad:
		m.run = 0
	case unicode.Is(unicode.M, r):
		if m.run == MaxMarks {
			return false
		}
		m.run++
	case !unicode.Is(unicode.Cf, r):
		m.run = 0
	}
	return true
}

// Append appends text to dst without characters that control a terminal. Bytes
// that are not UTF-8 become U+FFFD.
func Append(dst []byte, text string) []byte {
	if isPlain(text) {
		return append(dst, text...)
	}
	var marks Marks
	for _, r := range text {
		if Harmless(r) && marks.Allow(r) {
			dst = utf8.AppendRune(dst, r)
		}
	}
	return dst
}

// isPlain reports whether text is printable ASCII, which needs no change.
func isPlain(text string) bool {
	for i := range len(text) {
		if c := text[i]; c < ' ' || c > '~' {
			return false
		}
	}
	return true
}
