package wsline

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/gobwas/ws"
)

const (
	// MaxResponse is the longest response to the request for an upgrade, in bytes.
	MaxResponse = 16 << 10
	// maxText is how much of the text of a refusal is read, in bytes.
	maxText = 1 << 10
)

var (
	// ErrNoWebSocket is the error for a server whose response is not that of WebSocket.
	ErrNoWebSocket = errors.New("wsline: the server does not speak WebSocket")
	// ErrSubprotocol is the error for a server that does not agree to the subprotocol.
	ErrSubprotocol = errors.New("wsline: the server has no chat over WebSocket")
)

// A RefusedError is the response of a server that refuses the upgrade.
type RefusedError struct {
	Status int
	// Text is the first line of a response in plain text, or "". It is not cleaned.
	Text string
}

// Error implements error.
func (e *RefusedError) Error() string {
	status := strings.TrimSpace(strconv.Itoa(e.Status) + " " + http.StatusText(e.Status))
	if e.Text != "" {
		return "wsline: the server refuses WebSocket: " + e.Text + " (status " + status + ")"
	}
	return "wsline: the server refuses WebSocket: status " + status
}

// Upgrade asks the server at the other end of conn for WebSocket at a path and with a
// subprotocol. host is what the request says of the server: HOST or HOST:PORT. maxMessage is
// the longest message to accept, in bytes. If ctx ends before the server has answered, the
// error is that of ctx. After an error the caller closes conn.
func Upgrade(ctx context.Context, conn net.Conn, host, path, protocol string, maxMessage int) (*Conn, error) {
	var refused *RefusedError
	d := ws.Dialer{
		Protocols: []string{protocol},
		OnStatusError: func(status int, _ []byte, response io.Reader) {
			refused = &RefusedError{Status: status, Text: textOf(response)}
		},
	}
	canceled := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	response := &io.LimitedReader{R: conn, N: MaxResponse}
	in, agreed, err := d.Upgrade(struct {
		io.Reader
		io.Writer
	}{response, conn}, &url.URL{Scheme: "http", Host: host, Path: path})
	if !canceled() {
		return nil, ctx.Err()
	}
	switch {
	case refused != nil:
		return nil, refused
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		if response.N <= 0 {
			return nil, ErrNoWebSocket // its response is too long
		}
		return nil, io.ErrUnexpectedEOF
	case err != nil:
		if _, network := errors.AsType[net.Error](err); network {
			return nil, err
		}
		return nil, ErrNoWebSocket
	case agreed.Protocol != protocol:
		return nil, ErrSubprotocol
	}
	var rest []byte // frames that have come with the response
	if in != nil {
		rest, _ = in.Peek(in.Buffered())
		rest = bytes.Clone(rest)
		ws.PutReader(in)
	}
	return newConn(conn, rest, maxMessage), nil
}

// textOf returns the first line of a response in plain text.
func textOf(response io.Reader) string {
	r, err := http.ReadResponse(bufio.NewReader(response), nil)
	if err != nil {
		return ""
	}
	defer func() { _ = r.Body.Close() }()
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "text/plain") {
		return ""
	}
	text, _ := io.ReadAll(io.LimitReader(r.Body, maxText)) // a part is better than nothing
	line, _, _ := strings.Cut(strings.TrimSpace(string(text)), "\n")
	return strings.TrimSpace(line)
}
