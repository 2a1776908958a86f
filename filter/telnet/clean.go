package telnet

import "unicode/utf8"

// Clean returns the text of a received line in a form that can be shown on any
// terminal without harm:
//
//   - It is valid UTF-8. A line that is not is taken as Latin-1 as a whole.
//   - Of the control characters only TAB is left: no C0, no DEL, no C1.
//   - Escape sequences (ECMA-48) are removed whole, a string such as OSC that
//     does not end up to the end of the line.
//   - The bidirectional overrides, embeddings and isolates (U+202A to U+202E,
//     U+2066 to U+206F) are removed: they would run on into what follows. The
//     marks U+200E, U+200F and U+061C stay, being harmless and part of proper
//     text, as do the joiners that emoji need.
//   - U+2028 and U+2029, which separate lines, become spaces. U+FEFF and the
//     annotation characters U+FFF9 to U+FFFB are removed.
//
// A line that needs no change is returned itself: nothing is copied. Otherwise
// the text replaces the content of dst, which may be nil and must not overlap
// line. It is at most twice as long as line, and cleaning it again changes nothing.
func Clean(dst, line []byte) []byte {
	for i, c := range line {
		if (c < ' ' && c != '\t') || c >= keyDEL {
			return cleanFrom(dst, line, i)
		}
	}
	return line
}

// cleanFrom is Clean for a line of which the first i bytes are plain ASCII.
func cleanFrom(dst, line []byte, i int) []byte {
	if !utf8.Valid(line[i:]) {
		dst = append(dst[:0], line[:i]...)
		var esc escape
		for _, c := range line[i:] {
			dst = appendClean(dst, &esc, rune(c))
		}
		return dst
	}
	for i < len(line) {
		r, n := utf8.DecodeRune(line[i:])
		if !harmless(r) {
			break
		}
		i += n
	}
	if i == len(line) {
		return line
	}
	dst = append(dst[:0], line[:i]...)
	var esc escape
	for i < len(line) {
		r, n := utf8.DecodeRune(line[i:])
		dst = appendClean(dst, &esc, r)
		i += n
	}
	return dst
}

// appendClean appends r unless it is part of an escape sequence or may not be shown.
func appendClean(dst []byte, esc *escape, r rune) []byte {
	switch {
	case esc.next(r):
		return dst
	case harmless(r):
		return utf8.AppendRune(dst, r)
	case r == 0x2028 || r == 0x2029:
		return append(dst, ' ')
	}
	return dst
}

// harmless reports whether r may be shown as it is.
func harmless(r rune) bool {
	switch {
	case r < ' ':
		return r == '\t'
	case r < keyDEL:
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

// Append appends text to dst as Telnet data (RFC 854): "\n" becomes CR LF, a CR
// that no LF follows becomes CR NUL, and the byte 255, which UTF-8 never has, is
// doubled.
func Append(dst, text []byte) []byte {
	for i, c := range text {
		switch c {
		case cmdIAC:
			dst = append(dst, cmdIAC, cmdIAC)
		case '\n':
			if i == 0 || text[i-1] != '\r' {
				dst = append(dst, '\r')
			}
			dst = append(dst, '\n')
		case '\r':
			dst = append(dst, '\r')
			if i+1 == len(text) || text[i+1] != '\n' {
				dst = append(dst, 0)
			}
		default:
			dst = append(dst, c)
		}
	}
	return dst
}
