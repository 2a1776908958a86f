package http1

import (
	"bufio"
	"bytes"
	"errors"
	"net/http"
	"strings"
	"sync"
)

// MaxHead is the length of the longest head that Parse accepts, in bytes.
const MaxHead = 8 << 10

// ErrIncomplete is returned by Parse if the bytes are the beginning of a head. Call
// Parse again when there are more.
var ErrIncomplete = errors.New("http1: incomplete request head")

// An Error is a request that is refused. The connection must be closed after the
// answer.
type Error struct {
	Status int    // of the answer, such as 400
	Text   string // a phrase that tells a client what is wrong
	// Fields are header fields of the answer, such as "Allow: GET, HEAD".
	Fields []string
	// Head is set if the request was a HEAD request, as far as that can be told. Its
	// answer has no body.
	Head bool
}

// Error implements error.
func (e *Error) Error() string { return "http1: " + e.Text }

// ErrTimeout is the error to answer with if a client does not send a whole head in time.
var ErrTimeout = &Error{Status: http.StatusRequestTimeout, Text: "the request took too long to arrive"}

func bad(text string) *Error { return &Error{Status: http.StatusBadRequest, Text: text} }

// Parse parses the head of the request at the beginning of p and returns its length in
// bytes, with the blank line; the request has no body. The error is ErrIncomplete or an
// *Error. Parse keeps no reference to p, and for no request is the outcome different if
// it arrives in pieces. Empty lines before the request, at most one, are part of it
// (RFC 9112, section 2.2).
//
// The request is a server's as by http.ReadRequest. Its RemoteAddr and TLS are not set.
func Parse(p []byte) (req *http.Request, n int, err error) {
	start := 0
	if bytes.HasPrefix(p, []byte("\r\n")) {
		start = 2
	}
	n, err = end(p, start)
	if err == nil {
		req, err = parse(p[start:n])
	}
	if err == nil {
		return req, n, nil
	}
	var refused *Error
	if errors.As(err, &refused) {
		refused.Head = bytes.HasPrefix(p[start:], []byte("HEAD "))
	}
	return nil, 0, err
}

// end returns where the head ends that begins at start, behind its blank line. Each line
// must end with CR LF.
func end(p []byte, start int) (int, error) {
	for at := start; ; {
		i := bytes.IndexByte(p[at:min(len(p), MaxHead)], '\n')
		if i < 0 {
			break
		}
		line := p[at : at+i]
		switch cr := bytes.IndexByte(line, '\r'); {
		case cr < 0:
			return 0, bad("a line ends with LF alone, not with CR LF")
		case cr < i-1:
			return 0, bad("a line contains a CR")
		}
		at += i + 1
		if i == 1 && at > start+2 {
			return at, nil
		} else if i == 1 {
			return 0, bad("the request begins with empty lines")
		}
	}
	switch {
	case len(p) < MaxHead:
		return 0, ErrIncomplete
	case bytes.IndexByte(p[start:MaxHead], '\n') < 0:
		return 0, &Error{Status: http.StatusRequestURITooLong, Text: "the request line is too long"}
	}
	return 0, &Error{Status: http.StatusRequestHeaderFieldsTooLarge, Text: "the head of the request is too long"}
}

// parse parses a whole head, whose lines all end with CR LF.
func parse(head []byte) (*http.Request, error) {
	lines := strings.Split(string(head[:len(head)-4]), "\r\n")
	l, err := parseLine(lines[0])
	if err != nil {
		return nil, err
	}
	var f fields
	for _, line := range lines[1:] {
		if err := f.add(line); err != nil {
			return nil, err
		}
	}
	if err := l.check(); err != nil {
		return nil, err
	}
	if err := f.check(l); err != nil {
		return nil, err
	}
	req, e := readRequest(head)
	if e != nil {
		return nil, bad("the request is malformed")
	}
	if err := checkTarget(req, f.hosts); err != nil {
		return nil, err
	}
	return req, nil
}

// readers are buffers for readRequest: each has 4 KiB.
var readers = sync.Pool{New: func() any { return bufio.NewReader(nil) }}

// readRequest is http.ReadRequest for a head without a body, so the request does not refer to the reader.
func readRequest(head []byte) (*http.Request, error) {
	r, _ := readers.Get().(*bufio.Reader)
	r.Reset(bytes.NewReader(head))
	req, err := http.ReadRequest(r)
	r.Reset(nil)
	readers.Put(r)
	return req, err
}

