package http1_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/sudoXpg/netloop/filter/http1"
)

const host = "Host: a.test\r\n"

// heads are heads of requests, each with the status of its answer; 200 means that it is
// accepted. Section numbers are those of RFC 9112, or 9110 with a G.
var heads = []struct {
	section, name, head string
	status              int
}{
	{"2.1", "the simplest", "GET / HTTP/1.1\r\n" + host + "\r\n", 200},
	{"2.1", "HEAD", "HEAD / HTTP/1.1\r\n" + host + "\r\n", 200},
	{"2.2", "one empty line before", "\r\nGET / HTTP/1.1\r\n" + host + "\r\n", 200},
	{"2.2", "two empty lines before", "\r\n\r\nGET / HTTP/1.1\r\n" + host + "\r\n", 400},
	{"2.2", "bare LF after the request line", "GET / HTTP/1.1\n" + host + "\r\n", 400},
	{"2.2", "bare LF after a field", "GET / HTTP/1.1\r\nHost: a.test\n\r\n", 400},
	{"2.2", "bare LF at the end", "GET / HTTP/1.1\r\n" + host + "\n", 400},
	{"2.2", "bare LF only", "GET / HTTP/1.1\nHost: a.test\n\n", 400},
	{"2.2", "bare CR in the request line", "GET /\r HTTP/1.1\r\n" + host + "\r\n", 400},
	{"2.2", "bare CR in a field", "GET / HTTP/1.1\r\n" + host + "A: b\rc\r\n\r\n", 400},
	{"2.2", "two CRs", "GET / HTTP/1.1\r\r\n" + host + "\r\n", 400},
	{"2.2", "space before the first field", "GET / HTTP/1.1\r\n " + host + "\r\n", 400},
	{"2.3", "HTTP/1.0 without Host", "GET / HTTP/1.0\r\n\r\n", 200},
	{"2.3", "HTTP/1.0 with two Hosts", "GET / HTTP/1.0\r\n" + host + host + "\r\n", 400},
	{"2.3", "a later version of HTTP/1", "GET / HTTP/1.2\r\n" + host + "\r\n", 200},
	{"2.3", "HTTP/2.0", "GET / HTTP/2.0\r\n" + host + "\r\n", 505},
	{"2.3", "the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\n", 505},
	{"2.3", "HTTP/0.9", "GET /\r\n\r\n", 400},
	{"2.3", "a version in lower case", "GET / http/1.1\r\n" + host + "\r\n", 400},
	{"2.3", "a version without a minor", "GET / HTTP/1\r\n" + host + "\r\n", 400},
	{"2.3", "a version with two digits", "GET / HTTP/1.10\r\n" + host + "\r\n", 400},
	{"3", "two spaces", "GET  / HTTP/1.1\r\n" + host + "\r\n", 400},
	{"3", "a tab", "GET\t/ HTTP/1.1\r\n" + host + "\r\n", 400},
	{"3", "a space at the end", "GET / HTTP/1.1 \r\n" + host + "\r\n", 400},
	{"3", "a space in the target", "GET /a b HTTP/1.1\r\n" + host + "\r\n", 400},
	{"3", "no target", "GET HTTP/1.1\r\n" + host + "\r\n", 400},
	{"3", "8,000 bytes of target", "GET /" + strings.Repeat("a", 8000) + " HTTP/1.1\r\n" + host + "\r\n", 200},
	{"3", "a target that is too long", "GET /" + strings.Repeat("a", 8<<10), 414},
	{"3.1", "a malformed method", "G(T / HTTP/1.1\r\n" + host + "\r\n", 400},
	{"3.1", "a method in lower case", "get / HTTP/1.1\r\n" + host + "\r\n", 501},
	{"3.1", "an unknown method", "BREW / HTTP/1.1\r\n" + host + "\r\n", 501},
	{"3.1", "POST", "POST / HTTP/1.1\r\n" + host + "Content-Length: 1\r\n\r\n", 405},
	{"3.1", "OPTIONS", "OPTIONS * HTTP/1.1\r\n" + host + "\r\n", 405},
	{"3.1", "TRACE", "TRACE / HTTP/1.1\r\n" + host + "\r\n", 405},
	{"3.2", "no Host", "GET / HTTP/1.1\r\n\r\n", 400},
	{"3.2", "two Hosts", "GET / HTTP/1.1\r\n" + host + "Host: b.test\r\n\r\n", 400},
	{"3.2", "two equal Hosts", "GET / HTTP/1.1\r\n" + host + host + "\r\n", 400},
	{"3.2", "an empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", 400},
	{"3.2", "a Host with a path", "GET / HTTP/1.1\r\nHost: a.test/b\r\n\r\n", 400},
	{"3.2", "a Host with a user", "GET / HTTP/1.1\r\nHost: b@a.test\r\n\r\n", 400},
	{"3.2", "a list of Hosts", "GET / HTTP/1.1\r\nHost: a.test, b.test\r\n\r\n", 400},
	{"3.2", "a Host with a bad port", "GET / HTTP/1.1\r\nHost: a.test:65536\r\n\r\n", 400},
	{"3.2", "a Host with a port that is no number", "GET / HTTP/1.1\r\nHost: a.test:-1\r\n\r\n", 400},
	{"3.2", "a Host with a port", "GET / HTTP/1.1\r\nHost: a.test:9034\r\n\r\n", 200},
	{"3.2", "an IPv6 Host", "GET / HTTP/1.1\r\nHost: [::1]:9034\r\n\r\n", 200},
	{"3.2", "an IPv6 Host without brackets", "GET / HTTP/1.1\r\nHost: ::1\r\n\r\n", 400},
	{"3.2", "an IPv6 Host with a zone", "GET / HTTP/1.1\r\nHost: [fe80::1%25eth0]\r\n\r\n", 400},
	{"3.2.1", "a target without a slash", "GET index.html HTTP/1.1\r\n" + host + "\r\n", 400},
	{"3.2.1", "a query", "GET /?a=b&c HTTP/1.1\r\n" + host + "\r\n", 200},
	{"3.2.1", "two slashes", "GET //b.test/ HTTP/1.1\r\n" + host + "\r\n", 200},
	{"3.2.1", "a fragment", "GET /#a HTTP/1.1\r\n" + host + "\r\n", 400},
	{"3.2.1", "a bad escape", "GET /%zz HTTP/1.1\r\n" + host + "\r\n", 400},
	{"3.2.1", "a byte that is not ASCII", "GET /\xc3\xa4 HTTP/1.1\r\n" + host + "\r\n", 400},
	{"3.2.1", "a NUL", "GET /\x00 HTTP/1.1\r\n" + host + "\r\n", 400},
	{"3.2.2", "an absolute target", "GET http://a.test/ HTTP/1.1\r\n" + host + "\r\n", 200},
	{"3.2.2", "an absolute target in capitals", "GET HTTP://A.TEST:80/ HTTP/1.1\r\n" + host + "\r\n", 200},
	{"3.2.2", "an absolute target of another host", "GET http://b.test/ HTTP/1.1\r\n" + host + "\r\n", 400},
	{"3.2.2", "an absolute target of another port", "GET http://a.test:81/ HTTP/1.1\r\n" + host + "\r\n", 400},
	{"3.2.2", "an absolute target with a user", "GET http://u@a.test/ HTTP/1.1\r\n" + host + "\r\n", 400},
	{"3.2.2", "an absolute target without Host", "GET http://a.test/ HTTP/1.1\r\n\r\n", 400},
	{"3.2.2", "another scheme", "GET ftp://a.test/ HTTP/1.1\r\n" + host + "\r\n", 400},
	{"3.2.3", "an authority", "GET a.test:80 HTTP/1.1\r\n" + host + "\r\n", 400},
	{"3.2.3", "CONNECT", "CONNECT a.test:80 HTTP/1.1\r\n" + host + "\r\n", 405},
	{"3.2.4", "an asterisk", "GET * HTTP/1.1\r\n" + host + "\r\n", 400},
	{"5", "a field without a colon", "GET / HTTP/1.1\r\n" + host + "field\r\n\r\n", 400},
	{"5", "a field without a name", "GET / HTTP/1.1\r\n" + host + ": b\r\n\r\n", 400},
	{"5.1", "a space before the colon", "GET / HTTP/1.1\r\nHost : a.test\r\n\r\n", 400},
	{"5.1", "a tab before the colon", "GET / HTTP/1.1\r\n" + host + "A\t: b\r\n\r\n", 400},
	{"5.1", "no space after the colon", "GET / HTTP/1.1\r\nHost:a.test\r\n\r\n", 200},
	{"5.1", "spaces around a value", "GET / HTTP/1.1\r\nHost: \t a.test \t\r\n\r\n", 200},
	{"5.1", "a malformed name", "GET / HTTP/1.1\r\n" + host + "A(: b\r\n\r\n", 400},
	{"5.1", "a name that is not ASCII", "GET / HTTP/1.1\r\n" + host + "\xc3\xa4: b\r\n\r\n", 400},
	{"5.2", "a field that continues", "GET / HTTP/1.1\r\n" + host + "A: b\r\n c\r\n\r\n", 400},
	{"5.2", "a field that continues with a tab", "GET / HTTP/1.1\r\n" + host + "A: b\r\n\tc\r\n\r\n", 400},
	{"G5.4", "a head that is too long", "GET / HTTP/1.1\r\n" + host + "A: " + strings.Repeat("b", 8<<10) + "\r\n\r\n", 431},
	{"G5.4", "too many fields", "GET / HTTP/1.1\r\n" + host + strings.Repeat("A: b\r\n", 2000) + "\r\n", 431},
	{"G5.5", "a NUL in a value", "GET / HTTP/1.1\r\n" + host + "A: \x00\r\n\r\n", 400},
	{"G5.5", "a DEL in a value", "GET / HTTP/1.1\r\n" + host + "A: \x7f\r\n\r\n", 400},
	{"G5.5", "a value that is not ASCII", "GET / HTTP/1.1\r\n" + host + "A: \xe4\r\n\r\n", 200},
	{"G5.5", "an empty value", "GET / HTTP/1.1\r\n" + host + "A:\r\n\r\n", 200},
	{"6", "Content-Length", "GET / HTTP/1.1\r\n" + host + "Content-Length: 0\r\n\r\n", 400},
	{"6", "Content-Length of HEAD", "HEAD / HTTP/1.1\r\n" + host + "content-length: 5\r\n\r\nhello", 400},
	{"6", "Transfer-Encoding", "GET / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
	{"6", "both", "GET / HTTP/1.1\r\n" + host + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
	{"6", "TE", "GET / HTTP/1.1\r\n" + host + "TE: trailers\r\n\r\n", 200},
	{"G7.8", "Upgrade", "GET / HTTP/1.1\r\n" + host + "Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n\r\n", 200},
	{"G7.8", "Upgrade in two Connections", "GET / HTTP/1.1\r\n" + host + "Upgrade: h2c\r\nConnection: a\r\nConnection: upgrade\r\n\r\n", 200},
	{"G7.8", "Upgrade without Connection", "GET / HTTP/1.1\r\n" + host + "Upgrade: websocket\r\n\r\n", 400},
	{"G7.8", "Upgrade with another Connection", "GET / HTTP/1.1\r\n" + host + "Upgrade: websocket\r\nConnection: close\r\n\r\n", 400},
	{"G7.8", "Connection: upgrade without Upgrade", "GET / HTTP/1.1\r\n" + host + "Connection: upgrade\r\n\r\n", 200},
	{"G7.8", "Upgrade in HTTP/1.0", "GET / HTTP/1.0\r\n" + host + "Upgrade: websocket\r\n\r\n", 200},
	{"G9.3.6", "what follows", "GET / HTTP/1.1\r\n" + host + "\r\n\n\r what comes next", 200},
}

// status returns the status of the answer, 0 for a head that is incomplete.
func status(t *testing.T, err error) int {
	t.Helper()
	var refused *http1.Error
	switch {
	case err == nil:
		return 200
	case errors.Is(err, http1.ErrIncomplete):
		return 0
	case errors.As(err, &refused):
		return refused.Status
	}
	t.Fatal(err)
	return 0
}

// arrive parses a head whose bytes arrive one by one.
func arrive(head string) (req *http.Request, n int, err error) {
	for n := range len(head) {
		if req, end, err := http1.Parse([]byte(head[:n])); !errors.Is(err, http1.ErrIncomplete) {
			return req, end, err
		}
	}
	return http1.Parse([]byte(head))
}

func TestHeads(t *testing.T) {
	for _, c := range heads {
		t.Run(c.section+"/"+c.name, func(t *testing.T) {
			req, n, err := http1.Parse([]byte(c.head))
			if got := status(t, err); got != c.status {
				t.Fatalf("%q: %d, %v; want %d", c.head, got, err, c.status)
			}
			if err == nil && (n != strings.Index(c.head[2:], "\r\n\r\n")+6 || req.Body != http.NoBody) {
				t.Errorf("the head of %q has %d bytes, and a body %v", c.head, n, req.Body)
			}
			_, m, err2 := arrive(c.head)
			if m != n || fmt.Sprint(err2) != fmt.Sprint(err) {
				t.Errorf("%q, byte by byte: %d, %v; want %d, %v", c.head, m, err2, n, err)
			}
		})
	}
}

func TestARequestIsThatOfTheStandardLibrary(t *testing.T) {
	head := "GET /chat?a=b HTTP/1.1\r\nHost: a.test:80\r\nOrigin: http://a.test\r\nUser-Agent: x\r\n\r\n"
	req, _, err := http1.Parse([]byte(head))
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprint(req.Method, req.URL.Path, req.URL.RawQuery, req.Proto, req.Host, req.Header.Get("Origin"), req.UserAgent())
	if want := fmt.Sprint("GET", "/chat", "a=b", "HTTP/1.1", "a.test:80", "http://a.test", "x"); got != want {
		t.Errorf("%s; want %s", got, want)
	}
}

func TestAnswersCanBeRead(t *testing.T) {
	now := time.Date(2026, 11, 29, 8, 0, 0, 0, time.FixedZone("", 3600))
	for _, c := range heads {
		_, _, err := http1.Parse([]byte(c.head))
		var refused *http1.Error
		if !errors.As(err, &refused) {
			continue
		}
		method, _, _ := strings.Cut(c.head, " ")
		answer := refused.Response().Append([]byte("before"), now)[len("before"):]
		resp, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(answer)), &http.Request{Method: method})
		if err != nil {
			t.Fatalf("%q: %v", answer, err)
		}
		body, err := io.ReadAll(resp.Body)
		if resp.StatusCode != c.status || err != nil || !resp.Close || resp.Header.Get("Date") != "Sun, 29 Nov 2026 07:00:00 GMT" {
			t.Errorf("%s: %q, %v", c.name, answer, err)
		}
		if want := refused.Text + "\n"; method == "HEAD" {
			if len(body) > 0 || bytes.Contains(answer, []byte(want)) {
				t.Errorf("%s: a body in answer to HEAD: %q", c.name, answer)
			}
		} else if string(body) != want {
			t.Errorf("%s: %q; want %q", c.name, body, want)
		}
		if resp.StatusCode == http.StatusMethodNotAllowed && resp.Header.Get("Allow") != "GET, HEAD" {
			t.Errorf("%s: %q has no Allow", c.name, answer)
		}
	}
}

