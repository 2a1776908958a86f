package bench

import (
	"bufio"
	"bytes"
	"net/http"
	"strings"
	"testing"
)

// upgraded returns a response to an upgrade, with further fields.
func upgraded(key string, fields ...string) string {
	all := append([]string{
		"HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Accept: " + acceptKey(key),
	}, fields...)
	return strings.Join(all, "\r\n") + "\r\n\r\n"
}

func TestTheKeyOfTheStandardIsAccepted(t *testing.T) {
	// RFC 6455, section 1.3.
	if got := acceptKey("dGhlIHNhbXBsZSBub25jZQ=="); got != "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" {
		t.Errorf("Sec-WebSocket-Accept: %s", got)
	}
}

func TestAnUpgradeIsRequestedAsByABrowser(t *testing.T) {
	u := &upgrade{host: "127.0.0.1:9034", secure: true, subprotocol: subprotocol, deflate: true, key: "dGhlIHNhbXBsZSBub25jZQ=="}
	r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(u.request())))
	if err != nil {
		t.Fatal(err)
	}
	for field, want := range map[string]string{
		"Origin": "https://127.0.0.1:9034", "Sec-Websocket-Protocol": subprotocol, "Sec-Websocket-Extensions": deflateOffer,
		"Sec-Websocket-Key": u.key, "Sec-Websocket-Version": "13", "Upgrade": "websocket",
	} {
		if got := r.Header.Get(field); got != want {
			t.Errorf("%s: %q, want %q", field, got, want)
		}
	}
	if r.Host != u.host || r.URL.Path != socketPath {
		t.Errorf("request for %s at %s", r.URL, r.Host)
	}
}

func TestAnUpgradeIsUnderstoodHoweverSegmentsSplit(t *testing.T) {
	const agreed = "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover"
	for _, n := range []int{1, 5, 1000} {
		for _, fields := range [][]string{nil, {agreed}} {
			u := &upgrade{deflate: true, key: "k"}
			text := upgraded("k", fields...) + "frames"
			var rest []byte
			var deflate, done bool
			for !done {
				k := min(n, len(text))
				var err error
				if rest, deflate, done, err = u.feed([]byte(text[:k])); err != nil {
					t.Fatal(err)
				}
				text = text[k:]
			}
			if got := string(rest) + text; got != "frames" || deflate != (fields != nil) {
				t.Errorf("segments of %d: %q follows, compression %v", n, got, deflate)
			}
		}
	}
}

func TestAnythingButTheUpgradeThatWasAskedForIsAnError(t *testing.T) {
	for want, text := range map[string]string{
		"403 Forbidden":                  "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n",
		"malformed":                      "Enter username : \r\n\r\n",
		"Sec-WebSocket-Accept":           upgraded("other", "Sec-WebSocket-Protocol: chat.v1"),
		`subprotocol ""`:                 upgraded("k"),
		"was not offered":                upgraded("k", "Sec-WebSocket-Protocol: chat.v1", "Sec-WebSocket-Extensions: foo"),
		"without server_no_context_take": upgraded("k", "Sec-WebSocket-Protocol: chat.v1", "Sec-WebSocket-Extensions: permessage-deflate"),
		"unexpected EOF":                 "HTTP/1.1 101 Switching Protocols\r\nA: " + strings.Repeat("b", maxHead),
	} {
		u := &upgrade{subprotocol: subprotocol, deflate: true, key: "k"}
		if _, _, _, err := u.feed([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v", want, err)
		}
	}
}
