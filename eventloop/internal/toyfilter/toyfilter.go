// Package toyfilter is an eventloop.Filter for tests. It has what TLS has (records, a
// state in either direction, key updates, alerts and a clean end) but no secrecy.
package toyfilter

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"sync/atomic"

	"github.com/sudoXpg/netloop/eventloop"
)

// A Filter is one end of a connection. Its stream consists of records: a kind, a
// length, a number and a checksum, then the bytes, changed with a key. The loop
// uses one as its filter, and a test uses another one, by Pull and Seal, for its own end.
type Filter struct {
	complain func(format string, args ...any)

	fed     int    // raw bytes in all
	in      []byte // raw bytes, lent until Idle
	dry     bool   // Read has returned ErrWouldBlock
	inEnded bool
	inKey   byte
	inNo    uint32
	body    []byte      // of the record that is being read
	zeros   int         // how many more are to be read
	err     error       // what Read returns from now on
	told    atomic.Bool // Read has returned err
	updates int         // answers to key updates

	outKey  byte
	outNo   uint32
	replies []byte // made by Read, sealed already
	ended   bool
	records []int // the sizes of the records sealed
	sealed  int   // raw bytes in all
	idles   int

	buf []byte // of Pull
}

const (
	recordData   = 'D'
	recordEnd    = 'E' // the clean end
	recordUpdate = 'U' // the sender's key changes; to be answered
	recordAnswer = 'A'
	recordAlert  = '!' // the sender has met a forged record
	recordZeros  = 'Z' // stands for a number of zeros, given in its 4 bytes

	// Overhead is how many bytes longer a record is than what is in it; they come first.
	Overhead = 8 // kind, length (2), number (4), checksum

	firstKey = 0x55
)

// The errors of Read.
var (
	ErrForged = errors.New("toyfilter: forged record")
	ErrAlert  = errors.New("toyfilter: alert from the peer")
)

var errAfterEnd = errors.New("toyfilter: something follows the clean end")

var _ eventloop.Filter = (*Filter)(nil)

// New returns a Filter that calls complain when it is used in a way that
// eventloop.Filter forbids.
func New(complain func(format string, args ...any)) *Filter {
	return &Filter{complain: complain, dry: true, inKey: firstKey, outKey: firstKey}
}

// Ended reports whether End was called.
func (f *Filter) Ended() bool { return f.ended }

// Over reports whether Read has returned an error other than ErrWouldBlock. It may be
// called from any goroutine, the other methods may not.
func (f *Filter) Over() bool { return f.told.Load() }

// Updates returns how many answers to key updates were read.
func (f *Filter) Updates() int { return f.updates }

// Records returns the sizes of the records sealed, in plain bytes.
func (f *Filter) Records() []int { return f.records }

// Fed returns how many raw bytes Feed has brought.
func (f *Filter) Fed() int { return f.fed }

// Sealed returns how many raw bytes were made.
func (f *Filter) Sealed() int { return f.sealed }

// Idles returns how often Idle was called.
func (f *Filter) Idles() int { return f.idles }

// Held returns how much memory is held for what was received.
func (f *Filter) Held() int { return cap(f.in) + cap(f.body) }

// Feed implements eventloop.Filter.
func (f *Filter) Feed(raw []byte) {
	if !f.dry || f.inEnded || f.told.Load() {
		f.complain("Feed when Read had not returned ErrWouldBlock, or after the end")
	}
	f.dry, f.inEnded = false, len(raw) == 0
	f.fed += len(raw)
	if len(f.in) > 0 {
		f.in = append(bytes.Clone(f.in), raw...)
	} else {
		f.in = raw
	}
}

// Read implements eventloop.Filter.
func (f *Filter) Read(dst []byte) (int, error) {
	if f.told.Load() {
		f.complain("Read after %v", f.err)
	}
	for {
		switch {
		case len(f.body) > 0:
			n := min(len(dst), len(f.body))
			f.change(dst[:n], f.body[:n], f.inKey)
			f.body = f.body[n:]
			return n, nil
		case f.zeros > 0:
			n := min(len(dst), f.zeros)
			clear(dst[:n])
			f.zeros -= n
			return n, nil
		case f.err != nil:
			f.told.Store(true)
			return 0, f.err
		}
		if !f.next() {
			f.dry = true
			return 0, eventloop.ErrWouldBlock
		}
	}
}

// change encodes or decodes.
func (f *Filter) change(dst, src []byte, key byte) {
	for i, b := range src {
		dst[i] = b ^ key
	}
}

