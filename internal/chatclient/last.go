package chatclient

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"unicode"
)

// maxLast is the longest target in the file of LastTarget, in bytes.
const maxLast = 1 << 10

// LastTarget is the file of the last server: its one line is a target, or the name of a
// profile. A password is never in it.
type LastTarget struct{ Path string }

// Read returns the line, or "" without a file.
func (l LastTarget) Read() (string, error) {
	f, err := os.Open(l.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read the last target: %w", err)
	}
	defer func() { _ = f.Close() }()
	data, err := io.ReadAll(io.LimitReader(f, maxLast+1))
	if err != nil {
		return "", fmt.Errorf("read the last target: %w", err)
	}
	line := strings.TrimSpace(string(data))
	if len(data) > maxLast || strings.ContainsRune(line, '\n') {
		return "", fmt.Errorf("%s is not one line with a target (remove it)", l.Path)
	}
	return line, nil
}

// Write replaces the line.
func (l LastTarget) Write(target string) error {
	if len(target) >= maxLast || strings.ContainsFunc(target, unicode.IsControl) {
		return errors.New("it is too long or has control characters")
	}
	return replaceFile(l.Path, []byte(target+"\n"))
}
