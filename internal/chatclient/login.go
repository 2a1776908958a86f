package chatclient

import (
	"context"
	"errors"

	"github.com/sudoXpg/netloop/internal/client"
)

// The codes of log-ins that fail for want of a password.
const (
	codeRegistered    = "name-registered"
	codeWrongPassword = "wrong-password"
)

// A PasswordError says why there is no password to log in with.
type PasswordError struct{ Err error }

// Error implements error.
func (e *PasswordError) Error() string { return e.Err.Error() }

// Unwrap returns the reason, such as the error of Login.Ask.
func (e *PasswordError) Unwrap() error { return e.Err }

// A Login makes the first connection. The password comes from the keyring, if that has it, or
// from the user, as soon as it is known to be needed.
type Login struct {
	Dialer *Dialer
	// Options are the client's. Address, Password and Connect are set by Connect.
	Options client.Options
	// Password is known already; "" if not.
	Password string
	// Required is set to log in with a password even if the server might not ask for one.
	Required bool
	// Ask asks the user for the password; nil: that is not possible.
	Ask func() (string, error)
	// Save adds the password to the keyring when the server has accepted it.
	Save bool

	stored bool // Password is from the keyring
}

// account returns the account to log in to.
func (l *Login) account() Account { return Account{l.Options.Name, l.Dialer.Address()} }

// Connect connects and logs in.
func (l *Login) Connect(ctx context.Context) (*client.Client, error) {
	if l.Required && l.Password == "" {
		if err := l.find(ctx, nil); err != nil {
			return nil, err
		}
	}
	for {
		c, err := l.dial(ctx)
		f, _ := errors.AsType[client.Failure](err)
		switch {
		case err == nil:
			l.save(ctx)
			return c, nil
		case l.Password == "" && f.Code == codeRegistered:
			err = l.find(ctx, err)
		case l.stored && (f.Code == codeWrongPassword || errors.Is(err, ErrStored)):
			err = l.ask(l.notStored(err))
		}
		if err != nil {
			return nil, err
		}
	}
}

func (l *Login) dial(ctx context.Context) (*client.Client, error) {
	l.Dialer.Secret, l.Dialer.Stored = l.Password != "", l.stored
	o := l.Options
	o.Address, o.Password, o.Connect = l.Dialer.Address(), l.Password, l.Dialer.Connect
	return client.Dial(ctx, o)
}

// notStored returns the reason why the password in the keyring is of no use.
func (l *Login) notStored(err error) error {
	if errors.Is(err, ErrStored) {
		return &PasswordError{ErrStored}
	}
	return &PasswordError{errors.New(english(l.Dialer.Language).T("chat.keyringWrong", "account", l.account().String()))}
}

// find finds the password in the keyring, or asks for it. why is the reason for which it is
// needed, if that is not known to the user. Without TLS, the keyring is not used.
func (l *Login) find(ctx context.Context, why error) error {
	if l.Dialer.Mode != PlainText {
		password, err := l.account().Password(ctx)
		switch {
		case err == nil && password != "":
			l.Password, l.stored = password, true
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil && !errors.Is(err, ErrNoPassword) && (l.Save || !errors.Is(err, ErrNoKeyring)):
			l.Dialer.Tell(err.Error())
		}
	}
	return l.ask(why)
}

// ask asks the user for the password. why is the error if that is not possible.
func (l *Login) ask(why error) error {
	switch {
	case l.Ask == nil && why == nil:
		return &PasswordError{errors.New(english(l.Dialer.Language).T("chat.noPassword"))}
	case l.Ask == nil:
		return why
	}
	if why != nil {
		l.Dialer.Tell(ReasonIn(english(l.Dialer.Language), why))
	}
	password, err := l.Ask()
	if err != nil {
		return &PasswordError{err}
	}
	l.Password, l.stored = password, false
	return nil
}

// save adds the password to the keyring if that is wanted.
func (l *Login) save(ctx context.Context) {
	switch {
	case !l.Save || l.stored:
	case l.Password == "":
		l.Dialer.Tell(english(l.Dialer.Language).T("chat.noneSaved"))
	case l.Dialer.Mode == PlainText:
		l.Dialer.Tell(english(l.Dialer.Language).T("chat.notSavedPlain"))
	default:
		if err := l.account().SavePassword(ctx, l.Password); err != nil {
			l.Dialer.Tell(english(l.Dialer.Language).T("chat.notSaved", "why", err))
			return
		}
		l.Dialer.Tell(english(l.Dialer.Language).T("chat.saved", "account", l.account().String()))
	}
}
