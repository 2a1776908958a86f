package chatclient

import (
	"bufio"
	"errors"
	"io"
	"strings"
)

// maxInput is the longest line that is read, in bytes. It is more than a server accepts.
const maxInput = 64 << 10

// An input is a line that was typed; tooLong if it was dropped.
type input struct {
	text    string
	tooLong bool
}

// readInput returns the lines of in, until its end or until done is closed.
func readInput(in io.Reader, done <-chan struct{}) <-chan input {
	lines := make(chan input)
	go func() {
		defer close(lines)
		r := bufio.NewReader(in)
		for {
			line, err := readLine(r)
			if err != nil && line.text == "" && !line.tooLong {
				return
			}
			select {
			case lines <- line:
			case <-done:
				return
			}
		}
	}()
	return lines
}

// readLine reads a line, without its end.
func readLine(r *bufio.Reader) (line input, err error) {
	var text []byte
	for {
		part, err := r.ReadSlice('\n')
		if line.tooLong = line.tooLong || len(text)+len(part) > maxInput; !line.tooLong {
			text = append(text, part...)
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if !line.tooLong {
			line.text = strings.TrimRight(string(text), "\r\n")
		}
		return line, err
	}
}
