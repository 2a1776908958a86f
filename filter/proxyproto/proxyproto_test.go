package proxyproto_test

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/sudoXpg/netloop/filter/proxyproto"
)

const signature = "\r\n\r\n\x00\r\nQUIT\n"

// binary returns a header of version 2: versionCommand and family as they are sent, and
// what its length counts.
func binary(versionCommand, family byte, body string) string {
	return signature + string([]byte{versionCommand, family, byte(len(body) >> 8), byte(len(body))}) + body
}

// The addresses of version 2: 192.0.2.1:56324 to 198.51.100.9:9034, and the same with IPv6.
const (
	inet  = "\xc0\x00\x02\x01\xc6\x33\x64\x09\xdc\x04\x23\x4a"
	inet6 = "\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01" +
		"\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x09" + "\xdc\x04\x23\x4a"
	tlv = "\x04\x00\x03abc" // PP2_TYPE_NOOP
)

// headers are valid, each with what it says.
var headers = map[string]string{
	"PROXY TCP4 192.0.2.1 198.51.100.9 56324 9034\r\n":           "1 tcp4 192.0.2.1:56324 198.51.100.9:9034",
	"PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n": "1 tcp4 255.255.255.255:65535 255.255.255.255:65535",
	"PROXY TCP4 0.0.0.0 0.0.0.0 0 0\r\n":                         "1 tcp4 0.0.0.0:0 0.0.0.0:0",
	"PROXY TCP6 2001:db8::1 2001:DB8::9 56324 9034\r\n":          "1 tcp6 [2001:db8::1]:56324 [2001:db8::9]:9034",
	"PROXY TCP6 ::ffff:192.0.2.1 ::1 1 2\r\n":                    "1 tcp6 [::ffff:192.0.2.1]:1 [::1]:2",

	"PROXY UNKNOWN\r\n":                      "1",
	"PROXY UNKNOWN \x00 is \xff ignored\r\n": "1",
	// The longest line, as the specification has it.
	"PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n": "1",

	binary(0x21, 0x11, inet):                           "2 tcp4 192.0.2.1:56324 198.51.100.9:9034",
	binary(0x21, 0x11, inet+tlv):                       "2 tcp4 192.0.2.1:56324 198.51.100.9:9034",
	binary(0x21, 0x11, inet+"no TLV at all"):           "2 tcp4 192.0.2.1:56324 198.51.100.9:9034",
	binary(0x21, 0x21, inet6):                          "2 tcp6 [2001:db8::1]:56324 [2001:db8::9]:9034",
	binary(0x21, 0x21, inet6+tlv):                      "2 tcp6 [2001:db8::1]:56324 [2001:db8::9]:9034",
	binary(0x21, 0x31, strings.Repeat("\x00", 216)):    "2 unix",
	binary(0x21, 0x00, ""):                             "2",
	binary(0x21, 0x00, tlv):                            "2",
	binary(0x21, 0x10, ""):                             "2", // IPv4 without a transport
	binary(0x21, 0x01, ""):                             "2", // a stream without a family
	binary(0x21, 0x12, inet):                           "2", // UDP
	binary(0x21, 0x22, inet6):                          "2",
	binary(0x21, 0x32, strings.Repeat("\x00", 216)):    "2",
	binary(0x20, 0x00, ""):                             "2 local",
	binary(0x20, 0x11, inet):                           "2 local", // the addresses don't count
	binary(0x20, 0x11, ""):                             "2 local",
	binary(0x20, 0xff, ""):                             "2 local", // and neither does the family
	binary(0x21, 0x11, inet+strings.Repeat("t", 4068)): "2 tcp4 192.0.2.1:56324 198.51.100.9:9034",
}

// describe writes a header as the tests do.
func describe(h proxyproto.Header) string {
	text := fmt.Sprint(h.Version)
	if h.Local {
		text += " local"
	}
	if h.Network != "" {
		text += " " + h.Network
	}
	for _, endpoint := range []netip.AddrPort{h.Source, h.Destination} {
		if endpoint.IsValid() {
			text += " " + endpoint.String()
		}
	}
	return text
}

func TestValidHeaders(t *testing.T) {
	for head, want := range headers {
		for _, rest := range []string{"", "bob\r\n", head} {
			h, n, err := proxyproto.Parse([]byte(head + rest))
			if got := describe(h); got != want || n != len(head) || err != nil {
				t.Errorf("%q: %s, %d bytes, %v; want %s, %d bytes", head+rest, got, n, err, want, len(head))
			}
		}
	}
}

