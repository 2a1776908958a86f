package wsline

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/gobwas/ws"
)

// a pieces connection receives its input in pieces of a size, with a deadline that passes before
// each, and collects what is written.
type pieces struct {
	net.Conn
	in     []byte
	size   int
	waits  bool
	writes bytes.Buffer
}

// Read implements net.Conn.
func (c *pieces) Read(p []byte) (int, error) {
	if c.waits = !c.waits; c.waits && c.size > 0 {
		return 0, os.ErrDeadlineExceeded
	}
	if len(c.in) == 0 {
		return 0, io.EOF
	}
	n := len(c.in)
	if c.size > 0 {
		n = min(n, c.size)
	}
	n = copy(p, c.in[:n])
	c.in = c.in[n:]
	return n, nil
}

// Write implements net.Conn.
func (c *pieces) Write(p []byte) (int, error) { return c.writes.Write(p) }

// SetWriteDeadline implements net.Conn.
func (c *pieces) SetWriteDeadline(time.Time) error { return nil }

// readAll reads until an error that is no deadline.
func readAll(c *Conn) (all []byte, err error) {
	buffer := make([]byte, 100)
	for {
		n, err := c.Read(buffer)
		all = append(all, buffer[:n]...)
		if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			return all, err
		}
	}
}

// FuzzRead checks that what a server sends yields the same lines and the same error in any
// pieces, and that complete lines are UTF-8.
func FuzzRead(f *testing.F) {
	const most = 1000
	for _, frames := range [][]ws.Frame{
		{ws.NewTextFrame([]byte(`{"a":1}`)), ws.NewPingFrame([]byte("x")), ws.NewTextFrame([]byte("ü\nü"))},
		{ws.NewFrame(ws.OpText, false, []byte("\xf0\x9f")), ws.NewPongFrame(nil), ws.NewFrame(ws.OpContinuation, true, []byte("\x98\x80"))},
		{ws.NewTextFrame(bytes.Repeat([]byte("x"), 300)), ws.NewCloseFrame(ws.NewCloseFrameBody(1008, "no"))},
		{ws.NewTextFrame(bytes.Repeat([]byte("x"), most+1))},
	} {
		var all []byte
		for _, frame := range frames {
			all = append(all, ws.MustCompileFrame(frame)...)
		}
		f.Add(all, uint8(1), 3)
	}
	f.Fuzz(func(t *testing.T, sent []byte, size uint8, ahead int) {
		whole := &pieces{in: sent}
		want, wantErr := readAll(newConn(whole, nil, most))
		ahead = min(max(ahead, 0), len(sent))
		cut := &pieces{in: sent[ahead:], size: int(size)%7 + 1}
		got, err := readAll(newConn(cut, sent[:ahead], most))
		lines := bytes.LastIndexByte(want, '\n') + 1
		if gotLines := bytes.LastIndexByte(got, '\n') + 1; !bytes.Equal(got[:gotLines], want[:lines]) || err.Error() != wantErr.Error() {
			t.Errorf("%q, %v; at once %q, %v", got, err, want, wantErr)
		}
		if !utf8.Valid(want[:lines]) || len(want) > len(sent)+lines {
			t.Errorf("%q", want)
		}
		for line := range bytes.Lines(want) {
			if len(line) > most+1 {
				t.Errorf("a line of %d bytes", len(line))
			}
		}
	})
}
