package main

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strings"

	"github.com/sudoXpg/netloop/internal/chatclient"
	"github.com/sudoXpg/netloop/internal/client"
	"github.com/sudoXpg/netloop/internal/osutil"
)

// An unreachableError says that there was no answer from a server.
type unreachableError struct{ err error }

func (e *unreachableError) Error() string { return e.err.Error() }
func (e *unreachableError) Unwrap() error { return e.err }

// connect connects and logs in.
func (p program) connect(ctx context.Context, o *options) (*client.Client, error) {
	name := o.target.Name
	if name == "" {
		var err error
		if name, err = p.user(); err != nil {
			return nil, &usageError{fmt.Sprintf("which name? %v (as in chat alice@%s)", err, o.target.Host)}
		}
	}
	d, err := p.dialer(o)
	if err != nil {
		return nil, err
	}
	password := ""
	if o.login || o.passwordFile != "" {
		if password, err = p.password(o); err != nil {
			return nil, err
		}
	}
	c, err := dial(ctx, d, o, name, password)
	if p.needsPassword(err) && password == "" {
		p.tell(chatclient.ReasonIn(p.texts, err))
		if password, err = p.password(o); err != nil {
			return nil, err
		}
		c, err = dial(ctx, d, o, name, password)
	}
	if err != nil {
		return nil, p.failed(ctx, d, name, err)
	}
	return c, nil
}

// needsPassword reports whether a log-in has failed for want of a password that the user can
// be asked for.
func (p program) needsPassword(err error) bool {
	f, ok := errors.AsType[client.Failure](err)
	return ok && f.Code == "name-registered" && osutil.IsTerminal(p.stdin)
}

// dial makes the first connection.
func dial(ctx context.Context, d *chatclient.Dialer, o *options, name, password string) (*client.Client, error) {
	d.Secret = password != ""
	return client.Dial(ctx, client.Options{
		Address: d.Address(), Name: name, Password: password, Agent: "chat " + version(), FillGaps: true, Objects: o.json,
		Connect: d.Connect,
	})
}

// failed returns why there is no first connection, in words for the user.
func (p program) failed(ctx context.Context, d *chatclient.Dialer, name string, err error) error {
	if ctx.Err() != nil {
		return p.interrupted()
	}
	if f, ok := errors.AsType[client.Failure](err); ok {
		hint := ""
		switch {
		case f.Code == "name-registered":
			hint = " (" + p.texts.T("chat.hintLogin") + ")"
		case strings.HasPrefix(f.Code, "name-"):
			hint = " (" + p.texts.T("chat.hintName", "host", d.Host) + ")"
		}
		return errors.New(p.texts.T("chat.notLetIn", "server", d.Address(), "name", name, "why", chatclient.ReasonIn(p.texts, f)) + hint)
	}
	if bye, ok := errors.AsType[client.Bye](err); ok {
		return errors.New(p.texts.T("chat.refuses", "server", d.Address(), "why", chatclient.ReasonIn(p.texts, bye)))
	}
	if u, ok := errors.AsType[*chatclient.UntrustedError](err); ok {
		return u
	}
	where := "connect to " + d.Address() + ": " // which err may begin with
	why := strings.TrimPrefix(chatclient.ReasonIn(p.texts, err), where)
	return &unreachableError{errors.New(p.texts.T("chat.noConnect", "server", d.Address(), "why", why))}
}

// dialer returns how to connect.
func (p program) dialer(o *options) (*chatclient.Dialer, error) {
	d := &chatclient.Dialer{
		Network: "tcp", Host: o.target.Host, Port: o.target.Port, RootsOnly: o.ca != "",
		Known: chatclient.KnownServers{Path: o.known}, Tell: p.tell, Language: p.texts,
	}
	switch {
	case o.ipv4:
		d.Network = "tcp4"
	case o.ipv6:
		d.Network = "tcp6"
	}
	switch {
	case o.tlsOnly, o.target.Scheme == "tls":
		d.Mode = chatclient.TLSOnly
	case o.plainText, o.target.Scheme == "tcp":
		d.Mode = chatclient.PlainText
	}
	if o.known == "" {
		// Without a folder, the user is told that a certificate can't be remembered.
		if folder, err := os.UserConfigDir(); err == nil {
			d.Known.Path = filepath.Join(folder, "chat", "known_servers")
		}
	}
	if o.ca != "" {
		pem, err := os.ReadFile(o.ca)
		if err != nil {
			return nil, fmt.Errorf("read the authority: %w (see --ca)", err)
		}
		d.Roots = x509.NewCertPool()
		if !d.Roots.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s has no certificate in PEM form (see --ca)", o.ca)
		}
	}
	return d, nil
}

// password returns the password of the account.
func (p program) password(o *options) (string, error) {
	if o.passwordFile == "" {
		secret, err := osutil.ReadSecret(p.stdin, p.stderr, p.texts.T("password")+": ")
		switch {
		case errors.Is(err, osutil.ErrInterrupted):
			return "", p.interrupted()
		case err != nil:
			return "", fmt.Errorf("%s: %w", p.texts.T("chat.noPassword"), err)
		case secret == "":
			return "", errors.New(p.texts.T("chat.noPassword"))
		}
		return secret, nil
	}
	f, err := os.Open(o.passwordFile)
	if err != nil {
		return "", fmt.Errorf("read the password: %w (see --password-file)", err)
	}
	defer func() { _ = f.Close() }()
	secret, err := osutil.ReadSecret(f, nil, "")
	if err != nil || secret == "" {
		return "", fmt.Errorf("the first line of %s is not a password (see --password-file)", o.passwordFile)
	}
	return secret, nil
}

// userName returns the name of the system's user, without the domain that Windows puts before it.
func userName() (string, error) {
	u, err := user.Current()
	if err != nil {
		return "", err
	}
	return u.Username[strings.LastIndexByte(u.Username, '\\')+1:], nil
}
