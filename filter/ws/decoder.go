package ws

import (
	"encoding/binary"
	"sync"
	"unicode/utf8"

	"github.com/gobwas/ws"
)

// The limits of a Decoder that sets none.
const (
	DefaultMaxMessage   = 16 << 10 // bytes
	DefaultMaxFragments = 1024
)

// An Event is something that a Decoder found in its input.
type Event struct {
	Kind Kind
	// Code belongs to Close: CodeNone if the frame has none.
	Code Code
	// Payload is the message, or the reason of Close. It may point into the slice that was
	// passed to Next. It is valid until the next call of Next, and as long as that slice.
	Payload []byte
}

// A Decoder is the state of one client's input. The zero value is ready. Between messages
// it holds no memory beyond its own (24 bytes on 64-bit systems). It belongs to one
// goroutine.
type Decoder struct {
	// MaxMessage is how many bytes a message may have, also once it is inflated; 0 means
	// DefaultMaxMessage.
	MaxMessage int32
	// MaxFragments is how many fragments a message may have; 0 means DefaultMaxFragments.
	MaxFragments int32
	// Deflate allows compressed messages: permessage-deflate was agreed on, with
	// client_no_context_takeover.
	Deflate bool

	ended bool     // by a Close frame, or by an error
	part  *partial // nil while nothing is incomplete
}

// A partial is the state of an incomplete message or frame.
type partial struct {
	head [maskedHeader]byte // of a header that is incomplete
	have uint8              // how much of it

	inFrame bool
	frame   header // whose payload is being received
	got     int64  // how much of it
	control []byte // payload of a control frame

	op        opcode // of the message; opContinuation: there is none
	deflated  bool
	fragments int32
	message   []byte // so far
	check     textCheck

	lent *inflater // which owns the payload of the last Event
}

// Next takes input as it was read, in pieces of any length, and returns the first event in
// it and the rest, which is for the next call. Kind None means that all input was used.
// Messages are whole: Next joins their fragments. Text is UTF-8; Next fails at the first
// byte that can't be part of any, even if the message is incomplete.
//
// Next unmasks p in place. The Payload of a message that is wholly inside p, as one
// uncompressed frame, points into p; nothing is copied or allocated for it.
//
// After a Close or an error, all input is ignored. The error is an *Error: close the
// connection with its code.
func (d *Decoder) Next(p []byte) (ev Event, rest []byte, err error) {
	d.release()
	for more := true; more && ev.Kind == None && err == nil && !d.ended; {
		if d.part != nil && d.part.inFrame {
			ev, p, more, err = d.collect(p)
		} else {
			ev, p, more, err = d.start(p)
		}
	}
	if err != nil {
		d.ended = true
		d.part = nil
	}
	if ev.Kind == None {
		p = nil
	}
	return ev, p, err
}

// Incomplete reports whether a part of a message, or of a frame, was taken, and the rest was not.
func (d *Decoder) Incomplete() bool {
	x := d.part
	return x != nil && (x.inFrame || x.have > 0 || x.op != opContinuation)
}

// start takes a header, and the payload, too, if it is all there. more is false if
// that needs more input.
func (d *Decoder) start(p []byte) (ev Event, rest []byte, more bool, err error) {
	h, n, err := d.header(p)
	if err == nil && n > 0 {
		err = d.admit(h)
	}
	if err != nil || n == 0 {
		return Event{}, nil, false, err
	}
	p = p[n:]
	if !h.whole(len(p)) {
		d.begin(h)
		return Event{}, p, true, nil
	}
	ws.Cipher(p[:h.length], h.mask, 0)
	ev, err = d.deliver(h.op, h.rsv1, p[:h.length:h.length])
	return ev, p[h.length:], true, err
}

// collect takes payload of a frame that was not there as a whole, or that is a fragment.
func (d *Decoder) collect(p []byte) (ev Event, rest []byte, more bool, err error) {
	n := min(int64(len(p)), d.part.frame.length-d.part.got)
	if err := d.payload(p[:n]); err != nil {
		return Event{}, nil, false, err
	}
	if d.part.got < d.part.frame.length {
		return Event{}, nil, false, nil
	}
	ev, err = d.endFrame()
	return ev, p[n:], true, err
}

// release frees what the last event used, and empty buffers.
func (d *Decoder) release() {
	x := d.part
	if x == nil {
		return
	}
	if x.lent != nil {
		x.lent.release()
		x.lent = nil
	}
	if !x.inFrame && x.have == 0 && x.op == opContinuation {
		*x = partial{}
		partials.Put(x)
		d.part = nil
	}
}

var partials = sync.Pool{New: func() any { return new(partial) }}

func (d *Decoder) hold() *partial {
	if d.part == nil {
		d.part, _ = partials.Get().(*partial)
	}
	return d.part
}