func TestEachBadFormHasItsError(t *testing.T) {
	for head, want := range map[string]error{
		"":                         proxyproto.ErrIncomplete,
		"bob\r\n":                  proxyproto.ErrNoHeader,
		"GET / HTTP/1.1\r\n":       proxyproto.ErrNoHeader,
		"\x16\x03\x01":             proxyproto.ErrNoHeader,
		"proxy TCP4 ":              proxyproto.ErrNoHeader,
		" PROXY TCP4 ":             proxyproto.ErrNoHeader,
		"PROXY\r\n":                proxyproto.ErrNoHeader,
		"\r\n\r\n\r\n":             proxyproto.ErrNoHeader,
		"\r\n\r\n\x00\r\nQUIT\r\n": proxyproto.ErrNoHeader,

		"PROXY \r\n":                                 proxyproto.ErrFamily,
		"PROXY TCP5 192.0.2.1 192.0.2.2 1 2\r\n":     proxyproto.ErrFamily,
		"PROXY tcp4 192.0.2.1 192.0.2.2 1 2\r\n":     proxyproto.ErrFamily,
		"PROXY UDP4 192.0.2.1 192.0.2.2 1 2\r\n":     proxyproto.ErrFamily,
		"PROXY UNKNOWNS\r\n":                         proxyproto.ErrFamily,
		"PROXY  TCP4 192.0.2.1 192.0.2.2 1 2\r\n":    proxyproto.ErrFamily,
		"PROXY TCP4\r\n":                             proxyproto.ErrFields,
		"PROXY TCP4 192.0.2.1 192.0.2.2 1\r\n":       proxyproto.ErrFields,
		"PROXY TCP4 192.0.2.1 192.0.2.2 1 2 \r\n":    proxyproto.ErrFields,
		"PROXY TCP4 192.0.2.1 192.0.2.2 1 2 3\r\n":   proxyproto.ErrFields,
		"PROXY TCP4 192.0.2.1  192.0.2.2 1 2\r\n":    proxyproto.ErrFields,
		"PROXY TCP4 192.0.2.256 192.0.2.2 1 2\r\n":   proxyproto.ErrAddress,
		"PROXY TCP4 192.0.2.01 192.0.2.2 1 2\r\n":    proxyproto.ErrAddress,
		"PROXY TCP4 192.0.2 192.0.2.2 1 2\r\n":       proxyproto.ErrAddress,
		"PROXY TCP4 192.0.2.1 192.0.2.x 1 2\r\n":     proxyproto.ErrAddress,
		"PROXY TCP4 ::1 ::2 1 2\r\n":                 proxyproto.ErrAddress,
		"PROXY TCP4 ::ffff:1.2.3.4 ::2 1 2\r\n":      proxyproto.ErrAddress,
		"PROXY TCP6 192.0.2.1 192.0.2.2 1 2\r\n":     proxyproto.ErrAddress,
		"PROXY TCP6 fe80::1%eth0 ::2 1 2\r\n":        proxyproto.ErrAddress,
		"PROXY TCP6 [::1] [::2] 1 2\r\n":             proxyproto.ErrAddress,
		"PROXY TCP6 1:2:3:4:5:6:7:8:9 ::2 1 2\r\n":   proxyproto.ErrAddress,
		"PROXY TCP4 192.0.2.1 192.0.2.2 65536 2\r\n": proxyproto.ErrPort,
		"PROXY TCP4 192.0.2.1 192.0.2.2 1 02\r\n":    proxyproto.ErrPort,
		"PROXY TCP4 192.0.2.1 192.0.2.2 +1 2\r\n":    proxyproto.ErrPort,
		"PROXY TCP4 192.0.2.1 192.0.2.2 1 -2\r\n":    proxyproto.ErrPort,
		"PROXY TCP4 192.0.2.1 192.0.2.2 1 \r\n":      proxyproto.ErrPort,
		"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\n":       proxyproto.ErrEnding,
		"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\rx":      proxyproto.ErrEnding,
		"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\r\n":   proxyproto.ErrEnding,
		"PROXY UNKNOWN\n":                            proxyproto.ErrEnding,

		"PROXY UNKNOWN " + strings.Repeat("x", 91) + "\r\n": nil,
		"PROXY UNKNOWN " + strings.Repeat("x", 92) + "\r\n": proxyproto.ErrTooLong,
		"PROXY UNKNOWN " + strings.Repeat("x", 93):          proxyproto.ErrTooLong,
		"PROXY UNKNOWN " + strings.Repeat("x", 92):          proxyproto.ErrIncomplete,
		"PROXY UNKNOWN " + strings.Repeat("x", 1<<20):       proxyproto.ErrTooLong,

		binary(0x11, 0x11, inet):                           proxyproto.ErrVersion,
		binary(0x31, 0x11, inet):                           proxyproto.ErrVersion,
		binary(0x22, 0x11, inet):                           proxyproto.ErrCommand,
		binary(0x2f, 0x11, inet):                           proxyproto.ErrCommand,
		binary(0x21, 0x41, inet):                           proxyproto.ErrFamily,
		binary(0x21, 0x13, inet):                           proxyproto.ErrFamily,
		binary(0x21, 0xff, inet):                           proxyproto.ErrFamily,
		binary(0x21, 0x11, inet[:11]):                      proxyproto.ErrTooShort,
		binary(0x21, 0x11, ""):                             proxyproto.ErrTooShort,
		binary(0x21, 0x21, inet6[:35]):                     proxyproto.ErrTooShort,
		binary(0x21, 0x31, strings.Repeat("\x00", 215)):    proxyproto.ErrTooShort,
		binary(0x21, 0x11, inet+strings.Repeat("t", 4069)): proxyproto.ErrTooLong,
		binary(0x20, 0x00, strings.Repeat("t", 65535)):     proxyproto.ErrTooLong,
		signature + "\x21\x11\xff\xff":                     proxyproto.ErrTooLong, // without waiting for it
		signature + "\x21\x11\x00\x0c" + inet[:11]:         proxyproto.ErrIncomplete,
	} {
		h, n, err := proxyproto.Parse([]byte(head))
		if !errors.Is(err, want) || want != nil && (h != proxyproto.Header{} || n != 0) {
			t.Errorf("%.80q: %+v, %d, %v; want %v", head, h, n, err, want)
		}
	}
}

