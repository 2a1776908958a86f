package web

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"embed"
	"encoding/pem"
	"fmt"
	"html/template"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"

	"rsc.io/qr"

	"github.com/sudoXpg/netloop/filter/http1"
	"github.com/sudoXpg/netloop/internal/certs"
)

//go:embed trust
var trustFiles embed.FS

// The pages about the site's authority, which users who want to trust it read, and what they
// take from there.
const (
	trustPage  = "/trust"
	trustCheck = "/trust/check"
	trustDER   = "/trust/authority.crt"
	trustPEM   = "/trust/authority.pem"
	trustCode  = "/trust/fingerprint.png"
	trustStyle = "/trust/trust.css"
	trustIcon  = "/trust/icon.svg"
)

// trustPages are the pages about the site's authority.
type trustPages struct {
	pages map[string]*template.Template // by language
	code  atomic.Pointer[code]
}

// A code is a picture of a fingerprint.
type code struct {
	fingerprint string
	png         []byte
}

// trustLanguages are those of the pages. The first is for browsers that want neither.
var trustLanguages = []string{"en", "de"}

// addTrust reads the pages about the authority.
func (s *Site) addTrust() error {
	s.trust.pages = make(map[string]*template.Template)
	for _, language := range trustLanguages {
		page, err := template.ParseFS(trustFiles, "trust/"+language+".html")
		if err != nil {
			return fmt.Errorf("web: %w", err)
		}
		s.trust.pages[language] = page
	}
	style, err := trustFiles.ReadFile("trust/trust.css")
	if err != nil {
		return fmt.Errorf("web: %w", err)
	}
	s.add(trustStyle, style, "Cache-Control: no-cache")
	icon, err := embedded.ReadFile("page/icon.svg")
	if err != nil {
		return fmt.Errorf("web: %w", err)
	}
	s.add(trustIcon, icon, "Cache-Control: no-cache")
	return nil
}

// A trusting is what a page about the authority says.
type trusting struct {
	TLS         bool   // the server has TLS
	Checked     bool   // the browser has come over TLS, to see that it worked
	Secure      bool   // the browser has come over TLS
	Name        string // of the authority, "" for none
	Fingerprint []string
	Until       string
	Scope       string
	Host        string // where the browser has come to, "" if the certificate is not for that
	Check       string // the URL that shows that it worked
	Hosts       []string
}

// answerTrust answers a request for a page about the authority, or what belongs to it; nil:
// it is for something else.
func (s *Site) answerTrust(q *http.Request) *http1.Response {
	switch q.URL.Path {
	case trustPage, trustPage + "/", trustCheck, trustDER, trustPEM, trustCode:
	default:
		return nil
	}
	var root *x509.Certificate
	if s.certs != nil {
		root = s.certs.Authority()
	}
	switch q.URL.Path {
	case trustDER, trustPEM, trustCode:
		if root == nil {
			return notFound("The certificate of this server is not signed by an authority of its own. Operators: see chatsrv help ca\n")
		}
	}
	switch q.URL.Path {
	case trustDER:
		return trustAnswer("application/x-x509-ca-cert", root.Raw)
	case trustPEM:
		return trustAnswer("application/x-pem-file", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: root.Raw}),
			`Content-Disposition: attachment; filename="chat-authority.pem"`)
	case trustCode:
		return trustAnswer(types[".png"], s.trust.picture(certs.Fingerprint(root)))
	}
	language := preferred(q.Header.Get("Accept-Language"))
	var page bytes.Buffer
	if err := s.trust.pages[language].Execute(&page, s.trusting(q, root)); err != nil {
		return &http1.Response{Status: http.StatusInternalServerError, Fields: always, Body: []byte("the page can't be made\n")}
	}
	return trustAnswer(types[".html"], page.Bytes(), "Content-Language: "+language, "Vary: Accept-Language")
}

func trustAnswer(kind string, body []byte, fields ...string) *http1.Response {
	return &http1.Response{
		Status: http.StatusOK, Body: body,
		Fields: slices.Concat(always, []string{"Content-Type: " + kind, "Cache-Control: no-cache"}, fields),
	}
}

// trusting collects what a page says; root is nil if there is no authority.
func (s *Site) trusting(q *http.Request, root *x509.Certificate) trusting {
	if root == nil {
		return trusting{TLS: s.certs != nil, Secure: q.TLS != nil, Host: q.Host}
	}
	leaf := s.certs.Leaf()
	v := trusting{
		TLS: true, Secure: q.TLS != nil, Checked: q.TLS != nil && q.URL.Path == trustCheck,
		Name: root.Subject.CommonName, Fingerprint: groups(certs.Fingerprint(root)),
		Until: root.NotAfter.Format("2006-01-02"), Scope: certs.ScopeOf(root).String(),
	}
	host, port, err := net.SplitHostPort(q.Host)
	if err != nil {
		host, port = strings.Trim(q.Host, "[]"), ""
	}
	at := func(host string) string {
		if port == "" {
			if strings.Contains(host, ":") {
				return "[" + host + "]"
			}
			return host
		}
		return net.JoinHostPort(host, port)
	}
	all := slices.Clone(leaf.DNSNames)
	for _, ip := range leaf.IPAddresses {
		all = append(all, ip.String())
	}
	for _, one := range all {
		v.Hosts = append(v.Hosts, at(one))
	}
	if leaf.VerifyHostname(host) == nil {
		v.Host, v.Check = at(host), "https://"+at(host)+trustCheck
	}
	return v
}

// groups splits a fingerprint into four parts, which are easier to compare.
func groups(fingerprint string) (all []string) {
	const each = len("AA:") * sha256.Size / 4
	for part := range slices.Chunk([]byte(fingerprint+":"), each) {
		all = append(all, strings.TrimSuffix(string(part), ":"))
	}
	return all
}

// picture returns the QR code of a fingerprint as a picture.
func (p *trustPages) picture(fingerprint string) []byte {
	if c := p.code.Load(); c != nil && c.fingerprint == fingerprint {
		return c.png
	}
	drawn, err := qr.Encode(fingerprint, qr.M)
	if err != nil { // it is never too long
		return nil
	}
	const pixels = 4 // of each module
	drawn.Scale = pixels
	c := &code{fingerprint, drawn.PNG()}
	p.code.Store(c)
	return c.png
}

// preferred returns the language of a page for an Accept-Language field (RFC 9110, section
// 12.5.4): the first that there is, as browsers list them in order.
func preferred(field string) string {
	for one := range strings.SplitSeq(field, ",") {
		tag, _, _ := strings.Cut(strings.TrimSpace(one), ";")
		tag, _, _ = strings.Cut(strings.ToLower(tag), "-")
		if slices.Contains(trustLanguages, tag) {
			return tag
		}
	}
	return trustLanguages[0]
}
