package ws_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/sudoXpg/netloop/eventloop"
	"github.com/sudoXpg/netloop/eventloop/sim"
	"github.com/sudoXpg/netloop/filter/ws"
)

// What Autobahn's test suite sends to an echo server, by the numbers of its cases, and what it
// wants back to call that strict. After the frames here, it waits or closes; a connection
// that has failed ends with EOF.
var autobahn = []struct {
	number string
	send   []string // frames
	want   []string
}{
	{"2.1", []string{frame(fin|ping, "")}, []string{"Pong"}},
	{"2.2", []string{frame(fin|ping, "Hello, world!")}, []string{"Pong Hello, world!"}},
	{"2.3", []string{frame(fin|ping, "\x00\xff\xfe\xfd\xfc\xfb\x00\xff")}, []string{"Pong \x00\xff\xfe\xfd\xfc\xfb\x00\xff"}},
	{"2.4", []string{frame(fin|ping, strings.Repeat("\xfe", 125))}, []string{"Pong 125×\xfe"}},
	{"2.5", []string{frame(fin|ping, strings.Repeat("\xfe", 126))}, failed(ws.ErrControl)},
	{"2.7", []string{frame(fin|pong, "")}, nil},
	{"2.8", []string{frame(fin|pong, "unsolicited")}, nil},
	{"2.9", []string{frame(fin|pong, "unsolicited"), frame(fin|ping, "ping")}, []string{"Pong ping"}},
	{"2.10", slices.Repeat([]string{frame(fin|ping, "p")}, 10), slices.Repeat([]string{"Pong p"}, 10)},

	{"3.1", []string{frame(fin|rsv3|text, "Hello")}, failed(ws.ErrReservedBits)},
	{"3.2", []string{frame(fin|text, "Hello"), frame(fin|rsv2|text, "Hello"), frame(fin|ping, "")}, failed(ws.ErrReservedBits, "Text Hello")},
	{"3.5", []string{frame(fin|rsv1|rsv3|binaryOp, "\x00\xff")}, failed(ws.ErrReservedBits)},
	{"3.6", []string{frame(fin|rsv1|rsv2|ping, "Hello")}, failed(ws.ErrReservedBits)},
	{"3.7", []string{frame(fin|rsv1|rsv2|rsv3|closeOp, closing(1000, ""))}, failed(ws.ErrReservedBits)},

	{"4.1.1", []string{frame(fin|3, "")}, failed(ws.ErrOpcode)},
	{"4.1.2", []string{frame(fin|4, "reserved")}, failed(ws.ErrOpcode)},
	{"4.1.3", []string{frame(fin|text, "Hello"), frame(fin|5, ""), frame(fin|ping, "")}, failed(ws.ErrOpcode, "Text Hello")},
	{"4.1.5", []string{frame(fin|text, "Hello"), frame(fin|7, "reserved"), frame(fin|ping, "")}, failed(ws.ErrOpcode, "Text Hello")},
	{"4.2.1", []string{frame(fin|11, "")}, failed(ws.ErrOpcode)},
	{"4.2.2", []string{frame(fin|12, "reserved")}, failed(ws.ErrOpcode)},
	{"4.2.3", []string{frame(fin|text, "Hello"), frame(fin|13, ""), frame(fin|ping, "")}, failed(ws.ErrOpcode, "Text Hello")},
	{"4.2.5", []string{frame(fin|text, "Hello"), frame(fin|15, "reserved"), frame(fin|ping, "")}, failed(ws.ErrOpcode, "Text Hello")},

	{"5.1", []string{frame(ping, "fragment1"), frame(fin|continuation, "fragment2")}, failed(ws.ErrControl)},
	{"5.2", []string{frame(pong, "fragment1"), frame(fin|continuation, "fragment2")}, failed(ws.ErrControl)},
	{"5.3", []string{frame(text, "fragment1"), frame(fin|continuation, "fragment2")}, []string{"Text fragment1fragment2"}},
	{"5.6", []string{frame(text, "fragment1"), frame(fin|ping, "ping"), frame(fin|continuation, "fragment2")}, []string{"Pong ping", "Text fragment1fragment2"}},
	{"5.9", []string{frame(fin|continuation, "non"), frame(fin|text, "Hello")}, failed(ws.ErrContinuation)},
	{"5.12", []string{frame(continuation, "non"), frame(fin|text, "Hello")}, failed(ws.ErrContinuation)},
	{"5.15", []string{frame(text, "fragment1"), frame(fin|continuation, "fragment2"), frame(continuation, "fragment3"), frame(fin|text, "fragment4")}, failed(ws.ErrContinuation, "Text fragment1fragment2")},
	{"5.16", []string{frame(continuation, "fragment1"), frame(text, "fragment2"), frame(fin|continuation, "fragment3")}, failed(ws.ErrContinuation)},
	{"5.17", []string{frame(fin|continuation, "fragment1"), frame(text, "fragment2"), frame(fin|continuation, "fragment3")}, failed(ws.ErrContinuation)},
	{"5.18", []string{frame(text, "fragment1"), frame(fin|text, "fragment2")}, failed(ws.ErrInterleaved)},
	{
		"5.19",
		[]string{frame(text, "1"), frame(continuation, "2"), frame(fin|ping, "p1"), frame(continuation, "3"), frame(continuation, "4"), frame(fin|ping, "p2"), frame(fin|continuation, "5")},
		[]string{"Pong p1", "Pong p2", "Text 12345"},
	},

	{"6.1.1", []string{frame(fin|text, "")}, []string{"Text"}},
	{"6.1.2", []string{frame(text, ""), frame(continuation, ""), frame(fin|continuation, "")}, []string{"Text"}},
	{"6.1.3", []string{frame(text, ""), frame(continuation, "middle"), frame(fin|continuation, "")}, []string{"Text middle"}},
	{"6.2.1", []string{frame(fin|text, "Hello-µ@ßöäüàá-UTF-8!!")}, []string{"Text Hello-µ@ßöäüàá-UTF-8!!"}},
	{"6.2.3", []string{frame(text, "\xce"), frame(continuation, "\xba"), frame(fin|continuation, "")}, []string{"Text κ"}},
	{"6.3.1", []string{frame(fin|text, kosme+"\xed\xa0\x80edited")}, failed(ws.ErrUTF8)},
	{"6.4.1", []string{frame(text, kosme), frame(continuation, "\xf4\x90\x80\x80")}, failed(ws.ErrUTF8)},
	{"6.4.2", []string{frame(text, kosme+"\xf4"), frame(continuation, "\x90")}, failed(ws.ErrUTF8)},
	{"6.4.4", []string{frame(fin|text, strings.Repeat(" ", 26))[:6] + masked(kosme + "\xf4\x90")[4:]}, failed(ws.ErrUTF8)},

	{"7.1.1", []string{frame(fin|text, "Hello World!"), frame(fin|closeOp, closing(1000, ""))}, []string{"Text Hello World!", "Close 1000", "EOF"}},
	{"7.1.2", []string{frame(fin|closeOp, closing(1000, "")), frame(fin|closeOp, closing(1000, ""))}, []string{"Close 1000", "EOF"}},
	{"7.1.3", []string{frame(fin|closeOp, closing(1000, "")), frame(fin|ping, "")}, []string{"Close 1000", "EOF"}},
	{"7.1.4", []string{frame(fin|closeOp, closing(1000, "")), frame(fin|text, "Hello World!")}, []string{"Close 1000", "EOF"}},
	{"7.1.5", []string{frame(text, "fragment1"), frame(fin|closeOp, closing(1000, "")), frame(fin|continuation, "fragment2")}, []string{"Close 1000", "EOF"}},
	{"7.1.6", []string{frame(fin|text, strings.Repeat("B", 256<<10)), frame(fin|text, "Hello World!"), frame(fin|closeOp, closing(1000, "")), frame(fin|ping, "")}, []string{"Text 262144×B", "Text Hello World!", "Close 1000", "EOF"}},
	{"7.3.1", []string{frame(fin|closeOp, "")}, []string{"Close 1005", "EOF"}},
	{"7.3.2", []string{frame(fin|closeOp, "a")}, failed(ws.ErrCloseCode)},
	{"7.3.3", []string{frame(fin|closeOp, closing(1000, ""))}, []string{"Close 1000", "EOF"}},
	{"7.3.4", []string{frame(fin|closeOp, closing(1000, "Hello World!"))}, []string{"Close 1000", "EOF"}},
	{"7.3.5", []string{frame(fin|closeOp, closing(1000, strings.Repeat("*", 123)))}, []string{"Close 1000", "EOF"}},
	{"7.3.6", []string{frame(fin|closeOp, closing(1000, strings.Repeat("*", 124)))}, failed(ws.ErrControl)},
	{"7.5.1", []string{frame(fin|closeOp, closing(1000, kosme+"\xed\xa0\x80edited"))}, failed(ws.ErrUTF8)},
	{"7.13.1", []string{frame(fin|closeOp, closing(5000, ""))}, failed(ws.ErrCloseCode)},
	{"7.13.2", []string{frame(fin|closeOp, "\x00\x01\x00\x00")}, failed(ws.ErrCloseCode)}, // 65536, as it is sent
}

