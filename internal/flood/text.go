package flood

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// A line is a text, identified by a hash, that was said count times since a second.
type line struct {
	hash  uint32
	since uint32 // seconds since 1970, the low 32 bits
	count uint16
}

// say counts a line, or returns how long it may not be said again. The window
// begins with the first time; refused lines don't extend it.
func (s *State) say(now time.Time, text string, l *Limits) (time.Duration, bool) {
	second := uint32(now.Unix())
	window := uint32((l.RepeatWindow + time.Second - 1) / time.Second)
	hash := hashLine(text)
	at := &s.said[0]
	for i := range s.said {
		known := &s.said[i]
		if second-known.since >= window {
			*known = line{} // also when the clock was set back
		}
		switch {
		case known.count > 0 && known.hash == hash:
			if int(known.count) >= l.Repeats {
				return time.Duration(known.since+window-second) * time.Second, false
			}
			known.count++
			return 0, true
		case known.count == 0 || at.count > 0 && second-known.since > second-at.since:
			at = known
		}
	}
	*at = line{hash: hash, since: second, count: 1}
	return 0, true
}

// hashLine returns the same for lines that differ only in case, spaces, punctuation and
// invisible characters (FNV-1a over the rest, by characters). Lines with neither letters nor
// digits are hashed as they are.
func hashLine(text string) uint32 {
	const seed, prime = 2166136261, 16777619
	hash := uint32(seed)
	for _, r := range text {
		if r < utf8.RuneSelf { // most of them
			if c := lowerASCII[r]; c != 0 {
				hash = (hash ^ uint32(c)) * prime
			}
		} else if tells(r) {
			hash = (hash ^ uint32(unicode.ToLower(r))) * prime
		}
	}
	if hash != seed {
		return hash
	}
	for i := range len(text) {
		hash = (hash ^ uint32(text[i])) * prime
	}
	return hash
}

// lowerASCII has the ASCII letters in lower case and the digits, and 0 for the rest.
var lowerASCII = func() (table [utf8.RuneSelf]byte) {
	for c := byte('0'); c <= '9'; c++ {
		table[c] = c
	}
	for c := byte('a'); c <= 'z'; c++ {
		table[c], table[c-'a'+'A'] = c, c
	}
	return table
}()

// tells reports whether r distinguishes lines: letters, digits, and the marks
// with which scripts write vowels.
func tells(r rune) bool {
	return unicode.In(r, unicode.Letter, unicode.Nd, unicode.Mn, unicode.Mc) &&
		!unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// tooMuchCaps reports whether a line is long enough for the rule and has too many capitals.
func tooMuchCaps(text string, l *Limits) bool {
	if l.CapsPercent < 0 || l.CapsLetters < 0 {
		return false
	}
	capitals, letters := 0, 0
	for _, r := range text {
		switch {
		case unicode.IsUpper(r):
			capitals++
			letters++
		case unicode.IsLetter(r):
			letters++
		}
	}
	return letters >= l.CapsLetters && 100*capitals > l.CapsPercent*letters
}

// countLinks counts texts that clients turn into links: "scheme://", and "www."
// at the beginning of a word.
func countLinks(text string) int {
	links := strings.Count(text, "://")
	before := ' '
	for i, r := range text {
		if (r == 'w' || r == 'W') && !unicode.IsLetter(before) && !unicode.IsDigit(before) && before != '/' &&
			len(text)-i >= 4 && strings.EqualFold(text[i:i+4], "www.") {
			links++
		}
		before = r
	}
	return links
}
