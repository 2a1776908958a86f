package chatclient

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/sudoXpg/netloop/internal/osutil"
)

// knownHash is the second word of a line.
const knownHash = "sha256"

// KnownServers is the file of the certificates that were trusted on first use. Each line
// is HOST:PORT sha256 FINGERPRINT; lines that begin with # are comments.
type KnownServers struct{ Path string }

// Find returns the fingerprint that is remembered for HOST:PORT, and its line, or "". It
// refuses a file with lines that it can't read, since one of them may be about the server.
func (k KnownServers) Find(address string) (fingerprint string, line int, err error) {
	data, err := os.ReadFile(k.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", 0, nil
	}
	if err != nil {
		return "", 0, fmt.Errorf("read the known servers: %w", err)
	}
	lines := bufio.NewScanner(bytes.NewReader(data))
	for n := 1; lines.Scan(); n++ {
		words := strings.Fields(lines.Text())
		if len(words) == 0 || strings.HasPrefix(words[0], "#") {
			continue
		}
		if len(words) != 3 || words[1] != knownHash {
			return "", 0, fmt.Errorf("%s:%d: this line is not HOST:PORT %s FINGERPRINT (correct or remove it)", k.Path, n, knownHash)
		}
		if fingerprint == "" && words[0] == address {
			fingerprint, line = words[2], n
		}
	}
	if err := lines.Err(); err != nil {
		return "", 0, fmt.Errorf("read %s: %w", k.Path, err)
	}
	return fingerprint, line, nil
}

// Add remembers a fingerprint for HOST:PORT. Another process sees the old file or the new
// one, and never a part.
func (k KnownServers) Add(address, fingerprint string) error {
	if k.Path == "" {
		return errors.New("there is no file for that")
	}
	folder := filepath.Dir(k.Path)
	if err := osutil.MakeFolder(folder); err != nil {
		return err
	}
	data, err := os.ReadFile(k.Path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if n := len(data); n > 0 && data[n-1] != '\n' {
		data = append(data, '\n')
	}
	data = fmt.Appendf(data, "%s %s %s\n", address, knownHash, fingerprint)
	f, err := os.CreateTemp(folder, ".known_servers-*") // its mode is 0600
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), k.Path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}
