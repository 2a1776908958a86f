package ws_test

import (
	"compress/flate"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"github.com/sudoXpg/netloop/filter/ws"
)

func protocolError(err *ws.Error) string { return fmt.Sprintf("error %d %s", err.Code, err.Text) }

// longHeader returns the header of a frame with a length in n bytes, 2 or 8.
func longHeader(first byte, n int, length uint64) string {
	head := []byte{first, 0x80 | 126}
	if n == 8 {
		head[1]++
	}
	for i := n - 1; i >= 0; i-- {
		head = append(head, byte(length>>(8*i)))
	}
	return string(head) + string(key[:])
}

// squeeze compresses a message as RFC 7692, section 7.2.1 has it.
func squeeze(message string) string {
	var b strings.Builder
	w, _ := flate.NewWriter(&b, flate.BestCompression)
	_, _ = w.Write([]byte(message))
	_ = w.Flush()
	return strings.TrimSuffix(b.String(), "\x00\x00\xff\xff")
}

const kosme = "κόσμε"

// frames is what a server must make of the frames of a client. Section numbers are those of RFC
// 6455, or of RFC 7692 with a Z.
var cases = []struct {
	section, name, in string
	want              []string
}{
	{"5.1", "a frame that is not masked", "\x81\x05hello", []string{protocolError(ws.ErrUnmasked)}},
	{"5.1", "a masked frame", frame(fin|text, "hello"), []string{"Text hello"}},
	{"5.1", "a Ping that is not masked", "\x89\x00", []string{protocolError(ws.ErrUnmasked)}},
	{"5.2", "RSV1 without an extension", frame(fin|rsv1|text, "hello"), []string{protocolError(ws.ErrReservedBits)}},
	{"5.2", "RSV2", frame(fin|rsv2|text, "hello"), []string{protocolError(ws.ErrReservedBits)}},
	{"5.2", "RSV3", frame(fin|rsv3|text, "hello"), []string{protocolError(ws.ErrReservedBits)}},
	{"5.2", "all reserved bits of a Ping", frame(fin|rsv1|rsv2|rsv3|ping, ""), []string{protocolError(ws.ErrReservedBits)}},
	{"5.2", "a reserved bit of a Close", frame(fin|rsv3|closeOp, ""), []string{protocolError(ws.ErrReservedBits)}},
	{"5.2", "a reserved bit after a message", frame(fin|text, "a") + frame(fin|rsv2|text, "b") + frame(fin|text, "c"), []string{"Text a", protocolError(ws.ErrReservedBits)}},
	{"5.2", "opcode 3", frame(fin|3, ""), []string{protocolError(ws.ErrOpcode)}},
	{"5.2", "opcode 7", frame(fin|7, "hello"), []string{protocolError(ws.ErrOpcode)}},
	{"5.2", "opcode 11", frame(fin|11, ""), []string{protocolError(ws.ErrOpcode)}},
	{"5.2", "opcode 15", frame(fin|15, "hello"), []string{protocolError(ws.ErrOpcode)}},
	{"5.2", "no payload", frame(fin|text, ""), []string{"Text"}},
	{"5.2", "125 bytes", frame(fin|text, strings.Repeat("a", 125)), []string{"Text 125×a"}},
	{"5.2", "126 bytes", frame(fin|text, strings.Repeat("a", 126)), []string{"Text 126×a"}},
	{"5.2", "65,535 bytes", frame(fin|binaryOp, strings.Repeat("a", 65535)), []string{"Binary 65535×a"}},
	{"5.2", "65,536 bytes", frame(fin|binaryOp, strings.Repeat("a", 65536)), []string{"Binary 65536×a"}},
	{"5.2", "125 as 16 bits", longHeader(fin|text, 2, 125), []string{protocolError(ws.ErrLength)}},
	{"5.2", "65,535 as 64 bits", longHeader(fin|text, 8, 65535), []string{protocolError(ws.ErrLength)}},
	{"5.2", "the first of 64 bits is set", longHeader(fin|text, 8, 1<<63), []string{protocolError(ws.ErrLength)}},
	{"5.3", "a mask of zeros", "\x81\x85\x00\x00\x00\x00hello", []string{"Text hello"}},
	{"5.4", "two fragments", frame(text, "hel") + frame(fin|continuation, "lo"), []string{"Text hello"}},
	{"5.4", "three fragments", frame(binaryOp, "h") + frame(continuation, "ell") + frame(fin|continuation, "o"), []string{"Binary hello"}},
	{"5.4", "empty fragments", frame(text, "") + frame(continuation, "") + frame(fin|continuation, ""), []string{"Text"}},
	{"5.4", "an empty last fragment", frame(text, "hello") + frame(fin|continuation, ""), []string{"Text hello"}},
	{"5.4", "a Ping between fragments", frame(text, "hel") + frame(fin|ping, "p") + frame(fin|continuation, "lo"), []string{"Ping p", "Text hello"}},
	{"5.4", "a Close between fragments", frame(text, "hel") + frame(fin|closeOp, closing(1000, "")) + frame(fin|continuation, "lo"), []string{"Close 1000"}},
	{"5.4", "a message inside a message", frame(text, "hel") + frame(fin|text, "lo"), []string{protocolError(ws.ErrInterleaved)}},
	{"5.4", "a fragmented message inside a message", frame(text, "hel") + frame(binaryOp, "lo"), []string{protocolError(ws.ErrInterleaved)}},
	{"5.4", "nothing to continue", frame(fin|continuation, "hello"), []string{protocolError(ws.ErrContinuation)}},
	{"5.4", "nothing to continue, and more follows", frame(continuation, "hello"), []string{protocolError(ws.ErrContinuation)}},
	{"5.4", "nothing to continue any more", frame(text, "a") + frame(fin|continuation, "b") + frame(fin|continuation, "c"), []string{"Text ab", protocolError(ws.ErrContinuation)}},
	{"5.4", "two fragmented messages", frame(text, "a") + frame(fin|continuation, "b") + frame(binaryOp, "c") + frame(fin|continuation, "d"), []string{"Text ab", "Binary cd"}},
	{"5.5", "a fragmented Ping", frame(ping, "hel") + frame(fin|continuation, "lo"), []string{protocolError(ws.ErrControl)}},
	{"5.5", "a fragmented Close", frame(closeOp, ""), []string{protocolError(ws.ErrControl)}},
	{"5.5", "a Ping of 125 bytes", frame(fin|ping, strings.Repeat("a", 125)), []string{"Ping 125×a"}},
	{"5.5", "a Ping of 126 bytes", frame(fin|ping, strings.Repeat("a", 126)), []string{protocolError(ws.ErrControl)}},
	{"5.5", "a Close of 126 bytes", frame(fin|closeOp, closing(1000, strings.Repeat("a", 124))), []string{protocolError(ws.ErrControl)}},
	{"5.5.1", "Close without a code", frame(fin|closeOp, ""), []string{"Close 1005"}},
	{"5.5.1", "Close with one byte", frame(fin|closeOp, "a"), []string{protocolError(ws.ErrCloseCode)}},
	{"5.5.1", "Close with a code", frame(fin|closeOp, closing(1000, "")), []string{"Close 1000"}},
	{"5.5.1", "Close with a reason", frame(fin|closeOp, closing(1001, "bye")), []string{"Close 1001 bye"}},
	{"5.5.1", "Close with the longest reason", frame(fin|closeOp, closing(1000, strings.Repeat("a", 123))), []string{"Close 1000 123×a"}},
	{"5.5.1", "a reason that is not UTF-8", frame(fin|closeOp, closing(1000, "\xce\xba\xe1\xbd\xff")), []string{protocolError(ws.ErrUTF8)}},
	{"5.5.1", "a reason that ends inside a character", frame(fin|closeOp, closing(1000, "\xce")), []string{protocolError(ws.ErrUTF8)}},
	{"5.5.1", "frames after Close", frame(fin|closeOp, closing(1000, "")) + frame(fin|text, "a") + frame(fin|ping, "") + frame(fin|closeOp, ""), []string{"Close 1000"}},
	{"5.5.2", "a Ping without payload", frame(fin|ping, ""), []string{"Ping"}},
	{"5.5.2", "a Ping of any bytes", frame(fin|ping, "\x00\xff\xfe"), []string{"Ping \x00\xff\xfe"}},
	{"5.5.3", "a Pong that nobody asked for", frame(fin|pong, "hello"), []string{"Pong hello"}},
	{"5.6", "binary need not be UTF-8", frame(fin|binaryOp, "\xff\xfe"), []string{"Binary \xff\xfe"}},
	{"5.8", "an error ends everything", frame(fin|3, "") + frame(fin|text, "a"), []string{protocolError(ws.ErrOpcode)}},
	{"7.4.1", "1004", frame(fin|closeOp, closing(1004, "")), []string{protocolError(ws.ErrCloseCode)}},
	{"7.4.1", "1005", frame(fin|closeOp, closing(1005, "")), []string{protocolError(ws.ErrCloseCode)}},
	{"7.4.1", "1006", frame(fin|closeOp, closing(1006, "")), []string{protocolError(ws.ErrCloseCode)}},
	{"7.4.1", "1015", frame(fin|closeOp, closing(1015, "")), []string{protocolError(ws.ErrCloseCode)}},
	{"7.4.2", "0", frame(fin|closeOp, closing(0, "")), []string{protocolError(ws.ErrCloseCode)}},
	{"7.4.2", "999", frame(fin|closeOp, closing(999, "")), []string{protocolError(ws.ErrCloseCode)}},
	{"7.4.2", "1016", frame(fin|closeOp, closing(1016, "")), []string{protocolError(ws.ErrCloseCode)}},
	{"7.4.2", "2999", frame(fin|closeOp, closing(2999, "")), []string{protocolError(ws.ErrCloseCode)}},
	{"7.4.2", "3000", frame(fin|closeOp, closing(3000, "")), []string{"Close 3000"}},
	{"7.4.2", "4999", frame(fin|closeOp, closing(4999, "")), []string{"Close 4999"}},
	{"7.4.2", "5000", frame(fin|closeOp, closing(5000, "")), []string{protocolError(ws.ErrCloseCode)}},
	{"7.4.2", "65535", frame(fin|closeOp, closing(65535, "")), []string{protocolError(ws.ErrCloseCode)}},
	{"8.1", "text beyond ASCII", frame(fin|text, kosme), []string{"Text " + kosme}},
	{"8.1", "fragments that end inside characters", frame(text, kosme[:1]) + frame(continuation, kosme[1:6]) + frame(fin|continuation, kosme[6:]), []string{"Text " + kosme}},
	{"8.1", "a byte that can't be part of UTF-8", frame(fin|text, "a\xff"), []string{protocolError(ws.ErrUTF8)}},
	{"8.1", "a surrogate", frame(fin|text, "\xed\xa0\x80"), []string{protocolError(ws.ErrUTF8)}},
	{"8.1", "an overlong encoding", frame(fin|text, "\xc0\xaf"), []string{protocolError(ws.ErrUTF8)}},
	{"8.1", "beyond Unicode", frame(fin|text, "\xf4\x90\x80\x80"), []string{protocolError(ws.ErrUTF8)}},
	{"8.1", "an end inside a character", frame(fin|text, "a\xce"), []string{protocolError(ws.ErrUTF8)}},
	{"8.1", "an end inside a character, in fragments", frame(text, "a") + frame(fin|continuation, "\xce"), []string{protocolError(ws.ErrUTF8)}},
	{"8.1", "a fragment that is not UTF-8", frame(text, kosme+"\xf4\x90") + frame(fin|continuation, "a"), []string{protocolError(ws.ErrUTF8)}},
	{"8.1", "noncharacters", frame(fin|text, "\uffff\U0010ffff"), []string{"Text \uffff\U0010ffff"}},
	{"10.4", "a message of the longest length", frame(fin|binaryOp, strings.Repeat("a", 1<<17)), []string{"Binary 131072×a"}},
	{"10.4", "a message that is too long", longHeader(fin|text, 8, 1<<17+1), []string{protocolError(ws.ErrTooBig)}},
	{"10.4", "a length of 2^63-1", longHeader(fin|text, 8, 1<<63-1), []string{protocolError(ws.ErrTooBig)}},
	{"10.4", "fragments that are too long together", frame(binaryOp, strings.Repeat("a", 1<<17)) + longHeader(continuation, 8, 1<<63-1), []string{protocolError(ws.ErrTooBig)}},
	{"10.4", "as many fragments as may be", frame(text, "a") + strings.Repeat(frame(continuation, ""), 6) + frame(fin|continuation, "b"), []string{"Text ab"}},
	{"10.4", "too many fragments", frame(text, "a") + strings.Repeat(frame(continuation, ""), 8), []string{protocolError(ws.ErrFragments)}},
}

