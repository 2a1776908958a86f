// Package certs manages the files of a TLS server: certificates with their keys, a
// self-signed certificate or one of the site's own authority if none is given, and the keys of
// session tickets.
package certs

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// The names of the files in Options.Folder. Only their owner may read them.
const (
	SelfSigned  = "tls.pem"         // the self-signed certificate and its key
	TicketsFile = "tls-tickets.pem" // the keys of session tickets
)

// InMemory is the name that Expires returns for a certificate without a file.
const InMemory = "self-signed, in memory"

// A Pair is the paths of a certificate, with the chain below it, and its key, both PEM.
type Pair struct{ Cert, Key string }

// Options configure a Keeper.
type Options struct {
	// Pairs are the certificates. A client gets the first that fits the name it asks
	// for, or else the first. Without any the Keeper uses that of the Folder's Authority,
	// or makes a self-signed one.
	Pairs []Pair
	// Folder is the folder of all other certificates and the ticket keys. "": they are in
	// memory only, and new after a restart.
	Folder string
	// Hosts are the names and addresses of this machine.
	Hosts []string
	// Passphrase returns the passphrase of the Authority, so that Check can renew what it has
	// signed; nil if it can't. Other goroutines wait meanwhile only in Check and Reload.
	Passphrase func() (string, error)
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// A Keeper holds the certificates in use. Its methods may be called from any goroutine.
type Keeper struct {
	o       Options
	config  *tls.Config
	current atomic.Pointer[chosen]

	mu      sync.Mutex // guards what follows, and serializes changes
	tickets []ticketKey
	unsaved bool          // they could not be written
	seen    []fs.FileInfo // of the pairs' files when they were read last
	due     time.Time     // when Check renews and warns again
	warned  time.Duration // the threshold of the last warning
}

// What is in use.
type chosen struct {
	certs     []tls.Certificate
	authority *x509.Certificate // has signed the first of them; nil: there is none in the folder
	trusted   bool              // by what this machine trusts
}

// Open reads or makes the certificates and the ticket keys.
func Open(o Options) (*Keeper, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	k := &Keeper{o: o}
	k.config = &tls.Config{
		MinVersion:   tls.VersionTLS12,
		CipherSuites: aead12(),
		// HTTP/2 is not offered: WebSocket connections begin with HTTP/1.1.
		NextProtos: []string{"http/1.1", "chat"},
		// Everything that one turn of the loop sends is one record.
		DynamicRecordSizingDisabled: true,
		GetCertificate:              k.choose,
		Time:                        o.Now,
	}
	old := k.config.Clone()
	old.SessionTicketsDisabled = true
	k.config.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		if slices.Contains(hello.SupportedVersions, tls.VersionTLS13) {
			return nil, nil //nolint:nilnil // the config itself
		}
		return old, nil // a ticket of TLS 1.2 has no forward secrecy: its key opens the whole session
	}
	if err := k.Reload(); err != nil {
		return nil, err
	}
	k.openTickets()
	return k, nil
}

// aead12 returns the cipher suites of TLS 1.2 that have forward secrecy and authenticated
// encryption. (Those of 1.3 all have, and can't be chosen.)
func aead12() []uint16 {
	return []uint16{
		tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
		tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
		tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
	}
}

// Config returns the configuration of a server. It must not be cloned: see package
// tlsfilter.
func (k *Keeper) Config() *tls.Config { return k.config }

// choose is tls.Config.GetCertificate.
func (k *Keeper) choose(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	certs := k.current.Load().certs
	for i := range certs {
		if hello.SupportsCertificate(&certs[i]) == nil {
			return &certs[i], nil
		}
	}
	return &certs[0], nil
}

// Reload reads the files again, and renews the self-signed certificate if that is due.
// With an error the certificates do not change.
func (k *Keeper) Reload() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.reload()
}

// reload is Reload with k.mu held.
func (k *Keeper) reload() error {
	k.seen = k.look() // first, so that later changes are noticed
	var certs []tls.Certificate
	var all []error
	var authority *x509.Certificate
	for _, p := range k.o.Pairs {
		cert, err := p.load()
		if err != nil {
			all = append(all, err)
		}
		certs = append(certs, cert)
	}
	if len(k.o.Pairs) == 0 {
		cert, root, err := k.own()
		authority = root
		if err != nil {
			all = append(all, err)
		}
		certs = append(certs, cert)
	}
	if len(all) > 0 {
		return errors.Join(all...)
	}
	k.current.Store(&chosen{certs, authority, k.trust(certs)})
	return nil
}

