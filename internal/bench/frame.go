package bench

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// The opcodes of frames (RFC 6455, section 5.2).
const (
	opText   = 0x1
	opBinary = 0x2
	opClose  = 0x8
	opPing   = 0x9
	opPong   = 0xA
)

// The bits of the first two bytes of a frame.
const (
	bitFin   = 0x80
	bitRSV1  = 0x40
	bitsRSV  = 0x70
	bitsOp   = 0x0f
	bitMask  = 0x80
	length16 = 126 // the length follows in 2 bytes
	length64 = 127 // the length follows in 8 bytes
)

const (
	maxControl = 125
	// maxFrame is the most bytes that a frame of a server may have.
	maxFrame = 1 << 20
)

var (
	errFragment = errors.New("bench: WebSocket: the server sent a fragment")
	errReserved = errors.New("bench: WebSocket: the server set a reserved bit")
	errMasked   = errors.New("bench: WebSocket: the server sent a masked frame")
	errOpcode   = errors.New("bench: WebSocket: the server sent an unknown opcode")
	errLength   = errors.New("bench: WebSocket: the server sent a frame of an invalid length")
)

// A frame is a message of a server, or a control frame.
type frame struct {
	op       byte
	deflated bool
	payload  []byte // valid until the next call of next
}

// A deframer cuts a server's stream into frames (RFC 6455, section 5.2). Messages must not be
// fragmented, because no server in the comparison does so. The zero value is ready.
type deframer struct {
	deflate bool   // permessage-deflate is agreed on
	head    []byte // the beginning of a header
	inside  bool   // cur's header is complete
	cur     frame
	left    int    // bytes of cur's payload that have not come yet
	part    []byte // bytes of cur's payload that came with earlier input
}

// next takes the next frame from p, and returns what follows it. ok is false if p does not
// complete a frame; then all of it is taken.
func (d *deframer) next(p []byte) (f frame, rest []byte, ok bool, err error) {
	if !d.inside {
		if p, err = d.begin(p); err != nil || !d.inside {
			return frame{}, nil, false, err
		}
	}
	n := min(d.left, len(p))
	payload, rest := p[:n], p[n:]
	if d.left -= n; d.left > 0 {
		d.part = append(d.part, payload...)
		return frame{}, nil, false, nil
	}
	if len(d.part) > 0 {
		d.part = append(d.part, payload...)
		payload, d.part = d.part, d.part[:0]
	}
	d.inside = false
	d.cur.payload = payload
	return d.cur, rest, true, nil
}

// begin takes a header from p, and returns what follows it.
func (d *deframer) begin(p []byte) (rest []byte, err error) {
	before := len(d.head)
	h := p
	if before > 0 {
		const longest = 10
		d.head = append(d.head, p[:min(len(p), longest-before)]...)
		h = d.head
	}
	n, err := d.parse(h)
	switch {
	case err != nil:
		return nil, err
	case n > 0:
		d.head = d.head[:0]
		return p[n-before:], nil
	case before == 0:
		d.head = append(d.head, p...)
	}
	return nil, nil
}

// parse parses a header, and returns its length, or 0 if it is incomplete.
func (d *deframer) parse(h []byte) (n int, err error) {
	if len(h) < 2 {
		return 0, nil
	}
	op := h[0] & bitsOp
	deflated := h[0]&bitsRSV == bitRSV1 && d.deflate && op < opClose
	switch {
	case h[0]&bitFin == 0 || op == 0:
		return 0, errFragment
	case op > opBinary && op < opClose || op > opPong:
		return 0, errOpcode
	case h[0]&bitsRSV != 0 && !deflated:
		return 0, errReserved
	case h[1]&bitMask != 0:
		return 0, errMasked
	}
	length, shortest := uint64(h[1]), uint64(0)
	n = 2
	switch h[1] {
	case length16:
		n, shortest = 4, length16
	case length64:
		n, shortest = 10, 1<<16
	}
	switch {
	case len(h) < n:
		return 0, nil
	case n == 4:
		length = uint64(binary.BigEndian.Uint16(h[2:]))
	case n == 10:
		length = binary.BigEndian.Uint64(h[2:])
	}
	if length < shortest || length > maxFrame || op >= opClose && length > maxControl {
		return 0, errLength
	}
	d.inside, d.cur, d.left = true, frame{op: op, deflated: deflated}, int(length)
	return n, nil
}

// appendMasked appends a client's frame (RFC 6455, section 5.3). The payload must have fewer than 64 KiB.
func appendMasked(dst []byte, op byte, payload []byte, key uint32) []byte {
	if len(payload) < length16 {
		dst = append(dst, bitFin|op, bitMask|byte(len(payload)))
	} else {
		dst = binary.BigEndian.AppendUint16(append(dst, bitFin|op, bitMask|length16), uint16(len(payload)))
	}
	dst = binary.LittleEndian.AppendUint32(dst, key)
	start := len(dst)
	dst = append(dst, payload...)
	p := dst[start:]
	for long := uint64(key)<<32 | uint64(key); len(p) >= 8; p = p[8:] {
		binary.LittleEndian.PutUint64(p, binary.LittleEndian.Uint64(p)^long)
	}
	for i := range p {
		p[i] ^= byte(key >> (8 * (i % 4)))
	}
	return dst
}

// closeError returns the error for a Close frame with this payload (RFC 6455, section 5.5.1).
func closeError(payload []byte) error {
	if len(payload) < 2 {
		return errors.New("bench: WebSocket: the server sent a Close frame without a code")
	}
	return fmt.Errorf("bench: WebSocket: the server sent a Close frame with code %d: %q", binary.BigEndian.Uint16(payload), payload[2:])
}
