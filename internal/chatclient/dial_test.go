package chatclient_test

import (
	"bufio"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sudoXpg/netloop/internal/certs"
	"github.com/sudoXpg/netloop/internal/chatclient"
	"github.com/sudoXpg/netloop/internal/testcert"
)

// a peer is a server on this machine that says "hello" on each connection.
type peer struct {
	port    int
	handle  func(net.Conn)
	accepts sync.WaitGroup
}

// newPeer starts a server that calls handle with each connection, and closes it then, when the
// client has: what it has sent would be lost by a reset if the client had sent more than it read.
func newPeer(t *testing.T, handle func(net.Conn)) *peer {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &peer{port: ln.Addr().(*net.TCPAddr).Port, handle: handle}
	p.accepts.Go(func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			p.accepts.Go(func() {
				defer conn.Close()
				handle(conn)
				_ = conn.(*net.TCPConn).CloseWrite()
				_, _ = io.Copy(io.Discard, conn)
			})
		}
	})
	t.Cleanup(func() {
		_ = ln.Close()
		p.accepts.Wait()
	})
	return p
}

func hello(conn net.Conn) { _, _ = io.WriteString(conn, "hello\n") }

// secure returns a handler with TLS.
func secure(cert tls.Certificate) func(net.Conn) {
	return func(conn net.Conn) { hello(tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{cert}})) }
}

// refusesTLS closes connections that begin with a handshake, as chatsrv --tls off does.
func refusesTLS(conn net.Conn) {
	first := make([]byte, 1)
	if _, err := io.ReadFull(conn, first); err == nil && first[0] != 0x16 {
		hello(conn)
	}
}

// a visitor connects to a peer, with a file of known servers of its own.
type visitor struct {
	t     *testing.T
	known chatclient.KnownServers
	told  []string
}

// folder is t.TempDir without an error for what is not removed: on Wine 8, os.RemoveAll can't.
func folder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "chat")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func newVisitor(t *testing.T) *visitor {
	return &visitor{t: t, known: chatclient.KnownServers{Path: filepath.Join(folder(t), "chat", "known_servers")}}
}

func (v *visitor) dialer(p *peer) *chatclient.Dialer {
	v.told = nil
	return &chatclient.Dialer{
		Network: "tcp", Host: "localhost", Port: p.port, Roots: x509.NewCertPool(), Known: v.known,
		Tell: func(text string) { v.told = append(v.told, text) },
	}
}

// visit connects, and reads the greeting.
func (v *visitor) visit(d *chatclient.Dialer) error {
	v.t.Helper()
	conn, err := d.Connect(v.t.Context(), "", "")
	if err != nil {
		return err
	}
	defer conn.Close()
	if d.Mode == chatclient.PlainText { // the other side waits for the first bytes
		if _, err := io.WriteString(conn, "{"); err != nil {
			v.t.Error(err)
		}
	}
	if line, err := bufio.NewReader(conn).ReadString('\n'); line != "hello\n" {
		v.t.Errorf("greeted with %q, %v", line, err)
	}
	return nil
}

func untrusted(err error) bool {
	_, ok := errors.AsType[*chatclient.UntrustedError](err)
	return ok
}

func TestASelfSignedCertificateIsTrustedOnFirstUse(t *testing.T) {
	v, cert := newVisitor(t), testcert.New("localhost")
	p := newPeer(t, secure(cert))
	if err := v.visit(v.dialer(p)); err != nil {
		t.Fatal(err)
	}
	print, key := certs.Fingerprint(cert.Leaf), keyOf(cert.Leaf).Key
	if len(v.told) != 1 || !strings.Contains(v.told[0], print) {
		t.Errorf("told %q, want the fingerprint %s", v.told, print)
	}
	data, err := os.ReadFile(v.known.Path)
	if want := fmt.Sprintf("localhost:%d sha256 %s key %s\n", p.port, print, key); string(data) != want {
		t.Errorf("the file is %q, %v; want %q", data, err, want)
	}
	if info, err := os.Stat(v.known.Path); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if err := v.visit(v.dialer(p)); err != nil || len(v.told) != 0 {
		t.Errorf("the second time: %v, told %q", err, v.told)
	}
}

