package ws_test

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"testing"
	"unicode/utf8"

	gobwas "github.com/gobwas/ws"

	"github.com/sudoXpg/netloop/filter/ws"
)

// FuzzDecoder gives any input in any pieces to a decoder, and compares with a simple one
// that has all the input, and with headers as gobwas/ws reads them.
func FuzzDecoder(f *testing.F) {
	for _, c := range cases {
		if len(c.in) < 1000 {
			f.Add([]byte(c.in), []byte{3, 5}, false)
		}
	}
	for _, c := range compressed {
		if len(c.in) < 1000 {
			f.Add([]byte(c.in), []byte{1}, true)
		}
	}
	f.Fuzz(func(t *testing.T, in, cuts []byte, deflate bool) {
		const most, fragments = 300, 4
		want := reference(in, most, fragments, deflate)
		d := ws.Decoder{MaxMessage: most, MaxFragments: fragments, Deflate: deflate}
		for _, c := range [][]byte{nil, cuts, {0}} {
			if got := decode(d, split(string(in), c)...); !slices.Equal(got, want) {
				t.Errorf("cut by %v:\n got %q\nwant %q", c, got, want)
			}
		}
	})
}

// split cuts input to pieces of the given lengths, over and over.
func split(in string, cuts []byte) []string {
	if len(cuts) == 0 {
		return []string{in}
	}
	var pieces []string
	for i := 0; len(in) > 0; i++ {
		n := min(len(in), 1+int(cuts[i%len(cuts)]))
		pieces = append(pieces, in[:n])
		in = in[n:]
	}
	return pieces
}

// reference decodes input that is all there. It is slow, and copies everything.
func reference(in []byte, most, fragments int, deflate bool) (found []string) {
	var (
		message []byte
		count   int
		op      gobwas.OpCode
		small   bool // the message is compressed
	)
	fail := func(err *ws.Error) []string { return append(found, protocolError(err)) }
	for r := bytes.NewReader(in); ; {
		rest := in[len(in)-r.Len():]
		h, err := gobwas.ReadHeader(r)
		if bad := badHeader(rest, deflate); bad != nil {
			return fail(bad)
		}
		if err != nil { // incomplete
			return found
		}
		limit := most
		if !h.OpCode.IsControl() {
			if h.OpCode == gobwas.OpContinuation && count == 0 {
				return fail(ws.ErrContinuation)
			}
			if h.OpCode != gobwas.OpContinuation && count > 0 {
				return fail(ws.ErrInterleaved)
			}
			if count == 0 {
				op, small = h.OpCode, h.Rsv1()
			}
			if count++; count > fragments {
				return fail(ws.ErrFragments)
			}
			if small {
				limit += most/256 + 64
			}
			if h.Length > int64(limit-len(message)) {
				return fail(ws.ErrTooBig)
			}
		}
		payload := make([]byte, min(h.Length, int64(r.Len())))
		_, _ = io.ReadFull(r, payload)
		gobwas.Cipher(payload, h.Mask, 0)
		whole := int64(len(payload)) == h.Length
		if h.OpCode.IsControl() {
			if !whole {
				return found
			}
			if h.OpCode == gobwas.OpClose {
				return append(found, referenceClose(payload))
			}
			found = append(found, describe(ws.Event{Kind: map[gobwas.OpCode]ws.Kind{gobwas.OpPing: ws.Ping, gobwas.OpPong: ws.Pong}[h.OpCode], Payload: payload}))
			continue
		}
		message = append(message, payload...)
		last := whole && h.Fin
		if op == gobwas.OpText && !small && !validSoFar(message, last) {
			return fail(ws.ErrUTF8)
		}
		if !last {
			if !whole {
				return found
			}
			continue
		}
		if small {
			var bad *ws.Error
			if message, bad = referenceInflate(message, most); bad != nil {
				return fail(bad)
			}
			if op == gobwas.OpText && !utf8.Valid(message) {
				return fail(ws.ErrUTF8)
			}
		}
		found = append(found, describe(ws.Event{Kind: map[gobwas.OpCode]ws.Kind{gobwas.OpText: ws.Text, gobwas.OpBinary: ws.Binary}[op], Payload: message}))
		message, count = nil, 0
	}
}

