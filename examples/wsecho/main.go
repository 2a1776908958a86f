// Command wsecho sends back each WebSocket message that it receives, for conformance
// suites such as Autobahn's. It accepts long messages, any origin, and compression.
//
//	go run ./examples/wsecho -port 9001
//	go run ./examples/wsecho -port 9002 -tls
package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"flag"
	"log"
	"math/big"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/sudoXpg/netloop"
	"github.com/sudoXpg/netloop/eventloop"
	"github.com/sudoXpg/netloop/filter/tlsfilter"
	"github.com/sudoXpg/netloop/filter/ws"
)

// maxMessage is the length of the longest message, in bytes.
const maxMessage = 64 << 20

// An echo is the handler of every connection.
type echo struct{}

// Opened implements ws.Handler.
func (echo) Opened(*ws.Conn) {}

// Message implements ws.Handler.
func (echo) Message(c *ws.Conn, kind ws.Kind, data []byte) { c.SendCompressed(kind, data) }

// Closed implements ws.Handler.
func (echo) Closed(*ws.Conn, error) {}

func main() {
	port := flag.Int("port", 9001, "port to listen on, on all addresses; 0 picks a free one")
	secure := flag.Bool("tls", false, "use TLS, with a certificate that is made at the start")
	flag.Parse()

	g, addr, err := listen(net.JoinHostPort("", strconv.Itoa(*port)), *secure)
	if err != nil {
		log.Fatal(err)
	}
	log.Printf("listening on %s", addr)
	log.Fatal(g.Run())
}

// listen returns a group that listens on an address, and the address.
func listen(address string, secure bool) (*netloop.Group, net.Addr, error) {
	accept := ws.Server(ws.Options{
		Upgrader:     ws.Upgrader{Origins: []string{"*"}},
		MaxMessage:   maxMessage,
		MaxFragments: maxMessage,
	}, func(*http.Request) (ws.Handler, error) { return echo{}, nil })
	if secure {
		cert, err := selfSigned()
		if err != nil {
			return nil, nil, err
		}
		accept = tlsfilter.Server(&tls.Config{Certificates: []tls.Certificate{cert}, DynamicRecordSizingDisabled: true}, accept)
	}
	g, err := netloop.New(netloop.Options{Options: eventloop.Options{OutboxLimit: 2 * maxMessage}})
	if err != nil {
		return nil, nil, err
	}
	ln, err := g.Listen("tcp", address, accept)
	if err != nil {
		return nil, nil, errors.Join(err, g.Close())
	}
	return g, ln.Addr(), nil
}

// selfSigned returns a certificate for localhost that nobody trusts.
func selfSigned() (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(0, 0, 90),
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return tls.Certificate{}, err
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, nil
}
