package chatclient

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"strconv"
	"strings"

	"github.com/sudoXpg/netloop/internal/client"
	"github.com/sudoXpg/netloop/internal/proxydial"
	"github.com/sudoXpg/netloop/internal/texts"
	"github.com/sudoXpg/netloop/internal/wsline"
)

// A Mode says whether connections are encrypted.
type Mode int

// The modes.
const (
	// Auto uses TLS, and plain text if the server has no TLS.
	Auto Mode = iota
	// TLSOnly uses TLS or fails.
	TLSOnly
	// PlainText does not use TLS.
	PlainText
)

// An UntrustedError says why a server is not trusted. There is no use in another attempt.
type UntrustedError struct{ Why string }

func (e *UntrustedError) Error() string { return e.Why }

// ErrStored is the error for a password from the keyring that is not sent to a server.
var ErrStored = errors.New("the stored password is sent only with TLS, and to servers that were trusted before")

// For WebSocket (docs/protocol.md).
const (
	socketPath  = "/ws"
	subprotocol = "chat.v1"
)

// A Dialer makes the connections to one server. Once a connection was made, all others
// are encrypted as it was. It makes one connection at a time.
type Dialer struct {
	Network string // "tcp", "tcp4" or "tcp6"
	Host    string
	Port    int
	Mode    Mode
	// WebSocket uses WebSocket, with or without TLS.
	WebSocket bool
	// Secret is set if a password will be sent: plain text is used only if it was asked for.
	Secret bool
	// Stored is set if that password is from the keyring: it is sent with TLS alone, to a
	// server that was trusted before.
	Stored bool
	// Net makes the connections. It tries IPv6 and IPv4 addresses at the same time if the
	// first address does not answer at once (RFC 8305).
	Net net.Dialer
	// Proxy is the proxy to connect through; nil: none.
	Proxy *proxydial.Proxy

	// Roots are the authorities to trust; nil: those of the system.
	Roots *x509.CertPool
	// RootsOnly refuses certificates that Roots do not verify. Otherwise one that no
	// authority of Roots has signed is trusted on first use, and remembered in Known.
	RootsOnly bool
	Known     KnownServers
	// Tell is called with a sentence for the user.
	Tell func(text string)
	// Language is the user's; nil means English.
	Language *texts.Language

	fellBack bool // PlainText, which was not asked for
}

// Address returns HOST:PORT.
func (d *Dialer) Address() string { return Target{Host: d.Host, Port: d.Port}.Address() }

// FellBack reports whether the connection is plain text because the server has no TLS.
func (d *Dialer) FellBack() bool { return d.fellBack }

// Connect makes a connection. Its other arguments are not used: it is for
// client.Options.Connect.
func (d *Dialer) Connect(ctx context.Context, _, _ string) (net.Conn, error) {
	conn, err := d.connect(ctx)
	if err != nil || !d.WebSocket {
		return conn, err
	}
	upgraded, err := wsline.Upgrade(ctx, conn, d.hostField(), socketPath, subprotocol, client.MaxObject)
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	return upgraded, nil
}

// FindProxy sets the proxy that the environment names for the server, if any: that of
// ALL_PROXY or HTTPS_PROXY, or for WebSocket without TLS that of HTTP_PROXY or ALL_PROXY.
func (d *Dialer) FindProxy(getenv func(string) string) (err error) {
	variables := []string{"ALL_PROXY", "HTTPS_PROXY"}
	if d.WebSocket && d.Mode == PlainText {
		variables = []string{"HTTP_PROXY", "ALL_PROXY"}
	}
	d.Proxy, err = proxydial.Find(getenv, d.Address(), variables...)
	return err
}

// hostField returns the server for an HTTP request: an address without its zone, which is this
// machine's.
func (d *Dialer) hostField() string {
	host, _, _ := strings.Cut(d.Host, "%")
	return Target{Host: host, Port: d.Port}.Address()
}

// connect makes a connection for lines or for WebSocket.
func (d *Dialer) connect(ctx context.Context) (net.Conn, error) {
	if d.Mode == PlainText {
		if d.Stored {
			return nil, ErrStored
		}
		if d.fellBack && d.Secret {
			return nil, d.noTLSForSecrets()
		}
		return d.dial(ctx)
	}
	conn, err := d.secure(ctx)
	if err == nil {
		d.Mode = TLSOnly
		return conn, nil
	}
	if _, no := errors.AsType[*noTLSError](err); d.Mode == TLSOnly || !no {
		return nil, err
	}
	return d.fallBack(ctx)
}

// fallBack makes a plain connection to a server that has no TLS, unless it had TLS before.
func (d *Dialer) fallBack(ctx context.Context) (net.Conn, error) {
	before, err := d.Known.Find(d.Address())
	switch {
	case err != nil:
		return nil, err
	case before.Line > 0:
		return nil, &UntrustedError{english(d.Language).T("chat.hadTLS", "server", d.Address(), "file", d.Known.Path, "line", before.Line)}
	case d.Stored:
		return nil, ErrStored
	case d.Secret:
		return nil, d.noTLSForSecrets()
	}
	conn, err := d.dial(ctx)
	if err != nil {
		return nil, err
	}
	d.Mode, d.fellBack = PlainText, true
	d.Tell(english(d.Language).T("chat.notEncrypted", "server", d.Address()))
	return conn, nil
}

