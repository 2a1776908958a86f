package bench

import (
	"bytes"
	"strconv"
	"time"
)

// marker begins the part of a line that the generator wrote. What comes before
// it is the server's (a user name, a time).
const marker = "[cb "

// MinSize is the shortest line, in bytes with its line feed, that has room for
// everything a Line carries.
const MinSize = 56

// A Line is what one line of the load carries in its text.
type Line struct {
	Sender int           // number of the sender, from 0
	Seq    uint64        // number of the line among its sender's, from 0
	Sent   time.Duration // when it was meant to be sent, on the generator's clock
}

// AppendLine appends l as text, padded to size bytes and ended by a line feed.
func AppendLine(dst []byte, l Line, size int) []byte {
	end := len(dst) + size - 1
	dst = append(dst, marker...)
	dst = strconv.AppendInt(dst, int64(l.Sender), 10)
	dst = append(dst, ' ')
	dst = strconv.AppendUint(dst, l.Seq, 10)
	dst = append(dst, ' ')
	dst = strconv.AppendInt(dst, int64(l.Sent), 10)
	dst = append(dst, ']', ' ')
	for len(dst) < end {
		dst = append(dst, 'x')
	}
	return append(dst, '\n')
}

// ParseLine finds a Line in a line of a server, with whatever the server put
// before and after it. It reports false for any other line.
func ParseLine(text []byte) (Line, bool) {
	i := bytes.Index(text, []byte(marker))
	if i < 0 {
		return Line{}, false
	}
	text = text[i+len(marker):]
	sender, text, ok1 := number(text, ' ')
	seq, text, ok2 := number(text, ' ')
	sent, _, ok3 := number(text, ']')
	if !ok1 || !ok2 || !ok3 || sender > 1<<31-1 || sent > 1<<63-1 {
		return Line{}, false
	}
	return Line{Sender: int(sender), Seq: seq, Sent: time.Duration(sent)}, true
}

// number reads the decimal number at the beginning of p, which must be ended
// by end and have at most 19 digits, and returns what follows.
func number(p []byte, end byte) (n uint64, rest []byte, ok bool) {
	for i, c := range p {
		if c == end {
			return n, p[i+1:], i > 0
		}
		if c < '0' || c > '9' || i == 19 {
			break
		}
		n = n*10 + uint64(c-'0')
	}
	return 0, p, false
}

// splitter cuts a stream into lines. The zero value is ready.
type splitter struct {
	tail []byte // the beginning of a line whose end has not come yet
}

// feed calls line for every line that p ends, without its line feed. The
// argument is valid during the call only.
func (s *splitter) feed(p []byte, line func([]byte)) {
	for {
		i := bytes.IndexByte(p, '\n')
		if i < 0 {
			s.tail = append(s.tail, p...)
			return
		}
		if len(s.tail) > 0 {
			s.tail = append(s.tail, p[:i]...)
			line(s.tail)
			s.tail = s.tail[:0]
		} else {
			line(p[:i])
		}
		p = p[i+1:]
	}
}
