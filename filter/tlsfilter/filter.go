package tlsfilter

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"

	"github.com/sudoXpg/netloop/eventloop"
)

// A filter is the eventloop.Filter of a connection whose handshake is complete.
type filter struct {
	tls  *tls.Conn
	wire wire
}

var _ eventloop.Filter = (*filter)(nil)

// State returns what was negotiated for a connection. ok is false if it has no TLS, or
// the handshake is not complete.
func State(c *eventloop.Conn) (state tls.ConnectionState, ok bool) {
	f, ok := c.Filter().(*filter)
	if !ok {
		return state, false
	}
	return f.tls.ConnectionState(), true
}

// Feed implements eventloop.Filter. crypto/tls has taken everything that came before when
// Read has returned ErrWouldBlock.
func (f *filter) Feed(raw []byte) { f.wire.in, f.wire.ended = raw, len(raw) == 0 }

// Read implements eventloop.Filter.
func (f *filter) Read(dst []byte) (int, error) {
	n, err := f.tls.Read(dst)
	switch {
	case err == nil:
		return n, nil
	case err == error(dry{}): //nolint:errorlint // wrapped, crypto/tls would remember it
		return n, eventloop.ErrWouldBlock
	case errors.Is(err, io.EOF) && f.wire.cut:
		return n, io.ErrUnexpectedEOF
	}
	return n, err
}

// Seal implements eventloop.Filter. Writing to memory can't fail, and the loop seals nothing
// after an error of Read, which crypto/tls would remember.
func (f *filter) Seal(dst, plain []byte) []byte {
	dst = f.wire.take(dst)
	if len(plain) == 0 {
		return dst
	}
	f.wire.out = dst
	_, _ = f.tls.Write(plain)
	dst, f.wire.out = f.wire.out, nil
	return dst
}

// End implements eventloop.Filter: it appends a close_notify alert.
func (f *filter) End(dst []byte) []byte {
	f.wire.out = f.wire.take(dst)
	_ = f.tls.CloseWrite()
	dst, f.wire.out = f.wire.out, nil
	return dst
}

// Idle implements eventloop.Filter.
func (f *filter) Idle() {
	if len(f.wire.in) == 0 {
		f.wire.in = nil
		trim(f.tls)
		return
	}
	f.wire.in = bytes.Clone(f.wire.in)
}
