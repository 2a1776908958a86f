package admin

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// The bounds of a command.
const (
	// MaxLine is how many bytes a line has at most, quoted, with its line feed.
	MaxLine = 64 << 10
	// MaxArgs is how many arguments there are at most.
	MaxArgs = 64
)

// The words of the protocol.
const (
	hello     = "chatsrv/1"
	wordGo    = "go"
	wordMore  = "secret"
	wordLine  = "="
	wordExit  = "exit"
	quoteSign = '"'
)

var (
	errTooLong = fmt.Errorf("the command is too long: at most %d bytes and %d arguments", MaxLine, MaxArgs)
	errNoArgs  = errors.New("no command was given")
	errSyntax  = errors.New("this is no command of chatsrv admin (are both of the same version?)")
)

// A Request is one command.
type Request struct {
	Args []string // any text; the command is the first
	// Secret is text that must not appear in a process's arguments, such as a
	// new password. HasSecret distinguishes an empty one from none.
	Secret    string
	HasSecret bool
}

// String returns the arguments, quoted, without the secret.
func (r Request) String() string { return strings.TrimPrefix(quoteAll(r.Args), " ") }

// GoString is String, so that %#v does not show the secret either.
func (r Request) GoString() string { return "admin.Request{" + r.String() + "}" }

// encode returns the request as the client sends it.
func (r Request) encode() ([]byte, error) {
	if len(r.Args) == 0 {
		return nil, errNoArgs
	}
	first, second := hello+quoteAll(r.Args)+"\n", wordGo+"\n"
	if r.HasSecret {
		second = wordMore + quoteAll([]string{r.Secret}) + "\n"
	}
	if len(r.Args) > MaxArgs || len(first) > MaxLine || len(second) > MaxLine {
		return nil, errTooLong
	}
	return []byte(first + second), nil
}

// readRequest reads what encode wrote. The errors are sentences for the client,
// or those of reading.
func readRequest(r *bufio.Reader) (Request, error) {
	line, err := readLine(r)
	if err != nil {
		return Request{}, err
	}
	words, ok := strings.CutPrefix(line, hello)
	if !ok {
		return Request{}, errSyntax
	}
	var req Request
	if req.Args, err = unquoteAll(words, MaxArgs); err != nil {
		return Request{}, err
	}
	if len(req.Args) == 0 {
		return Request{}, errNoArgs
	}
	if line, err = readLine(r); err != nil {
		return Request{}, err
	}
	if line == wordGo {
		return req, nil
	}
	words, ok = strings.CutPrefix(line, wordMore)
	secrets, err := unquoteAll(words, 1)
	if !ok || err != nil || len(secrets) != 1 {
		return Request{}, errSyntax
	}
	req.Secret, req.HasSecret = secrets[0], true
	return req, nil
}

// readLine returns a line without its line feed. Half a line is io.ErrUnexpectedEOF,
// and one that r's buffer can't hold is errTooLong.
func readLine(r *bufio.Reader) (string, error) {
	line, err := r.ReadSlice('\n')
	switch {
	case err == nil:
		return string(line[:len(line)-1]), nil
	case errors.Is(err, bufio.ErrBufferFull):
		return "", errTooLong
	case errors.Is(err, io.EOF) && len(line) > 0:
		return "", io.ErrUnexpectedEOF
	default:
		return "", err
	}
}

// quoteAll returns the words in quotes, a space before each.
func quoteAll(words []string) string {
	var b []byte
	for _, w := range words {
		b = strconv.AppendQuote(append(b, ' '), w)
	}
	return string(b)
}

// unquoteAll parses the output of quoteAll. More words than most are an error.
func unquoteAll(s string, most int) (words []string, err error) {
	for s != "" {
		if len(words) == most {
			return nil, errTooLong
		}
		rest, ok := strings.CutPrefix(s, " ")
		if !ok || rest == "" || rest[0] != quoteSign {
			return nil, errSyntax
		}
		quoted, err := strconv.QuotedPrefix(rest)
		if err != nil {
			return nil, errSyntax
		}
		word, err := strconv.Unquote(quoted)
		if err != nil {
			return nil, errSyntax
		}
		words, s = append(words, word), rest[len(quoted):]
	}
	return words, nil
}
