package wsline

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/gobwas/ws"
)

const (
	// MaxFragments is the largest number of fragments of a message. It leaves room for
	// messages of several MiB in fragments of a few hundred bytes.
	MaxFragments = 16 << 10
	// pongTimeout and closeTimeout are the times for writing a Pong and a Close frame.
	pongTimeout  = 10 * time.Second
	closeTimeout = time.Second
)

var (
	// ErrTooLarge is the error for a message that is longer than the limit.
	ErrTooLarge = errors.New("wsline: the server has sent too large a message")
	// ErrLongLine is the error for a line that is longer than the limit.
	ErrLongLine = errors.New("wsline: the line is too long for a message")
	// ErrBinary is the error for a binary message.
	ErrBinary = errors.New("wsline: the server has sent a binary message")
	// ErrFragments is the error for a message of more than MaxFragments fragments.
	ErrFragments = errors.New("wsline: the server has sent a message of too many fragments")
	// ErrNotUTF8 is the error for a text message that is not valid UTF-8.
	ErrNotUTF8 = errors.New("wsline: the server has sent text that is not UTF-8")
	// ErrStalled is the error for a server that sends a Ping and does not read the answer.
	ErrStalled = errors.New("wsline: the server does not read")
)

// A ProtocolError is a frame that breaks RFC 6455.
type ProtocolError struct{ err error }

// Error implements error.
func (e *ProtocolError) Error() string {
	return "wsline: the server has broken the protocol: " + e.err.Error()
}

// Unwrap returns the error of package ws.
func (e *ProtocolError) Unwrap() error { return e.err }

// A CloseError is the reason with which the server has closed the connection, if it is not a
// normal one.
type CloseError struct {
	Code   int    // RFC 6455, section 7.4
	Reason string // not cleaned
}

// Error implements error.
func (e *CloseError) Error() string {
	if e.Reason == "" {
		return fmt.Sprintf("wsline: the server has closed the connection with code %d", e.Code)
	}
	return fmt.Sprintf("wsline: the server has closed the connection with code %d: %s", e.Code, e.Reason)
}

// A Conn is a connection in WebSocket. One goroutine may read while others write. A deadline
// that passes loses nothing that was received: the next Read continues.
type Conn struct {
	net.Conn
	max int

	// Only Read uses these.
	in        *bufio.Reader
	frame     bool  // in a frame of a message
	final     bool  // which is the last of the message
	left      int64 // of the frame's payload
	message   int   // length of the message so far
	fragments int
	state     ws.State
	partial   []byte // the beginning of a rune
	newline   bool   // a message is complete, but for the end of its line
	failed    error

	pong atomic.Pointer[[]byte] // payload of a Ping that is not answered yet

	writing sync.Mutex // guards what follows, and is held during each write
	line    []byte     // the beginning of a line
	closing bool       // a Close frame was sent, or a part of another

	deadline sync.Mutex // guards writeBy
	writeBy  time.Time
}

var _ net.Conn = (*Conn)(nil)

func newConn(conn net.Conn, rest []byte, maxMessage int) *Conn {
	return &Conn{Conn: conn, max: maxMessage, in: bufio.NewReader(io.MultiReader(bytes.NewReader(rest), conn)), state: ws.StateClientSide}
}

// Read implements net.Conn.
func (c *Conn) Read(p []byte) (int, error) {
	for len(p) > 0 && c.failed == nil {
		if c.newline {
			p[0], c.newline = '\n', false
			return 1, nil
		}
		if c.frame && c.left > 0 {
			return c.readPayload(p)
		}
		if err := c.next(); err != nil {
			if timeout, ok := errors.AsType[net.Error](err); !ok || !timeout.Timeout() {
				c.fail(err)
			}
			return 0, err
		}
	}
	return 0, c.failed
}

// readPayload reads a part of a message.
func (c *Conn) readPayload(p []byte) (int, error) {
	n, err := c.in.Read(p[:min(int64(len(p)), c.left)])
	c.left -= int64(n)
	for i, b := range p[:n] {
		if b == '\n' { // white space between tokens: JSON escapes it in strings
			p[i] = ' '
		}
	}
	if !c.valid(p[:n]) {
		c.fail(ErrNotUTF8)
		return 0, ErrNotUTF8
	}
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	if n > 0 {
		return n, nil // the error comes again
	}
	return 0, err
}