func (d *Dialer) noTLSForSecrets() error {
	return &UntrustedError{english(d.Language).T("chat.noTLSForSecrets", "server", d.Address())}
}

func (d *Dialer) dial(ctx context.Context) (net.Conn, error) {
	if d.Proxy != nil {
		return d.Proxy.Dial(ctx, d.Net.DialContext, d.Network, d.Address())
	}
	conn, err := d.Net.DialContext(ctx, d.Network, net.JoinHostPort(d.Host, strconv.Itoa(d.Port)))
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Err != nil {
		return nil, op.Err // which has no address: the caller adds it
	}
	return conn, err
}

// secure makes a connection with TLS to a server that is trusted.
func (d *Dialer) secure(ctx context.Context) (net.Conn, error) {
	raw, err := d.dial(ctx)
	if err != nil {
		return nil, err
	}
	counted := &countedConn{Conn: raw}
	host, _, _ := strings.Cut(d.Host, "%") // the zone is this machine's
	conn := tls.Client(counted, &tls.Config{
		ServerName: host, NextProtos: []string{d.alpn()}, MinVersion: tls.VersionTLS12,
		InsecureSkipVerify: true, // d.verify does that, once the server has proved that the key is its own
	})
	if err = conn.HandshakeContext(ctx); err == nil {
		err = d.verify(conn.ConnectionState().PeerCertificates, host)
	} else if noTLS(ctx, err, counted.received) {
		err = &noTLSError{err, d.WebSocket}
	}
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	return conn, nil
}

// alpn returns the protocol inside TLS (RFC 7301).
func (d *Dialer) alpn() string {
	if d.WebSocket {
		return "http/1.1"
	}
	return "chat"
}

// A noTLSError says that a server does not answer a TLS handshake with TLS.
type noTLSError struct {
	err       error
	webSocket bool
}

func (e *noTLSError) Error() string {
	without := "--plain-text connects without"
	if e.webSocket {
		without = "ws:// connects without"
	}
	return "the server has no TLS (" + e.err.Error() + "; " + without + ")"
}
func (e *noTLSError) Unwrap() error { return e.err }

// noTLS reports whether a handshake failed because the server has no TLS: it has closed the
// connection without an answer, or answered with something else.
func noTLS(ctx context.Context, err error, received bool) bool {
	if _, other := errors.AsType[tls.RecordHeaderError](err); other {
		return true
	}
	timeout, ok := errors.AsType[net.Error](err)
	return !received && ctx.Err() == nil && (!ok || !timeout.Timeout())
}

// A countedConn notes whether anything was received.
type countedConn struct {
	net.Conn
	received bool
}

// Read implements net.Conn.
func (c *countedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.received = c.received || n > 0
	return n, err
}

// verify returns nil if the server with these certificates is trusted.
func (d *Dialer) verify(chain []*x509.Certificate, host string) error {
	leaf := chain[0]
	o := x509.VerifyOptions{Roots: d.Roots, Intermediates: x509.NewCertPool(), DNSName: host}
	for _, c := range chain[1:] {
		o.Intermediates.AddCert(c)
	}
	_, err := leaf.Verify(o)
	switch {
	case err == nil:
		return nil
	case d.RootsOnly:
		return &UntrustedError{english(d.Language).T("chat.onlyCA", "server", d.Address(), "why", reason(err))}
	}
	got := known(leaf)
	before, unread := d.Known.Find(d.Address())
	switch {
	case unread != nil:
		return &UntrustedError{unread.Error()}
	case before.Key == got.Key:
		return nil
	case before.Line > 0:
		return d.changed(before, got)
	case signed(leaf, o):
		return &UntrustedError{english(d.Language).T("chat.badCert", "server", d.Address(), "why", reason(err))}
	case d.Stored:
		return ErrStored
	}
	d.trust(got)
	return nil
}

// signed reports whether an authority of the roots has signed a certificate, whatever its name
// and dates are.
func signed(leaf *x509.Certificate, o x509.VerifyOptions) bool {
	o.DNSName, o.CurrentTime = "", leaf.NotAfter
	_, err := leaf.Verify(o)
	return err == nil
}

// reason returns an error of x509 without the package's name.
func reason(err error) string { return strings.TrimPrefix(err.Error(), "x509: ") }

func (d *Dialer) changed(before, got Known) error {
	return &UntrustedError{english(d.Language).T("chat.changedCert",
		"server", d.Address(), "before", before.Fingerprint, "now", got.Fingerprint, "line", before.Line, "file", d.Known.Path)}
}

// trust remembers a server that is seen for the first time.
func (d *Dialer) trust(server Known) {
	d.Tell(english(d.Language).T("chat.firstUse", "server", d.Address(), "fingerprint", server.Fingerprint))
	if err := d.Known.Add(d.Address(), server); err != nil {
		d.Tell(english(d.Language).T("chat.unsavedCert", "why", err))
	}
}
