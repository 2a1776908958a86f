package server

import "bytes"

// sniff looks at the first bytes of a connection and returns the name of the
// protocol if it is one that is spoken to the wrong server, else "".
func sniff(p []byte) string {
	// A TLS record of the type handshake, whatever its version: RFC 8446,
	// section 5.1. No terminal sends 0x16 first.
	if len(p) > 0 && p[0] == 0x16 && (len(p) == 1 || p[1] == 3) {
		return "tls"
	}
	line, _, _ := bytes.Cut(p, []byte{'\n'})
	return request(line)
}

// request returns "http" for the request line of HTTP (RFC 9112, section 3),
// else "". An ending is allowed.
func request(line []byte) string {
	method, rest, ok := bytes.Cut(bytes.TrimRight(line, "\r\n"), []byte{' '})
	if !ok || !isMethod(method) {
		return ""
	}
	target, version, ok := bytes.Cut(rest, []byte{' '})
	if ok && len(target) > 0 && bytes.HasPrefix(version, []byte("HTTP/")) {
		return "http"
	}
	return ""
}

// isMethod: every method in use is of capital letters, M-SEARCH of UPnP excepted.
func isMethod(p []byte) bool {
	for _, c := range p {
		if (c < 'A' || c > 'Z') && c != '-' {
			return false
		}
	}
	return len(p) > 0
}
