package names

import (
	"cmp"
	_ "embed" // confusables.tsv
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// confusablesTSV is Unicode's table of look-alikes, with its origin at its top.
//
//go:embed confusables.tsv
var confusablesTSV string

// lookAlikes is the parsed table: an array sorted by from, which takes a tenth
// of the memory of a map.
type lookAlikes struct {
	rows []lookAlike
	to   string
}

// A lookAlike says that from looks like to[start:end] of its table.
type lookAlike struct {
	from       rune
	start, end uint16
}

func (l lookAlike) compare(r rune) int { return cmp.Compare(l.from, r) }

// confusables parses the table when the first name needs it, which takes about
// a millisecond.
var confusables = sync.OnceValue(func() *lookAlikes { return parseConfusables(confusablesTSV) })

// parseConfusables reads rows "source TAB prototype" in hexadecimal. A malformed
// line is skipped; the tests find it.
func parseConfusables(tsv string) *lookAlikes {
	count := strings.Count(tsv, "\n")
	rows := make([]lookAlike, 0, count)
	to := make([]byte, 0, 6*count)
	for line := range strings.Lines(tsv) {
		source, prototype, ok := strings.Cut(strings.TrimSpace(line), "\t")
		if !ok || source[0] == '#' {
			continue
		}
		row := lookAlike{from: parseHex(source), start: uint16(len(to))}
		for point := range strings.FieldsSeq(prototype) {
			to = utf8.AppendRune(to, parseHex(point))
		}
		row.end = uint16(len(to))
		rows = append(rows, row)
	}
	slices.SortFunc(rows, func(a, b lookAlike) int { return a.compare(b.from) })
	return &lookAlikes{rows: rows, to: string(to)}
}

// parseHex returns the code point that s names, or U+FFFD if it names none.
func parseHex(s string) rune {
	n, err := strconv.ParseUint(s, 16, 21)
	if err != nil {
		return utf8.RuneError
	}
	return rune(n)
}

// Prototype returns the text that r looks like, by Unicode's table of
// look-alikes (UTS #39, section 4), or "" if it looks only like itself.
func Prototype(r rune) string {
	t := confusables()
	i, ok := slices.BinarySearchFunc(t.rows, r, lookAlike.compare)
	if !ok {
		return ""
	}
	return t.to[t.rows[i].start:t.rows[i].end]
}

// Latin returns the small ASCII letters, or the digit, that r looks like in
// either case, and false if it looks like none. The small form has precedence:
// Greek nu is a v, though its capital looks like N.
func Latin(r rune) (string, bool) {
	if p := lowerASCII(Prototype(r)); p != "" {
		return p, true
	}
	capital := unicode.ToUpper(r)
	if capital == r {
		return "", false
	}
	p := lowerASCII(Prototype(capital))
	return p, p != ""
}

// lowerASCII returns s in lower case if it is ASCII letters and digits only,
// else "".
func lowerASCII(s string) string {
	for _, r := range s {
		if r >= utf8.RuneSelf || !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return ""
		}
	}
	if len(s) == 1 && 'A' <= s[0] && s[0] <= 'Z' {
		const small = "abcdefghijklmnopqrstuvwxyz" // which takes no memory
		return small[s[0]-'A':][:1]
	}
	return strings.ToLower(s)
}

// skeleton returns the skeleton of a key in form D. Unlike UTS #39 it takes
// capitals into account, which a user may type for every letter of a key, and
// maps everything that a letter looks like in either case to one text.
func skeleton(key string) string {
	b := make([]byte, 0, 2*len(key))
	for _, r := range key {
		if r < utf8.RuneSelf {
			b = appendASCII(b, byte(r))
			continue
		}
		if r == 'ς' {
			r = 'σ' // ς is its final form, with the same capital
		}
		if p, ok := Latin(r); ok {
			for i := range len(p) {
				b = appendASCII(b, p[i])
			}
			continue
		}
		p := Prototype(r)
		if p == "" {
			b = utf8.AppendRune(b, r)
			continue
		}
		for _, r := range p {
			if r < utf8.RuneSelf {
				b = appendASCII(b, byte(unicode.ToLower(r)))
			} else {
				b = utf8.AppendRune(b, r)
			}
		}
	}
	return string(norm.NFD.Bytes(b))
}

// skeletonASCII is skeleton for ASCII. It returns a key that is its own skeleton
// without copying it.
func skeletonASCII(key string) string {
	i := strings.IndexAny(key, "01im")
	if i < 0 {
		return key
	}
	var buf [2 * Max]byte
	b := append(buf[:0], key[:i]...)
	for ; i < len(key); i++ {
		b = appendASCII(b, key[i])
	}
	return string(b)
}

// appendASCII appends what c, in lower case, looks like: it is Unicode's table
// for ASCII, with capitals as small letters, and i as the l that its capital
// looks like.
func appendASCII(b []byte, c byte) []byte {
	switch c {
	case '0':
		return append(b, 'o')
	case '1', 'i':
		return append(b, 'l')
	case 'm':
		return append(b, "rn"...)
	default:
		return append(b, c)
	}
}
