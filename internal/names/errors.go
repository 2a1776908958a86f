package names

// An Error is a reason to refuse a name.
type Error struct {
	// Code names the reason, such as "name-too-long"; package text has the words for it.
	Code string

	is *Error // the general reason, for errors.Is
}

// Error implements error.
func (e *Error) Error() string { return "names: " + e.Code }

// Unwrap returns the general reason that e is a case of, or nil.
func (e *Error) Unwrap() error {
	if e.is == nil {
		return nil // not a nil *Error, which is an error
	}
	return e.is
}

// The reasons to refuse a name; compare with errors.Is.
var (
	ErrEmpty       = &Error{Code: "name-needed"}
	ErrTooLong     = &Error{Code: "name-too-long"}
	ErrMalformed   = &Error{Code: "name-malformed"}
	ErrMixedScript = &Error{Code: "name-of-several-scripts"}
)

// Special cases of ErrMalformed that have their own messages.
var (
	errMarkFirst = &Error{"name-begins-with-accent", ErrMalformed}
	errMarks     = &Error{"name-with-many-accents", ErrMalformed}
	errNoHash    = &Error{"room-name-without-hash", ErrMalformed}
	errDirection = &Error{"name-of-both-directions", ErrMalformed}
)
