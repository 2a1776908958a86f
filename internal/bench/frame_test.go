package bench

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strings"
	"testing"
)

// serverFrame returns a frame of a server.
func serverFrame(first byte, payload string) []byte {
	switch n := len(payload); {
	case n < length16:
		return append([]byte{first, byte(n)}, payload...)
	case n < 1<<16:
		return append(binary.BigEndian.AppendUint16([]byte{first, length16}, uint16(n)), payload...)
	default:
		return append(binary.BigEndian.AppendUint64([]byte{first, length64}, uint64(n)), payload...)
	}
}

func TestFramesAreFoundHoweverSegmentsSplit(t *testing.T) {
	want := []frame{
		{op: opText, payload: []byte("hello")},
		{op: opPing, payload: []byte("?")},
		{op: opBinary, payload: []byte(strings.Repeat("b", length16))},
		{op: opText},
		{op: opText, deflated: true, payload: []byte(strings.Repeat("z", 1<<16))},
		{op: opClose, payload: []byte("\x03\xe8bye")},
	}
	var stream []byte
	for _, f := range want {
		first := bitFin | f.op
		if f.deflated {
			first |= bitRSV1
		}
		stream = append(stream, serverFrame(first, string(f.payload))...)
	}
	for _, n := range []int{1, 2, 3, 7, 1000, len(stream)} {
		d := deframer{deflate: true}
		var got []frame
		for rest := stream; len(rest) > 0; {
			p := rest[:min(n, len(rest))]
			rest = rest[len(p):]
			for {
				f, more, ok, err := d.next(p)
				if err != nil {
					t.Fatalf("segments of %d: %v", n, err)
				}
				if !ok {
					break
				}
				f.payload = bytes.Clone(f.payload)
				got, p = append(got, f), more
			}
		}
		if len(got) != len(want) {
			t.Fatalf("segments of %d: %d frames, want %d", n, len(got), len(want))
		}
		for i, f := range got {
			if f.op != want[i].op || f.deflated != want[i].deflated || !bytes.Equal(f.payload, want[i].payload) {
				t.Errorf("segments of %d: frame %d is %d %v of %d bytes", n, i, f.op, f.deflated, len(f.payload))
			}
		}
	}
}

func TestInvalidFramesAreRefused(t *testing.T) {
	for text, want := range map[string]error{
		"\x01\x01a":        errFragment,
		"\x80\x01a":        errFragment,
		"\x83\x01a":        errOpcode,
		"\x8b\x00":         errOpcode,
		"\xc1\x01a":        errReserved, // compression was not agreed on
		"\xa1\x01a":        errReserved,
		"\x81\x81....a":    errMasked,
		"\x81\x7e\x00\x7d": errLength,
		"\x89\x7e\x00\x7e": errLength,
		"\x81\x7f\x00\x00\x00\x00\x00\x00\xff\xff": errLength,
		"\x81\x7f\x80\x00\x00\x00\x00\x00\xff\xff": errLength,
	} {
		var d deframer
		if _, _, ok, err := d.next([]byte(text)); ok || !errors.Is(err, want) {
			t.Errorf("%q: %v, error %v, want %v", text, ok, err, want)
		}
	}
	d := deframer{deflate: true}
	if _, _, _, err := d.next([]byte("\xc9\x00")); !errors.Is(err, errReserved) {
		t.Errorf("a compressed Ping: error %v", err)
	}
}

func TestACloseFrameIsAnErrorWithItsReason(t *testing.T) {
	for payload, want := range map[string]string{"": "without a code", "\x03": "without a code", "\x03\xf0enough": `code 1008: "enough"`} {
		if err := closeError([]byte(payload)); !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", payload, err)
		}
	}
}

func TestClientFramesAreMasked(t *testing.T) {
	// The example of RFC 6455, section 5.7.
	if got := appendMasked(nil, opText, []byte("Hello"), 0x3d21fa37); string(got) != "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58" {
		t.Errorf("Hello becomes %x", got)
	}
	for _, n := range []int{0, 7, 8, 125, 126, 4096} {
		payload := bytes.Repeat([]byte("x"), n)
		op, got, rest := unmask(t, appendMasked(nil, opText, payload, 0x01020304))
		if op != opText || !bytes.Equal(got, payload) || len(rest) > 0 {
			t.Errorf("%d bytes: opcode %d, %d bytes, rest %q", n, op, len(got), rest)
		}
	}
}

// unmask returns the first of a client's frames.
func unmask(t *testing.T, p []byte) (op byte, payload, rest []byte) {
	t.Helper()
	if len(p) < 6 || p[0]&^bitsOp != bitFin || p[1]&bitMask == 0 {
		t.Fatalf("%q: not a masked frame", p)
	}
	n, at := int(p[1]&^bitMask), 2
	if n == length16 {
		n, at = int(binary.BigEndian.Uint16(p[2:])), 4
	}
	key := p[at : at+4]
	payload = bytes.Clone(p[at+4 : at+4+n])
	for i := range payload {
		payload[i] ^= key[i%4]
	}
	return p[0] & bitsOp, payload, p[at+4+n:]
}
