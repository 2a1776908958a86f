package admin

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// answerPatience is how long a client waits for the next line: longer than a
// command that hashes a password has to wait for others.
const answerPatience = 3 * time.Minute

var (
	errHungUp = errors.New("chatsrv closed the connection before it was done (it may have stopped: see its log; it answers only to its own user and the superuser)")
	errAnswer = errors.New("the answer is not one of chatsrv (are both of the same version?)")
)

// Call sends a command to the server that listens at path, writes the lines of
// the answer to out as they come, and returns the exit code. If there is no
// answer, or it could not be written, it returns an error and code 1.
//
// Control characters in the answer are replaced, so that text by users can't
// affect the terminal.
func Call(path string, r Request, out io.Writer) (code int, err error) {
	if code, err = call(path, r, out); err != nil {
		return 1, err
	}
	return code, nil
}

func call(path string, r Request, out io.Writer) (code int, err error) {
	text, err := r.encode()
	if err != nil {
		return 0, err
	}
	c, err := Dial(path)
	if err != nil {
		return 0, err
	}
	defer func() { _ = c.Close() }()
	_ = c.SetWriteDeadline(time.Now().Add(answerPatience))
	// A server that refuses the command may not read all of it, but it answers why.
	_, sent := c.Write(text)
	code, err = readAnswer(c, out)
	if errors.Is(err, errHungUp) && sent != nil {
		err = fmt.Errorf("%w: %w", errHungUp, sent)
	}
	return code, err
}

// readAnswer reads what answer wrote.
func readAnswer(c net.Conn, out io.Writer) (code int, err error) {
	r := bufio.NewReaderSize(c, MaxLine)
	for {
		_ = c.SetReadDeadline(time.Now().Add(answerPatience))
		line, err := readLine(r)
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			return 0, fmt.Errorf("chatsrv has not answered for %v", answerPatience)
		case errors.Is(err, errTooLong):
			return 0, errAnswer
		case err != nil:
			return 0, errHungUp
		}
		word, rest, _ := strings.Cut(line, " ")
		switch word {
		case wordExit:
			if code, err = strconv.Atoi(rest); err != nil {
				return 0, errAnswer
			}
			return code, nil
		case wordLine:
			words, err := unquoteAll(" "+rest, 1)
			if err != nil || len(words) != 1 {
				return 0, errAnswer
			}
			if _, err := io.WriteString(out, printable(words[0])+"\n"); err != nil {
				return 0, fmt.Errorf("the answer can't be written: %w", err)
			}
		default:
			return 0, errAnswer
		}
	}
}

// printable replaces control characters.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\t' || unicode.IsPrint(r) {
			return r
		}
		return unicode.ReplacementChar
	}, s)
}