// badHeader checks a header, of which there may be only a part.
func badHeader(p []byte, deflate bool) *ws.Error {
	if len(p) == 0 {
		return nil
	}
	op, rsv := gobwas.OpCode(p[0]&0xf), p[0]>>4&7
	switch {
	case op.IsReserved():
		return ws.ErrOpcode
	case rsv != 0 && (rsv != 4 || !deflate || op != gobwas.OpText && op != gobwas.OpBinary):
		return ws.ErrReservedBits
	case op.IsControl() && p[0] < 0x80:
		return ws.ErrControl
	case len(p) < 2:
		return nil
	case p[1] < 0x80:
		return ws.ErrUnmasked
	case op.IsControl() && p[1]&0x7f > 125:
		return ws.ErrControl
	case p[1]&0x7f == 126 && len(p) >= 4 && binary.BigEndian.Uint16(p[2:]) < 126:
		return ws.ErrLength
	case p[1]&0x7f == 127 && len(p) >= 10 && (binary.BigEndian.Uint64(p[2:]) < 65536 || p[2] >= 0x80):
		return ws.ErrLength
	}
	return nil
}

func referenceClose(payload []byte) string {
	if len(payload) == 0 {
		return "Close 1005"
	}
	code, reason := gobwas.ParseCloseFrameData(payload)
	switch {
	case len(payload) == 1, !ws.Code(code).Valid():
		return protocolError(ws.ErrCloseCode)
	case !utf8.ValidString(reason):
		return protocolError(ws.ErrUTF8)
	}
	return describe(ws.Event{Kind: ws.Close, Code: ws.Code(code), Payload: []byte(reason)})
}

// validSoFar reports whether a text is the beginning of some UTF-8, or UTF-8.
func validSoFar(p []byte, all bool) bool {
	for len(p) > 0 {
		if !all && !utf8.FullRune(p) {
			return true
		}
		r, n := utf8.DecodeRune(p)
		if r == utf8.RuneError && n == 1 {
			return false
		}
		p = p[n:]
	}
	return true
}

func referenceInflate(p []byte, most int) ([]byte, *ws.Error) {
	r := bytes.NewReader(append(bytes.Clone(p), "\x00\x00\xff\xff\x01\x00\x00\xff\xff"...))
	var out []byte
	for r.Len() > 9 || len(out) == 0 {
		more, err := io.ReadAll(io.LimitReader(flate.NewReaderDict(r, out), int64(most+1-len(out))))
		out = append(out, more...)
		switch {
		case len(out) > most:
			return nil, ws.ErrTooBig
		case err != nil:
			return nil, ws.ErrDeflate
		case r.Len() <= 9:
			return out, nil
		}
	}
	return out, nil
}

// Whatever is encoded is decoded by another library.
func FuzzFrames(f *testing.F) {
	f.Add([]byte("hello"), byte(ws.Text), false)
	f.Add(bytes.Repeat([]byte("a"), 70_000), byte(ws.Binary), true)
	f.Add([]byte("\x03\xe8bye"), byte(ws.Close), false)
	f.Fuzz(func(t *testing.T, payload []byte, kind byte, compress bool) {
		k := ws.Kind(kind%5) + ws.Text
		var p []byte
		switch {
		case k == ws.Close:
			p = ws.AppendClose(nil, ws.CodeNormal, string(bytes.ToValidUTF8(payload, nil)))
		case k <= ws.Binary && compress:
			p = ws.AppendCompressed(nil, k, payload)
		default:
			p = ws.AppendFrame(nil, k, payload)
		}
		r := bytes.NewReader(p)
		h, err := gobwas.ReadHeader(r)
		if err != nil || h.Masked || int64(r.Len()) != h.Length || !h.Fin {
			t.Fatalf("%+v, %v, and %d bytes", h, err, r.Len())
		}
		if err := gobwas.CheckHeader(h, gobwas.StateExtended|gobwas.StateClientSide); err != nil && !errors.Is(err, gobwas.ErrProtocolNonZeroRsv) {
			t.Fatal(err)
		}
		got, _ := io.ReadAll(r)
		if h.Rsv1() {
			var bad *ws.Error
			if got, bad = referenceInflate(got, len(payload)); bad != nil {
				t.Fatal(bad)
			}
		}
		switch {
		case k <= ws.Binary && !bytes.Equal(got, payload), k > ws.Binary && k < ws.Close && !bytes.Equal(got, payload[:min(len(payload), 125)]):
			t.Fatalf("%q; want %q", got, payload)
		case k == ws.Close && (len(got) > 125 || !utf8.Valid(got[2:])):
			t.Fatalf("%q", got)
		}
	})
}
