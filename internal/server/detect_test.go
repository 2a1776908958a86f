package server

import (
	"strings"
	"testing"
)

// Where more may come, the last protocol of the table waits for it, until the sniff
// window ends.
func TestTheFirstBytesChooseTheProtocol(t *testing.T) {
	table := append(foreign[:len(foreign):len(foreign)], protocol{name: "telnet"})
	for head, want := range map[string]string{
		"\x16":                                 "tls",
		"\x16\x03":                             "tls",
		"\x16\x03\x01\x02\x00":                 "tls",
		"\x16\x04":                             "telnet",
		"GET / HTTP/1.1\r\n":                   "http",
		"GET / HTTP/1.1":                       "http",
		"GET / HTTP/":                          "http",
		"PRI * HTTP/2.0\r\n\r\nSM":             "http",
		"M-SEARCH * HTTP/1.1\r\n":              "http",
		"CONNECT a:443 HTTP/1.0\r\nX:":         "http",
		"GET / HTT":                            "",
		"GET /":                                "",
		"GET ":                                 "",
		"G":                                    "",
		"GET / HTT\r\n":                        "telnet",
		"GET / is what I typed":                "telnet",
		"GET / is what I typed\r\n":            "telnet",
		"GET\r\n":                              "telnet",
		"get / HTTP/1.1\r\n":                   "telnet",
		"GET  HTTP/1.1\r\n":                    "telnet",
		" / HTTP/1.1\r\n":                      "telnet",
		"bob\r\nGET / HTTP/1.1\r\n":            "telnet",
		"HTTP/1.1":                             "telnet",
		"SSH-2.0-OpenSSH_9.2p1\r\n":            "ssh",
		"SSH-":                                 "ssh",
		"SSH":                                  "",
		"S":                                    "",
		"SSH\r\n":                              "telnet",
		"ssh-agent is what I mean\n":           "telnet",
		"bob\n":                                "telnet",
		"bob":                                  "telnet",
		"\n":                                   "telnet",
		"\xff\xfb\x1f":                         "telnet",
		"PROXY TCP4 192.0.2.1 ":                "proxy",
		"PROXY UNKNOWN\r\n":                    "proxy",
		"\r\n\r\n\x00\r\nQUIT\n\x21\x11":       "proxy",
		"PROXY TCP":                            "",
		"\r\n\r\n":                             "",
		"PROXY\r\n":                            "telnet",
		"PROXY servers are dull\n":             "telnet",
		"\r\nbob\r\n":                          "telnet",
		"GET /" + strings.Repeat("a", maxHead): "http",
		"GET it, " + strings.Repeat("a", maxHead): "telnet",
	} {
		got := ""
		if p := detect(table, []byte(head)); p != nil {
			got = p.name
		}
		if got != want {
			t.Errorf("%.40q: %q, want %q", head, got, want)
		}
	}
}

// After the greeting only a certain match counts.
func TestAForeignProtocolIsNoticedLateToo(t *testing.T) {
	for head, want := range map[string]string{
		"":                   "",
		"\x16":               "tls",
		"GET / HTTP/1.1":     "http",
		"GET / HTTP/1.1\r\n": "http",
		"GET /":              "",
		"SSH-2.0":            "ssh",
		"PROXY TCP6 ::1 ::1": "proxy",
		"SSH":                "",
		"bob":                "",
	} {
		if got := alien([]byte(head)); got != want {
			t.Errorf("%q: %q, want %q", head, got, want)
		}
	}
}

// However the bytes of a head arrive, the same protocol is chosen, except for a single
// 0x16, which is never chat.
func FuzzDetect(f *testing.F) {
	f.Add([]byte("GET / HTTP/1.1\r\n"), uint8(3))
	f.Add([]byte("SSH-2.0"), uint8(1))
	f.Add([]byte("\x16\x03\x01"), uint8(1))
	table := append(foreign[:len(foreign):len(foreign)], protocol{name: "telnet"})
	f.Fuzz(func(t *testing.T, head []byte, step uint8) {
		if len(head) > 0 && head[0] == 0x16 {
			return
		}
		whole := detect(table, head)
		for n := 1; n < len(head); n += 1 + int(step) {
			part := detect(table, head[:n])
			if part == nil {
				continue
			}
			if whole != part {
				t.Fatalf("%q: after %d bytes %v, after all %v", head, n, part.name, whole)
			}
			return
		}
	})
}
