package tlsfilter

import (
	"io"
	"net"
	"time"
)

// A wire is the net.Conn below a tls.Conn: memory. Writing to it never fails and never
// blocks, as crypto/tls remembers every error of a write.
type wire struct {
	in    []byte // received and not yet read
	out   []byte // to be sent
	ended bool   // no more is received
	cut   bool   // and it was read up to there
	// During the handshake wait returns when there is more to read, or false if the
	// handshake has been stopped.
	wait func() bool
}

var _ net.Conn = (*wire)(nil)

// A dry is the error of Read after the handshake when there is nothing to read. The
// only error that crypto/tls does not remember is a net.Error that is temporary, and
// only if it is not wrapped (Conn.readRecordOrCCS).
type dry struct{}

var _ net.Error = dry{}

func (dry) Error() string   { return "tlsfilter: more bytes are needed" }
func (dry) Timeout() bool   { return true }
func (dry) Temporary() bool { return true }

// Read implements net.Conn.
func (w *wire) Read(p []byte) (int, error) {
	for len(w.in) == 0 {
		switch {
		case w.ended:
			w.cut = true
			return 0, io.EOF
		case w.wait == nil:
			return 0, dry{}
		case !w.wait():
			return 0, net.ErrClosed
		}
	}
	n := copy(p, w.in)
	w.in = w.in[n:]
	return n, nil
}

// Write implements net.Conn.
func (w *wire) Write(p []byte) (int, error) {
	w.out = append(w.out, p...)
	return len(p), nil
}

// take appends what was written to dst.
func (w *wire) take(dst []byte) []byte {
	dst = append(dst, w.out...)
	w.out = nil
	return dst
}

// Close implements net.Conn; the loop closes connections.
func (w *wire) Close() error                     { return nil }
func (w *wire) LocalAddr() net.Addr              { return nil }
func (w *wire) RemoteAddr() net.Addr             { return nil }
func (w *wire) SetDeadline(time.Time) error      { return nil }
func (w *wire) SetReadDeadline(time.Time) error  { return nil }
func (w *wire) SetWriteDeadline(time.Time) error { return nil }
