package names

import "errors"

// An Error says why a name is refused.
type Error struct {
	// Reason is a sentence for the person who chose the name.
	Reason string

	is *Error // the reason in general, for errors.Is
}

// Error implements error.
func (e *Error) Error() string { return "names: " + e.Reason }

// Unwrap returns the reason in general that e is a case of, or nil.
func (e *Error) Unwrap() error {
	if e.is == nil {
		return nil // not a nil *Error, which is an error
	}
	return e.is
}

// The reasons to refuse a name; compare with errors.Is.
var (
	ErrEmpty       = &Error{Reason: "a name is needed"}
	ErrTooLong     = &Error{Reason: "a name has at most 29 characters"}
	ErrMalformed   = &Error{Reason: "a name has only letters, digits, _ - and ."}
	ErrMixedScript = &Error{Reason: "the letters of a name are all of one script, such as Latin or Cyrillic"}
)

// What is ErrMalformed to a program and needs other words for a person.
var (
	errMarkFirst = &Error{"a name begins with a letter or a digit, not with an accent", ErrMalformed}
	errMarks     = &Error{"a letter of a name has at most four accents, and none twice", ErrMalformed}
	errNoHash    = &Error{"the name of a room begins with #", ErrMalformed}
	errDirection = &Error{"a name written from right to left begins with a letter, ends with a letter or a digit, " +
		"and has no letters that are written from left to right", ErrMalformed}
)

// Reason returns the sentence for a person that err stands for.
func Reason(err error) string {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Reason
	}
	return err.Error()
}
