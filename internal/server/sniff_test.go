package server

import "testing"

func TestProtocolsAreToldFromChat(t *testing.T) {
	for first, want := range map[string]string{
		"\x16":                         "tls",
		"\x16\x03":                     "tls",
		"\x16\x03\x01\x02\x00":         "tls",
		"\x16\x04":                     "",
		"GET / HTTP/1.1\r\n":           "http",
		"GET / HTTP/1.1":               "http",
		"PRI * HTTP/2.0\r\n\r\nSM":     "http",
		"M-SEARCH * HTTP/1.1\r\n":      "http",
		"CONNECT a:443 HTTP/1.0\r\nX:": "http",
		"GET / HTT":                    "",
		"GET / is what I typed\r\n":    "",
		"get / HTTP/1.1\r\n":           "",
		"GET  HTTP/1.1\r\n":            "",
		" / HTTP/1.1\r\n":              "",
		"bob\r\nGET / HTTP/1.1\r\n":    "",
		"HTTP/1.1":                     "",
		"bob\n":                        "",
		"\n":                           "",
		"":                             "",
	} {
		if got := sniff([]byte(first)); got != want {
			t.Errorf("%q: %q, want %q", first, got, want)
		}
	}
}
