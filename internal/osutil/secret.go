package osutil

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// maxSecret is how many bytes a secret has at most: the length of a line that a
// terminal accepts.
const maxSecret = 4096

// ErrInterrupted is wrapped by the error of ReadSecret after Ctrl-C.
var ErrInterrupted = errors.New("interrupted")

var errNoLine = errors.New("the input ended before there was a line")

// ReadSecret reads a line that must not be shown, such as a password. If in is a
// terminal it writes prompt to out first, and typed text is not shown; otherwise
// it reads only the line, for scripts: echo "$password" | program.
//
// After a signal to end, the terminal shows typed text again, and the error is
// ErrInterrupted. A read of in is then still in progress.
func ReadSecret(in *os.File, out io.Writer, prompt string) (string, error) {
	restore, terminal, err := hideInput(in)
	if err != nil {
		return "", fmt.Errorf("what is typed can't be hidden: %w", err)
	}
	if !terminal {
		return readSecret(in)
	}
	signals, stop := Signals()
	defer stop()
	if _, err := io.WriteString(out, prompt); err != nil {
		return "", errors.Join(err, restore())
	}
	type result struct {
		secret string
		err    error
	}
	read := make(chan result, 1)
	go func() {
		secret, err := readSecret(in)
		read <- result{secret, err}
	}()
	var r result
	select {
	case r = <-read:
	case <-signals:
		return "", errors.Join(ErrInterrupted, restore())
	}
	_, _ = io.WriteString(out, "\n") // the typed one was not shown
	return r.secret, errors.Join(r.err, restore())
}

// HideInput keeps a terminal from showing what is typed, until restore is called. If in is
// not a terminal, it does nothing and restore is nil.
func HideInput(in *os.File) (restore func() error, terminal bool, err error) { return hideInput(in) }

// ReadSecretFile reads the first line of a file, which must not be empty. The error names the file.
func ReadSecretFile(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }()
	secret, err := readSecret(f)
	switch {
	case errors.Is(err, errNoLine) || err == nil && secret == "":
		return "", fmt.Errorf("the first line of %s is empty", path)
	case err != nil:
		return "", fmt.Errorf("%s: %w", path, err)
	case strings.HasPrefix(secret, "\xff\xfe") || strings.HasPrefix(secret, "\xfe\xff"): // as > in Windows PowerShell writes it
		return "", fmt.Errorf("%s is in UTF-16: save it as UTF-8", path)
	}
	return secret, nil
}

// readSecret reads a line byte by byte: it must not read beyond it. A byte order mark, which
// editors put before UTF-8, does not belong to it.
func readSecret(in io.Reader) (string, error) {
	var line strings.Builder
	for b := make([]byte, 1); ; {
		n, err := in.Read(b)
		switch {
		case n == 1 && b[0] == '\n', err == io.EOF && line.Len() > 0:
			return strings.TrimSuffix(strings.TrimPrefix(line.String(), "\ufeff"), "\r"), nil
		case n == 1 && line.Len() == maxSecret:
			return "", fmt.Errorf("the line is too long: at most %d bytes", maxSecret)
		case n == 1:
			line.WriteByte(b[0])
		case err == io.EOF:
			return "", errNoLine
		case err != nil:
			return "", err
		}
	}
}
