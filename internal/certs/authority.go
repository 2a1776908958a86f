package certs

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/youmark/pkcs8"
)

// The names of the files of an authority, and of what it has signed. Only their owner may
// read them.
const (
	AuthorityFile = "ca.pem"       // the authority's certificate
	AuthorityKey  = "ca-key.pem"   // its key, encrypted with a passphrase
	SiteFile      = "tls-site.pem" // the server's certificate, signed by the authority, and its key
)

const (
	authorityValidity = 10 * 365 * day
	siteValidity      = 90 * day
	// MinPassphrase is the shortest passphrase of an authority, in bytes.
	MinPassphrase = 8
	// maxSubject is the most characters of a common name (RFC 5280, appendix A.1).
	maxSubject = 64
)

// rounds is how much work a guess of a passphrase is: OWASP's password storage cheat sheet, for
// PBKDF2 with SHA-256. Tests do with less.
var rounds = 600_000

// encryption is that of an authority's key: PBES2 with PBKDF2 and AES-256 (RFC 8018), which
// openssl pkcs8 can read.
func encryption() *pkcs8.Opts {
	return &pkcs8.Opts{
		Cipher:  pkcs8.AES256CBC,
		KDFOpts: pkcs8.PBKDF2Opts{SaltSize: 16, IterationCount: rounds, HMACHash: crypto.SHA256},
	}
}

var (
	// ErrAuthorityExists is returned when there is an authority in a folder already.
	ErrAuthorityExists = errors.New("there is an authority already")
	// ErrPassphrase is returned for a wrong passphrase.
	ErrPassphrase = errors.New("the passphrase is wrong")
)

// An Authority signs the certificate of a site. Browsers that trust it accept nothing from it
// but names and addresses of its scope (name constraints: RFC 5280, section 4.2.1.10).
type Authority struct {
	Cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// NewAuthority makes an authority that is valid for ten years.
func NewAuthority(site string, s Scope, now time.Time) (*Authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	serial, err := newSerial()
	if err != nil {
		return nil, err
	}
	const role = " (chatsrv authority)"
	name := []rune(site)
	template := &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: string(name[:min(len(name), maxSubject-len(role))]) + role},
		NotBefore:    now.Add(-clockSkew), NotAfter: now.Add(authorityValidity),
		BasicConstraintsValid: true, IsCA: true, MaxPathLenZero: true,
		KeyUsage: x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	s.constrain(template)
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(der)
	return &Authority{cert, key}, err
}

// Save writes the certificate and the encrypted key into a folder that has no authority yet.
func (a *Authority) Save(folder, passphrase string) error {
	der, err := pkcs8.MarshalPrivateKey(a.key, []byte(passphrase), encryption())
	if err != nil {
		return err
	}
	key, cert := filepath.Join(folder, AuthorityKey), filepath.Join(folder, AuthorityFile)
	if err := create(key, pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: der})); err != nil {
		return existing(err)
	}
	if err := create(cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.Cert.Raw})); err != nil {
		return errors.Join(existing(err), os.Remove(key))
	}
	return nil
}

// existing says of a file that exists what it is.
func existing(err error) error {
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%w: %w", ErrAuthorityExists, err)
	}
	return err
}

// OpenAuthority reads the authority of a folder. The error wraps fs.ErrNotExist if there is
// none, and ErrPassphrase for a wrong passphrase.
func OpenAuthority(folder, passphrase string) (*Authority, error) {
	cert, err := ReadAuthority(folder)
	if err != nil {
		return nil, err
	}
	path := filepath.Join(folder, AuthorityKey)
	der, err := readPEM(path, "key")
	if err != nil {
		return nil, err
	}
	key, _, err := pkcs8.ParsePrivateKey(der, []byte(passphrase))
	if err != nil {
		return nil, fmt.Errorf("the authority's key %s: %w, or the file is damaged", path, ErrPassphrase)
	}
	own, ok := key.(*ecdsa.PrivateKey)
	if !ok || !own.PublicKey.Equal(cert.PublicKey) {
		return nil, fmt.Errorf("the key %s does not belong to the certificate %s", path, filepath.Join(folder, AuthorityFile))
	}
	return &Authority{cert, own}, nil
}

// ReadAuthority reads the certificate of a folder's authority. The error wraps fs.ErrNotExist
// if there is none.
func ReadAuthority(folder string) (*x509.Certificate, error) {
	path := filepath.Join(folder, AuthorityFile)
	der, err := readPEM(path, "certificate")
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("the authority's certificate %s: %w", path, err)
	}
	return cert, nil
}

// readPEM reads a file of an authority with one block.
func readPEM(path, what string) ([]byte, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("the authority's %s: %w", what, err)
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, fmt.Errorf("the authority's %s %s is not PEM", what, path)
	}
	return block.Bytes, nil
}

// Issue signs a certificate for every name and single address of the scope, and for those of
// hosts that the scope permits. It is valid for 90 days, and replaces the one in
// the folder; a running Keeper notices that. It keeps the key of its predecessor, even a
// self-signed one, because clients may have remembered it.
func (a *Authority) Issue(folder string, hosts []string, now time.Time) (*x509.Certificate, error) {
	if !now.Before(a.Cert.NotAfter) {
		return nil, fmt.Errorf("the authority has ended at %s: make a new one (move %s and %s away first)",
			a.Cert.NotAfter.Format(time.DateOnly), AuthorityFile, AuthorityKey)
	}
	path := filepath.Join(folder, SiteFile)
	var key *ecdsa.PrivateKey
	for _, before := range []string{path, filepath.Join(folder, SelfSigned)} {
		if old, err := tls.LoadX509KeyPair(before, before); err == nil && key == nil {
			key, _ = old.PrivateKey.(*ecdsa.PrivateKey)
		}
	}
	cert, err := sign(key, a, ScopeOf(a.Cert).hosts(hosts), now)
	if err != nil {
		return nil, err
	}
	text, err := encode(cert)
	if err == nil {
		err = replace(path, text)
	}
	if err != nil {
		return nil, fmt.Errorf("the certificate %s can't be written: %w", path, err)
	}
	return cert.Leaf, nil
}
