package main

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
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
	name, err := p.name(o)
	if err != nil {
		return nil, err
	}
	d, err := p.dialer(o)
	if err != nil {
		return nil, err
	}
	l := chatclient.Login{
		Dialer: d, Required: o.login, Save: o.save,
		Options: client.Options{Name: name, Agent: "chat " + version(), FillGaps: true, Objects: o.json},
	}
	if osutil.IsTerminal(p.stdin) {
		l.Ask = p.ask
	}
	switch {
	case o.passwordFile != "":
		if l.Password, err = osutil.ReadSecretFile(o.passwordFile); err != nil {
			err = fmt.Errorf("read the password: %w (see --password-file)", err)
		}
	case o.typed["login"] && l.Ask == nil: // the input is a script's, and begins with it
		l.Password, err = p.ask()
	}
	if err != nil {
		return nil, err
	}
	c, err := l.Connect(ctx)
	for n := 0; n < nameTries && err != nil && l.Ask != nil && o.target.Name == "" && refusesName(err); n++ {
		p.tell(p.failed(ctx, d, l.Options.Name, err).Error())
		if l.Options.Name, err = p.askName(ctx); err != nil {
			return nil, err
		}
		c, err = l.Connect(ctx)
	}
	if err != nil {
		return nil, p.failed(ctx, d, l.Options.Name, err)
	}
	o.target.Name = l.Options.Name
	return c, nil
}

// nameTries is how often the user is asked for another name.
const nameTries = 3

// refusesName reports whether a server lets the user in with another name.
func refusesName(err error) bool {
	f, ok := errors.AsType[client.Failure](err)
	return ok && strings.HasPrefix(f.Code, "name-") && f.Code != "name-registered" && f.Code != "name-banned"
}

// askName asks for a name.
func (p program) askName(ctx context.Context) (string, error) {
	fmt.Fprint(p.stderr, p.texts.T("name")+": ")
	typed := make(chan string, 1)
	go func() { typed <- readLine(p.stdin) }()
	select {
	case name := <-typed:
		if name = strings.TrimSpace(name); name == "" {
			return "", errors.New(p.texts.T("chat.noName"))
		}
		return name, nil
	case <-ctx.Done():
		return "", p.interrupted()
	}
}

// readLine reads a line and nothing after it: that belongs to the session.
func readLine(in io.Reader) string {
	var line []byte
	for b := make([]byte, 1); len(line) < 1024; {
		if n, err := in.Read(b); n == 0 || err != nil || b[0] == '\n' {
			break
		}
		line = append(line, b[0])
	}
	return string(line)
}

// name returns the user's name.
func (p program) name(o *options) (string, error) {
	if o.target.Name != "" {
		return o.target.Name, nil
	}
	name, err := p.user()
	if err != nil {
		return "", &usageError{fmt.Sprintf("which name? %v (as in chat alice@%s)", err, o.target.Host)}
	}
	return name, nil
}

// forget removes a password from the keyring.
func (p program) forget(ctx context.Context, o *options) error {
	name, err := p.name(o)
	if err != nil {
		return err
	}
	account := chatclient.Account{Name: name, Address: o.target.Address()}
	switch err := account.ForgetPassword(ctx); {
	case errors.Is(err, chatclient.ErrNoPassword):
		return errors.New(p.texts.T("chat.keyringNone", "account", account.String()))
	case ctx.Err() != nil:
		return p.interrupted()
	case err != nil:
		return err
	}
	p.tell(p.texts.T("chat.keyringForgotten", "account", account.String()))
	return nil
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
	if none, ok := errors.AsType[*chatclient.PasswordError](err); ok {
		return none.Err
	}
	where := "connect to " + d.Address() + ": " // which err may begin with
	why := strings.TrimPrefix(chatclient.ReasonIn(p.texts, err), where)
	return &unreachableError{errors.New(p.texts.T("chat.noConnect", "server", d.Address(), "why", why))}
}

// dialer returns how to connect.
func (p program) dialer(o *options) (*chatclient.Dialer, error) {
	d := &chatclient.Dialer{
		Network: "tcp", Host: o.target.Host, Port: o.target.Port, RootsOnly: o.ca != "",
		Known: chatclient.KnownServers{Path: o.known}, Tell: p.tell, Language: p.texts, WebSocket: o.target.WebSocket(),
	}
	switch {
	case o.ipv4:
		d.Network = "tcp4"
	case o.ipv6:
		d.Network = "tcp6"
	}
	switch {
	case o.tlsOnly, o.target.TLSOnly():
		d.Mode = chatclient.TLSOnly
	case o.plainText, o.target.PlainText():
		d.Mode = chatclient.PlainText
	}
	if p.env != nil {
		if err := d.FindProxy(p.env); err != nil {
			return nil, err
		}
	}
	if o.known == "" && p.folder != "" {
		// Without a folder, the user is told that a certificate can't be remembered.
		d.Known.Path = filepath.Join(p.folder, "known_servers")
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

// ask reads a password from the input, and from a terminal without showing it.
func (p program) ask() (string, error) {
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

// userName returns the name of the system's user, without the domain that Windows puts before it.
func userName() (string, error) {
	u, err := user.Current()
	if err != nil {
		return "", err
	}
	return u.Username[strings.LastIndexByte(u.Username, '\\')+1:], nil
}
