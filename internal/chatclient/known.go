package chatclient

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/sudoXpg/netloop/internal/certs"
)

// The words of a line.
const (
	wordCert = "sha256"
	wordKey  = "key"
)

// KnownServers is the file of the certificates that were trusted on first use. Each line
// is HOST:PORT sha256 FINGERPRINT key KEY; lines that begin with # are comments.
type KnownServers struct{ Path string }

// A Known is what is remembered of a server.
type Known struct {
	// Fingerprint is that of its first certificate.
	Fingerprint string
	// Key is the SHA-256 of its public key (SubjectPublicKeyInfo of RFC 5280), in base64. A
	// certificate that is renewed has the same.
	Key  string
	Line int // in the file, from 1
}

// known returns what is to be remembered of a certificate.
func known(cert *x509.Certificate) Known {
	sum := sha256.Sum256(cert.RawSubjectPublicKeyInfo)
	return Known{Fingerprint: certs.Fingerprint(cert), Key: base64.StdEncoding.EncodeToString(sum[:])}
}

// Find returns what is remembered of HOST:PORT, or the zero value. It refuses a file with
// lines that it can't read, since one of them may be about the server.
func (k KnownServers) Find(address string) (found Known, err error) {
	data, err := os.ReadFile(k.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return found, nil
	}
	if err != nil {
		return found, fmt.Errorf("read the known servers: %w", err)
	}
	lines := bufio.NewScanner(bytes.NewReader(data))
	for n := 1; lines.Scan(); n++ {
		words := strings.Fields(lines.Text())
		if len(words) == 0 || strings.HasPrefix(words[0], "#") {
			continue
		}
		if len(words) != 5 || words[1] != wordCert || words[3] != wordKey {
			return found, fmt.Errorf("%s:%d: this line is not HOST:PORT %s FINGERPRINT %s KEY (correct or remove it)", k.Path, n, wordCert, wordKey)
		}
		if found.Line == 0 && words[0] == address {
			found = Known{Fingerprint: words[2], Key: words[4], Line: n}
		}
	}
	if err := lines.Err(); err != nil {
		return found, fmt.Errorf("read %s: %w", k.Path, err)
	}
	return found, nil
}

// Add remembers the server at HOST:PORT. Another process sees the old file or the new
// one, and never a part.
func (k KnownServers) Add(address string, server Known) error {
	if k.Path == "" {
		return errors.New("there is no file for that")
	}
	data, err := os.ReadFile(k.Path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if n := len(data); n > 0 && data[n-1] != '\n' {
		data = append(data, '\n')
	}
	data = fmt.Appendf(data, "%s %s %s %s %s\n", address, wordCert, server.Fingerprint, wordKey, server.Key)
	return replaceFile(k.Path, data)
}
