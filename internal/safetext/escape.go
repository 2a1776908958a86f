package safetext

import "unicode/utf8"

// An escape recognises the control sequences of a terminal (ECMA-48, and the
// function keys of a VT100) and what xterm makes of broken ones, so that they
// can be removed whole. It does not handle control strings: controlString finds
// those, and the introducer of an incomplete one counts as two characters.
type escape uint8

const (
	escNone   escape = iota
	escBegin         // after ESC
	escMiddle        // after ESC and an intermediate byte
	escSingle        // after ESC N or ESC O: one more character
	escCSI           // after ESC [
)

// The control characters that begin, end or break off a sequence.
const (
	can   = 0x18
	sub   = 0x1a
	esc   = 0x1b
	del   = 0x7f
	c1DCS = 0x90
	c1SOS = 0x98
	c1CSI = 0x9b
	c1ST  = 0x9c
	c1OSC = 0x9d
	c1PM  = 0x9e
	c1APC = 0x9f
)

// next takes one character and reports whether it is part of a sequence. If it
// is not, a sequence in progress has ended before it.
func (e *escape) next(r rune) bool {
	switch *e {
	case escNone:
		*e = beginning(r)
		return *e != escNone
	case escBegin:
		return e.afterEsc(r)
	case escMiddle:
		if r >= 0x20 && r <= 0x2f {
			return true
		}
		return e.end(r >= 0x30 && r <= 0x7e, r)
	case escSingle:
		return e.end(r >= 0x20 && r <= 0x7e, r)
	default: // escCSI
		if r >= 0x20 && r <= 0x3f {
			return true
		}
		return e.end(r >= 0x40 && r <= 0x7e, r)
	}
}

// beginning returns the state after a character outside all sequences.
func beginning(r rune) escape {
	switch r {
	case esc:
		return escBegin
	case c1CSI:
		return escCSI
	}
	return escNone
}

// end is called for the character that completes a sequence, or aborts it. One
// that aborts it may begin another.
func (e *escape) end(complete bool, r rune) bool {
	*e = escNone
	return complete || e.next(r)
}

// afterEsc takes the character after ESC.
func (e *escape) afterEsc(r rune) bool {
	switch {
	case r == '[':
		*e = escCSI
	case r == 'N' || r == 'O':
		*e = escSingle
	case r >= 0x20 && r <= 0x2f:
		*e = escMiddle
	default: // the two-byte sequences, ST among them
		return e.end(r >= 0x30 && r <= 0x7e, r)
	}
	return true
}

// controlString returns the length of the control string (OSC and its like) that
// line begins with, its end included; 0 if there is none. A string without an
// end does not count: a key was pressed by mistake, and text follows.
func controlString(line []byte) int {
	r, n := utf8.DecodeRune(line)
	if r == esc && n < len(line) {
		switch line[n] {
		case ']', 'P', 'X', '^', '_':
			n++
		default:
			return 0
		}
	} else if !beginsString(r) {
		return 0
	}
	for i := n; i < len(line); {
		r, n := utf8.DecodeRune(line[i:])
		i += n
		switch {
		case r == '\a', r == c1ST, r == can, r == sub:
			return i
		case r == esc && i < len(line) && line[i] == '\\':
			return i + 1
		case r == esc, beginsString(r): // also keeps the time linear in the length of the line
			return 0
		}
	}
	return 0
}

// beginsString reports whether r is a C1 control character that begins a string.
func beginsString(r rune) bool {
	switch r {
	case c1DCS, c1SOS, c1OSC, c1PM, c1APC:
		return true
	}
	return false
}