// inPieces gives Parse one byte more each time, until the outcome is final.
func inPieces(head []byte) (h proxyproto.Header, n int, err error) {
	for i := range len(head) + 1 {
		h, n, err = proxyproto.Parse(head[:i:i])
		if !errors.Is(err, proxyproto.ErrIncomplete) {
			return h, n, err
		}
	}
	return h, n, err
}

func TestAHeaderMayArriveByteByByte(t *testing.T) {
	for head, want := range headers {
		h, n, err := inPieces([]byte(head + "bob\r\n"))
		if got := describe(h); got != want || n != len(head) || err != nil {
			t.Errorf("%q: %s, %d bytes, %v; want %s, %d bytes", head, got, n, err, want, len(head))
		}
	}
}

// The outcome does not depend on the pieces, and Parse never asks for more than it
// accepts.
func FuzzParse(f *testing.F) {
	for head := range headers {
		f.Add([]byte(head))
	}
	f.Add([]byte("PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\r\n"))
	f.Add([]byte(signature + "\x21\x11\xff\xff"))
	f.Fuzz(func(t *testing.T, head []byte) {
		h, n, err := proxyproto.Parse(head)
		h2, n2, err2 := inPieces(head)
		if h != h2 || n != n2 || !errors.Is(err2, err) {
			t.Fatalf("%q: %+v, %d, %v; in pieces %+v, %d, %v", head, h, n, err, h2, n2, err2)
		}
		switch {
		case err == nil && (n > len(head) || n > proxyproto.MaxLength || h.Version == 1 && n > proxyproto.MaxLine):
			t.Fatalf("%q: %d bytes", head, n)
		case errors.Is(err, proxyproto.ErrIncomplete) && len(head) >= proxyproto.MaxLength:
			t.Fatalf("%d bytes are not enough", len(head))
		case err != nil && (n != 0 || h != proxyproto.Header{}):
			t.Fatalf("%q: %+v, %d, with %v", head, h, n, err)
		case h.Source.IsValid() != strings.HasPrefix(h.Network, "tcp"):
			t.Fatalf("%q: %+v", head, h)
		}
	})
}