// own returns the certificate that the authority of the folder has signed, and the authority,
// or a self-signed one. k.mu is held.
func (k *Keeper) own() (cert tls.Certificate, authority *x509.Certificate, err error) {
	if k.o.Folder != "" {
		path := k.path(SiteFile)
		switch cert, err = tls.LoadX509KeyPair(path, path); {
		case err == nil:
			root, err := ReadAuthority(k.o.Folder)
			if err != nil || cert.Leaf.CheckSignatureFrom(root) != nil {
				root = nil // the files of another one, or none: the certificate may still be trusted
			}
			return cert, root, nil
		case !errors.Is(err, fs.ErrNotExist):
			return cert, nil, fmt.Errorf("the certificate %s: %w (chatsrv ca issue makes it anew; without the file there is a self-signed one)", path, err)
		}
	}
	cert, err = k.selfSigned()
	return cert, nil, err
}

// trust reports whether this machine trusts all certificates that were given.
func (k *Keeper) trust(certs []tls.Certificate) bool {
	for _, cert := range certs {
		o := x509.VerifyOptions{Intermediates: x509.NewCertPool(), CurrentTime: k.o.Now()}
		for _, der := range cert.Certificate[1:] {
			if c, err := x509.ParseCertificate(der); err == nil {
				o.Intermediates.AddCert(c)
			}
		}
		if _, err := cert.Leaf.Verify(o); err != nil {
			return false
		}
	}
	return len(k.o.Pairs) > 0
}

// Leaf reads the certificate of a pair.
func (p Pair) Leaf() (*x509.Certificate, error) {
	cert, err := p.load()
	return cert.Leaf, err
}

// load reads a pair. Errors name the file and the cause.
func (p Pair) load() (tls.Certificate, error) {
	cert, err := tls.LoadX509KeyPair(p.Cert, p.Key)
	if err != nil {
		return cert, &pairError{p, err}
	}
	return cert, nil
}

// A pairError names the files that are wrong.
type pairError struct {
	pair Pair
	err  error
}

// Error names both files.
func (e *pairError) Error() string {
	return fmt.Sprintf("certificate %s with key %s: %s", e.pair.Cert, e.pair.Key, strings.TrimPrefix(e.err.Error(), "tls: "))
}

// Unwrap returns the cause.
func (e *pairError) Unwrap() error { return e.err }

// Leaf returns the certificate that is first in use: whose fingerprint is shown.
func (k *Keeper) Leaf() *x509.Certificate { return k.current.Load().certs[0].Leaf }

// Authority returns the certificate of the folder's authority, if it has signed Leaf, or nil.
func (k *Keeper) Authority() *x509.Certificate { return k.current.Load().authority }

// Trusted reports whether the certificates were given and this machine trusts them, as other
// machines then do that know nothing of the server.
func (k *Keeper) Trusted() bool { return k.current.Load().trusted }

// signsItself reports whether a certificate is self-signed.
func signsItself(c *x509.Certificate) bool { return bytes.Equal(c.RawIssuer, c.RawSubject) }

// Expires returns when the first of the certificates in use expires, and which it is.
func (k *Keeper) Expires() (at time.Time, which string) {
	for i, cert := range k.current.Load().certs {
		if leaf := cert.Leaf; at.IsZero() || leaf.NotAfter.Before(at) {
			at, which = leaf.NotAfter, k.path(SelfSigned)
			switch {
			case len(k.o.Pairs) > 0:
				which = k.o.Pairs[i].Cert
			case !signsItself(leaf):
				which = k.path(SiteFile)
			case k.o.Folder == "":
				which = InMemory
			}
		}
	}
	return at, which
}

// Fingerprint returns the SHA-256 hash of a certificate as openssl x509 -fingerprint
// -sha256 writes it: 32 bytes in hexadecimal with colons between.
func Fingerprint(cert *x509.Certificate) string {
	sum := sha256.Sum256(cert.Raw)
	text := make([]string, len(sum))
	for i, b := range sum {
		text[i] = fmt.Sprintf("%02X", b)
	}
	return strings.Join(text, ":")
}

// path returns where a file of the folder is.
func (k *Keeper) path(name string) string { return filepath.Join(k.o.Folder, name) }
