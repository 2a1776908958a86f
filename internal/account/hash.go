package account

import (
	"crypto/subtle"
	"fmt"
	"io"

	"golang.org/x/crypto/argon2"
)

// Hash returns the hash of password as a PHC string, with a salt from random,
// which is crypto/rand.Reader except in tests. The password is prepared with
// Prepare and otherwise taken as it is: use CheckPassword to reject bad
// passwords. Errors are a PasswordError, ErrParams, or those of random.
//
// It takes much time and memory: see Pool.
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

// Verify reports whether password is the one that was hashed. Its time depends
// only on the parameters in phc, and for an invalid password (see Prepare) it
// takes no time at all, whatever phc is. The errors are about phc: ErrFormat,
// ErrParams.
//
// For an unknown user, verify against Dummy, so that the time does not reveal
// whether the user exists.
func Verify(phc, password string) (match bool, err error) {
	r, err := parse(phc)
	if err != nil {
		return false, err
	}
	prepared, err := Prepare(password)
	if err != nil {
		return false, nil //nolint:nilerr // such a password can't be set, so it is wrong
	}
	return subtle.ConstantTimeCompare(r.derive(prepared), r.key) == 1, nil
}

// NeedsRehash reports whether phc was made with other parameters than p, or
// can't be parsed. Hash again after a successful login, when the password is
// available.
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
