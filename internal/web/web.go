// Package web has the browser client: its files, and the answers to requests for them.
//
// The files are plain HTML, CSS and JavaScript modules. The modules are joined to one; nothing
// else is changed. All but the page itself and its service worker have a URL that contains a
// hash of all of them, so that browsers may keep them for good. Nothing is loaded from anywhere
// else.
package web

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"crypto/sha256"
	"crypto/x509"
	"embed"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"mime"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/sudoXpg/netloop/filter/http1"
)

//go:embed page/*.html page/*.css page/*.js page/*.webmanifest page/*.png page/*.svg page/view
var embedded embed.FS

// assets stands in the page and the service worker for the folder of the other files, and
// names in the service worker for their names.
const (
	assets = "{{assets}}"
	names  = "{{files}}"
)

// worker is the service worker. It controls the page only if its URL is not below a folder, so
// it is served at the root.
const worker = "sw.js"

// script is the module that the page loads.
const script = "main.js"

// policy is the Content-Security-Policy (W3C CSP Level 3): everything from this server, and
// scripts only as files. The one trusted type is the URL of the service worker.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; manifest-src 'self'; worker-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types service-worker"

var always = []string{
	"Content-Security-Policy: " + policy,
	"X-Content-Type-Options: nosniff",
	"Referrer-Policy: no-referrer",
	"Cross-Origin-Opener-Policy: same-origin",
	"Cross-Origin-Resource-Policy: same-origin",
	"Permissions-Policy: camera=(), geolocation=(), microphone=()",
}

// Certificates tell about the certificate of a server. Their methods are called on loops.
type Certificates interface {
	// Leaf is the certificate of the server.
	Leaf() *x509.Certificate
	// Authority is that of the site's authority, nil if it has not signed Leaf.
	Authority() *x509.Certificate
	// Trusted reports whether machines trust Leaf that know nothing of the server.
	Trusted() bool
}

// A Site answers requests for the files. Its methods may be called from any goroutine.
type Site struct {
	files map[string]*file // by path
	certs Certificates     // nil without TLS
	trust trustPages
}

// A file is one that is served.
type file struct {
	body   []byte
	zipped func() []byte // compressed when it is asked for first; nil if that is no shorter
	etag   string
	fields []string
}

// New returns the Site of the embedded files. c is nil without TLS.
func New(c Certificates) (*Site, error) {
	folder, err := fs.Sub(embedded, "page")
	if err != nil {
		return nil, err
	}
	s, err := newSite(folder)
	if err != nil {
		return nil, err
	}
	s.certs = c
	return s, s.addTrust()
}

// newSite returns a Site of the files in a folder. Its page is index.html.
func newSite(folder fs.FS) (*Site, error) {
	all := make(map[string][]byte)
	err := fs.WalkDir(folder, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		all[name], err = fs.ReadFile(folder, name)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("web: %w", err)
	}
	index, ok := all["index.html"]
	if !ok {
		return nil, errors.New("web: no index.html")
	}
	if err := join(all, script); err != nil {
		return nil, err
	}
	base := "/" + version(all) + "/"
	s := &Site{files: make(map[string]*file)}
	var below []string
	for _, name := range slices.Sorted(maps.Keys(all)) {
		body := all[name]
		if name == "index.html" || name == worker {
			continue
		}
		below = append(below, name)
		kept := "Cache-Control: public, max-age=31536000, immutable"
		s.add(base+name, body, kept)
	}
	at := func(body []byte) []byte {
		return bytes.ReplaceAll(body, []byte(assets), []byte(strings.TrimSuffix(base, "/")))
	}
	if body, ok := all[worker]; ok {
		body = bytes.ReplaceAll(body, []byte(names), []byte(strings.Join(below, " ")))
		s.add("/"+worker, at(body), "Cache-Control: no-cache")
	}
	s.add("/", at(index), "Cache-Control: no-cache")
	return s, nil
}

// version returns a hash of all files.
func version(all map[string][]byte) string {
	h := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		_, _ = fmt.Fprintf(h, "%s %d\n%s", name, len(all[name]), all[name])
	}
	return tag(h.Sum(nil))
}

