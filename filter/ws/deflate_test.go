package ws_test

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/sudoXpg/netloop/filter/ws"
)

// asClient turns a server's frame into a client's.
func asClient(t *testing.T, p []byte) string {
	t.Helper()
	n, size := int(p[1]), 2
	switch n {
	case 126:
		size = 4
	case 127:
		size = 10
	}
	return frame(p[0], string(p[size:]))
}

func TestWhatIsCompressedCanBeInflated(t *testing.T) {
	random := make([]byte, 100_000)
	for i := range random {
		random[i] = byte(rand.Uint32())
	}
	for name, c := range map[string]struct {
		payload    []byte
		compressed bool
	}{
		"nothing":            {nil, false},
		"a short message":    {bytes.Repeat([]byte("a"), ws.MinCompress-1), false},
		"a message":          {bytes.Repeat([]byte("a"), ws.MinCompress), true},
		"a long message":     {bytes.Repeat([]byte("hello, world"), 100_000), true},
		"a random message":   {random, false},
		"a message of UTF-8": {[]byte(strings.Repeat(kosme, 200)), true},
	} {
		for range 2 { // the second one has used pools
			p := ws.AppendCompressed([]byte("before"), ws.Binary, c.payload)[len("before"):]
			if got := p[0]&rsv1 != 0; got != c.compressed {
				t.Errorf("%s: compressed: %v", name, got)
			}
			if c.compressed && len(p) > len(c.payload)/2 {
				t.Errorf("%s: %d bytes become %d", name, len(c.payload), len(p))
			}
			d := ws.Decoder{Deflate: true, MaxMessage: 4 << 20}
			ev, _, err := d.Next([]byte(asClient(t, p)))
			if err != nil || !bytes.Equal(ev.Payload, c.payload) {
				t.Errorf("%s: %d bytes, %v", name, len(ev.Payload), err)
			}
		}
	}
}

// Compressed frames do not refer to each other, so that they can be shared.
func TestCompressedFramesAreTheSame(t *testing.T) {
	message := []byte(strings.Repeat("hello ", 1000))
	first := ws.AppendCompressed(nil, ws.Text, message)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 20 {
				if got := ws.AppendCompressed(nil, ws.Text, message); !bytes.Equal(got, first) {
					t.Error("another frame")
				}
			}
		})
	}
	all.Wait()
}

func TestFramesAreEncodedAsTheyShould(t *testing.T) {
	for want, got := range map[string][]byte{
		"\x81\x05Hello":    ws.AppendFrame(nil, ws.Text, []byte("Hello")), // 5.7
		"\x89\x05Hello":    ws.AppendFrame(nil, ws.Ping, []byte("Hello")),
		"\x8a\x00":         ws.AppendFrame(nil, ws.Pong, nil),
		"\x82\x7e\x01\x00": ws.AppendHeader(nil, ws.Binary, 256),
		"\x82\x7e\xff\xff": ws.AppendHeader(nil, ws.Binary, 65535),
		"\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00": ws.AppendHeader(nil, ws.Binary, 65536),
		"\x88\x02\x03\xe8":                         ws.AppendClose(nil, ws.CodeNormal, ""),
		"\x88\x05\x03\xe9bye":                      ws.AppendClose(nil, ws.CodeGoingAway, "bye"),
		"\x88\x00":                                 ws.AppendClose(nil, ws.CodeNone, "bye"),
		"\x89\x7d" + strings.Repeat("a", 125):      ws.AppendFrame(nil, ws.Ping, bytes.Repeat([]byte("a"), 126)),
		"\x88\x7c\x03\xe8" + "a" + strings.Repeat("\u00e4", 60) + "b": ws.AppendClose(nil, ws.CodeNormal, "a"+strings.Repeat("\u00e4", 60)+"b"),
		"\x88\x7d\x03\xe8" + "a" + strings.Repeat("\u00e4", 61):       ws.AppendClose(nil, ws.CodeNormal, "a"+strings.Repeat("\u00e4", 70)),
		"\x88\x7c\x03\xe8" + strings.Repeat("\u00e4", 61):             ws.AppendClose(nil, ws.CodeNormal, strings.Repeat("\u00e4", 70)),
	} {
		if string(got) != want {
			t.Errorf("%q; want %q", got, want)
		}
	}
}

func TestValidCodes(t *testing.T) {
	var valid []ws.Code
	for c := range ws.Code(2999) {
		if c.Valid() {
			valid = append(valid, c)
		}
	}
	if want := []ws.Code{1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014}; !slices.Equal(valid, want) {
		t.Errorf("%d", valid)
	}
	for c, want := range map[ws.Code]bool{2999: false, 3000: true, 4999: true, 5000: false, 65535: false} {
		if c.Valid() != want {
			t.Errorf("%d: %v", c, !want)
		}
	}
}