func TestAChangedCertificateIsRefused(t *testing.T) {
	v := newVisitor(t)
	p := newPeer(t, secure(testcert.New("localhost")))
	if err := v.known.Add(fmt.Sprintf("localhost:%d", p.port), chatclient.Known{Fingerprint: "AA:BB", Key: "CC"}); err != nil {
		t.Fatal(err)
	}
	for _, mode := range []chatclient.Mode{chatclient.Auto, chatclient.TLSOnly} {
		d := v.dialer(p)
		d.Mode = mode
		err := v.visit(d)
		if !untrusted(err) {
			t.Fatal(err)
		}
		for _, part := range []string{"CHANGED", "AA:BB", "line 1 of " + v.known.Path} {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%v does not name %s", err, part)
			}
		}
	}
}

// keyOf returns what is remembered of a certificate.
func keyOf(leaf *x509.Certificate) chatclient.Known {
	sum := sha256.Sum256(leaf.RawSubjectPublicKeyInfo)
	return chatclient.Known{Fingerprint: certs.Fingerprint(leaf), Key: base64.StdEncoding.EncodeToString(sum[:])}
}

// chatsrv renews its self-signed certificate with the same key.
func TestARenewedCertificateIsAccepted(t *testing.T) {
	v, old := newVisitor(t), testcert.New("localhost")
	template := *old.Leaf
	template.SerialNumber = big.NewInt(2)
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, old.Leaf.PublicKey, old.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	renewed := tls.Certificate{Certificate: [][]byte{der}, PrivateKey: old.PrivateKey}
	served := make(chan tls.Certificate, 2)
	served <- old
	served <- renewed
	p := newPeer(t, func(conn net.Conn) { secure(<-served)(conn) })
	if err := v.visit(v.dialer(p)); err != nil {
		t.Fatal(err)
	}
	if err := v.visit(v.dialer(p)); err != nil || len(v.told) != 0 {
		t.Errorf("%v, told %q", err, v.told)
	}
}

func TestAChangedCertificateIsRefusedOnReconnect(t *testing.T) {
	v := newVisitor(t)
	certs := make(chan tls.Certificate, 2)
	certs <- testcert.New("localhost")
	certs <- testcert.New("localhost")
	p := newPeer(t, func(conn net.Conn) { secure(<-certs)(conn) })
	d := v.dialer(p)
	if err := v.visit(d); err != nil {
		t.Fatal(err)
	}
	if err := v.visit(d); !untrusted(err) {
		t.Error(err)
	}
}

func TestACertificateThatTheRootsVerifyNeedsNoTrust(t *testing.T) {
	v, cert := newVisitor(t), testcert.New("localhost")
	d := v.dialer(newPeer(t, secure(cert)))
	d.Roots.AddCert(cert.Leaf)
	if err := v.visit(d); err != nil || len(v.told) != 0 {
		t.Errorf("%v, told %q", err, v.told)
	}
	if _, err := os.Stat(v.known.Path); !errors.Is(err, os.ErrNotExist) {
		t.Error("a verified certificate is remembered")
	}
}

// A failed verification is never a reason for trust on first use, or for plain text.
func TestAFailedVerificationIsFinal(t *testing.T) {
	now := time.Now()
	for what, c := range map[string]struct {
		cert          tls.Certificate
		signed, roots bool
	}{
		"another name, signed by a root":            {testcert.New("other.example"), true, false},
		"expired, signed by a root":                 {testcert.Valid(now.Add(-2*time.Hour), now.Add(-time.Hour), "localhost"), true, false},
		"with --ca, an unknown authority":           {testcert.New("localhost"), false, true},
		"with --ca, another name":                   {testcert.New("other.example"), true, true},
		"with --ca, expired":                        {testcert.Valid(now.Add(-2*time.Hour), now.Add(-time.Hour), "localhost"), true, true},
		"with --ca, an unknown authority and known": {testcert.New("localhost"), false, true},
	} {
		t.Run(what, func(t *testing.T) {
			v := newVisitor(t)
			d := v.dialer(newPeer(t, secure(c.cert)))
			if strings.HasSuffix(what, "known") {
				if err := v.known.Add(d.Address(), keyOf(c.cert.Leaf)); err != nil {
					t.Fatal(err)
				}
			}
			if d.RootsOnly = c.roots; c.signed {
				d.Roots.AddCert(c.cert.Leaf)
			}
			if err := v.visit(d); !untrusted(err) || len(v.told) != 0 {
				t.Errorf("%v, told %q", err, v.told)
			}
		})
	}
}

func TestAPrivateAuthorityVerifies(t *testing.T) {
	v, cert := newVisitor(t), testcert.New("localhost")
	d := v.dialer(newPeer(t, secure(cert)))
	d.RootsOnly = true
	d.Roots.AddCert(cert.Leaf)
	if err := v.visit(d); err != nil || len(v.told) != 0 {
		t.Errorf("%v, told %q", err, v.told)
	}
}