// tag shortens a hash.
func tag(sum []byte) string { return base64.RawURLEncoding.EncodeToString(sum[:12]) }

func (s *Site) add(name string, body []byte, cache string) {
	sum := sha256.Sum256(body)
	f := &file{body: body, zipped: sync.OnceValue(func() []byte { return zip(body) }), etag: `"` + tag(sum[:]) + `"`}
	kind := cmp.Or(mime.TypeByExtension(path.Ext(name)), types[path.Ext(name)], "text/html; charset=utf-8")
	if own := types[path.Ext(name)]; own != "" { // whatever the system's table says
		kind = own
	}
	f.fields = append(slices.Clone(always), "Content-Type: "+kind, cache, "Vary: Accept-Encoding")
	s.files[name] = f
}

// zippers have a megabyte each, which most servers need only once.
var zippers = sync.Pool{New: func() any { return gzip.NewWriter(nil) }}

// zip compresses a file; nil if it is no shorter then.
func zip(body []byte) []byte {
	var zipped bytes.Buffer
	w, _ := zippers.Get().(*gzip.Writer)
	defer zippers.Put(w)
	w.Reset(&zipped)
	_, _ = w.Write(body) // a Buffer takes everything
	_ = w.Close()
	if zipped.Len() >= len(body) {
		return nil
	}
	return zipped.Bytes()
}

// types are those of the files, by the ends of their names.
var types = map[string]string{
	".html":        "text/html; charset=utf-8",
	".css":         "text/css; charset=utf-8",
	".js":          "text/javascript; charset=utf-8",
	".svg":         "image/svg+xml",
	".png":         "image/png",
	".webmanifest": "application/manifest+json",
}

// Answer returns the answer to a GET or HEAD request, whose TLS is set if it came over TLS.
func (s *Site) Answer(q *http.Request) *http1.Response {
	a := s.answer(q)
	if q.TLS != nil && s.certs != nil && s.certs.Trusted() {
		a.Fields = append(slices.Clone(a.Fields), strictTransport)
	}
	return a
}

// strictTransport makes browsers use TLS for this host from now on (RFC 6797). It is short, and
// leaves out other hosts, as there may be other servers, and this one may be reinstalled.
const strictTransport = "Strict-Transport-Security: max-age=2592000"

func (s *Site) answer(q *http.Request) *http1.Response {
	if a := s.answerTrust(q); a != nil {
		return a
	}
	f := s.files[q.URL.Path]
	if f == nil {
		return notFound("There is no page at this address. The chat is at /\n")
	}
	etag, body, fields := f.etag, f.body, f.fields
	if accepts(q.Header.Get("Accept-Encoding"), "gzip") && f.zipped() != nil {
		etag, body = strings.TrimSuffix(etag, `"`)+`-gzip"`, f.zipped()
		fields = append(slices.Clone(fields), "Content-Encoding: gzip")
	}
	fields = append(slices.Clone(fields), "ETag: "+etag)
	if slices.Contains(strings.FieldsFunc(q.Header.Get("If-None-Match"), func(c rune) bool { return c == ',' || c == ' ' }), etag) {
		return &http1.Response{Status: http.StatusNotModified, Fields: fields}
	}
	return &http1.Response{Status: http.StatusOK, Fields: fields, Body: body}
}

func notFound(text string) *http1.Response {
	return &http1.Response{
		Status: http.StatusNotFound, Body: []byte(text),
		Fields: append(slices.Clone(always), "Content-Type: text/plain; charset=utf-8"),
	}
}

// accepts reports whether a coding is accepted (RFC 9110, section 12.5.3).
func accepts(field, coding string) bool {
	for one := range strings.SplitSeq(field, ",") {
		name, weight, _ := strings.Cut(one, ";")
		if strings.EqualFold(strings.TrimSpace(name), coding) {
			q, ok := strings.CutPrefix(strings.ReplaceAll(weight, " ", ""), "q=")
			return !ok || strings.Trim(q, "0.") != ""
		}
	}
	return false
}
