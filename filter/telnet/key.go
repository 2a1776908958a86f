package telnet

import (
	"bytes"
	"unicode"
	"unicode/utf8"
)

// The editing keys. They are those of a Unix terminal's own line editing.
const (
	keyCtrlC = 0x03
	keyCtrlD = 0x04
	keyBS    = 0x08
	keyTab   = 0x09
	keyCtrlU = 0x15
	keyCtrlW = 0x17
	keyEsc   = 0x1b
	keyDEL   = 0x7f
)

// key takes the control character at the front of p, or a byte of an escape
// sequence, in character mode; in line mode, the erase keys alone: some clients
// send them as typed when their echo is turned off.
func (d *Decoder) key(p []byte) (Event, []byte) {
	c, rest := p[0], p[1:]
	if c == keyCtrlC && d.echoes() { // whatever else is going on
		return d.interrupt(p, inText)
	}
	switch {
	case d.discard:
		return Event{}, rest
	case d.esc != escNone || c == keyEsc:
		if d.esc.next(asciiRune(c)) {
			return Event{}, rest
		}
		return Event{}, p // the sequence was broken off: look at the byte again
	}
	switch c {
	case keyBS, keyDEL, keyCtrlU, keyCtrlW:
		return d.erase(c), rest
	case keyCtrlD:
		if len(d.held()) == 0 {
			return Event{Kind: EOF}, rest
		}
	case keyTab:
		if !d.add(p[:1]) {
			return Event{Kind: LineTooLong}, rest
		}
		return d.echo([]byte{' '}), rest // one column, so that it can be erased
	}
	return Event{}, rest // other keys do nothing
}

// asciiRune returns c as a rune if it is ASCII, else one that is neither a
// control character nor part of an escape sequence: a byte of UTF-8.
func asciiRune(c byte) rune {
	if c < utf8.RuneSelf {
		return rune(c)
	}
	return utf8.RuneError
}

// erase does what an editing key does to the line, and to the screen.
func (d *Decoder) erase(key byte) Event {
	line, cols := d.held(), 0
	switch key {
	case keyCtrlU:
		line, cols = eraseWhile(line, cols, func(byte) bool { return true })
	case keyCtrlW:
		blank := func(c byte) bool { return c == ' ' || c == keyTab }
		line, cols = eraseWhile(line, cols, blank)
		line, cols = eraseWhile(line, cols, func(c byte) bool { return !blank(c) })
	default:
		line, cols = eraseLast(line)
	}
	if d.part != nil {
		d.part.line = line
	}
	return d.echo(bytes.Repeat([]byte("\b \b"), cols))
}

// eraseWhile removes characters from the end of line as long as last agrees to
// the last byte, and adds their columns to cols.
func eraseWhile(line []byte, cols int, last func(byte) bool) (rest []byte, sum int) {
	for len(line) > 0 && last(line[len(line)-1]) {
		var n int
		line, n = eraseLast(line)
		cols += n
	}
	return line, cols
}

// eraseLast removes the last character, with the combining marks on it, and
// returns the columns that it took on the screen. A byte that is not UTF-8
// counts as a character.
func eraseLast(line []byte) (rest []byte, cols int) {
	for len(line) > 0 && cols == 0 {
		r, n := utf8.DecodeLastRune(line)
		line = line[:len(line)-n]
		cols = columns(r)
	}
	return line, cols
}

// wide lists what terminals show two columns wide: the main ranges of Unicode's
// East Asian Width W and F (UAX #11), as far as people type them.
var wide = &unicode.RangeTable{
	R16: []unicode.Range16{
		{Lo: 0x1100, Hi: 0x115f, Stride: 1}, // Hangul Jamo
		{Lo: 0x231a, Hi: 0x231b, Stride: 1}, // watches
		{Lo: 0x23e9, Hi: 0x23ec, Stride: 1}, // player symbols
		{Lo: 0x2614, Hi: 0x2615, Stride: 1}, // umbrella, hot beverage
		{Lo: 0x26a1, Hi: 0x26a1, Stride: 1}, // high voltage
		{Lo: 0x2705, Hi: 0x2705, Stride: 1}, // check mark
		{Lo: 0x2728, Hi: 0x2728, Stride: 1}, // sparkles
		{Lo: 0x274c, Hi: 0x274c, Stride: 1}, // cross mark
		{Lo: 0x2753, Hi: 0x2755, Stride: 1}, // question marks
		{Lo: 0x2b50, Hi: 0x2b50, Stride: 1}, // star
		{Lo: 0x2e80, Hi: 0x303e, Stride: 1}, // CJK radicals and punctuation
		{Lo: 0x3041, Hi: 0xa4cf, Stride: 1}, // Kana to Yi
		{Lo: 0xa960, Hi: 0xa97c, Stride: 1}, // Hangul Jamo A
		{Lo: 0xac00, Hi: 0xd7a3, Stride: 1}, // Hangul
		{Lo: 0xf900, Hi: 0xfaff, Stride: 1}, // CJK compatibility
		{Lo: 0xfe30, Hi: 0xfe6f, Stride: 1}, // CJK forms
		{Lo: 0xff00, Hi: 0xff60, Stride: 1}, // full-width forms
		{Lo: 0xffe0, Hi: 0xffe6, Stride: 1},
	},
	R32: []unicode.Range32{
		{Lo: 0x16fe0, Hi: 0x18cff, Stride: 1}, // Tangut, Khitan
		{Lo: 0x1b000, Hi: 0x1b2ff, Stride: 1}, // Kana extensions
		{Lo: 0x1f300, Hi: 0x1f64f, Stride: 1}, // pictographs
		{Lo: 0x1f680, Hi: 0x1f6ff, Stride: 1},
		{Lo: 0x1f900, Hi: 0x1f9ff, Stride: 1},
		{Lo: 0x1fa70, Hi: 0x1faff, Stride: 1},
		{Lo: 0x20000, Hi: 0x3fffd, Stride: 1}, // CJK extensions
	},
}

// columns returns how many columns of a terminal r takes: 0, 1 or 2.
func columns(r rune) int {
	const softHyphen = 0xad
	switch {
	case r < 0x300 || r == softHyphen:
		return 1
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		return 0
	case unicode.Is(wide, r):
		return 2
	}
	return 1
}
