package safetext

import "unicode/utf8"

// Clean returns a user's text in a form that is safe to show on any terminal, and in any
// client. Every codec passes its input through it: the chat stores and compares cleaned
// text only. It returns one line:
//
//   - It is valid UTF-8. An invalid byte becomes U+FFFD (RFC 3629, section 10: lenient
//     decoders may disagree); a caller that supports other character sets decodes the line
//     before.
//   - The line separators LF, U+2028 and U+2029 become spaces, so that nobody can make a
//     second line, which could look like somebody else's.
//   - Of the other control characters only TAB is left: no C0, no DEL, no C1 (ECMA-48,
//     section 5), which control terminals.
//   - Escape sequences (ECMA-48, section 5.4 and 5.6) are removed whole, so that no
//     "[31m" is left. A control string such as OSC without an end does not count: only
//     its introducer is removed.
//   - The bidirectional overrides, embeddings and isolates (U+202A to U+202E, U+2066 to
//     U+206F) are removed (UAX #9, section 2): they would affect the text that follows.
//     The marks U+200E, U+200F and U+061C stay, because they are harmless and part of
//     proper text, as do the joiners that emoji need.
//   - U+FEFF and the annotation characters U+FFF9 to U+FFFB are removed: they are
//     invisible, and would make texts different that look the same.
//   - At most [MaxMarks] combining marks follow each other.
//
// A line that needs no change is returned itself: nothing is copied. Otherwise the text
// replaces the content of dst, which may be nil and must not overlap line. The result is
// at most three times as long as line, and cleaning it again changes nothing.
func Clean(dst, line []byte) []byte {
	for i, c := range line {
		if (c < ' ' && c != '\t') || c >= del {
			return cleanFrom(dst, line, i)
		}
	}
	return line
}

// cleanFrom is Clean for a line of which the first i bytes are plain ASCII.
func cleanFrom(dst, line []byte, i int) []byte {
	var marks Marks
	for i < len(line) {
		r, n := utf8.DecodeRune(line[i:])
		was := marks
		if r == utf8.RuneError && n == 1 || !Harmless(r) || !marks.Allow(r) {
			marks = was
			break
		}
		i += n
	}
	if i == len(line) {
		return line
	}
	dst = append(dst[:0], line[:i]...)
	var seq escape
	for i < len(line) {
		if n := controlString(line[i:]); n > 0 {
			seq = escNone
			i += n
			continue
		}
		r, n := utf8.DecodeRune(line[i:])
		dst = appendClean(dst, &seq, &marks, r)
		i += n
	}
	return dst
}

// appendClean appends r unless it is part of an escape sequence or may not be shown.
func appendClean(dst []byte, seq *escape, marks *Marks, r rune) []byte {
	if seq.next(r) {
		return dst
	}
	switch r {
	case '\n', 0x2028, 0x2029:
		r = ' '
	}
	if !Harmless(r) || !marks.Allow(r) {
		return dst
	}
	return utf8.AppendRune(dst, r)
}
