package ws_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"github.com/sudoXpg/netloop/filter/ws"
)

// The first bytes of frames.
const (
	fin          = 0x80
	rsv1         = 0x40
	rsv2         = 0x20
	rsv3         = 0x10
	continuation = 0x0
	text         = 0x1
	binaryOp     = 0x2
	closeOp      = 0x8
	ping         = 0x9
	pong         = 0xa
)

var key = [4]byte{0x37, 0xfa, 0x21, 0x3d}

// masked returns a payload as clients send it, with its key.
func masked(payload string) string {
	p := append(key[:len(key):len(key)], payload...)
	for i := range len(payload) {
		p[len(key)+i] ^= key[i%len(key)]
	}
	return string(p)
}

// frame returns a client's frame.
func frame(first byte, payload string) string {
	head := []byte{first}
	switch n := len(payload); {
	case n < 126:
		head = append(head, 0x80|byte(n))
	case n <= 0xffff:
		head = binary.BigEndian.AppendUint16(append(head, 0x80|126), uint16(n))
	default:
		head = binary.BigEndian.AppendUint64(append(head, 0x80|127), uint64(n))
	}
	return string(head) + masked(payload)
}

// closing returns the payload of a Close frame.
func closing(code int, reason string) string {
	return string([]byte{byte(code >> 8), byte(code)}) + reason
}

// describe returns an event as the tables have it.
func describe(ev ws.Event) string {
	payload := string(ev.Payload)
	if n := len(payload); n > 60 && payload == strings.Repeat(payload[:1], n) {
		payload = fmt.Sprintf("%d×%s", n, payload[:1])
	}
	switch ev.Kind {
	case ws.None:
		return ""
	case ws.Close:
		return strings.TrimSpace(fmt.Sprintf("Close %d %s", ev.Code, payload))
	}
	return strings.TrimSpace(ev.Kind.String() + " " + payload)
}

// decode returns what a decoder finds in pieces of input, one event or error in an
// element. It checks that nothing is held that is not needed.
func decode(d ws.Decoder, pieces ...string) []string {
	var found []string
	for _, piece := range pieces {
		p := []byte(piece)
		for {
			ev, rest, err := d.Next(p)
			var failed *ws.Error
			if errors.As(err, &failed) {
				found = append(found, fmt.Sprintf("error %d %s", failed.Code, failed.Text))
			} else if err != nil {
				found = append(found, "unexpected "+err.Error())
			}
			if ev.Kind == ws.None {
				break
			}
			found = append(found, describe(ev))
			p = rest
		}
		clear(p) // what the decoder holds must be its own
	}
	return found
}

// cut cuts input to pieces of n bytes.
func cut(in string, n int) []string {
	var pieces []string
	for len(in) > n {
		pieces = append(pieces, in[:n])
		in = in[n:]
	}
	return append(pieces, in)
}