// header parses the header of which p may be the end. It returns how much of p belongs to
// it, 0 if it is still incomplete.
func (d *Decoder) header(p []byte) (h header, n int, err error) {
	if d.part == nil || d.part.have == 0 {
		if h, n, err = parseHeader(p, d.Deflate); n > 0 || err != nil || len(p) == 0 {
			return h, n, err
		}
	}
	x := d.hold()
	for i, c := range p {
		x.head[x.have] = c
		x.have++
		if h, n, err = parseHeader(x.head[:x.have], d.Deflate); n > 0 || err != nil {
			x.have = 0
			return h, i + 1, err
		}
	}
	return h, 0, nil
}

// admit checks a header against the state of the message, and against the limits.
func (d *Decoder) admit(h header) error {
	if h.op.control() {
		return nil
	}
	var op opcode
	var fragments int32
	size, deflated := h.length, h.rsv1
	if x := d.part; x != nil && x.op != opContinuation {
		op, fragments, deflated = x.op, x.fragments, x.deflated
		size += int64(len(x.message))
	}
	most := d.maxMessage()
	if deflated { // what can't be compressed grows a little
		most += most>>8 + 64
	}
	switch {
	case h.op == opContinuation && op == opContinuation:
		return ErrContinuation
	case h.op != opContinuation && op != opContinuation:
		return ErrInterleaved
	case fragments >= d.maxFragments():
		return ErrFragments
	case size > most || size < 0:
		return ErrTooBig
	}
	return nil
}

func (d *Decoder) maxMessage() int64 {
	if d.MaxMessage <= 0 {
		return DefaultMaxMessage
	}
	return int64(d.MaxMessage)
}

func (d *Decoder) maxFragments() int32 {
	if d.MaxFragments <= 0 {
		return DefaultMaxFragments
	}
	return d.MaxFragments
}

// whole reports whether a frame is all of a message, or a control frame, and its payload is
// at hand.
func (h *header) whole(have int) bool {
	return h.length <= int64(have) && h.fin && h.op != opContinuation
}

// begin begins a frame whose payload has to be collected.
func (d *Decoder) begin(h header) {
	x := d.hold()
	x.frame, x.inFrame, x.got = h, true, 0
	if h.op.control() {
		return
	}
	x.fragments++
	if h.op != opContinuation {
		x.op, x.deflated, x.check = h.op, h.rsv1, textCheck{}
	}
}

// payload collects a piece of the payload.
func (d *Decoder) payload(p []byte) error {
	x := d.part
	ws.Cipher(p, x.frame.mask, int(x.got&3))
	x.got += int64(len(p))
	if x.frame.op.control() {
		x.control = append(x.control, p...)
		return nil
	}
	if x.op == opText && !x.deflated && !x.check.add(p) {
		return ErrUTF8
	}
	x.message = append(x.message, p...)
	return nil
}

// endFrame acts on the end of a frame whose payload was collected.
func (d *Decoder) endFrame() (Event, error) {
	x := d.part
	x.inFrame = false
	switch {
	case x.frame.op.control():
		p := x.control
		x.control = nil
		return d.deliver(x.frame.op, false, p)
	case !x.frame.fin:
		return Event{}, nil
	case !x.check.complete():
		return Event{}, ErrUTF8
	}
	op, p := x.op, x.message
	x.op, x.message, x.fragments = opContinuation, nil, 0
	if x.deflated {
		return d.deliver(op, true, p)
	}
	return Event{Kind: kinds[op], Payload: p}, nil
}

// deliver returns the event for a payload. It checks the payload of Text and Close.
func (d *Decoder) deliver(op opcode, deflated bool, p []byte) (Event, error) {
	if deflated {
		in := newInflater()
		d.hold().lent = in
		var err error
		if p, err = in.inflate(p, int(d.maxMessage())); err != nil {
			d.release()
			return Event{}, err
		}
	}
	switch op {
	case opClose:
		d.ended = true
		d.part = nil
		return closed(p)
	case opText:
		if !utf8.Valid(p) {
			return Event{}, ErrUTF8
		}
	default:
	}
	return Event{Kind: kinds[op], Payload: p}, nil
}

// closed returns the event for the payload of a Close frame.
func closed(p []byte) (Event, error) {
	ev := Event{Kind: Close, Code: CodeNone}
	if len(p) == 0 {
		return ev, nil
	}
	if len(p) == 1 {
		return Event{}, ErrCloseCode
	}
	ev.Code, ev.Payload = Code(binary.BigEndian.Uint16(p)), p[2:]
	switch {
	case !ev.Code.Valid():
		return Event{}, ErrCloseCode
	case !utf8.Valid(ev.Payload):
		return Event{}, ErrUTF8
	}
	return ev, nil
}
