package web

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"image/png"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/sudoXpg/netloop/internal/certs"
)

// authority is a server's certificate, signed by an authority of its own.
type authority struct {
	root, leaf *x509.Certificate
	trusted    bool
}

func (a *authority) Leaf() *x509.Certificate      { return a.leaf }
func (a *authority) Authority() *x509.Certificate { return a.root }
func (a *authority) Trusted() bool                { return a.trusted }

func newAuthority(t *testing.T, name string) *authority {
	t.Helper()
	scope, err := certs.ParseScope([]string{"chat.example", "192.0.2.1", "2001:db8::/32"})
	if err != nil {
		t.Fatal(err)
	}
	a, err := certs.NewAuthority(name, scope, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "web") // not t.TempDir, which Wine 8 can't remove
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	leaf, err := a.Issue(dir, []string{"2001:db8::1"}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return &authority{root: a.Cert, leaf: leaf}
}

// ask asks for a page of a host.
func ask(t *testing.T, s *Site, host, target, languages string, secure bool) (status int, header http.Header, body string) {
	t.Helper()
	q := httptest.NewRequest(http.MethodGet, target, http.NoBody)
	q.Host, q.TLS = host, nil
	q.Header.Set("Accept-Language", languages)
	if secure {
		q.TLS = &tls.ConnectionState{}
	}
	a := s.Answer(q)
	header = make(http.Header)
	for _, f := range a.Fields {
		name, value, _ := strings.Cut(f, ": ")
		header.Add(name, value)
	}
	return a.Status, header, string(a.Body)
}

func TestThePageAboutTheAuthority(t *testing.T) {
	const name = `<b>Hill</b> & "School"`
	c := newAuthority(t, name)
	s, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	print256 := certs.Fingerprint(c.root)
	for _, test := range []struct {
		host, target, languages string
		secure                  bool
		want, not               []string
	}{
		{
			"chat.example:9034", trustPage, "", false,
			[]string{`<html lang="en">`, "Anybody on the network", "https://chat.example:9034/trust/check", print256[:23], print256[72:], "2001:db8::/32", "&lt;b&gt;Hill"},
			[]string{"<b>Hill", "It works", "not for the address"},
		},
		{"chat.example", trustPage, "fr, de-AT;q=0.8, en", false, []string{`<html lang="de">`, `href="https://chat.example/trust/check"`}, nil},
		{"[2001:db8::1]:9034", trustPage, "en", true, []string{"https://[2001:db8::1]:9034/trust/check"}, []string{"Anybody on the network", "It works"}},
		{"[2001:db8::1]", trustPage, "en", true, []string{`href="https://[2001:db8::1]/trust/check"`}, nil},
		{"chat.example:9034", trustPage + "/", "en", false, []string{"Anybody on the network"}, nil},
		{"chat.example:9034", trustCheck, "en", true, []string{"It works"}, nil},
		{"chat.example:9034", trustCheck, "en", false, []string{"Anybody on the network"}, []string{"It works"}},
		{
			"other.example:9034", trustPage, "en", false,
			[]string{"not for the address", "https://chat.example:9034/trust/check", "https://192.0.2.1:9034/trust/check", "https://[2001:db8::1]:9034/trust/check"},
			[]string{"other.example"},
		},
		{`"><script>:1`, trustPage, "en", false, []string{"not for the address"}, []string{"<script"}},
	} {
		status, header, body := ask(t, s, test.host, test.target, test.languages, test.secure)
		if status != http.StatusOK || header.Get("Content-Security-Policy") == "" || header.Get("Vary") != "Accept-Language" {
			t.Errorf("%v: status %d, %v", test, status, header)
		}
		for _, want := range test.want {
			if !strings.Contains(body, want) {
				t.Errorf("%s%s: no %q in %s", test.host, test.target, want, body)
			}
		}
		for _, not := range test.not {
			if strings.Contains(body, not) {
				t.Errorf("%s%s: %q in %s", test.host, test.target, not, body)
			}
		}
	}
}

func TestTheAuthorityIsThereInTwoFormatsAndItsFingerprintAsAPicture(t *testing.T) {
	c := newAuthority(t, "Hill")
	s, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	_, header, body := ask(t, s, "chat.example", trustDER, "", false)
	if header.Get("Content-Type") != "application/x-x509-ca-cert" || body != string(c.root.Raw) {
		t.Errorf("DER: %v", header)
	}
	_, header, body = ask(t, s, "chat.example", trustPEM, "", false)
	if block, _ := pem.Decode([]byte(body)); block == nil || !bytes.Equal(block.Bytes, c.root.Raw) || !strings.Contains(header.Get("Content-Disposition"), ".pem") {
		t.Errorf("PEM: %v, %q", header, body)
	}
	var pictures []string
	for range 2 {
		_, header, body = ask(t, s, "chat.example", trustCode, "", false)
		picture, err := png.Decode(strings.NewReader(body))
		if err != nil || header.Get("Content-Type") != "image/png" {
			t.Fatal(err, header)
		}
		if size := picture.Bounds(); size.Dx() != size.Dy() || size.Dx() < 100 {
			t.Errorf("a picture of %v", size)
		}
		pictures = append(pictures, body)
		c.root = newAuthority(t, "Other").root
	}
	if pictures[0] == pictures[1] {
		t.Error("another authority has the same fingerprint")
	}
}

func TestWithoutAnAuthorityThereIsNothingToTrust(t *testing.T) {
	none := newAuthority(t, "Hill")
	none.root = nil
	for _, test := range []struct {
		c         Certificates
		languages string
		secure    bool
		want      []string
		not       string
	}{
		{nil, "en", false, []string{"can read what you type", "--tls"}, "https://"},
		{none, "en", false, []string{"can read what you type", "https://chat.example", "chatsrv help ca"}, "Compare"},
		{none, "de", true, []string{"Sie ist verschlüsselt", "chatsrv help ca"}, "Jeder im Netz"},
	} {
		s, err := New(test.c)
		if err != nil {
			t.Fatal(err)
		}
		for _, target := range []string{trustPage, trustCheck} {
			status, _, body := ask(t, s, "chat.example", target, test.languages, test.secure)
			for _, want := range test.want {
				if status != http.StatusOK || !strings.Contains(body, want) || strings.Contains(body, test.not) {
					t.Errorf("%s: status %d, %q in %q", target, status, want, body)
				}
			}
		}
		for _, target := range []string{trustDER, trustPEM, trustCode} {
			if status, _, body := ask(t, s, "chat.example", target, "", false); status != http.StatusNotFound || !strings.Contains(body, "chatsrv help ca") {
				t.Errorf("%s: status %d, %q", target, status, body)
			}
		}
	}
}

// RFC 6797, section 7.2: not without TLS. After an authority was removed, browsers would not
// even let users pass the warning.
func TestStrictTransportIsForTrustedCertificatesAlone(t *testing.T) {
	for _, test := range []struct {
		trusted, secure, want bool
	}{{true, true, true}, {true, false, false}, {false, true, false}} {
		c := newAuthority(t, "Hill")
		c.trusted = test.trusted
		s, err := New(c)
		if err != nil {
			t.Fatal(err)
		}
		for _, target := range []string{"/", "/missing", trustPage} {
			_, header, _ := ask(t, s, "chat.example", target, "", test.secure)
			if got := header.Get("Strict-Transport-Security") != ""; got != test.want {
				t.Errorf("%+v, %s: %v", test, target, header)
			}
		}
	}
}
