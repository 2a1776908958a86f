package flood

import (
	"strings"
	"time"
	"unicode"
)

// A line is one that was said count times since a second, known by a hash.
type line struct {
	hash  uint32
	since uint32 // seconds since 1970, the low 32 bits
	count uint16
}

// say counts a line, or returns how long it may not be said again. The window
// begins with the first time; what is refused doesn't prolong it.
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

// hashLine returns the same for lines that differ only in case, spaces,
// punctuation and characters that nobody sees (FNV-1a over the rest, by characters). Lines with
// neither letters nor digits are hashed as they are.
func hashLine(text string) uint32 {
	const seed, prime = 2166136261, 16777619
	hash := uint32(seed)
	for _, r := range text {
		if !tells(r) {
			continue
		}
		hash = (hash ^ uint32(unicode.ToLower(r))) * prime
	}
	if hash != seed {
		return hash
	}
	for i := range len(text) {
		hash = (hash ^ uint32(text[i])) * prime
	}
	return hash
}

// tells reports whether r makes a line another one: letters, digits, and the
// marks that scripts write vowels with.
func tells(r rune) bool {
	if r < 0x80 {
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
	}
	return unicode.In(r, unicode.Letter, unicode.Nd, unicode.Mn, unicode.Mc) &&
		!unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// tooMuchCaps reports whether a line is long enough for the rule and shouts.
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

// countLinks counts what clients make a link of: "scheme://", and "www." at the
// beginning of a word.
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