// compressed is the same with permessage-deflate.
var compressed = []struct {
	section, name, in string
	want              []string
}{
	{"Z6", "a compressed message", frame(fin|rsv1|text, squeeze("hello")), []string{"Text hello"}},
	{"Z6", "one that is not compressed", frame(fin|text, "hello"), []string{"Text hello"}},
	{"Z6.1", "RSV1 of a control frame", frame(fin|rsv1|ping, ""), []string{protocolError(ws.ErrReservedBits)}},
	{"Z6.1", "RSV1 of a later fragment", frame(text, "a") + frame(fin|rsv1|continuation, ""), []string{protocolError(ws.ErrReservedBits)}},
	{"Z6.1", "RSV1 with RSV2", frame(fin|rsv1|rsv2|text, ""), []string{protocolError(ws.ErrReservedBits)}},
	{"Z6.2", "an example in two fragments", frame(rsv1|text, "\xf2\x48\xcd") + frame(fin|continuation, "\xc9\xc9\x07\x00"), []string{"Text Hello"}},
	{"Z6.2", "a Ping between fragments", frame(rsv1|text, "\xf2\x48\xcd") + frame(fin|ping, "") + frame(fin|continuation, "\xc9\xc9\x07\x00"), []string{"Ping", "Text Hello"}},
	{"Z7.2.3.1", "an example", frame(fin|rsv1|text, "\xf2\x48\xcd\xc9\xc9\x07\x00"), []string{"Text Hello"}},
	{"Z7.2.3.3", "a block that is not compressed", frame(fin|rsv1|text, "\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00"), []string{"Text Hello"}},
	{"Z7.2.3.4", "a final block", frame(fin|rsv1|text, "\xf3\x48\xcd\xc9\xc9\x07\x00\x00"), []string{"Text Hello"}},
	{"Z7.2.3.5", "two blocks", frame(fin|rsv1|text, "\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00"), []string{"Text Hello"}},
	{"Z7.2.3.6", "an empty message", frame(fin|rsv1|text, "\x00"), []string{"Text"}},
	{"Z7.2.2", "two messages without context", frame(fin|rsv1|text, squeeze(kosme)) + frame(fin|rsv1|text, squeeze(kosme)), []string{"Text " + kosme, "Text " + kosme}},
	{"Z7.2.2", "a reference to an earlier message", frame(fin|rsv1|text, "\xf2\x48\xcd\xc9\xc9\x07\x00") + frame(fin|rsv1|text, "\xf2\x00\x11\x00\x00"), []string{"Text Hello", protocolError(ws.ErrDeflate)}},
	{"Z7.2.2", "no DEFLATE at all", frame(fin|rsv1|text, "\xff\xff\xff"), []string{protocolError(ws.ErrDeflate)}},
	{"Z7.2.2", "nothing", frame(fin|rsv1|text, ""), []string{protocolError(ws.ErrDeflate)}},
	{"8.1", "text that is not UTF-8", frame(fin|rsv1|text, squeeze("a\xff")), []string{protocolError(ws.ErrUTF8)}},
	{"8.1", "text that is not UTF-8, in fragments", frame(rsv1|text, squeeze("a\xff")) + frame(fin|continuation, ""), []string{protocolError(ws.ErrUTF8)}},
	{"10.4", "the longest message", frame(fin|rsv1|text, squeeze(strings.Repeat("a", 1<<17))), []string{"Text 131072×a"}},
	{"10.4", "one that gets too long", frame(fin|rsv1|text, squeeze(strings.Repeat("a", 1<<17+1))), []string{protocolError(ws.ErrTooBig)}},
	{"10.4", "one that gets very long", frame(fin|rsv1|text, squeeze(strings.Repeat("a", 8<<20))), []string{protocolError(ws.ErrTooBig)}},
	{"10.4", "too many DEFLATE streams", frame(fin|rsv1|text, strings.Repeat("\x03\x00", 2000)), []string{protocolError(ws.ErrDeflate)}},
}