func checksum(body []byte) (sum byte) {
	for _, b := range body {
		sum = sum*31 + b
	}
	return sum
}

// next takes the next record if it is complete, or finds out why none comes.
func (f *Filter) next() bool {
	if len(f.in) < Overhead || len(f.in) < Overhead+int(binary.BigEndian.Uint16(f.in[1:])) {
		if f.inEnded {
			f.err = io.ErrUnexpectedEOF
		}
		return f.inEnded
	}
	head := f.in[:Overhead]
	body := f.in[Overhead:][:binary.BigEndian.Uint16(head[1:])]
	f.in = f.in[Overhead+len(body):]
	if binary.BigEndian.Uint32(head[3:]) != f.inNo || head[7] != checksum(body) {
		f.forged()
		return true
	}
	f.inNo++
	switch head[0] {
	case recordData:
		f.body = body
	case recordZeros:
		var n [4]byte
		f.change(n[:], body[:min(len(n), len(body))], f.inKey)
		f.zeros = int(min(binary.BigEndian.Uint32(n[:]), math.MaxInt32))
	case recordUpdate:
		f.inKey++
		f.replies = f.append(f.replies, recordAnswer, nil)
	case recordAnswer:
		f.updates++
	case recordEnd:
		f.err = io.EOF
	case recordAlert:
		f.err = ErrAlert
	default:
		f.forged()
	}
	return true
}

func (f *Filter) forged() {
	f.err = ErrForged
	f.replies = f.append(f.replies, recordAlert, nil)
}

// append appends a record to dst.
func (f *Filter) append(dst []byte, kind byte, plain []byte) []byte {
	dst = append(dst, kind)
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(plain)))
	dst = binary.BigEndian.AppendUint32(dst, f.outNo)
	dst = append(dst, 0)
	at := len(dst)
	dst = append(dst, plain...)
	f.change(dst[at:], plain, f.outKey)
	dst[at-1] = checksum(dst[at:])
	f.outNo++
	return dst
}

// Update appends a key update to dst.
func (f *Filter) Update(dst []byte) []byte {
	dst = f.append(dst, recordUpdate, nil)
	f.outKey++
	return dst
}

// Expand appends a record that stands for n zeros to dst.
func (f *Filter) Expand(dst []byte, n int) []byte {
	return f.append(dst, recordZeros, binary.BigEndian.AppendUint32(nil, uint32(n)))
}

// Seal implements eventloop.Filter.
func (f *Filter) Seal(dst, plain []byte) []byte {
	before := len(dst)
	dst = append(dst, f.replies...)
	f.replies = nil
	if len(plain) > 0 {
		if f.ended || len(plain) > 16<<10 {
			f.complain("Seal of %d bytes, after End: %v", len(plain), f.ended)
		}
		f.records = append(f.records, len(plain))
		dst = f.append(dst, recordData, plain)
	}
	if !f.ended {
		f.sealed += len(dst) - before
	}
	return dst
}

// End implements eventloop.Filter.
func (f *Filter) End(dst []byte) []byte {
	if f.ended || f.told.Load() && f.err != io.EOF {
		f.complain("End for the second time, or after %v", f.err)
	}
	f.ended = true
	before := len(dst)
	dst = f.append(dst, recordEnd, nil)
	f.sealed += len(dst) - before
	return dst
}

// Idle implements eventloop.Filter.
func (f *Filter) Idle() {
	f.idles++
	f.in = bytes.Clone(f.in)
	f.body = bytes.Clone(f.body)
	if len(f.in) == 0 {
		f.in = nil
	}
	if len(f.body) == 0 {
		f.body = nil
	}
}

// Pull reads plain bytes into p, from the raw bytes that raw reads. It returns
// io.EOF if the peer's clean end is followed by the end of raw.
func (f *Filter) Pull(raw func([]byte) (int, error), p []byte) (int, error) {
	for {
		err := f.err
		if !f.told.Load() {
			var n int
			if n, err = f.Read(p); n > 0 {
				return n, nil
			}
		}
		if err != eventloop.ErrWouldBlock && err != io.EOF {
			return 0, err
		}
		if f.buf == nil {
			f.buf = make([]byte, 32<<10)
		}
		f.Idle()
		switch n, rawErr := raw(f.buf); {
		case n+len(f.in) > 0 && err == io.EOF:
			return 0, errAfterEnd
		case n > 0:
			f.Feed(f.buf[:n])
		case rawErr == io.EOF && err == eventloop.ErrWouldBlock:
			f.Feed(nil)
		default:
			return 0, rawErr
		}
	}
}
