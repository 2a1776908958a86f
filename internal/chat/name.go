package chat

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/sudoXpg/netloop/internal/names"
)

// MaxName is the length of the longest name, in characters.
const MaxName = names.Max

// A Refused is an error that says to a person why something is not done.
type Refused struct {
	// Reason is a sentence.
	Reason string
}

// Error implements error.
func (e *Refused) Error() string { return "chat: " + e.Reason }

func refusal(format string, args ...any) error { return &Refused{fmt.Sprintf(format, args...)} }

// The reasons to refuse a name that is well-formed; compare with errors.Is.
var (
	ErrNameTaken    = &Refused{"that name is taken"}
	ErrNameAlike    = &Refused{"that name looks like one that is taken"}
	ErrNameReserved = &Refused{"that name is reserved: choose another"}
	ErrNoGuests     = &Refused{"guests are not admitted now: /login NAME if you have an account"}
	// ErrRegister: guests are not admitted, but whoever likes can register.
	ErrRegister = &Refused{"this server has no guests: /login NAME if you have an account, /register NAME makes one"}
	// ErrPassword: the name is an account's; see Hub.Authenticate.
	ErrPassword = &Refused{"that name is registered: it needs its password"}
)

// errDead: the room has just been given up, and is to be made anew.
var errDead = errors.New("chat: no such room any more")

// Reason returns the sentence for a person that err stands for.
func Reason(err error) string {
	if e, ok := errors.AsType[*Refused](err); ok {
		return e.Reason
	}
	return names.Reason(err)
}

// hashKey is how the key of a room is kept. It keeps who reads the disk from
// reading a word that people may use elsewhere; it is no password.
func hashKey(room, key string) string {
	sum := sha256.Sum256([]byte(room + "\x00" + key))
	return hex.EncodeToString(sum[:])
}
