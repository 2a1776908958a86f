package bench

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"time"
)

// A socket is WebSocket on a connection.
type socket struct {
	upgrade *upgrade // nil after the opening handshake
	frames  deframer
}

// newSocket begins the opening handshake of a client.
func newSocket(c Config) *socket {
	var key [16]byte
	binary.LittleEndian.PutUint64(key[:], rand.Uint64())
	binary.LittleEndian.PutUint64(key[8:], rand.Uint64())
	u := &upgrade{host: c.Address, secure: c.TLS, deflate: c.Deflate, key: base64.StdEncoding.EncodeToString(key[:])}
	if c.Login == LoginJSON {
		u.subprotocol = subprotocol
	}
	return &socket{upgrade: u}
}

// write adds lines to what is to be sent; in WebSocket each is a message, without its line feed.
func (c *client) write(lines []byte) {
	if c.socket == nil {
		c.out = append(c.out, lines...)
		return
	}
	for line := range bytes.Lines(lines) {
		c.out = appendMasked(c.out, opText, bytes.TrimSuffix(line, []byte{'\n'}), rand.Uint32())
	}
}

// takeFrames takes the input of a client in WebSocket.
func (g *generator) takeFrames(c *client, p []byte, now time.Duration) error {
	if u := c.socket.upgrade; u != nil {
		rest, deflate, done, err := u.feed(p)
		if err != nil || !done {
			return err
		}
		c.socket.upgrade, c.socket.frames.deflate = nil, deflate
		if err := g.logIn(c, nil); err != nil {
			return err
		}
		p = rest
	}
	for c.state != gone {
		f, rest, ok, err := c.socket.frames.next(p)
		if err != nil {
			return fmt.Errorf("%w (connection %d)", err, c.id)
		}
		if !ok {
			break
		}
		if err := g.takeFrame(c, f, now); err != nil {
			return err
		}
		p = rest
	}
	if c.sampled && c.state == talking {
		return g.read(now)
	}
	return nil
}

func (g *generator) takeFrame(c *client, f frame, now time.Duration) error {
	switch f.op {
	case opPing:
		c.out = appendMasked(c.out, opPong, f.payload, rand.Uint32())
		return g.flush(c)
	case opPong:
		return nil
	case opClose:
		return g.lose(c, closeError(f.payload))
	}
	if c.state == talking {
		c.received++
		g.delivered++
		if !c.sampled {
			return nil
		}
	}
	text := f.payload
	if f.deflated {
		var err error
		if text, err = inflate(text); err != nil {
			return fmt.Errorf("bench: WebSocket: connection %d: %w", c.id, err)
		}
	}
	if c.state == loggingIn {
		return g.logIn(c, append(text[:len(text):len(text)], '\n'))
	}
	return g.takeLine(c, text, now)
}

// inflate returns a message that was compressed without context takeover (RFC 7692, section 7.2.2).
// Only large messages are compressed, such as history.
func inflate(p []byte) ([]byte, error) {
	const tail = "\x00\x00\xff\xff\x01\x00\x00\xff\xff" // what the sender has left out, and the end of the stream
	r := flate.NewReader(io.MultiReader(bytes.NewReader(p), bytes.NewReader([]byte(tail))))
	return io.ReadAll(io.LimitReader(r, maxFrame))
}
