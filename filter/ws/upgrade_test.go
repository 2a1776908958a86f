package ws_test

import (
	"crypto/tls"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/sudoXpg/netloop/filter/http1"
	"github.com/sudoXpg/netloop/filter/ws"
)

// parse parses the head of a request.
func parse(t *testing.T, head string) *http.Request {
	t.Helper()
	req, _, err := http1.Parse([]byte(head))
	if err != nil {
		t.Fatalf("%q: %v", head, err)
	}
	return req
}

// without returns the request of the tests without a field.
func without(name string) string {
	var rest strings.Builder
	for line := range strings.Lines(request) {
		if !strings.HasPrefix(line, name+":") {
			rest.WriteString(line)
		}
	}
	return rest.String()
}

// with returns it with another value of a field.
func with(name, value string) string { return without(name) + name + ": " + value + "\r\n" }

// The opening handshake. Sections are those of RFC 6455; what http1.Parse refuses is tested
// there.
func TestUpgrades(t *testing.T) {
	u := &ws.Upgrader{Subprotocols: []string{"chat.v2", "chat.v1"}, Origins: []string{"https://pages.test", "null"}}
	for _, c := range []struct {
		section, name, head string
		status              int
		field, value        string // of the answer
	}{
		{"1.3", "the example", request, 101, "Sec-WebSocket-Accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="},
		{"4.2.2", "Upgrade in the answer", request, 101, "Upgrade", "websocket"},
		{"4.2.2", "Connection in the answer", request, 101, "Connection", "Upgrade"},
		{"4.2.1", "HEAD", strings.Replace(request, "GET", "HEAD", 1), 405, "Allow", "GET"},
		{"4.2.1", "HTTP/1.0", strings.Replace(request, "HTTP/1.1", "HTTP/1.0", 1), 426, "Upgrade", "websocket"},
		{"4.2.1", "no Upgrade", without("Upgrade"), 426, "Upgrade", "websocket"},
		{"4.2.1", "another Upgrade", with("Upgrade", "h2c"), 426, "Upgrade", "websocket"},
		{"4.2.1", "an Upgrade in capitals", with("Upgrade", "WebSocket"), 101, "", ""},
		{"4.2.1", "a list in Upgrade", with("Upgrade", "h2c, websocket"), 101, "", ""},
		{"4.2.1", "a list in Connection", with("Connection", "keep-alive, Upgrade"), 101, "", ""},
		{"4.2.1", "no key", without("Sec-WebSocket-Key"), 400, "", ""},
		{"4.2.1", "two keys", request + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", 400, "", ""},
		{"4.2.1", "a short key", with("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25j"), 400, "", ""},
		{"4.2.1", "a key that is not base64", with("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=!"), 400, "", ""},
		{"4.2.1", "an empty key", with("Sec-WebSocket-Key", ""), 400, "", ""},
		{"4.2.1", "no version", without("Sec-WebSocket-Version"), 426, "Sec-WebSocket-Version", "13"},
		{"4.4", "an old version", with("Sec-WebSocket-Version", "8"), 426, "Sec-WebSocket-Version", "13"},
		{"4.4", "two versions", request + "Sec-WebSocket-Version: 8\r\n", 426, "Sec-WebSocket-Version", "13"},
		{"4.4", "no number", with("Sec-WebSocket-Version", "a"), 426, "Sec-WebSocket-Version", "13"},
		{"4.2.2", "no subprotocol", request, 101, "Sec-WebSocket-Protocol", ""},
		{"4.2.2", "a subprotocol", request + "Sec-WebSocket-Protocol: chat.v1\r\n", 101, "Sec-WebSocket-Protocol", "chat.v1"},
		{"4.2.2", "the best one", request + "Sec-WebSocket-Protocol: tea, chat.v1,chat.v2\r\n", 101, "Sec-WebSocket-Protocol", "chat.v2"},
		{"4.2.2", "in two fields", request + "Sec-WebSocket-Protocol: chat.v1\r\nSec-WebSocket-Protocol: chat.v2\r\n", 101, "Sec-WebSocket-Protocol", "chat.v2"},
		{"4.2.2", "unknown subprotocols", request + "Sec-WebSocket-Protocol: CHAT.v1\r\n", 101, "Sec-WebSocket-Protocol", ""},
		{"4.1", "a subprotocol twice", request + "Sec-WebSocket-Protocol: chat.v1, chat.v1\r\n", 400, "", ""},
		{"4.1", "a subprotocol that is no token", request + "Sec-WebSocket-Protocol: chat v1\r\n", 400, "", ""},
		{"4.1", "an empty subprotocol", request + "Sec-WebSocket-Protocol:\r\n", 400, "", ""},
		{"9.1", "an unknown extension", request + "Sec-WebSocket-Extensions: x-tea; a=1\r\n", 101, "Sec-WebSocket-Extensions", ""},
		{"9.1", "a malformed extension", request + "Sec-WebSocket-Extensions: x tea\r\n", 400, "", ""},
		{"10.2", "no origin", request, 101, "", ""},
		{"10.2", "its own origin", request + "Origin: http://a.test\r\n", 101, "", ""},
		{"10.2", "its own origin behind a proxy", request + "Origin: https://A.test\r\n", 101, "", ""},
		{"10.2", "another port", request + "Origin: http://a.test:8080\r\n", 403, "", ""},
		{"10.2", "another host", request + "Origin: http://b.test\r\n", 403, "", ""},
		{"10.2", "a host with ours in its name", request + "Origin: http://a.test.b.test\r\n", 403, "", ""},
		{"10.2", "a host in the user", request + "Origin: http://a.test@b.test\r\n", 403, "", ""},
		{"10.2", "another scheme", request + "Origin: ftp://a.test\r\n", 403, "", ""},
		{"10.2", "an origin with a path", request + "Origin: http://a.test/\r\n", 403, "", ""},
		{"10.2", "two origins", request + "Origin: http://a.test\r\nOrigin: http://a.test\r\n", 403, "", ""},
		{"10.2", "an empty origin", request + "Origin:\r\n", 403, "", ""},
		{"10.2", "an allowed origin", request + "Origin: HTTPS://pages.test\r\n", 101, "", ""},
		{"10.2", "an allowed origin with another scheme", request + "Origin: http://pages.test\r\n", 403, "", ""},
		{"10.2", "an opaque origin that is allowed", request + "Origin: null\r\n", 101, "", ""},
	} {
		t.Run(c.section+"/"+c.name, func(t *testing.T) {
			answer, _, err := u.Upgrade([]byte("before"), parse(t, c.head+"\r\n"))
			var refused *http1.Error
			if errors.As(err, &refused) {
				answer = refused.Response().Append(answer, noon)
			}
			resp := readResponse(t, strings.TrimPrefix(string(answer), "before"))
			if resp.StatusCode != c.status || c.field != "" && resp.Header.Get(c.field) != c.value {
				t.Errorf("%q", answer)
			}
		})
	}
}

func TestTheZeroUpgraderHasNoProtocolAndNoOrigin(t *testing.T) {
	var u ws.Upgrader
	head := request + "Sec-WebSocket-Protocol: chat.v1\r\n" + offer
	_, a, err := u.Upgrade(nil, parse(t, head+"\r\n"))
	if err != nil || a.Subprotocol != "" || !a.Deflate {
		t.Errorf("%+v, %v", a, err)
	}
	if _, _, err := u.Upgrade(nil, parse(t, head+"Origin: null\r\n\r\n")); err == nil {
		t.Error("the origin null is allowed")
	}
	u.Origins = []string{"*"}
	if _, _, err := u.Upgrade(nil, parse(t, head+"Origin: null\r\n\r\n")); err != nil {
		t.Error(err)
	}
	u.NoCompression = true
	if answer, a, err := u.Upgrade(nil, parse(t, head+"\r\n")); err != nil || a.Deflate || strings.Contains(string(answer), "deflate") {
		t.Errorf("%q, %v", answer, err)
	}
}

func TestAPageWithoutTLSCannotConnectWithTLS(t *testing.T) {
	var u ws.Upgrader
	for origin, allowed := range map[string]bool{"http://a.test": false, "https://a.test": true, "http://a.test:443": false} {
		req := parse(t, request+"Origin: "+origin+"\r\n\r\n")
		req.TLS = &tls.ConnectionState{}
		if _, _, err := u.Upgrade(nil, req); (err == nil) != allowed {
			t.Errorf("%s: %v", origin, err)
		}
	}
}

// The negotiation of permessage-deflate (RFC 7692, section 7.1).
func TestOffersOfCompression(t *testing.T) {
	const (
		plain    = "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
		windowed = plain + "; server_max_window_bits=15"
	)
	for offer, want := range map[string]string{
		"permessage-deflate":                                                                            plain,
		" permessage-deflate ;client_max_window_bits":                                                   plain,
		"permessage-deflate; client_max_window_bits=8":                                                  plain,
		"permessage-deflate; client_max_window_bits=\"15\"":                                             plain,
		"permessage-deflate; server_no_context_takeover":                                                plain,
		"permessage-deflate; client_no_context_takeover":                                                plain,
		"permessage-deflate; server_no_context_takeover; client_no_context_takeover":                    plain,
		"permessage-deflate; server_max_window_bits=15":                                                 windowed,
		"permessage-deflate; server_max_window_bits = 15":                                               windowed,
		"permessage-deflate; server_max_window_bits=9, permessage-deflate":                              plain,
		"x-tea, permessage-deflate, permessage-deflate; server_max_window_bits=15":                      plain,
		", permessage-deflate,,":                                                                        plain,
		"permessage-deflate; server_max_window_bits=14":                                                 plain + "; server_max_window_bits=14",
		"permessage-deflate; server_max_window_bits=8, x, permessage-deflate; server_max_window_bits=9": plain + "; server_max_window_bits=8",
		"permessage-deflate; server_max_window_bits=8, permessage-deflate; server_max_window_bits=15":   windowed,
		"permessage-deflate; server_max_window_bits=7":                                                  "",
		"permessage-deflate; server_max_window_bits":                                                    "",
		"permessage-deflate; server_max_window_bits=16":                                                 "",
		"permessage-deflate; server_max_window_bits=015":                                                "",
		"permessage-deflate; server_max_window_bits=15; server_max_window_bits=15":                      "",
		"permessage-deflate; client_max_window_bits=7":                                                  "",
		"permessage-deflate; client_max_window_bits=16":                                                 "",
		"permessage-deflate; client_max_window_bits=08":                                                 "",
		"permessage-deflate; client_max_window_bits=a":                                                  "",
		"permessage-deflate; client_max_window_bits=+9":                                                 "",
		"permessage-deflate; client_max_window_bits; client_max_window_bits":                            "",
		"permessage-deflate; client_no_context_takeover=1":                                              "",
		"permessage-deflate; server_no_context_takeover=1":                                              "",
		"permessage-deflate; unknown":                                                                   "",
		"PERMESSAGE-DEFLATE":                                                                            "",
		"x-webkit-deflate-frame":                                                                        "",
		"":                                                                                              "",
		"permessage-deflate;":                                                                           "malformed",
		"permessage-deflate; client_max_window_bits=":                                                   "malformed",
		"permessage-deflate; client_max_window_bits=\"1 5\"":                                            "malformed",
		"permessage-deflate; =15":                                                                       "malformed",
		"permessage deflate":                                                                            "malformed",
		"permessage-deflate, ;a":                                                                        "malformed",
	} {
		var u ws.Upgrader
		answer, a, err := u.Upgrade(nil, parse(t, request+"Sec-WebSocket-Extensions: "+offer+"\r\n\r\n"))
		got := "malformed"
		if err == nil {
			got = readResponse(t, string(answer)).Header.Get("Sec-WebSocket-Extensions")
		}
		narrow := strings.Contains(want, "_bits=") && want != windowed
		if got != want || a.Deflate != (got != "" && err == nil) || a.Narrow != narrow {
			t.Errorf("%q: %q, %+v, %v; want %q", offer, got, a, err, want)
		}
	}
}
