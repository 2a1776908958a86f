package server

import (
	"crypto/rand"
	"errors"

	"github.com/sudoXpg/netloop/internal/account"
	"github.com/sudoXpg/netloop/internal/chat"
)

// Passwords hashes passwords with the parameters account.Default. Use NewPasswords to make
// one.
type Passwords struct{ dummy string }

var _ chat.Passwords = Passwords{}

// NewPasswords returns a Passwords.
func NewPasswords() (Passwords, error) {
	dummy, err := account.Dummy(account.Default)
	return Passwords{dummy}, err
}

// Hash implements chat.Passwords.
func (Passwords) Hash(password string) (string, error) {
	return account.Hash(password, account.Default, rand.Reader)
}

// Match implements chat.Passwords.
func (p Passwords) Match(hash, password string) (match, again bool) {
	if hash == "" {
		_, _ = account.Verify(p.dummy, password)
		return false, false
	}
	match, err := account.Verify(hash, password)
	return match && err == nil, account.NeedsRehash(hash, account.Default)
}

// Check implements chat.Passwords.
func (Passwords) Check(name, password string) error {
	err := account.CheckPassword(password, name)
	if e, ok := errors.AsType[account.PasswordError](err); ok {
		return chat.NewRefused(chat.Code(e), "least", account.MinPassword, "most", account.MaxPassword)
	}
	return err
}
