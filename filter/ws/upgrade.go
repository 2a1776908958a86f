package ws

import (
	"crypto/sha1" //nolint:gosec // RFC 6455 has it, and not as protection
	"encoding/base64"
	"net/http"
	"slices"
	"strings"

	"github.com/sudoXpg/netloop/filter/http1"
)

// An Upgrader answers requests to upgrade to WebSocket (RFC 6455, section 4.2). The zero value
// accepts browsers from pages of its own host only, no subprotocol, and compression.
type Upgrader struct {
	// Origins are the origins of further pages whose scripts may connect, such as
	// "https://chat.example", or "*" for all. Clients that are no browsers send none, and
	// may connect.
	Origins []string
	// Subprotocols are the application's protocols, best first. The first one that the
	// client offers is agreed on; if there is none, the connection has none.
	Subprotocols []string
	// NoCompression declines permessage-deflate (RFC 7692).
	NoCompression bool
}

// An Agreement is what was agreed on for a connection.
type Agreement struct {
	// Subprotocol is one of Upgrader.Subprotocols, or "".
	Subprotocol string
	// Deflate is set if permessage-deflate was agreed on. Set Decoder.Deflate, and
	// send messages with AppendCompressed if you like, unless Narrow is set, too: then the
	// client can't inflate them.
	Deflate, Narrow bool
}

// IsUpgrade reports whether a request from http1.Parse asks for an upgrade to WebSocket. If it does
// not, it asks for a page.
func IsUpgrade(req *http.Request) bool {
	return req.ProtoAtLeast(1, 1) && http1.HasToken(req.Header["Upgrade"], "websocket") &&
		http1.HasToken(req.Header["Connection"], "upgrade")
}

// Upgrade appends to dst the response with status 101 to a request from http1.Parse; what the
// client sends after the head of its request is frames. Otherwise the error is an
// *http1.Error: its response is to be sent instead, and the connection to be closed.
//
// If req.TLS is set, pages that were loaded without TLS may not connect.
func (u *Upgrader) Upgrade(dst []byte, req *http.Request) ([]byte, Agreement, error) {
	var a Agreement
	if err := check(req); err != nil {
		return dst, a, err
	}
	if !u.allows(req) {
		return dst, a, refuse(http.StatusForbidden, "the origin is not allowed")
	}
	offered, ok := protocols(req.Header["Sec-Websocket-Protocol"])
	if !ok {
		return dst, a, refuse(http.StatusBadRequest, "malformed Sec-WebSocket-Protocol")
	}
	if i := slices.IndexFunc(u.Subprotocols, func(p string) bool { return slices.Contains(offered, p) }); i >= 0 {
		a.Subprotocol = u.Subprotocols[i]
	}
	extension, ok := negotiate(req.Header["Sec-Websocket-Extensions"])
	if !ok {
		return dst, a, refuse(http.StatusBadRequest, "malformed Sec-WebSocket-Extensions")
	}
	a.Deflate = extension.answer != "" && !u.NoCompression
	a.Narrow = a.Deflate && extension.narrow

	dst = append(dst, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "...)
	dst = appendAccept(dst, req.Header.Get("Sec-Websocket-Key"))
	if a.Subprotocol != "" {
		dst = append(append(dst, "\r\nSec-WebSocket-Protocol: "...), a.Subprotocol...)
	}
	if a.Deflate {
		dst = append(append(dst, "\r\nSec-WebSocket-Extensions: "...), extension.answer...)
	}
	return append(dst, "\r\n\r\n"...), a, nil
}

func refuse(status int, text string, fields ...string) *http1.Error {
	return &http1.Error{Status: status, Text: text, Fields: fields}
}

// check checks what RFC 6455, section 4.2.1, demands of a request.
func check(req *http.Request) error {
	keys := req.Header["Sec-Websocket-Key"]
	versions := req.Header["Sec-Websocket-Version"]
	switch {
	case !IsUpgrade(req):
		err := refuse(http.StatusUpgradeRequired, "this address is for WebSocket", "Connection: Upgrade", "Upgrade: websocket")
		err.Head = req.Method == http.MethodHead
		return err
	case req.Method != http.MethodGet:
		err := refuse(http.StatusMethodNotAllowed, "an upgrade to WebSocket needs GET", "Allow: GET")
		err.Head = true // http1.Parse accepts no other method
		return err
	case len(versions) != 1 || versions[0] != "13":
		return refuse(http.StatusUpgradeRequired, "only version 13 of WebSocket is supported",
			"Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13")
	case len(keys) != 1 || !validKey(keys[0]):
		return refuse(http.StatusBadRequest, "there is not one valid Sec-WebSocket-Key")
	}
	return nil
}

// validKey reports whether a key is 16 bytes in base64.
func validKey(key string) bool {
	p, err := base64.StdEncoding.Strict().DecodeString(key)
	return err == nil && len(p) == 16
}

// appendAccept appends the value of Sec-WebSocket-Accept (RFC 6455, section 4.2.2).
func appendAccept(dst []byte, key string) []byte {
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")) //nolint:gosec // RFC 6455 has it
	return base64.StdEncoding.AppendEncode(dst, sum[:])
}

// allows reports whether the page that a request comes from may connect (RFC 6455, section
// 10.2).
func (u *Upgrader) allows(req *http.Request) bool {
	origins := req.Header["Origin"]
	if len(origins) == 0 {
		return true
	}
	if len(origins) > 1 || origins[0] == "" {
		return false
	}
	scheme, host, ok := strings.Cut(strings.ToLower(origins[0]), "://")
	if ok && (scheme == "https" || scheme == "http" && req.TLS == nil) && http1.ValidHost(host) && http1.SameHost(scheme, host, req.Host) {
		return true
	}
	return slices.ContainsFunc(u.Origins, func(o string) bool { return o == "*" || strings.EqualFold(o, origins[0]) })
}

// protocols returns the subprotocols that a client offers. ok is false if they are malformed:
// they must be tokens, each there once (RFC 6455, section 4.1).
func protocols(values []string) (offered []string, ok bool) {
	for _, value := range values {
		for p := range strings.SplitSeq(value, ",") {
			p = trim(p)
			if !http1.IsToken(p) || slices.Contains(offered, p) {
				return nil, false
			}
			offered = append(offered, p)
		}
	}
	return offered, true
}

func trim(s string) string { return strings.Trim(s, " \t") }
