// Package lines splits a stream of bytes into lines. It does no input or output:
// it is given bytes as they arrive, in pieces of any length, and holds at most
// one line of bounded length.
package lines

import (
	"bytes"
	"cmp"
	"errors"
)

// DefaultMax is the length limit of a line in bytes if a Splitter sets none.
const DefaultMax = 4096

// The errors of Next.
var (
	// ErrIncomplete: the input has no further ending. The beginning of a line is held.
	ErrIncomplete = errors.New("lines: no complete line")
	// ErrTooLong: a line had more than Max bytes. All of it is dropped, and it is
	// reported once.
	ErrTooLong = errors.New("lines: line too long")
)

// A Splitter is the state of one stream. The zero value is ready. A line ends with
// LF, CR LF, CR NUL or CR alone, even if these arrive in different pieces. A
// Splitter belongs to one goroutine.
type Splitter struct {
	// Max is how many bytes a line may have without its ending; 0 means DefaultMax.
	// It may be changed between two calls of Next.
	Max int

	part    []byte // of a line that has not ended
	afterCR bool   // a line feed or NUL that comes now belongs to the last line
	discard bool   // up to the next ending: the line is too long
}

// Next takes input and returns the first line in it, without its ending, and the
// rest, which is for the next call:
//
//	for {
//		line, rest, err := s.Next(data)
//		if errors.Is(err, lines.ErrIncomplete) {
//			return // the next data continues it
//		}
//		data = rest
//		...
//	}
//
// A line that is wholly inside p points into p; nothing is copied for it.
func (s *Splitter) Next(p []byte) (line, rest []byte, err error) {
	for len(p) > 0 {
		if s.afterCR {
			s.afterCR = false
			if p[0] == '\n' || p[0] == 0 {
				p = p[1:]
				continue
			}
		}
		i := ending(p)
		if len(s.part)+i > cmp.Or(s.Max, DefaultMax) && !s.discard {
			s.part, s.discard = nil, true
			return nil, p[i:], ErrTooLong
		}
		if i == len(p) {
			if !s.discard {
				s.part = append(s.part, p...)
			}
			break
		}
		s.afterCR = p[i] == '\r'
		text, dropped := p[:i:i], s.discard
		p, s.discard = p[i+1:], false
		if dropped {
			continue
		}
		if len(s.part) > 0 {
			text, s.part = append(s.part, text...), nil
		}
		return text, p, nil
	}
	return nil, nil, ErrIncomplete
}

// ending returns the end of the first line of p, or len(p).
func ending(p []byte) int {
	if i := bytes.IndexByte(p, '\n'); i >= 0 {
		p = p[:i]
	}
	if i := bytes.IndexByte(p, '\r'); i >= 0 {
		return i
	}
	return len(p)
}

// Flush returns the incomplete line, nil if there is none, and forgets it. Use
// it when a peer closes its side in the middle of a line.
func (s *Splitter) Flush() []byte {
	line := s.part
	*s = Splitter{Max: s.Max}
	return line
}
