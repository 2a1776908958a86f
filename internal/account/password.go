package account

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/secure/precis"
)

// The bounds of a password. The upper one is not about memory or time, which do
// not depend on the length, but keeps a command with the password in it within
// the length limit of a line.
const (
	MinPassword      = 8   // characters
	MaxPassword      = 128 // characters
	maxPasswordBytes = utf8.UTFMax * MaxPassword
)

// A PasswordError is the code of what is wrong with a password; package text has the words
// for it.
type PasswordError string

// The reasons to reject a password.
const (
	PasswordEmpty    PasswordError = "password-empty"
	PasswordTooShort PasswordError = "password-too-short"
	PasswordTooLong  PasswordError = "password-too-long"
	PasswordNotUTF8  PasswordError = "password-not-text"
	PasswordBad      PasswordError = "password-with-bad-character"
	PasswordIsName   PasswordError = "password-is-name"
)

// Error implements error.
func (e PasswordError) Error() string { return "account: " + string(e) }

// Prepare returns password in the form that is hashed: the OpaqueString profile
// of RFC 8265, section 4.2. Any space becomes an ASCII space, and composed and
// decomposed letters become the same. The error is a PasswordError.
func Prepare(password string) (string, error) {
	switch {
	case password == "":
		return "", PasswordEmpty
	case len(password) > maxPasswordBytes:
		return "", PasswordTooLong
	case !utf8.ValidString(password):
		return "", PasswordNotUTF8
	}
	prepared, err := precis.OpaqueString.String(password)
	if err != nil {
		return "", PasswordBad
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
		return PasswordTooShort
	case n > MaxPassword:
		return PasswordTooLong
	case isName(prepared, name):
		return PasswordIsName
	}
	return nil
}

// isName reports whether password is name, once or several times, in any case.
func isName(password, name string) bool {
	prepared, err := precis.OpaqueString.String(name)
	if err != nil {
		return false // then no password can match it
	}
	password, prepared = strings.ToLower(password), strings.ToLower(prepared)
	return strings.ReplaceAll(password, prepared, "") == ""
}
