package e2e

import (
	"bytes"
	"compress/flate"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// WebSocket returns w with connections on which each line is a message of WebSocket (RFC
// 6455), as a browser sends and receives them.
func WebSocket(w World) World { return &webWorld{w} }

type webWorld struct{ World }

// Dial implements World.
func (w *webWorld) Dial(i int, from string) (Conn, error) {
	conn, err := w.World.Dial(i, from)
	if err != nil {
		return nil, err
	}
	c := &webConn{Conn: conn}
	return c, c.upgrade()
}

// Rest implements World.
func (w *webWorld) Rest(conn Conn) (rest []byte, known bool, err error) {
	c, ok := conn.(*webConn)
	if !ok {
		return nil, false, fmt.Errorf("%T is no WebSocket", conn)
	}
	more, known, err := w.World.Rest(c.Conn)
	err = errors.Join(err, c.feed(more))
	rest, c.out = c.out, nil
	return rest, known, err
}

// A webConn is a client's end of a WebSocket.
type webConn struct {
	Conn
	in     []byte // received and not decoded yet
	out    []byte // lines that were not read yet
	line   []byte // written, without its end yet
	closed bool   // the server has sent a Close frame
}

// upgrade does the opening handshake, in which it offers compression.
func (c *webConn) upgrade() error {
	_, err := io.WriteString(c.Conn, "GET /ws HTTP/1.1\r\nHost: chat.test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: chat.v1\r\n"+
		"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n")
	for err == nil {
		if head, rest, whole := bytes.Cut(c.in, []byte("\r\n\r\n")); whole {
			c.in = nil
			for _, want := range []string{"HTTP/1.1 101 ", "\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", "\r\nSec-WebSocket-Protocol: chat.v1", "permessage-deflate"} {
				if !strings.Contains(string(head), want) {
					return fmt.Errorf("no %q in the answer %q", want, head)
				}
			}
			return c.feed(rest)
		}
		var buf [4096]byte
		var n int
		n, err = c.Conn.Read(buf[:])
		c.in = append(c.in, buf[:n]...)
	}
	return fmt.Errorf("no whole answer to the request for WebSocket: %q: %w", c.in, err)
}

// Write sends a frame for each line.
func (c *webConn) Write(p []byte) (int, error) {
	c.line = append(c.line, p...)
	for {
		line, rest, whole := bytes.Cut(c.line, []byte("\n"))
		if !whole {
			return len(p), nil
		}
		frame := binary.BigEndian.AppendUint16([]byte{0x81, 0xfe}, uint16(len(line)))
		if len(line) < 126 {
			frame = []byte{0x81, 0x80 | byte(len(line))}
		}
		var mask [4]byte
		_, _ = rand.Read(mask[:]) // never fails
		frame = append(frame, mask[:]...)
		for i, b := range line {
			frame = append(frame, b^mask[i%len(mask)])
		}
		c.line = slices.Clone(rest)
		if _, err := c.Conn.Write(frame); err != nil {
			return 0, err
		}
	}
}

// Read returns the lines that the server has sent.
func (c *webConn) Read(p []byte) (int, error) {
	for len(c.out) == 0 {
		var buf [16 << 10]byte
		n, err := c.Conn.Read(buf[:])
		if err := errors.Join(c.feed(buf[:n]), err); err != nil {
			if errors.Is(err, io.EOF) && !c.closed {
				err = errors.Join(err, errors.New("the server closes without a Close frame"))
			}
			return 0, err
		}
	}
	n := copy(p, c.out)
	c.out = c.out[n:]
	return n, nil
}

// feed decodes what was received.
func (c *webConn) feed(p []byte) error {
	c.in = append(c.in, p...)
	for {
		first, payload, rest, ok := cutFrame(c.in)
		if !ok {
			return nil
		}
		c.in = rest
		switch {
		case first == 0x89 && !c.closed: // a Ping, which a browser answers by itself
			if _, err := c.Conn.Write(append([]byte{0x8a, 0x80 | byte(len(payload)), 0, 0, 0, 0}, payload...)); err != nil {
				return err
			}
			continue
		case c.closed:
			return fmt.Errorf("a frame after a Close frame: %q", payload)
		case first == 0x88:
			c.closed = true
			continue
		case first == 0xc1:
			var err error
			if payload, err = io.ReadAll(flate.NewReader(io.MultiReader(bytes.NewReader(payload), strings.NewReader("\x00\x00\xff\xff\x01\x00\x00\xff\xff")))); err != nil {
				return err
			}
		case first != 0x81:
			return fmt.Errorf("a frame that begins with %#x: %q", first, payload)
		}
		if bytes.IndexByte(payload, '\n') >= 0 {
			return fmt.Errorf("a line end in the message %q", payload)
		}
		c.out = append(append(c.out, payload...), '\n')
	}
}

// cutFrame cuts a server's frame off, if it is there as a whole.
func cutFrame(p []byte) (first byte, payload, rest []byte, ok bool) {
	if len(p) < 2 {
		return 0, nil, nil, false
	}
	first, n, at := p[0], uint64(p[1]), 2
	switch n {
	case 126:
		if at = 4; len(p) >= at {
			n = uint64(binary.BigEndian.Uint16(p[2:]))
		}
	case 127:
		if at = 10; len(p) >= at {
			n = binary.BigEndian.Uint64(p[2:])
		}
	}
	if len(p) < at || uint64(len(p)-at) < n {
		return 0, nil, nil, false
	}
	return first, p[at:][:n], p[at:][n:], true
}

// CloseWrite closes the client's side.
func (c *webConn) CloseWrite() error {
	half, ok := c.Conn.(interface{ CloseWrite() error })
	if !ok {
		return fmt.Errorf("%T has no half-close", c.Conn)
	}
	return half.CloseWrite()
}

// Reset closes with a reset.
func (c *webConn) Reset() error { return reset(c.Conn) }
