package store

import (
	"errors"

	"github.com/sudoXpg/netloop/internal/chat"
)

// unsaved is the error for a Writer's done. It has all details for the log, but
// for people in the chat (see [chat.Why]) only the reason, without paths.
type unsaved struct{ err error }

// Error implements error.
func (e *unsaved) Error() string { return "not saved: " + e.err.Error() }

// Unwrap returns both errors.
func (e *unsaved) Unwrap() []error { return []error{e.reason(), e.err} }

func (e *unsaved) reason() *chat.Refused {
	switch {
	case errors.Is(e.err, ErrNoSpace):
		return chat.NewRefused("disk-full")
	case errors.Is(e.err, ErrReadOnly):
		return chat.NewRefused("disk-read-only")
	case errors.Is(e.err, ErrGone):
		return chat.NewRefused("database-gone")
	case errors.Is(e.err, ErrCorrupt):
		return chat.NewRefused("database-damaged")
	}
	return chat.NewRefused("disk-unwritable")
}