func TestFrames(t *testing.T) {
	all := cases
	d := ws.Decoder{MaxMessage: 1 << 17, MaxFragments: 8}
	for _, d.Deflate = range []bool{false, true} {
		if d.Deflate {
			all = compressed
		}
		for _, c := range all {
			t.Run(c.section+"/"+c.name, func(t *testing.T) {
				for _, n := range []int{max(len(c.in), 1), 1, 2, 3, 7, 1000} {
					if got := decode(d, cut(c.in, n)...); !slices.Equal(got, c.want) {
						t.Errorf("in pieces of %d bytes: %q; want %q", n, got, c.want)
					}
				}
			})
		}
	}
}

// A text is refused at the first byte that can't be part of UTF-8, not at the end of its
// frame (8.1, and Autobahn's 6.4).
func TestBadTextFailsAtOnce(t *testing.T) {
	for good, bad := range map[string]byte{
		"": 0x80, "a": 0xff, kosme + "\xf4": 0x90, "\xf4": 0x41, "\xed": 0xa0, "\xe0": 0x9f, "\xf0": 0x8f,
		"\xf0\x90": 0xc0, "\xf0\x90\x80": 0x7f, "b\xce": 0xce, kosme + "\xe1\xbd": 0x20,
	} {
		for _, first := range []byte{fin | text, text} {
			header := frame(first, strings.Repeat(" ", 100))[:6]
			in := header + masked(good + string([]byte{bad}))[4:]
			for _, n := range []int{1, len(in) - 1} {
				pieces := cut(in, n)
				if got := decode(ws.Decoder{}, pieces[:len(pieces)-1]...); len(got) > 0 {
					t.Errorf("%q: %q", good, got)
				}
				if got := decode(ws.Decoder{}, pieces...); !slices.Equal(got, []string{protocolError(ws.ErrUTF8)}) {
					t.Errorf("%q and %#x: %q", good, bad, got)
				}
			}
			fragments := frame(text, good) + frame(continuation, string([]byte{bad}))
			if got := decode(ws.Decoder{}, fragments); !slices.Equal(got, []string{protocolError(ws.ErrUTF8)}) {
				t.Errorf("%q and %#x, in fragments: %q", good, bad, got)
			}
		}
	}
}

