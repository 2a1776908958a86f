package ws

import (
	"testing"
	"unsafe"
)

// A connection holds memory only for what is incomplete.
func TestAnIdleDecoderHoldsNothing(t *testing.T) {
	// Masked with zeros.
	hello := "\x81\x85\x00\x00\x00\x00hello"
	for name, in := range map[string]string{
		"a message":            hello,
		"a compressed message": "\xc1\x87\x00\x00\x00\x00\xf2\x48\xcd\xc9\xc9\x07\x00",
		"fragments":            "\x01\x83\x00\x00\x00\x00hel" + "\x89\x80\x00\x00\x00\x00" + "\x80\x82\x00\x00\x00\x00lo",
		"compressed fragments": "\x41\x83\x00\x00\x00\x00\xf2\x48\xcd" + "\x80\x84\x00\x00\x00\x00\xc9\xc9\x07\x00",
		"a Close frame":        "\x88\x82\x00\x00\x00\x00\x03\xe8" + hello,
		"a violation":          "\x01\x83\x00\x00\x00\x00hel" + hello,
	} {
		for size := 1; size <= len(in); size++ {
			d := Decoder{Deflate: true}
			for rest := in; len(rest) > 0; {
				p := []byte(rest[:min(len(rest), size)])
				rest = rest[len(p):]
				for ev, p, _ := d.Next(p); ev.Kind != None; ev, p, _ = d.Next(p) {
				}
			}
			if d.part != nil {
				t.Errorf("after %s in pieces of %d bytes, the decoder holds %+v", name, size, d.part)
			}
		}
	}
	d := Decoder{}
	if _, _, err := d.Next([]byte(hello[:8])); err != nil || d.part == nil || cap(d.part.message) > 64 {
		t.Errorf("after 8 bytes, the decoder holds %+v", d.part)
	}
}

func TestAConnectionIsSmall(t *testing.T) {
	if size := unsafe.Sizeof(session{}); size > 112 {
		t.Errorf("a connection has %d bytes", size)
	}
}