// valid reports whether more of a message is UTF-8, as far as it is received.
func (c *Conn) valid(p []byte) bool {
	for len(c.partial) > 0 && len(p) > 0 {
		c.partial = append(c.partial, p[0])
		p = p[1:]
		if !utf8.FullRune(c.partial) {
			continue
		}
		if !utf8.Valid(c.partial) {
			return false
		}
		c.partial = c.partial[:0]
	}
	cut := len(p)
	for i := 1; i < utf8.UTFMax && i <= len(p); i++ {
		if b := p[len(p)-i]; utf8.RuneStart(b) {
			if !utf8.FullRune(p[len(p)-i:]) {
				cut = len(p) - i
			}
			break
		}
	}
	c.partial = append(c.partial, p[cut:]...)
	return utf8.Valid(p[:cut])
}

// next ends the frame that was read, and acts on the next one. A deadline that passes changes
// nothing: all of a header, or of a control frame, has to be in the buffer before any is taken.
func (c *Conn) next() error {
	if c.frame {
		return c.endFrame()
	}
	head, err := c.in.Peek(ws.MinHeaderSize)
	if err != nil {
		return c.ended(err)
	}
	size := headerSize(head[1])
	if head, err = c.in.Peek(size); err != nil {
		return c.ended(err)
	}
	h, err := ws.ReadHeader(bytes.NewReader(head))
	if err == nil {
		err = ws.CheckHeader(h, c.state)
	}
	if err != nil {
		return &ProtocolError{err}
	}
	if h.OpCode.IsControl() {
		return c.control(h, size)
	}
	_, _ = c.in.Discard(size)
	return c.begin(h)
}

// headerSize returns the length of a header with this second byte.
func headerSize(b byte) int {
	size := ws.MinHeaderSize
	switch b & 0x7f {
	case 126:
		size += 2
	case 127:
		size += 8
	}
	if b&0x80 != 0 {
		size += 4
	}
	return size
}

