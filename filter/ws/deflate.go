package ws

import (
	"compress/flate"
	"io"
	"slices"
	"sync"
)

// MinCompress is how many bytes a message must have for AppendCompressed to compress it: 1
// KiB. A chat line of 100 bytes becomes a dozen shorter, for microseconds.
const MinCompress = 1 << 10

// maxStreams is how many DEFLATE streams there may be in one message: each costs the copy of
// a window.
const maxStreams = 1024

// maxPooled is how large a buffer may be that a pool keeps, in bytes.
const maxPooled = 64 << 10

// A deflater compresses messages. Its writer alone takes hundreds of KB, so no connection has
// one.
type deflater struct {
	w   *flate.Writer
	out []byte
}

var deflaters = sync.Pool{New: func() any {
	d := &deflater{}
	d.w, _ = flate.NewWriter(d, flate.BestSpeed) // fails for unknown levels only
	return d
}}

// Write implements io.Writer.
func (d *deflater) Write(p []byte) (int, error) {
	d.out = append(d.out, p...)
	return len(p), nil
}

// AppendCompressed is like AppendFrame for Text and Binary. A payload of at least
// MinCompress bytes is compressed, unless it would not get smaller. The frame is for clients
// that permessage-deflate was agreed on with. It does not refer to earlier messages, so it is
// the same for all of them (RFC 7692, section 7.2.1).
func AppendCompressed(dst []byte, kind Kind, payload []byte) []byte {
	if len(payload) < MinCompress {
		return AppendFrame(dst, kind, payload)
	}
	d, _ := deflaters.Get().(*deflater)
	d.out = d.out[:0]
	d.w.Reset(d)
	_, _ = d.w.Write(payload) // to memory, which can't fail
	_ = d.w.Flush()
	const tail = 4 // 00 00 FF FF is not sent
	if out := d.out[:len(d.out)-tail]; len(out) < len(payload) {
		dst = append(appendHeader(dst, bitFin|bitRSV1|byte(opcodes[kind]), len(out)), out...)
	} else {
		dst = AppendFrame(dst, kind, payload)
	}
	if cap(d.out) > maxPooled {
		d.out = nil
	}
	deflaters.Put(d)
	return dst
}

// An inflater decompresses one message at a time.
type inflater struct {
	r   io.ReadCloser
	src source
	out []byte
}

var inflaters = sync.Pool{New: func() any {
	in := &inflater{}
	in.r = flate.NewReader(&in.src)
	return in
}}

func newInflater() *inflater {
	in, _ := inflaters.Get().(*inflater)
	return in
}

// release gives the inflater back. What inflate has returned is not valid any more.
func (in *inflater) release() {
	in.src = source{}
	if cap(in.out) > maxPooled {
		in.out = nil
	}
	inflaters.Put(in)
}

// inflate returns the message whose compressed form is p, unless it has more than most
// bytes (RFC 7692, section 7.2.2). The result is valid until release. The peer may have ended
// a DEFLATE stream inside the message; then another one follows (section 7.2.3.4).
func (in *inflater) inflate(p []byte, most int) ([]byte, error) {
	in.src = source{p: p, tail: flushed}
	in.out = in.out[:0]
	for range maxStreams {
		if r, ok := in.r.(flate.Resetter); ok {
			_ = r.Reset(&in.src, in.window()) // never fails
		}
		if err := in.readAll(most); err != nil {
			return nil, err
		}
		if len(in.src.p) == 0 {
			return in.out, nil
		}
	}
	return nil, ErrDeflate
}

// window returns what later bytes of the message may refer to.
func (in *inflater) window() []byte {
	const size = 32 << 10
	return in.out[max(0, len(in.out)-size):]
}

// readAll reads a DEFLATE stream up to its end.
func (in *inflater) readAll(most int) error {
	for {
		if len(in.out) == cap(in.out) {
			in.out = slices.Grow(in.out, 512)
		}
		room := in.out[len(in.out):min(cap(in.out), most+1)]
		n, err := in.r.Read(room)
		in.out = in.out[:len(in.out)+n]
		switch {
		case len(in.out) > most:
			return ErrTooBig
		case err == io.EOF:
			return nil
		case err != nil:
			return ErrDeflate
		}
	}
}

// flushed is what a sender leaves out of the end of a message, and after it an empty final
// block, so that the stream has an end.
const flushed = "\x00\x00\xff\xff" + "\x01\x00\x00\xff\xff"

// A source is the compressed bytes of a message, and a tail. As an io.ByteReader, it is read
// no further than the stream goes.
type source struct {
	p    []byte
	tail string
}

// Read implements io.Reader.
func (s *source) Read(p []byte) (int, error) {
	n := copy(p, s.p)
	s.p = s.p[n:]
	if n == 0 {
		n = copy(p, s.tail)
		s.tail = s.tail[n:]
	}
	if n == 0 && len(p) > 0 {
		return 0, io.EOF
	}
	return n, nil
}

// ReadByte implements io.ByteReader.
func (s *source) ReadByte() (byte, error) {
	switch {
	case len(s.p) > 0:
		c := s.p[0]
		s.p = s.p[1:]
		return c, nil
	case len(s.tail) > 0:
		c := s.tail[0]
		s.tail = s.tail[1:]
		return c, nil
	}
	return 0, io.EOF
}
