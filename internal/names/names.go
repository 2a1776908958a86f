// Package names parses the names of users and rooms, and decides which names
// are the same and which look alike.
//
// A name has three forms. Display is shown to people. Key identifies the name:
// it is the UsernameCaseMapped form of RFC 8265, so that neither case nor the
// width of a letter makes another name. Skeleton is the name's look (UTS #39,
// section 4): two names with the same skeleton can be mistaken for each other.
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
	// maxBytes bounds the input that is normalised. Four characters may compose
	// to one: three marks on a letter.
	maxBytes = Max * 4 * utf8.UTFMax
	// maxMarks is how many nonspacing marks may follow each other in decomposed
	// form (UTS #39, section 5.4).
	maxMarks = 4
	// maxRounds is how many times the rules of a profile are applied until
	// nothing changes (RFC 8265, section 3.2.2, by way of RFC 8264, section 7).
	maxRounds = 4
)

// A Name is a well-formed name. Equal Keys are the same name.
type Name struct {
	// Display is the name as it was typed, in normalisation form C.
	Display string
	// Key is the same for all spellings of the name.
	Key string
	// Skeleton is the same for all names that look like this one. It is made
	// from the Key, so that all spellings of a name have the same; hence i, I,
	// l and 1 are the same, as a capital I looks like a small l (and Neil, who
	// may write NeIl, like Nell). It is not meant to be shown.
	Skeleton string
}

// Parse returns the name that s spells: 1 to Max letters of one script, with the
// marks that the script puts on them, ASCII digits, '_', '-' and '.'. Parsing a
// Display or a Key again gives the same Key and Skeleton.
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

// parseASCII is Parse for ASCII names, the usual case.
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
	// The key must be a name, too: people may type it.
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

// checkRunes returns nil for 1 to Max runes that are allowed in a name, of
// which the first is not a mark.
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

// nameRune reports whether r is allowed in a name. Invisible letters and marks,
// such as the Hangul filler, are not; enclosing marks (Me) belong to no script.
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
// precis applies that rule also to names without right-to-left letters, and so
// refuses digits before an umlaut.
var userName = precis.NewIdentifier(precis.FoldWidth, precis.LowerCase(), precis.Norm(norm.NFC))

// fold returns the Key of a name. Applying the profile to what it returns
// changes nothing.
func fold(name string) (string, error) {
	for range maxRounds {
		next, err := userName.String(name)
		if err != nil {
			return "", ErrMalformed
		}
		// The final form and the one of the capital are the same letter.
		next = strings.ReplaceAll(next, "ς", "σ")
		// The Bidi Rule of RFC 5893 applies only to names with such letters.
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

// checkMarks refuses stacks of marks that reach into the lines above and below,
// and a repeated mark, which looks like a single one. The name is in form D.
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
