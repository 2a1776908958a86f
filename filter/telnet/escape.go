package telnet

// An escape recognises the control sequences of a terminal (ECMA-48, and the
// function keys of a VT100) and what xterm makes of broken ones, so that they
// can be removed whole.
type escape uint8

const (
	escNone      escape = iota
	escBegin            // after ESC
	escMiddle           // after ESC and an intermediate byte
	escSingle           // after ESC N or ESC O: one more character
	escCSI              // after ESC [
	escString           // after ESC ] and its like: until BEL or ST
	escStringEsc        // the same, after an ESC in it
)

// The C1 control characters that begin or end a sequence.
const (
	c1DCS = 0x90
	c1SOS = 0x98
	c1CSI = 0x9b
	c1ST  = 0x9c
	c1OSC = 0x9d
	c1PM  = 0x9e
	c1APC = 0x9f
)

// next takes one character and reports whether it is part of a sequence. If it
// is not, a sequence that was going on has ended before it.
func (e *escape) next(r rune) bool {
	switch *e {
	case escNone:
		*e = beginning(r)
		return *e != escNone
	case escBegin, escStringEsc:
		return e.afterEsc(r)
	case escMiddle:
		if r >= 0x20 && r <= 0x2f {
			return true
		}
		return e.end(r >= 0x30 && r <= 0x7e, r)
	case escSingle:
		return e.end(r >= 0x20 && r <= 0x7e, r)
	case escCSI:
		if r >= 0x20 && r <= 0x3f {
			return true
		}
		return e.end(r >= 0x40 && r <= 0x7e, r)
	default: // escString
		e.inString(r)
		return true
	}
}

// beginning returns the state after a character outside all sequences.
func beginning(r rune) escape {
	switch r {
	case keyEsc:
		return escBegin
	case c1CSI:
		return escCSI
	case c1DCS, c1SOS, c1OSC, c1PM, c1APC:
		return escString
	}
	return escNone
}

// end is called for the character that completes a sequence, or breaks it off.
// One that breaks it off may begin another.
func (e *escape) end(complete bool, r rune) bool {
	*e = escNone
	return complete || e.next(r)
}

// afterEsc takes the character after ESC.
func (e *escape) afterEsc(r rune) bool {
	switch {
	case r == '[':
		*e = escCSI
	case r == ']' || r == 'P' || r == 'X' || r == '^' || r == '_':
		*e = escString
	case r == 'N' || r == 'O':
		*e = escSingle
	case r >= 0x20 && r <= 0x2f:
		*e = escMiddle
	default: // the two-byte sequences, ST among them
		return e.end(r >= 0x30 && r <= 0x7e, r)
	}
	return true
}

// inString takes a character of a control string, which only BEL, ST, and CAN
// and SUB end.
func (e *escape) inString(r rune) {
	switch r {
	case keyEsc:
		*e = escStringEsc
	case '\a', c1ST, 0x18, 0x1a:
		*e = escNone
	}
}