// failed returns what comes before a violation, and its Close frame and end.
func failed(err *ws.Error, before ...string) []string { return append(before, failure(err), "EOF") }

// utf8Cases are those of 6.5 to 6.23.
var utf8Cases = map[string]bool{
	"\x00": true, "\xc2\x80": true, "\xe0\xa0\x80": true, "\xf0\x90\x80\x80": true, "\xf8\x88\x80\x80\x80": false, "\xfc\x84\x80\x80\x80\x80": false,
	"\x7f": true, "\xdf\xbf": true, "\xef\xbf\xbf": true, "\xf4\x8f\xbf\xbf": true, "\xf7\xbf\xbf\xbf": false, "\xfb\xbf\xbf\xbf\xbf": false,
	"\xed\x9f\xbf": true, "\xee\x80\x80": true, "\xef\xbf\xbd": true, "\xf4\x90\x80\x80": false,
	"\x80": false, "\xbf": false, "\x80\xbf\x80": false, "\xc0 ": false, "\xe0 \xe1 ": false, "\xf0 ": false, "\xf8 ": false, "\xfc ": false,
	"\xc0": false, "\xe0\x80": false, "\xf0\x80\x80": false, "\xf8\x80\x80\x80": false, "\xdf": false, "\xef\xbf": false, "\xf7\xbf\xbf": false,
	"\xfe": false, "\xff": false, "\xfe\xfe\xff\xff": false,
	"\xc0\xaf": false, "\xe0\x80\xaf": false, "\xf0\x80\x80\xaf": false, "\xc1\xbf": false, "\xe0\x9f\xbf": false, "\xf0\x8f\xbf\xbf": false,
	"\xc0\x80": false, "\xe0\x80\x80": false, "\xf0\x80\x80\x80": false,
	"\xed\xa0\x80": false, "\xed\xad\xbf": false, "\xed\xae\x80": false, "\xed\xaf\xbf": false, "\xed\xb0\x80": false, "\xed\xbe\x80": false, "\xed\xbf\xbf": false,
	"\xed\xa0\x80\xed\xb0\x80": false, "\xed\xaf\xbf\xed\xbf\xbf": false,
	"\xef\xbf\xbe": true, "\xf0\x9f\xbf\xbe": true, "\xf3\xbf\xbf\xbf": true, "\xf4\x8f\xbf\xbe": true,
	"Hello-\xc2\xb5@\xc3\x9f\xc3\xb6\xc3\xa4\xc3\xbc": true,
}