func TestSameHost(t *testing.T) {
	for _, c := range []struct {
		scheme, a, b string
		want         bool
	}{
		{"http", "a.test", "A.TEST", true},
		{"http", "a.test", "a.test:80", true},
		{"https", "a.test:443", "a.test", true},
		{"wss", "a.test:443", "a.test:", true},
		{"https", "a.test", "a.test:80", false},
		{"http", "[::1]", "[::1]:80", true},
		{"http", "[::1]", "[::2]", false},
		{"http", "a.test", "b.a.test", false},
		{"http", "a.test:1", "a.test:2", false},
	} {
		if got := http1.SameHost(c.scheme, c.a, c.b); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}

// What Parse accepts, net/http accepts, and it is the same request in pieces.
func FuzzParse(f *testing.F) {
	for _, c := range heads {
		f.Add([]byte(c.head))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		before := bytes.Clone(in)
		req, n, err := http1.Parse(in)
		if !bytes.Equal(in, before) {
			t.Fatal("the input was changed")
		}
		if len(in) < 512 {
			_, m, err2 := arrive(string(in))
			if m != n || fmt.Sprint(err2) != fmt.Sprint(err) {
				t.Fatalf("%q, byte by byte: %d, %v; want %d, %v", in, m, err2, n, err)
			}
		}
		if status(t, err) != 200 {
			return
		}
		head := in[:n]
		std, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(bytes.TrimPrefix(head, []byte("\r\n")))))
		switch {
		case err != nil:
			t.Fatalf("%q: net/http says %v", head, err)
		case std.Host != req.Host || std.RequestURI != req.RequestURI || len(std.Header) != len(req.Header):
			t.Fatalf("%q: %v; net/http has %v", head, req, std)
		case !bytes.HasSuffix(head, []byte("\r\n\r\n")), n > http1.MaxHead:
			t.Fatalf("a head of %d bytes: %q", n, head)
		case req.Method != "GET" && req.Method != "HEAD", req.ContentLength != 0, len(req.TransferEncoding) > 0:
			t.Fatalf("%q is accepted", head)
		case req.ProtoAtLeast(1, 1) && !http1.ValidHost(req.Host):
			t.Fatalf("%q has the host %q", head, req.Host)
		case bytes.Count(head, []byte("\n")) != bytes.Count(head, []byte("\r\n")), bytes.Count(head, []byte("\r")) != bytes.Count(head, []byte("\r\n")):
			t.Fatalf("%q has a bare CR or LF", head)
		}
	})
}
