package bench

import (
	"bufio"
	"bytes"
	"crypto/sha1" //nolint:gosec // RFC 6455 has it, and not as protection
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
)

const (
	// socketPath is where WebSocket is.
	socketPath = "/ws"
	// subprotocol is that of chatsrv's JSON protocol.
	subprotocol = "chat.v1"
	// deflateOffer is what browsers offer.
	deflateOffer = "permessage-deflate; client_max_window_bits"
	// maxHead is the most bytes that the head of a response may have.
	maxHead = 8 << 10
)

// An upgrade is the opening handshake of one client (RFC 6455, section 4.1).
type upgrade struct {
	host        string
	secure      bool   // inside TLS
	subprotocol string // the only one that is offered, and must be agreed on; "" for none
	deflate     bool   // offer permessage-deflate
	key         string // Sec-WebSocket-Key
	head        []byte // the beginning of the response
}

// request returns the request, with the fields of a browser.
func (u *upgrade) request() []byte {
	scheme := "http"
	if u.secure {
		scheme = "https"
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nPragma: no-cache\r\nCache-Control: no-cache\r\n"+
		"User-Agent: chatbench\r\nUpgrade: websocket\r\nOrigin: %s://%[2]s\r\nSec-WebSocket-Version: 13\r\n"+
		"Accept-Encoding: gzip, deflate, br\r\nSec-WebSocket-Key: %[4]s\r\n", socketPath, u.host, scheme, u.key)
	if u.deflate {
		fmt.Fprintf(&b, "Sec-WebSocket-Extensions: %s\r\n", deflateOffer)
	}
	if u.subprotocol != "" {
		fmt.Fprintf(&b, "Sec-WebSocket-Protocol: %s\r\n", u.subprotocol)
	}
	b.WriteString("\r\n")
	return b.Bytes()
}

// feed takes input from the server. When the response is complete it returns what follows it, and
// whether permessage-deflate is agreed on. For any response but an upgrade it returns an error.
func (u *upgrade) feed(p []byte) (rest []byte, deflate, done bool, err error) {
	u.head = append(u.head, p...)
	end := bytes.Index(u.head, []byte("\r\n\r\n"))
	if end < 0 && len(u.head) <= maxHead {
		return nil, false, false, nil
	}
	r, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(u.head)), nil)
	if err != nil {
		return nil, false, false, fmt.Errorf("bench: WebSocket: %w", err)
	}
	_ = r.Body.Close() // a 101 has none
	if deflate, err = u.check(r); err != nil {
		return nil, false, false, fmt.Errorf("bench: WebSocket: %s: %w", r.Status, err)
	}
	return u.head[end+4:], deflate, true, nil
}

// check returns an error unless the response agrees to an upgrade.
func (u *upgrade) check(r *http.Response) (deflate bool, err error) {
	for field, want := range map[string]string{"Upgrade": "websocket", "Connection": "upgrade"} {
		if got := r.Header.Get(field); r.StatusCode != http.StatusSwitchingProtocols || !strings.EqualFold(got, want) {
			return false, fmt.Errorf("not upgraded (%s: %q)", field, got)
		}
	}
	if got := r.Header.Get("Sec-Websocket-Accept"); got != acceptKey(u.key) {
		return false, fmt.Errorf("Sec-WebSocket-Accept: %q", got)
	}
	if got := r.Header.Get("Sec-Websocket-Protocol"); got != u.subprotocol {
		return false, fmt.Errorf("subprotocol %q instead of %q", got, u.subprotocol)
	}
	name, params, _ := strings.Cut(r.Header.Get("Sec-Websocket-Extensions"), ";")
	switch {
	case name == "":
		return false, nil
	case !u.deflate || strings.TrimSpace(name) != "permessage-deflate" || strings.Contains(params, ","):
		return false, fmt.Errorf("extension %q was not offered", name)
	case !strings.Contains(params, "server_no_context_takeover"): // the generator inflates each message by itself
		return false, fmt.Errorf("permessage-deflate without server_no_context_takeover")
	}
	return true, nil
}

// acceptKey returns the Sec-WebSocket-Accept for a key (RFC 6455, section 4.2.2).
func acceptKey(key string) string {
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")) //nolint:gosec // see the import
	return base64.StdEncoding.EncodeToString(sum[:])
}
