package chat

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxName is the length of the longest name, in characters.
const MaxName = 29

// A NameError says why a name is refused.
type NameError struct {
	// Reason is a sentence for the person who chose the name.
	Reason string
}

// Error implements error.
func (e *NameError) Error() string { return "chat: " + e.Reason }

// The reasons to refuse a name; compare with errors.Is.
var (
	ErrNameEmpty     = &NameError{"a name is needed"}
	ErrNameTaken     = &NameError{"that name is taken"}
	ErrNameMalformed = &NameError{"a name has only letters, digits, _ - and ."}
	ErrNameTooLong   = &NameError{"a name has at most 29 characters"}
)

// Reason returns the sentence for a person that err stands for.
func Reason(err error) string {
	if e, ok := errors.AsType[*NameError](err); ok {
		return e.Reason
	}
	return err.Error()
}

// checkName returns nil for a well-formed name: 1 to MaxName letters of any
// script, ASCII digits, '_', '-' and '.'.
func checkName(name string) *NameError {
	if name == "" {
		return ErrNameEmpty
	}
	for _, r := range name {
		if !nameRune(r) {
			return ErrNameMalformed
		}
	}
	if utf8.RuneCountInString(name) > MaxName {
		return ErrNameTooLong
	}
	return nil
}

func nameRune(r rune) bool {
	if r < utf8.RuneSelf {
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' ||
			r == '_' || r == '-' || r == '.'
	}
	// Some letters, such as the Hangul filler, are drawn as nothing at all.
	return unicode.IsLetter(r) && !unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r)
}

// fold maps names that differ only in case to one key. It returns a name that
// is its own key without copying it.
func fold(name string) string { return strings.Map(foldRune, name) }

// foldRune returns the representative of r's case orbit: its smallest member,
// in lower case if that is ASCII.
func foldRune(r rune) rune {
	if r < utf8.RuneSelf {
		return unicode.ToLower(r)
	}
	least := r
	for o := unicode.SimpleFold(r); o != r; o = unicode.SimpleFold(o) {
		least = min(least, o)
	}
	if least < utf8.RuneSelf {
		return unicode.ToLower(least)
	}
	return least
}