// ended returns the error for a connection that ends between two frames, or in the header of
// one.
func (c *Conn) ended(err error) error {
	if errors.Is(err, io.EOF) && (c.in.Buffered() > 0 || c.state.Fragmented()) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// begin begins a frame of a message.
func (c *Conn) begin(h ws.Header) error {
	c.fragments++
	switch {
	case h.OpCode == ws.OpBinary:
		return ErrBinary
	case h.Length > int64(c.max-c.message):
		return ErrTooLarge
	case c.fragments > MaxFragments:
		return ErrFragments
	}
	c.frame, c.final, c.left = true, h.Fin, h.Length
	c.message += int(h.Length)
	c.state = c.state.Set(ws.StateFragmented)
	return nil
}

// endFrame ends a frame of a message, and the message with its last one.
func (c *Conn) endFrame() error {
	c.frame = false
	if !c.final {
		return nil
	}
	if len(c.partial) > 0 {
		return ErrNotUTF8
	}
	c.newline, c.message, c.fragments = true, 0, 0
	c.state = c.state.Clear(ws.StateFragmented)
	return nil
}

// control acts on a control frame, once all of it has arrived.
func (c *Conn) control(h ws.Header, size int) error {
	all, err := c.in.Peek(size + int(h.Length)) // 125 bytes at most
	if err != nil {
		return c.ended(err)
	}
	payload := bytes.Clone(all[size:])
	_, _ = c.in.Discard(len(all))
	if h.OpCode == ws.OpClose {
		return c.closed(payload)
	}
	if h.OpCode == ws.OpPing {
		c.pong.Store(&payload)
		if c.answer() != nil {
			return ErrStalled // and no deadline, after which Read would go on
		}
	}
	return nil
}

// closed returns the error for a Close frame.
func (c *Conn) closed(payload []byte) error {
	code, reason := ws.ParseCloseFrameData(payload)
	if len(payload) > 0 {
		if err := ws.CheckCloseFrameData(code, reason); err != nil {
			return &ProtocolError{err}
		}
	}
	normal := code.Empty() || code == ws.StatusNormalClosure || code == ws.StatusGoingAway
	switch {
	case normal && c.state.Fragmented():
		return io.ErrUnexpectedEOF
	case normal:
		return io.EOF
	}
	return &CloseError{int(code), reason}
}

// fail ends the connection for reading, and tells the server why.
func (c *Conn) fail(err error) {
	c.failed = err
	code := ws.StatusNormalClosure
	switch {
	case errors.Is(err, ErrTooLarge):
		code = ws.StatusMessageTooBig
	case errors.Is(err, ErrBinary):
		code = ws.StatusUnsupportedData
	case errors.Is(err, ErrNotUTF8):
		code = ws.StatusInvalidFramePayloadData
	case errors.Is(err, ErrFragments):
		code = ws.StatusPolicyViolation
	default:
		if _, broken := errors.AsType[*ProtocolError](err); broken {
			code = ws.StatusProtocolError
		}
	}
	c.sayClose(code)
}

// sayClose sends a Close frame, unless another write is going on.
func (c *Conn) sayClose(code ws.StatusCode) {
	if !c.writing.TryLock() {
		return
	}
	defer c.writing.Unlock()
	if !c.closing {
		c.closing = true
		_ = c.writeControl(ws.NewCloseFrame(ws.NewCloseFrameBody(code, "")), closeTimeout)
	}
}

// Write implements net.Conn. A line without its end is kept until that is written.
func (c *Conn) Write(p []byte) (int, error) {
	n, err := c.write(p)
	if err == nil {
		err = c.answer()
	}
	return n, err
}

func (c *Conn) write(p []byte) (int, error) {
	c.writing.Lock()
	defer c.writing.Unlock()
	if c.closing {
		return 0, net.ErrClosed
	}
	var frames bytes.Buffer
	rest := p
	for {
		line, after, found := bytes.Cut(rest, []byte("\n"))
		if len(c.line)+len(line) > c.max {
			return 0, ErrLongLine
		}
		c.line = append(c.line, line...)
		if !found {
			break
		}
		rest = after
		_ = ws.WriteFrame(&frames, ws.MaskFrameInPlace(ws.NewTextFrame(c.line))) // to memory
		c.line = c.line[:0]
	}
	if frames.Len() == 0 {
		return len(p), nil
	}
	if _, err := c.Conn.Write(frames.Bytes()); err != nil {
		c.closing = true // after a part of a frame nothing can follow
		return 0, err
	}
	return len(p), nil
}

// answer answers the last Ping, unless another write is going on, which does so afterwards.
func (c *Conn) answer() error {
	for c.pong.Load() != nil && c.writing.TryLock() {
		err := c.writePong()
		c.writing.Unlock()
		if err != nil {
			return err
		}
	}
	return nil
}

// writePong sends a Pong. c.writing is held.
func (c *Conn) writePong() error {
	payload := c.pong.Swap(nil)
	if payload == nil || c.closing {
		return nil
	}
	return c.writeControl(ws.NewPongFrame(*payload), pongTimeout)
}

// writeControl sends a control frame, with a deadline of its own: that of the last Write may
// have passed long ago. If that fails, a part of the frame may have been sent, and nothing
// can follow. c.writing is held.
func (c *Conn) writeControl(f ws.Frame, timeout time.Duration) error {
	c.deadline.Lock()
	_ = c.Conn.SetWriteDeadline(time.Now().Add(timeout))
	c.deadline.Unlock()
	var frame bytes.Buffer
	_ = ws.WriteFrame(&frame, ws.MaskFrame(f)) // to memory
	_, err := c.Conn.Write(frame.Bytes())
	c.closing = c.closing || err != nil
	c.deadline.Lock()
	defer c.deadline.Unlock()
	_ = c.Conn.SetWriteDeadline(c.writeBy)
	return err
}

// SetDeadline implements net.Conn.
func (c *Conn) SetDeadline(t time.Time) error {
	return errors.Join(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}

// SetWriteDeadline implements net.Conn.
func (c *Conn) SetWriteDeadline(t time.Time) error {
	c.deadline.Lock()
	defer c.deadline.Unlock()
	c.writeBy = t
	return c.Conn.SetWriteDeadline(t)
}

// Close implements net.Conn. It says goodbye if that is possible at once.
func (c *Conn) Close() error {
	c.sayClose(ws.StatusNormalClosure)
	return c.Conn.Close()
}