// suite runs an echo server that accepts what the suite sends, up to 4 MiB.
func suite(t *testing.T, f sim.Faults) *world {
	t.Helper()
	w := newWorld(t, f, eventloop.Options{OutboxLimit: 16 << 20})
	w.serve(ws.Options{MaxMessage: 4 << 20, MaxFragments: 4 << 20}, func() ws.Handler { return &witness{message: echo} })
	return w
}

// modes are how the suite sends frames: in one segment, one by one, byte by byte.
var modes = map[string]func(frames []string) []string{
	"at once":        func(frames []string) []string { return []string{strings.Join(frames, "")} },
	"frame by frame": func(frames []string) []string { return frames },
	"byte by byte": func(frames []string) []string {
		all := strings.Join(frames, "")
		if len(all) > 1000 {
			return cut(all, 997)
		}
		return cut(all, 1)
	},
}

func TestAutobahn(t *testing.T) {
	for name, f := range faults {
		for mode, pieces := range modes {
			t.Run(name+"/"+mode, func(t *testing.T) {
				w := suite(t, f)
				check := func(number, fields string, send, want []string) {
					t.Helper()
					c := w.upgrade(fields)
					for _, p := range pieces(send) {
						c.write(p)
					}
					if got := c.frames(); !slices.Equal(got, want) {
						t.Errorf("case %s: %q; want %q", number, got, want)
					}
					_ = c.raw.Close()
				}
				for _, c := range autobahn {
					check(c.number, "", c.send, c.want)
					if len(c.want) == 0 || c.want[len(c.want)-1] != "EOF" { // then the suite closes
						check(c.number, "", append(c.send, frame(fin|closeOp, closing(1000, ""))), append(c.want, "Close 1000", "EOF"))
					}
				}
				for _, n := range []int{0, 125, 126, 127, 128, 65535, 65536} { // 1.1 and 1.2
					message := strings.Repeat("*", n)
					check(fmt.Sprint("1.1, of ", n), "", []string{frame(fin|text, message)}, []string{describe(ws.Event{Kind: ws.Text, Payload: []byte(message)})})
					check(fmt.Sprint("1.2, of ", n), "", []string{frame(fin|binaryOp, message)}, []string{describe(ws.Event{Kind: ws.Binary, Payload: []byte(message)})})
				}
				for p, valid := range utf8Cases { // 6.5 to 6.23
					want := failed(ws.ErrUTF8)
					if valid {
						want = []string{"Text " + p}
					}
					check(fmt.Sprintf("6, %q", p), "", []string{frame(fin|text, p)}, want)
				}
				for _, code := range []int{1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999} { // 7.7
					check(fmt.Sprint("7.7, ", code), "", []string{frame(fin|closeOp, closing(code, ""))}, []string{fmt.Sprint("Close ", code), "EOF"})
				}
				for _, code := range []int{0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999} { // 7.9
					check(fmt.Sprint("7.9, ", code), "", []string{frame(fin|closeOp, closing(code, ""))}, failed(ws.ErrCloseCode))
				}
			})
		}
	}
}

