package store

import (
	"errors"

	"github.com/sudoXpg/netloop/internal/chat"
)

// unsaved is what a Writer's done gets: all there is to know, for the log, and
// for people in the chat (see [chat.Reason]) only what the matter is, not where.
type unsaved struct{ err error }

// Error implements error.
func (e *unsaved) Error() string { return "not saved: " + e.err.Error() }

// Unwrap lets both be found.
func (e *unsaved) Unwrap() []error { return []error{&chat.Refused{Reason: e.reason()}, e.err} }

func (e *unsaved) reason() string {
	switch {
	case errors.Is(e.err, ErrNoSpace):
		return "the disk is full"
	case errors.Is(e.err, ErrReadOnly):
		return "the disk is read-only"
	case errors.Is(e.err, ErrCorrupt):
		return "the database is damaged"
	}
	return "the disk can't be written"
}
