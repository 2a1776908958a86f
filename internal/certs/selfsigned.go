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
	"math/big"
	"net"
	"os"
	"strings"
	"time"
	"unicode"
)

const (
	validity  = 365 * day
	renewal   = 30 * day  // before the end
	clockSkew = time.Hour // how far the clocks of clients may be behind
)

// selfSigned returns the certificate of the folder. If there is none, the one in use is
// written, or a new one. If it expires soon, it is renewed with the same key. k.mu is held.
func (k *Keeper) selfSigned() (cert tls.Certificate, err error) {
	if old := k.current.Load(); old != nil && signsItself(old.certs[0].Leaf) {
		cert = old.certs[0]
	}
	path, write := k.path(SelfSigned), k.o.Folder != ""
	if k.o.Folder != "" {
		switch stored, err := tls.LoadX509KeyPair(path, path); {
		case err == nil:
			cert, write = stored, false
		case !errors.Is(err, fs.ErrNotExist):
			return cert, fmt.Errorf("the self-signed certificate %s: %w (without the file another one is made)", path, err)
		}
	}
	if now := k.o.Now(); cert.Leaf == nil || !now.Before(cert.Leaf.NotAfter.Add(-renewal)) {
		key, _ := cert.PrivateKey.(*ecdsa.PrivateKey)
		if cert, err = sign(key, nil, k.o.Hosts, now); err != nil {
			return cert, err
		}
		write = k.o.Folder != ""
	}
	if !write {
		return cert, nil
	}
	text, err := encode(cert)
	if err == nil {
		err = replace(path, text)
	}
	if err != nil {
		return cert, fmt.Errorf("the self-signed certificate %s can't be written: %w", path, err)
	}
	return cert, nil
}

// sign makes a certificate with a key, nil for a new one. by signs it; nil: its own key does.
func sign(key *ecdsa.PrivateKey, by *Authority, hosts []string, now time.Time) (cert tls.Certificate, err error) {
	if key == nil {
		if key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
			return cert, err
		}
	}
	serial, err := newSerial()
	if err != nil {
		return cert, err
	}
	template := &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: "chatsrv"},
		NotBefore:    now.Add(-clockSkew), NotAfter: now.Add(validity),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
	}
	for _, host := range hosts {
		ip := net.ParseIP(host)
		switch {
		case ip != nil:
			template.IPAddresses = append(template.IPAddresses, ip)
		case isASCII(host): // a certificate can hold no other names (RFC 5280, section 4.2.1.6)
			template.DNSNames = append(template.DNSNames, host)
		}
	}
	parent, signer := template, key
	if by != nil {
		parent, signer = by.Cert, by.key
		if template.NotAfter = now.Add(siteValidity); template.NotAfter.After(by.Cert.NotAfter) {
			template.NotAfter = by.Cert.NotAfter
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	if err != nil {
		return cert, err
	}
	leaf, err := x509.ParseCertificate(der)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: crypto.PrivateKey(key), Leaf: leaf}, err
}

// newSerial returns a serial number (RFC 5280, section 4.1.2.2).
func newSerial() (*big.Int, error) {
	return rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
}

func isASCII(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r > unicode.MaxASCII }) < 0
}

// encode returns a certificate and its key as PEM.
func encode(cert tls.Certificate) ([]byte, error) {
	key, err := x509.MarshalPKCS8PrivateKey(cert.PrivateKey)
	if err != nil {
		return nil, err
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Certificate[0]})
	return append(text, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})...), nil
}

// replace atomically writes a file that only its owner may read.
func replace(path string, data []byte) error {
	next := path + ".new"
	if err := os.Remove(next); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := create(next, data); err != nil {
		return err
	}
	return os.Rename(next, path)
}

// create writes a new file that only its owner may read.
func create(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return nil
}
