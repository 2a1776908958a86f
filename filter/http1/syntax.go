package http1

import (
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// HasToken reports whether a token is in the lists that the values of a field are, in any
// case (RFC 9110, section 5.6.1). For example, HasToken(req.Header["Connection"], "upgrade").
func HasToken(values []string, token string) bool {
	for _, value := range values {
		for part := range strings.SplitSeq(value, ",") {
			if strings.EqualFold(strings.Trim(part, " \t"), token) {
				return true
			}
		}
	}
	return false
}

// ValidHost reports whether host is the name or the IP address of a host, with or without
// a port, as in the field Host. A name consists of ASCII letters, digits, hyphens, dots and
// underscores.
func ValidHost(host string) bool {
	name, port := host, ""
	if i := strings.LastIndexByte(host, ':'); i >= 0 && !strings.HasSuffix(host, "]") {
		name, port = host[:i], host[i+1:]
	}
	if n, err := strconv.ParseUint("0"+port, 10, 32); err != nil || n > 65535 {
		return false
	}
	if inner, ok := strings.CutPrefix(name, "["); ok {
		inner, ok = strings.CutSuffix(inner, "]")
		addr, err := netip.ParseAddr(inner)
		return ok && err == nil && addr.Is6() && addr.Zone() == ""
	}
	const longest = 253
	other := func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '.' && c != '_'
	}
	return name != "" && len(name) <= longest && strings.IndexFunc(name, other) < 0
}

// SameHost reports whether two valid hosts are the same host and port. One without a port
// has that of the scheme: 80, or 443 for https and wss.
func SameHost(scheme, a, b string) bool {
	return strings.EqualFold(withPort(scheme, a), withPort(scheme, b))
}

func withPort(scheme, host string) string {
	i := strings.LastIndexByte(host, ':')
	name, port := host, ""
	if i >= 0 && !strings.HasSuffix(host, "]") {
		name, port = host[:i], host[i+1:]
	}
	if port == "" {
		port = "80"
		if scheme == "https" || scheme == "wss" {
			port = "443"
		}
	}
	return net.JoinHostPort(strings.Trim(name, "[]"), port)
}

// IsToken reports whether s is a token: not empty, and of letters, digits and some signs (RFC 9110, section 5.6.2).
func IsToken(s string) bool {
	for i := range len(s) {
		c := s[i]
		if !isDigit(c) && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && strings.IndexByte("!#$%&'*+-.^_`|~", c) < 0 {
			return false
		}
	}
	return s != ""
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// isControl reports whether c can't be in the value of a field (RFC 9110, section 5.5).
func isControl(c rune) bool { return c < ' ' && c != '\t' || c == 0x7f }