// A requestLine is the first line of a request (RFC 9112, section 3).
type requestLine struct {
	method, target string
	major, minor   byte // digits
}

func parseLine(line string) (l requestLine, err error) {
	parts := strings.Split(line, " ")
	if len(parts) != 3 {
		return l, bad("the request line is not a method, a target and a version")
	}
	l = requestLine{method: parts[0], target: parts[1]}
	version, ok := strings.CutPrefix(parts[2], "HTTP/")
	switch {
	case !IsToken(l.method):
		return l, bad("the method is malformed")
	case l.target == "" || strings.IndexFunc(l.target, notInTarget) >= 0:
		return l, bad("the target of the request is malformed")
	case !ok || len(version) != 3 || !isDigit(version[0]) || version[1] != '.' || !isDigit(version[2]):
		return l, bad("the version is malformed")
	}
	l.major, l.minor = version[0], version[2]
	return l, nil
}

// notInTarget reports whether c can't be part of a target: URLs have printable ASCII only,
// and a fragment is not sent.
func notInTarget(c rune) bool { return c <= ' ' || c >= 0x7f || c == '#' }

// check checks what is allowed of what is well-formed.
func (l *requestLine) check() error {
	if l.major != '1' {
		return &Error{Status: http.StatusHTTPVersionNotSupported, Text: "only HTTP/1.1 is supported"}
	}
	switch l.method {
	case http.MethodGet, http.MethodHead:
	case http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodConnect, http.MethodOptions,
		http.MethodTrace, http.MethodPatch:
		return &Error{Status: http.StatusMethodNotAllowed, Text: "only GET and HEAD are allowed", Fields: []string{"Allow: GET, HEAD"}}
	default:
		return &Error{Status: http.StatusNotImplemented, Text: "the method is unknown; only GET and HEAD are allowed"}
	}
	return nil
}

// fields are those fields of a head that matter here.
type fields struct {
	hosts   []string
	body    bool // Content-Length or Transfer-Encoding
	upgrade bool
	options []string // of Connection
}

// add adds a line (RFC 9112, section 5).
func (f *fields) add(line string) error {
	if line[0] == ' ' || line[0] == '\t' {
		return bad("a field continues on the next line")
	}
	name, value, ok := strings.Cut(line, ":")
	if !ok || !IsToken(name) {
		return bad("the name of a field is malformed")
	}
	if strings.IndexFunc(value, isControl) >= 0 {
		return bad("the value of a field has control characters")
	}
	value = strings.Trim(value, " \t")
	switch strings.ToLower(name) {
	case "host":
		f.hosts = append(f.hosts, value)
	case "content-length", "transfer-encoding":
		f.body = true
	case "upgrade":
		f.upgrade = true
	case "connection":
		f.options = append(f.options, value)
	}
	return nil
}

// check checks what the fields say together.
func (f *fields) check(l requestLine) error {
	switch {
	case len(f.hosts) > 1:
		return bad("there is more than one Host")
	case len(f.hosts) == 0 && l.minor != '0':
		return bad("there is no Host")
	case len(f.hosts) == 1 && !ValidHost(f.hosts[0]):
		return bad("the Host is malformed")
	case f.body:
		return bad("a body is not accepted: the request has a Content-Length or a Transfer-Encoding")
	case f.upgrade && l.minor != '0' && !HasToken(f.options, "upgrade"): // HTTP/1.0 has no Upgrade: it is ignored
		return bad(`there is an Upgrade without "Connection: upgrade"`)
	}
	return nil
}

// checkTarget checks the target of a request (RFC 9112, section 3.2).
func checkTarget(req *http.Request, hosts []string) error {
	u := req.URL
	switch {
	case strings.HasPrefix(req.RequestURI, "/"):
		return nil
	case u.Scheme != "http" && u.Scheme != "https", u.Opaque != "", u.User != nil, !ValidHost(u.Host):
		return bad("the target is neither a path nor an http URL")
	case len(hosts) == 1 && !SameHost(u.Scheme, u.Host, hosts[0]):
		return bad("the target is a URL of another host than Host")
	}
	return nil
}
