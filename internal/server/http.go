package server

import (
	"bytes"
	"cmp"
	"crypto/tls"
	"errors"
	"math"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/sudoXpg/netloop/eventloop"
	"github.com/sudoXpg/netloop/filter/http1"
	"github.com/sudoXpg/netloop/filter/tlsfilter"
	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/codec/text"
)

const (
	// requestTimeout is the time in which the head of an HTTP request must arrive, and
	// keepAlive how long a client may leave a connection unused between two requests.
	requestTimeout = 5 * time.Second
	keepAlive      = 5 * time.Second
	// retryAfter is when a client that is refused may try again, unless something
	// else is known.
	retryAfter = time.Minute
)

// A Site answers the requests for pages.
type Site interface {
	// Answer returns the answer to a GET or HEAD request. It is called on a loop.
	Answer(q *http.Request) *http1.Response
}

var httpProtocol = protocol{name: "http", match: isHTTP, start: startHTTP}

func startHTTP(srv *Server, _ *eventloop.Conn, in arrival) eventloop.Handler {
	return &request{srv: srv, in: in}
}

// A request is the handler of a connection that speaks HTTP/1.1 (RFC 9112): it answers requests
// for pages, one after the other, or makes the connection a session in WebSocket.
// After an answer that closes, the loop discards what follows until the client closes, too, so
// that the answer is not lost.
type request struct {
	srv   *Server
	in    arrival
	input []byte // what is not answered yet
	ended bool
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
	if r.ended {
		return
	}
	if len(r.input) == 0 {
		c.SetDeadline(requestTimeout)
	}
	r.input = append(r.input, p...)
	r.next(c)
}

// next answers the requests that have arrived, until the client has to read the answers.
func (r *request) next(c *eventloop.Conn) {
	for !r.ended && len(r.input) > 0 {
		if c.Buffered() > pauseAt {
			c.Pause()
			return
		}
		q, n, err := http1.Parse(r.input)
		if errors.Is(err, http1.ErrIncomplete) {
			return
		}
		if refused, ok := errors.AsType[*http1.Error](err); ok {
			r.refuse(c, refused)
			return
		}
		rest := r.input[n:]
		r.input = nil
		if r.srv.o.Site != nil && q.URL.Path == socketPath {
			q.TLS = connectionState(c)
			r.upgrade(c, q, rest)
			return
		}
		r.answer(c, q)
		r.input = bytes.Clone(rest)
		c.SetDeadline(keepAlive)
	}
}

// Drained implements eventloop.Handler.
func (r *request) Drained(c *eventloop.Conn) {
	c.Resume()
	r.next(c)
}

// Deadline implements eventloop.DeadlineHandler.
func (r *request) Deadline(c *eventloop.Conn) {
	if len(r.input) == 0 { // a browser keeps a connection for later
		c.Close()
		return
	}
	r.say(c, r.beginsHead(), http.StatusRequestTimeout, chat.NewNote("http-too-slow", "limit", requestTimeout))
}

// EOF implements eventloop.EOFHandler.
func (r *request) EOF(c *eventloop.Conn) {
	if len(r.input) > 0 && !r.ended && c.Buffered() <= pauseAt {
		r.say(c, r.beginsHead(), http.StatusBadRequest, chat.NewNote("http-incomplete"))
		return
	}
	c.Close()
}

// beginsHead reports whether an incomplete request asks for a head alone.
func (r *request) beginsHead() bool { return bytes.HasPrefix(r.input, []byte("HEAD ")) }

// answer answers a request for a page.
func (r *request) answer(c *eventloop.Conn, q *http.Request) {
	switch {
	case r.in.denied != nil:
		r.deny(c, q)
	case q.URL.Path == "/healthz":
		a := r.srv.health()
		a.Head, a.Close = q.Method == http.MethodHead, q.Close
		r.write(c, a)
	case r.srv.o.Site == nil: // the fields belong together (RFC 9110, section 7.8)
		r.say(c, q.Method == http.MethodHead, http.StatusUpgradeRequired, r.invitation(q.Host), "Connection: Upgrade", "Upgrade: websocket")
	default:
		q.TLS = connectionState(c)
		a := r.srv.o.Site.Answer(q)
		a.Head, a.Close = q.Method == http.MethodHead, q.Close
		r.write(c, a)
	}
}

// health tells whether messages can be saved.
func (s *Server) health() *http1.Response {
	a := &http1.Response{Status: http.StatusOK, Fields: plainText, Body: []byte("ok\n")}
	if s.o.Healthy != nil && s.o.Healthy() != nil {
		a.Status, a.Body = http.StatusServiceUnavailable, []byte("messages can't be saved\n")
	}
	return a
}

// deny says why the client is refused.
func (r *request) deny(c *eventloop.Conn, q *http.Request) {
	wait := cmp.Or(r.in.denied.wait, retryAfter)
	r.say(c, q.Method == http.MethodHead, http.StatusServiceUnavailable, r.in.denied.note, "Retry-After: "+strconv.Itoa(int(math.Ceil(wait.Seconds()))))
}

// connectionState returns the state of TLS, nil without it.
func connectionState(c *eventloop.Conn) *tls.ConnectionState {
	if s, ok := tlsfilter.State(c); ok {
		return &s
	}
	return nil
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

var plainText = []string{"Content-Type: text/plain; charset=utf-8", "X-Content-Type-Options: nosniff"}

// say answers with a note, and closes.
func (r *request) say(c *eventloop.Conn, head bool, status int, note *chat.Note, fields ...string) {
	r.write(c, &http1.Response{Status: status, Fields: append(fields, plainText...), Body: []byte(text.Words(note) + "\n"), Head: head, Close: true})
}

// refuse answers a request that is not valid, and closes.
func (r *request) refuse(c *eventloop.Conn, why *http1.Error) { r.write(c, why.Response()) }

func (r *request) write(c *eventloop.Conn, a *http1.Response) {
	c.Write(a.Append(nil, c.Loop().Now()))
	if a.Close {
		r.ended, r.input = true, nil
		c.Close()
	}
}

// Closed implements eventloop.Handler.
func (r *request) Closed(c *eventloop.Conn, _ error) {
	r.srv.depart(c, &r.in, chat.NewNote("not-chat", "protocol", httpProtocol.name))
}
