package tlsfilter_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/sudoXpg/netloop"
	"github.com/sudoXpg/netloop/eventloop"
	"github.com/sudoXpg/netloop/filter/tlsfilter"
)

// A tlsEcho echoes, and tells how it ended.
type tlsEcho struct{ closed chan error }

func (h *tlsEcho) Opened(c *netloop.Conn)                { c.Write([]byte("welcome\n")) }
func (h *tlsEcho) Received(c *netloop.Conn, data []byte) { c.Write(data) }
func (h *tlsEcho) Drained(*netloop.Conn)                 {}
func (h *tlsEcho) Closed(_ *netloop.Conn, err error)     { h.closed <- err }

func selfSigned(t *testing.T) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// In both versions of TLS: bytes in both directions, a clean end, a truncation and an alert.
func TestServerEchoesAndDistinguishesEnds(t *testing.T) {
	config := &tls.Config{Certificates: []tls.Certificate{selfSigned(t)}}
	closed := make(chan error, 1)
	g, err := netloop.New(netloop.Options{Options: eventloop.Options{OutboxLimit: 8 << 20}})
	if err != nil {
		t.Fatal(err)
	}
	ln, err := g.Listen("tcp", "127.0.0.1:0", tlsfilter.Server(config, func(*netloop.Conn) netloop.Handler { return &tlsEcho{closed} }))
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() { done <- g.Run() }()
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		t.Run(tls.VersionName(version), func(t *testing.T) {
			for name, end := range map[string]func(*tls.Conn) error{
				"clean end": func(c *tls.Conn) error { return c.CloseWrite() },
				"truncation": func(c *tls.Conn) error {
					return c.NetConn().(*net.TCPConn).CloseWrite()
				},
				"garbage": func(c *tls.Conn) error {
					_, err := c.NetConn().Write(append([]byte{23, 3, 3, 0, 32}, make([]byte, 32)...))
					return err
				},
			} {
				t.Run(name, func(t *testing.T) { talkTLS(t, ln.Addr().String(), version, end, closed, name) })
			}
		})
	}
	g.Drain(time.Minute)
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func talkTLS(t *testing.T, address string, version uint16, end func(*tls.Conn) error, closed <-chan error, how string) {
	t.Helper()
	c, err := tls.Dial("tcp", address, &tls.Config{InsecureSkipVerify: true, MaxVersion: version}) //nolint:gosec // self-signed
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if err := c.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	sent := []byte(strings.Repeat("all that is said comes back\n", 100_000))
	writing := make(chan error)
	go func() { _, err := c.Write(sent); writing <- err }()
	got := make([]byte, len("welcome\n")+len(sent))
	if _, err := io.ReadFull(c, got); err != nil || !bytes.Equal(got[len("welcome\n"):], sent) {
		t.Fatalf("the echo is not what was sent: %v", err)
	}
	if err := errors.Join(<-writing, end(c)); err != nil {
		t.Fatal(err)
	}
	rest, err := io.ReadAll(c)
	_ = c.Close()
	var alert *net.OpError
	switch server := <-closed; how {
	case "clean end":
		if err != nil || !errors.Is(server, io.EOF) || len(rest) > 0 {
			t.Errorf("the client got %v, the server %v", err, server)
		}
	case "truncation":
		if !errors.Is(server, io.ErrUnexpectedEOF) {
			t.Errorf("the server got %v", server)
		}
	default:
		if !errors.As(err, &alert) || alert.Op != "remote error" || server == nil {
			t.Errorf("the client got %v, the server %v", err, server)
		}
	}
}