func TestDefaultLimits(t *testing.T) {
	a := strings.Repeat("a", ws.DefaultMaxMessage)
	for in, want := range map[string]string{
		frame(fin|text, a):     "Text 16384×a",
		frame(fin|text, a+"a"): protocolError(ws.ErrTooBig),
		frame(text, "") + strings.Repeat(frame(continuation, ""), 1022) + frame(fin|continuation, "b"): "Text b",
		frame(text, "") + strings.Repeat(frame(continuation, ""), 1024):                                protocolError(ws.ErrFragments),
	} {
		if got := decode(ws.Decoder{}, in); !slices.Equal(got, []string{want}) {
			t.Errorf("%q; want %q", got, want)
		}
	}
}

func TestAMessageInOneFrameIsNotCopied(t *testing.T) {
	in := []byte(frame(fin|text, "hello") + frame(fin|binaryOp, "world"))
	var d ws.Decoder
	ev, rest, _ := d.Next(in)
	if &ev.Payload[0] != &in[6] || cap(ev.Payload) != len(ev.Payload) {
		t.Error("the first message is not where it was")
	}
	if ev, _, _ = d.Next(rest); &ev.Payload[0] != &in[17] {
		t.Error("the second message is not where it was")
	}
}

func TestDecodingAllocatesNothing(t *testing.T) {
	if unsafe.Sizeof(ws.Decoder{}) > 24 {
		t.Errorf("a Decoder has %d bytes", unsafe.Sizeof(ws.Decoder{}))
	}
	for name, in := range map[string]string{
		"messages and pings":   strings.Repeat(frame(fin|text, "hello")+frame(fin|ping, "a")+frame(fin|binaryOp, strings.Repeat("a", 1000)), 10),
		"a compressed message": frame(fin|rsv1|text, squeeze(strings.Repeat("hello ", 100))),
	} {
		d := ws.Decoder{Deflate: true}
		raw := []byte(in)
		buf := make([]byte, len(raw))
		allocs := testing.AllocsPerRun(100, func() {
			copy(buf, raw)
			for ev, rest, err := d.Next(buf); ev.Kind != ws.None; ev, rest, err = d.Next(rest) {
				if err != nil {
					t.Fatal(err)
				}
			}
		})
		if allocs >= 1 && !raceEnabled {
			t.Errorf("%s: %v allocations", name, allocs)
		}
	}
}

// A length that is only announced costs nothing (10.4).
func TestALengthAllocatesNothing(t *testing.T) {
	header := []byte(longHeader(fin|binaryOp, 8, 1<<30))
	size := allocated(func() {
		d := ws.Decoder{MaxMessage: 1 << 30}
		if _, _, err := d.Next(slices.Clone(header)); err != nil {
			t.Fatal(err)
		}
	})
	if size > 4096 {
		t.Errorf("%d bytes are allocated for a header", size)
	}
}

func TestADecoderKnowsWhetherAMessageIsIncomplete(t *testing.T) {
	first := frame(text, "hel") + frame(fin|ping, "x") + frame(fin|continuation, "lo")
	all := first + frame(fin|text, strings.Repeat("a", 200))
	for n := range len(all) + 1 {
		d := ws.Decoder{}
		for rest := []byte(all[:n]); len(rest) > 0; {
			var err error
			if _, rest, err = d.Next(rest); err != nil {
				t.Fatal(err)
			}
		}
		want := n != 0 && n != len(first) && n != len(all)
		if got := d.Incomplete(); got != want {
			t.Errorf("after %d of %d bytes: incomplete %v", n, len(all), got)
		}
	}
}
