// Package names says what a user or a room may be called, and which names are
// one and the same.
//
// A name has three forms. Display is what people see. Key is what makes it
// one's own: the UsernameCaseMapped form of RFC 8265, so that neither case nor
// the width of a letter makes another name. Skeleton is what it looks like
// (UTS #39, section 4): two names with one skeleton can be taken for each other.
//
// The package is pure: no clock, no files, no state but tables.
package names

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/secure/bidirule"
	"golang.org/x/text/secure/precis"
	"golang.org/x/text/unicode/bidi"
	"golang.org/x/text/unicode/norm"
)

// Max is the length of the longest name, in characters; a room's "#" is not
// counted.
const Max = 29

const (
	// maxBytes bounds what is normalised at all. Four characters may compose to
	// one: three marks on a letter.
	maxBytes = Max * 4 * utf8.UTFMax
	// maxMarks is how many marks that take no width of their own may follow each
	// other, taken apart (UTS #39, section 5.4).
	maxMarks = 4
	// maxRounds is how often the rules of a profile are applied until nothing
	// changes (RFC 8265, section 3.2.2, by way of RFC 8264, section 7).
	maxRounds = 4
)

// A Name is a well-formed name. Equal Keys are the same name.
type Name struct {
	// Display is the name as it was typed, in normalisation form C.
	Display string
	// Key is the same for all spellings of the name.
	Key string
	// Skeleton is the same for all names that look like this one. It is made
	// from the Key, so that no spelling of a name gives another; hence i, I, l
	// and 1 are one, since a capital I looks like a small l (and Neil, who may
	// write NeIl, like Nell). It is not for people's eyes.
	Skeleton string
}

// Parse returns the name that s spells: 1 to Max letters of one script, with the
// marks that the script puts on them, ASCII digits, '_', '-' and '.'. What it
// returns for a Display or a Key has the same Key and Skeleton.
func Parse(s string) (Name, error) {
	if s == "" {
		return Name{}, ErrEmpty
	}
	if len(s) > maxBytes {
		return Name{}, ErrTooLong
	}
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return parse(s)
		}
	}
	return parseASCII(s)
}

// ParseRoom returns the room's name that s spells: "#" and what Parse takes.
// All three forms begin with the "#".
func ParseRoom(s string) (Name, error) {
	bare, ok := strings.CutPrefix(s, "#")
	if !ok {
		if s == "" {
			return Name{}, ErrEmpty
		}
		return Name{}, errNoHash
	}
	n, err := Parse(bare)
	if err != nil {
		return Name{}, err
	}
	n = Name{Display: "#" + n.Display, Key: "#" + n.Key, Skeleton: "#" + n.Skeleton}
	return n, nil
}

// Confusable reports whether a and b are two names that look alike.
func Confusable(a, b Name) bool { return a.Key != b.Key && a.Skeleton == b.Skeleton }

// parseASCII is Parse for the names that most people have.
func parseASCII(s string) (Name, error) {
	for i := range len(s) {
		if !nameByte(s[i]) {
			return Name{}, ErrMalformed
		}
	}
	if len(s) > Max {
		return Name{}, ErrTooLong
	}
	key := strings.ToLower(s)
	return Name{Display: s, Key: key, Skeleton: skeletonASCII(key)}, nil
}

func nameByte(b byte) bool {
	return 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' || '0' <= b && b <= '9' ||
		b == '_' || b == '-' || b == '.'
}

// parse is Parse for names of any script.
func parse(s string) (Name, error) {
	if !utf8.ValidString(s) {
		return Name{}, ErrMalformed
	}
	display := norm.NFC.String(s)
	if err := checkRunes(display); err != nil {
		return Name{}, err
	}
	key, err := fold(display)
	if err != nil {
		return Name{}, err
	}
	// The key is a name, too: people may type it.
	if err := checkRunes(key); err != nil {
		return Name{}, err
	}
	apart := norm.NFD.String(key)
	if err := checkMarks(apart); err != nil {
		return Name{}, err
	}
	if !oneScript(key) {
		return Name{}, ErrMixedScript
	}
	return Name{Display: display, Key: key, Skeleton: skeleton(apart)}, nil
}

// checkRunes returns nil for 1 to Max runes that a name may have, of which the
// first is no mark.
func checkRunes(name string) error {
	count := 0
	for _, r := range name {
		if !nameRune(r) {
			return ErrMalformed
		}
		if count == 0 && unicode.IsMark(r) {
			return errMarkFirst
		}
		count++
	}
	if count > Max {
		return ErrTooLong
	}
	return nil
}

// nameRune reports whether a name may have r in it. Letters and marks that are
// drawn as nothing at all are none of it, such as the Hangul filler; the marks
// that enclose (Me) belong to no script.
func nameRune(r rune) bool {
	if r < utf8.RuneSelf {
		return nameByte(byte(r))
	}
	return (unicode.IsLetter(r) || unicode.In(r, unicode.Mn, unicode.Mc)) && !ignorable(r)
}

// ignorable reports whether r is a letter or a mark with the property
// Default_Ignorable_Code_Point. (Its other members are format characters.)
func ignorable(r rune) bool {
	return unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// userName is the profile UsernameCaseMapped without its directionality rule:
// precis holds names without a letter that is written from right to left to that
// rule, too, and so refuses digits before an umlaut.
var userName = precis.NewIdentifier(precis.FoldWidth, precis.LowerCase(), precis.Norm(norm.NFC))

// fold returns the Key of a name. Applying the profile to what it returns
// changes nothing.
func fold(name string) (string, error) {
	for range maxRounds {
		next, err := userName.String(name)
		if err != nil {
			return "", ErrMalformed
		}
		// The Bidi Rule of RFC 5893 is about names with such letters only.
		if bidirule.DirectionString(next) != bidi.LeftToRight && !bidirule.ValidString(next) {
			return "", errDirection
		}
		if next == name {
			return next, nil
		}
		name = next
	}
	return "", ErrMalformed
}

// checkMarks refuses heaps of marks that reach into the lines above and below,
// and one mark twice, which looks like once. The name is in form D.
func checkMarks(name string) error {
	var last rune
	row := 0
	for _, r := range name {
		if !unicode.Is(unicode.Mn, r) {
			last, row = 0, 0
			continue
		}
		row++
		if r == last || row > maxMarks {
			return errMarks
		}
		last = r
	}
	return nil
}
