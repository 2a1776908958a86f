package account

import (
	"crypto/subtle"
	"fmt"
	"io"

	"golang.org/x/crypto/argon2"
)

// Hash returns the hash of password as a PHC string, with a salt from random,
// which is crypto/rand.Reader but in tests. The password is prepared as
// Prepare says and else taken as it is: whether it is a good one is what
// CheckPassword tells. Errors are a PasswordError, ErrParams, or those of random.
//
// It takes long, and memory: see Pool.
func Hash(password string, p Params, random io.Reader) (string, error) {
	if err := p.check(); err != nil {
		return "", err
	}
	prepared, err := Prepare(password)
	if err != nil {
		return "", err
	}
	r := record{params: p, salt: make([]byte, p.Salt)}
	if _, err := io.ReadFull(random, r.salt); err != nil {
		return "", fmt.Errorf("account: no salt: %w", err)
	}
	r.key = r.derive(prepared)
	return r.String(), nil
}

// Verify tells whether password is the one that was hashed. How long it takes
// depends on the parameters in phc only, and for a password that can't be one
// (see Prepare) it takes no time at all, whatever phc is. The errors are about
// phc: ErrFormat, ErrParams.
//
// For a user who is not known, verify against Dummy: then nobody can tell by the
// time whether there is such a user.
func Verify(phc, password string) (match bool, err error) {
	r, err := parse(phc)
	if err != nil {
		return false, err
	}
	prepared, err := Prepare(password)
	if err != nil {
		return false, nil //nolint:nilerr // nobody can have such a password, so it is a wrong one
	}
	return subtle.ConstantTimeCompare(r.derive(prepared), r.key) == 1, nil
}

// NeedsRehash tells whether phc was made with other parameters than p, or can't
// be read at all. The time to hash again is after a log-in that succeeded, when
// the password is at hand.
func NeedsRehash(phc string, p Params) bool {
	r, err := parse(phc)
	return err != nil || r.params != p
}

// Dummy returns a PHC string that takes as long to verify as any with p, and
// that no password is known to match: its salt and its hash are zeros.
func Dummy(p Params) (phc string, err error) {
	if err := p.check(); err != nil {
		return "", err
	}
	return record{params: p, salt: make([]byte, p.Salt), key: make([]byte, p.Key)}.String(), nil
}

func (r record) derive(prepared string) []byte {
	p := r.params
	return argon2.IDKey([]byte(prepared), r.salt, p.Time, p.Memory, p.Threads, uint32(p.Key))
}
