package chatclient

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// DefaultPort is the port of a target without one.
const DefaultPort = 9034

// A Target says where to connect, and as whom. Parts that are not given are "" or 0.
type Target struct {
	Scheme string // "tcp" or "ws" for plain text, "tls" or "wss"; "" for whatever the server has
	Name   string // of the user
	Host   string
	Port   int
	Room   string // with its #
}

// WebSocket reports whether the connection uses WebSocket.
func (t Target) WebSocket() bool { return t.Scheme == "ws" || t.Scheme == "wss" }

// PlainText reports whether the target asks for a connection without TLS.
func (t Target) PlainText() bool { return t.Scheme == "tcp" || t.Scheme == "ws" }

// TLSOnly reports whether the target asks for TLS.
func (t Target) TLSOnly() bool { return t.Scheme == "tls" || t.Scheme == "wss" }

// Address returns HOST:PORT.
func (t Target) Address() string {
	return net.JoinHostPort(strings.ToLower(t.Host), strconv.Itoa(t.Port))
}

// String returns the target in the form that ParseTarget reads.
func (t Target) String() string {
	var b strings.Builder
	if t.Scheme != "" {
		b.WriteString(t.Scheme + "://")
	}
	if t.Name != "" {
		b.WriteString(t.Name + "@")
	}
	switch {
	case t.Port != 0:
		b.WriteString(net.JoinHostPort(t.Host, strconv.Itoa(t.Port)))
	case strings.ContainsRune(t.Host, ':'):
		b.WriteString("[" + t.Host + "]")
	default:
		b.WriteString(t.Host)
	}
	if t.Room != "" {
		b.WriteString("/" + t.Room)
	}
	return b.String()
}

// ParseTarget reads [SCHEME://][NAME@]HOST[:PORT][/#ROOM]. An IPv6 address with a port is
// in brackets.
func ParseTarget(text string) (t Target, err error) {
	rest := text
	if scheme, after, ok := strings.Cut(text, "://"); ok {
		switch scheme {
		case "tcp", "tls", "ws", "wss":
		case "http", "https":
			return t, fmt.Errorf("%s:// is for browsers; use ws%s://", scheme, strings.TrimPrefix(scheme, "http"))
		default:
			return t, fmt.Errorf("unknown scheme %s:// (use tls://, tcp://, wss:// or ws://)", scheme)
		}
		t.Scheme, rest = scheme, after
	}
	rest, room, hasRoom := strings.Cut(rest, "/")
	if t.WebSocket() && "/"+room == socketPath { // the address that a browser uses
		room = ""
	}
	if room != "" {
		t.Room = "#" + strings.TrimPrefix(room, "#")
	}
	if hasRoom && t.Room == "#" {
		return t, errors.New("the room has no name (as in localhost/#tea)")
	}
	if i := strings.LastIndexByte(rest, '@'); i >= 0 {
		if t.Name, rest = rest[:i], rest[i+1:]; t.Name == "" {
			return t, errors.New("there is no name before the @ (as in alice@localhost)")
		}
	}
	t.Host, t.Port, err = splitHost(rest)
	return t, err
}

// splitHost divides HOST[:PORT].
func splitHost(text string) (host string, port int, err error) {
	if _, err := netip.ParseAddr(text); err == nil { // with colons of its own
		return text, 0, nil
	}
	host, digits := text, ""
	switch {
	case strings.HasPrefix(text, "[") && strings.HasSuffix(text, "]"):
		host = text[1 : len(text)-1]
	case strings.ContainsRune(text, ':'):
		if host, digits, err = net.SplitHostPort(text); err != nil {
			return "", 0, fmt.Errorf("%q is not HOST or HOST:PORT (an IPv6 address with a port has brackets: [::1]:9034)", text)
		}
		if port, err = ParsePort(digits); err != nil {
			return "", 0, err
		}
	}
	if host == "" || !utf8.ValidString(host) || strings.ContainsFunc(host, func(r rune) bool { return r <= ' ' || r == 0x7f || r == '[' || r == ']' }) {
		return "", 0, fmt.Errorf("%q is not a host name or address", host)
	}
	if strings.ContainsFunc(host, func(r rune) bool { return r >= utf8.RuneSelf }) {
		// As DNS and certificates have it (RFC 5891, section 5).
		ascii, err := idna.Lookup.ToASCII(host)
		if err != nil {
			return "", 0, fmt.Errorf("%q is not an internationalized host name: %w", host, err)
		}
		host = ascii
	}
	return host, port, nil
}

// ParsePort reads the number of a port.
func ParsePort(text string) (int, error) {
	n, err := strconv.ParseUint(text, 10, 16)
	if err != nil || n == 0 {
		return 0, fmt.Errorf("%q is not a port: a port is a number from 1 to 65535", text)
	}
	return int(n), nil
}
