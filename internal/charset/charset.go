// Package charset translates between UTF-8 and the character sets of old
// terminals. It is pure: bytes in, bytes out.
package charset

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// A Charset is how a terminal encodes text. The zero value is UTF8.
type Charset uint8

// The character sets.
const (
	UTF8 Charset = iota
	Latin1
	CP437
	CP850
	CP1252
	KOI8R
)

// table has the name and the code page of each Charset but UTF8, which needs none.
var table = [...]struct {
	name string
	page *charmap.Charmap
}{
	UTF8:   {"utf-8", nil},
	Latin1: {"latin1", charmap.ISO8859_1},
	CP437:  {"cp437", charmap.CodePage437},
	CP850:  {"cp850", charmap.CodePage850},
	CP1252: {"cp1252", charmap.Windows1252},
	KOI8R:  {"koi8-r", charmap.KOI8R},
}

// aliases are other names in use.
var aliases = map[string]Charset{
	"utf8": UTF8, "iso-8859-1": Latin1, "iso8859-1": Latin1, "latin-1": Latin1, "437": CP437, "ibm437": CP437, "850": CP850,
	"ibm850": CP850, "1252": CP1252, "windows-1252": CP1252, "koi8r": KOI8R, "koi8": KOI8R,
}

// Names lists the names of all character sets.
func Names() []string {
	names := make([]string, len(table))
	for i := range table {
		names[i] = table[i].name
	}
	return names
}

// Parse returns the Charset of that name, in any case, and whether there is one.
func Parse(name string) (Charset, bool) {
	name = strings.ToLower(name)
	for i := range table {
		if table[i].name == name {
			return Charset(i), true
		}
	}
	c, ok := aliases[name]
	return c, ok
}

// String returns the name of the character set.
func (c Charset) String() string {
	if int(c) < len(table) {
		return table[c].name
	}
	return "charset(?)"
}

// First returns the first byte above ASCII that is a character by itself, 0 for UTF8.
func (c Charset) First() byte {
	switch c {
	case UTF8:
		return 0
	case Latin1: // below are the control characters C1
		return 0xa0
	default:
		return 0x80
	}
}

// Decode returns line in UTF-8. A line that is already valid is returned itself;
// otherwise the text replaces the content of dst, which must not overlap line.
//
// As UTF8, a line that is not valid is read as Latin-1 if that is plausible (see
// PlausibleLatin1); otherwise each of its broken bytes becomes U+FFFD. In every
// other character set each byte is one character, U+FFFD if the set has none for it.
func (c Charset) Decode(dst, line []byte) []byte {
	page := table[c].page
	switch {
	case c == UTF8 && utf8.Valid(line), isASCII(line):
		return line
	case c == UTF8 && PlausibleLatin1(line):
		page = charmap.ISO8859_1
	case c == UTF8:
		return appendBroken(dst[:0], line)
	}
	first := c.First()
	dst = dst[:0]
	for _, b := range line {
		r := rune(b)
		if b >= utf8.RuneSelf {
			if r = utf8.RuneError; b >= first {
				r = page.DecodeByte(b)
			}
		}
		dst = utf8.AppendRune(dst, r)
	}
	return dst
}

// appendBroken appends line with U+FFFD for each byte that is not part of UTF-8.
func appendBroken(dst, line []byte) []byte {
	for len(line) > 0 {
		r, n := utf8.DecodeRune(line)
		dst = utf8.AppendRune(dst, r)
		line = line[n:]
	}
	return dst
}

func isASCII(line []byte) bool {
	for _, b := range line {
		if b >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// PlausibleLatin1 reports whether a line that is not valid UTF-8 may be Latin-1.
// It may not be if it has:
//
//   - a byte from 0x80 to 0x9f: a control character in Latin-1, a letter in the
//     code pages;
//   - a character of two bytes or more that is valid UTF-8: the line is UTF-8 with
//     a broken byte in it;
//   - a sign (0xa0 to 0xbf) directly after a letter (0xc0 and above), as in a
//     truncated UTF-8 sequence; a closing quotation mark (0xbb), a no-break
//     space (0xa0) and a soft hyphen (0xad) are allowed there.
func PlausibleLatin1(line []byte) bool {
	for i, b := range line {
		if b < utf8.RuneSelf {
			continue
		}
		if _, n := utf8.DecodeRune(line[i:]); n > 1 {
			return false
		}
		sign := b < 0xc0 && b != 0xbb && b != 0xa0 && b != 0xad
		if b < 0xa0 || sign && i > 0 && line[i-1] >= 0xc0 {
			return false
		}
	}
	return true
}

// An Encoding is how text is written to a client. Encodings are comparable. The zero
// value is UTF-8, which is sent as it is.
type Encoding struct {
	Charset Charset
	// Telnet doubles the byte 255, which is IAC in telnet (RFC 854).
	Telnet bool
}

// Encode translates b, which is UTF-8, in place and returns the result, which
// is never longer. Characters that the character set lacks become '?'.
func (w Encoding) Encode(b []byte) []byte {
	if w.Charset == UTF8 {
		return b
	}
	page := table[w.Charset].page
	first := w.Charset.First()
	out := b[:0]
	for i := 0; i < len(b); {
		if b[i] < utf8.RuneSelf {
			out = append(out, b[i])
			i++
			continue
		}
		r, n := utf8.DecodeRune(b[i:])
		i += n
		c, ok := page.EncodeRune(r)
		if !ok || c < first {
			c = '?'
		}
		if out = append(out, c); c == 0xff && w.Telnet { // its UTF-8 had two bytes, too
			out = append(out, c)
		}
	}
	return out
}
