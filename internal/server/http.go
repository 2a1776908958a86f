package server

import (
	"bufio"
	"bytes"
	"cmp"
	"fmt"
	"math"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/sudoXpg/netloop/eventloop"
	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/codec/text"
)

const (
	// maxRequest is the longest head of an HTTP request, in bytes, and requestTimeout
	// the time in which it must arrive.
	maxRequest     = 8 << 10
	requestTimeout = 5 * time.Second
	// retryAfter is when a client that is refused may try again, unless something
	// else is known.
	retryAfter = time.Minute
)

// httpProtocol answers every request with the way to the chat.
var httpProtocol = protocol{name: "http", match: isHTTP, start: startHTTP}

func startHTTP(srv *Server, _ *eventloop.Conn, in arrival) eventloop.Handler {
	return &request{srv: srv, in: in}
}

// A request is the handler of a connection that speaks HTTP/1 (RFC 9112). It reads the
// head of the first request, answers it, and closes. Until the client closes, too, the
// loop discards what follows, so that the answer is not lost.
type request struct {
	srv      *Server
	in       arrival
	head     []byte
	answered bool
}

var (
	_ eventloop.Handler         = (*request)(nil)
	_ eventloop.DeadlineHandler = (*request)(nil)
	_ eventloop.EOFHandler      = (*request)(nil)
)

// Opened implements eventloop.Handler.
func (r *request) Opened(c *eventloop.Conn) { c.SetDeadline(requestTimeout) }

// Received implements eventloop.Handler.
func (r *request) Received(c *eventloop.Conn, p []byte) {
	if r.answered {
		return
	}
	r.head = append(r.head, p...)
	end := headEnd(r.head)
	switch {
	case end > maxRequest, end < 0 && len(r.head) >= maxRequest:
		r.write(c, http.StatusRequestHeaderFieldsTooLarge, chat.NewNote("http-too-long", "most", maxRequest))
	case end >= 0:
		r.answer(c, r.head[:end])
	}
}

// headEnd returns the length of the head of a request, including the blank line, or -1.
// A line may end with LF alone (RFC 9112, section 2.2).
func headEnd(p []byte) int {
	for at := 0; ; {
		i := bytes.IndexByte(p[at:], '\n')
		if i < 0 {
			return -1
		}
		at += i + 1
		switch {
		case bytes.HasPrefix(p[at:], []byte("\n")):
			return at + 1
		case bytes.HasPrefix(p[at:], []byte("\r\n")):
			return at + 2
		}
	}
}

// Deadline implements eventloop.DeadlineHandler.
func (r *request) Deadline(c *eventloop.Conn) {
	if len(r.head) == 0 { // a browser keeps a connection for later
		c.Close()
		return
	}
	r.write(c, http.StatusRequestTimeout, chat.NewNote("http-too-slow", "limit", requestTimeout))
}

// EOF implements eventloop.EOFHandler.
func (r *request) EOF(c *eventloop.Conn) {
	if len(r.head) > 0 && !r.answered {
		r.write(c, http.StatusBadRequest, chat.NewNote("http-incomplete"))
		return
	}
	c.Close()
}

// answer answers a request with this head.
func (r *request) answer(c *eventloop.Conn, head []byte) {
	q, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(head)))
	switch {
	case err != nil, q.ProtoAtLeast(1, 1) && q.ProtoMajor == 1 && q.Host == "":
		r.write(c, http.StatusBadRequest, chat.NewNote("http-malformed"))
	case q.ProtoMajor != 1:
		r.write(c, http.StatusHTTPVersionNotSupported, chat.NewNote("http-version"))
	case r.in.denied != nil:
		wait := cmp.Or(r.in.denied.wait, retryAfter)
		r.write(c, http.StatusServiceUnavailable, r.in.denied.note, "Retry-After: "+strconv.Itoa(int(math.Ceil(wait.Seconds()))))
	default: // the fields belong together (RFC 9110, section 7.8)
		r.write(c, http.StatusUpgradeRequired, r.invitation(q.Host), "Connection: Upgrade", "Upgrade: websocket")
	}
}

// invitation tells how to connect to the host to which a request was sent.
func (r *request) invitation(host string) *chat.Note {
	name, port, ok := splitHost(host, r.in.secure)
	if !ok {
		name, port = "HOST", "PORT"
	}
	if r.in.secure {
		return chat.NewNote("http-chat-tls", "address", net.JoinHostPort(name, port))
	}
	return chat.NewNote("http-chat", "host", name, "port", port)
}

// splitHost splits the Host field of a request, if it is valid: it may come from anybody.
func splitHost(field string, secure bool) (name, port string, ok bool) {
	name, port, err := net.SplitHostPort(field)
	if err != nil {
		name, port = strings.TrimSuffix(strings.TrimPrefix(field, "["), "]"), "80"
		if secure {
			port = "443"
		}
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return "", "", false
	}
	if _, err := netip.ParseAddr(name); err == nil {
		return name, port, !strings.Contains(name, "%")
	}
	const longest = 253
	other := func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '.'
	}
	return name, port, name != "" && len(name) <= longest && name[0] != '-' && strings.IndexFunc(name, other) < 0
}

// write sends an answer, and closes.
func (r *request) write(c *eventloop.Conn, status int, note *chat.Note, fields ...string) {
	r.answered = true
	body := text.Words(note) + "\n"
	var b bytes.Buffer
	fmt.Fprintf(&b, "HTTP/1.1 %d %s\r\nDate: %s\r\nConnection: close\r\n", status, http.StatusText(status),
		c.Loop().Now().UTC().Format(http.TimeFormat))
	for _, field := range fields {
		b.WriteString(field + "\r\n")
	}
	fmt.Fprintf(&b, "Content-Type: text/plain; charset=utf-8\r\nContent-Length: %d\r\n\r\n", len(body))
	if !bytes.HasPrefix(r.head, []byte("HEAD ")) {
		b.WriteString(body)
	}
	c.Write(b.Bytes())
	c.Close()
}

// Drained implements eventloop.Handler.
func (r *request) Drained(*eventloop.Conn) {}

// Closed implements eventloop.Handler.
func (r *request) Closed(c *eventloop.Conn, _ error) {
	r.srv.depart(c, &r.in, chat.NewNote("not-chat", "protocol", httpProtocol.name))
}