func TestPlainTextIsUsedIfTheServerHasNoTLS(t *testing.T) {
	for what, handle := range map[string]func(net.Conn){"closes": refusesTLS, "greets": hello} {
		t.Run(what, func(t *testing.T) {
			v := newVisitor(t)
			d := v.dialer(newPeer(t, handle))
			if err := v.visit(d); err != nil {
				t.Fatal(err)
			}
			if len(v.told) != 1 || !strings.Contains(v.told[0], "NOT ENCRYPTED") || !d.FellBack() {
				t.Errorf("told %q", v.told)
			}
			v.told = nil
			if err := v.visit(d); err != nil || len(v.told) != 0 {
				t.Errorf("the second time: %v, told %q", err, v.told)
			}
			d.Secret = true
			if err := v.visit(d); !untrusted(err) {
				t.Errorf("with a password: %v", err)
			}
		})
	}
}

func TestPlainTextIsNotUsed(t *testing.T) {
	for what, change := range map[string]func(v *visitor, d *chatclient.Dialer){
		"with --tls-only": func(_ *visitor, d *chatclient.Dialer) { d.Mode = chatclient.TLSOnly },
		"for a password":  func(_ *visitor, d *chatclient.Dialer) { d.Secret = true },
		"if the server had TLS": func(v *visitor, d *chatclient.Dialer) {
			_ = v.known.Add(d.Address(), chatclient.Known{Fingerprint: "AA", Key: "BB"})
		},
		"if the file can't be read": func(v *visitor, d *chatclient.Dialer) {
			_ = v.known.Add("x", chatclient.Known{Fingerprint: "y z", Key: "k"})
		},
	} {
		t.Run(what, func(t *testing.T) {
			v := newVisitor(t)
			d := v.dialer(newPeer(t, refusesTLS))
			change(v, d)
			if err := v.visit(d); err == nil {
				t.Error("connected")
			}
		})
	}
}

func TestPlainTextOnlyDoesNotTryTLS(t *testing.T) {
	v := newVisitor(t)
	d := v.dialer(newPeer(t, func(conn net.Conn) {
		if _, err := conn.Read(make([]byte, 1)); err == nil {
			hello(conn)
		}
	}))
	d.Mode, d.Secret = chatclient.PlainText, true
	if err := v.visit(d); err != nil || len(v.told) != 0 {
		t.Errorf("%v, told %q", err, v.told)
	}
}

// A server that ends a handshake with an alert has TLS.
func TestAHandshakeThatTheServerRefusesIsFinal(t *testing.T) {
	v := newVisitor(t)
	d := v.dialer(newPeer(t, func(conn net.Conn) {
		c := tls.Server(conn, &tls.Config{GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) { return nil, errors.New("no") }})
		_ = c.Handshake()
	}))
	if err := v.visit(d); err == nil || d.FellBack() {
		t.Errorf("connected: %v", err)
	}
}

func TestKnownServersKeepTheirOtherLines(t *testing.T) {
	k := newVisitor(t).known
	if err := os.MkdirAll(filepath.Dir(k.Path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(k.Path, []byte("# mine\n\nb:1 sha256 BB key K"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := k.Add("a:1", chatclient.Known{Fingerprint: "AA", Key: "K"}); err != nil {
		t.Fatal(err)
	}
	data, _ := os.ReadFile(k.Path)
	if want := "# mine\n\nb:1 sha256 BB key K\na:1 sha256 AA key K\n"; string(data) != want {
		t.Errorf("%q, want %q", data, want)
	}
	if got, err := k.Find("a:1"); got != (chatclient.Known{Fingerprint: "AA", Key: "K", Line: 4}) || err != nil {
		t.Error(got, err)
	}
	if got, err := k.Find("c:1"); got != (chatclient.Known{}) || err != nil {
		t.Error(got, err)
	}
	all, err := os.ReadDir(filepath.Dir(k.Path))
	if err != nil || len(all) != 1 {
		t.Error(all, err)
	}
}

func TestALineThatIsNotUnderstoodIsNamed(t *testing.T) {
	k := newVisitor(t).known
	if err := k.Add("a:1", chatclient.Known{Fingerprint: "AA", Key: "K"}); err != nil {
		t.Fatal(err)
	}
	if err := k.Add("b:1", chatclient.Known{Fingerprint: "B B", Key: "K"}); err != nil {
		t.Fatal(err)
	}
	if _, err := k.Find("a:1"); err == nil || !strings.Contains(err.Error(), k.Path+":2: ") {
		t.Error(err)
	}
}