// Long messages, in fragments or in pieces: 9 and 10.
func TestAutobahnWithLongMessages(t *testing.T) {
	w := suite(t, sim.Faults{})
	for _, n := range []int{64 << 10, 1 << 20, 4 << 20} {
		message := strings.Repeat("*", n)
		want := fmt.Sprintf("%d×*", n)
		for _, size := range []int{n, n / 4, 64 << 10, 1300, 64} {
			if size == 64 && n > 1<<20 {
				continue // slow
			}
			c := w.upgrade("")
			first := byte(binaryOp)
			var b strings.Builder
			for rest := message; len(rest) > 0; first = continuation {
				p := rest[:min(len(rest), size)]
				if rest = rest[len(p):]; rest == "" {
					first |= fin
				}
				b.WriteString(frame(first, p))
			}
			for _, p := range cut(b.String(), 30_000) {
				c.write(p)
			}
			if got := c.frames(); !slices.Equal(got, []string{"Binary " + want}) && !slices.Equal(got, []string{"compressed Binary " + want}) {
				t.Errorf("%d bytes in fragments of %d: %.100q", n, size, got)
			}
			_ = c.raw.Close()
		}
	}
}

// Compression: 12 with the default offer, 13 with others; with a window of 8 bits only the
// client compresses.
func TestAutobahnWithCompression(t *testing.T) {
	w := suite(t, sim.Faults{})
	data := strings.Repeat(`{"id": 17, "name": "alice", "text": "Habe nun, ach! Philosophie", "tags": [1, 2, 3]},`+"\n", 2000)
	for offer, echoes := range map[string]bool{
		"permessage-deflate; client_max_window_bits":                                                                               true,
		"permessage-deflate; client_no_context_takeover; client_max_window_bits; server_no_context_takeover":                       true,
		"permessage-deflate; client_no_context_takeover; client_max_window_bits; server_max_window_bits=8":                         false,
		"permessage-deflate; client_no_context_takeover; client_max_window_bits; server_max_window_bits=15":                        true,
		"permessage-deflate; server_no_context_takeover; server_max_window_bits=8, permessage-deflate; server_no_context_takeover": true,
	} {
		c := w.dial()
		c.write(request + "Sec-WebSocket-Extensions: " + offer + "\r\n\r\n")
		if resp := c.response(); resp.StatusCode != http.StatusSwitchingProtocols || resp.Header.Get("Sec-WebSocket-Extensions") == "" {
			t.Fatalf("%s: %v", offer, resp.Header)
		}
		for i, n := range []int{16, 64, 256, 1024, 4096, 16384, 131072} {
			for _, size := range []int{0, 256, 4096} {
				message := data[i : i+n]
				p, first := squeeze(message), byte(rsv1|text)
				for size > 0 && len(p) > size {
					c.write(frame(first, p[:size]))
					p, first = p[size:], continuation
				}
				c.write(frame(fin|first, p))
				want := strings.TrimSpace("Text " + message)
				if echoes && n >= ws.MinCompress {
					want = "compressed " + want
				}
				if got := c.frames(); len(got) != 1 || got[0] != want {
					t.Fatalf("%s: %d bytes in fragments of %d: %.100q", offer, n, size, got)
				}
			}
		}
	}
}
