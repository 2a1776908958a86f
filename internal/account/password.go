package account

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/secure/precis"
)

// The bounds of a password. The upper one is not about memory or time, which
// Argon2 takes no more of for a long one, but keeps a line of chat with the
// password in it within the limit of a line.
const (
	MinPassword      = 8   // characters
	MaxPassword      = 128 // characters
	maxPasswordBytes = utf8.UTFMax * MaxPassword
)

// A PasswordError is a sentence for the user, without the password, that says
// what is wrong with it and what to do.
type PasswordError string

func (e PasswordError) Error() string { return string(e) }

// Prepare returns password in the form that is hashed: the OpaqueString profile
// of RFC 8265, section 4.2. Any space becomes the usual one, and what looks the
// same because letters are composed differently becomes the same. The error is a
// PasswordError.
func Prepare(password string) (string, error) {
	switch {
	case password == "":
		return "", PasswordError("the password is empty: type one of 8 characters or more")
	case len(password) > maxPasswordBytes:
		return "", tooLong()
	case !utf8.ValidString(password):
		return "", PasswordError("the password is not valid UTF-8: set your terminal to UTF-8, or use only ASCII letters, digits and signs")
	}
	prepared, err := precis.OpaqueString.String(password)
	if err != nil {
		return "", PasswordError("the password holds a character that passwords can't have: leave out control characters, invisible ones and emoji made of several")
	}
	return prepared, nil
}

// CheckPassword returns why password can't be the new one of the user called
// name, or nil. The error is a PasswordError.
func CheckPassword(password, name string) error {
	prepared, err := Prepare(password)
	if err != nil {
		return err
	}
	n := utf8.RuneCountInString(prepared)
	switch {
	case n < MinPassword:
		return PasswordError(fmt.Sprintf("the password is too short: choose one of %d characters or more, such as a few words", MinPassword))
	case n > MaxPassword:
		return tooLong()
	case isName(prepared, name):
		return PasswordError("the password is your name, which everybody would try first: choose another one")
	}
	return nil
}

func tooLong() error {
	return PasswordError(fmt.Sprintf("the password is too long: choose one of at most %d characters", MaxPassword))
}

// isName tells whether password is name, once or several times, in whatever case.
func isName(password, name string) bool {
	prepared, err := precis.OpaqueString.String(name)
	if err != nil {
		return false // then no password can be it
	}
	password, prepared = strings.ToLower(password), strings.ToLower(prepared)
	return strings.ReplaceAll(password, prepared, "") == ""
}
