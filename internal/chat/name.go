package chat

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"

	"github.com/sudoXpg/netloop/internal/names"
)

// MaxName is the length of the longest name, in characters.
const MaxName = names.Max

// A Refused is an error that tells a user why something is not done.
type Refused struct{ Note *Note }

// Error implements error.
func (e *Refused) Error() string { return "chat: " + string(e.Note.Code) }

// NewRefused returns a Refused with a Note of that code and arguments (see [NewNote]).
func NewRefused(code Code, args ...any) *Refused { return &Refused{note(code, args...)} }

func refusal(code Code, args ...any) error { return NewRefused(code, args...) }

// The reasons to refuse a name that is well-formed; compare with errors.Is.
var (
	ErrNameTaken    = NewRefused("name-taken")
	ErrNameAlike    = NewRefused("name-alike")
	ErrNameReserved = NewRefused("name-reserved")
	ErrNameNumber   = NewRefused("name-number")
	ErrNoGuests     = NewRefused("no-guests-now")
	// ErrRegister: guests are not admitted, but anybody can register.
	ErrRegister = NewRefused("no-guests")
	// ErrPassword: the name belongs to an account; see Hub.Authenticate.
	ErrPassword = NewRefused("name-registered")
)

// errDead: the room has just ended, and has to be created again.
var errDead = NewRefused("room-ended")

// Why returns err as a note for a user.
func Why(err error) *Note {
	if e, ok := errors.AsType[*Refused](err); ok {
		return e.Note
	}
	if e, ok := errors.AsType[*names.Error](err); ok {
		return note(Code(e.Code))
	}
	return note("failed", "cause", err.Error())
}

// hashKey returns the form in which the key of a room is stored. It hides from
// readers of the disk a word that people may use elsewhere; the key is not a
// password.
func hashKey(room, key string) string {
	sum := sha256.Sum256([]byte(room + "\x00" + key))
	return hex.EncodeToString(sum[:])
}
