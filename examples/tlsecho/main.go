// Command tlsecho sends back what it receives over TLS, on one goroutine for all
// connections. Try it with:
//
//	go run ./examples/tlsecho cert.pem key.pem
//	openssl s_client -quiet -connect localhost:9443
package main

import (
	"crypto/tls"
	"log"
	"os"

	"github.com/sudoXpg/netloop"
	"github.com/sudoXpg/netloop/filter/tlsfilter"
)

// maxBuffered is how many bytes may wait for a client that sends and does not read.
const maxBuffered = 64 << 10

// An echo is the handler of one connection. It need not know that there is TLS below it.
type echo struct{}

func (echo) Opened(c *netloop.Conn) {
	if state, ok := tlsfilter.State(c); ok {
		log.Println(c.RemoteAddr(), tls.VersionName(state.Version), tls.CipherSuiteName(state.CipherSuite))
	}
}

func (echo) Received(c *netloop.Conn, data []byte) {
	c.Write(data)
	if c.Buffered() > maxBuffered {
		c.Pause()
	}
}

func (echo) Drained(c *netloop.Conn) { c.Resume() }

func (echo) Closed(c *netloop.Conn, err error) { log.Println(c.RemoteAddr(), "closed:", err) }

func main() {
	if len(os.Args) != 3 {
		log.Fatal("usage: tlsecho CERTIFICATE KEY")
	}
	cert, err := tls.LoadX509KeyPair(os.Args[1], os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	group, err := netloop.New(netloop.Options{})
	if err != nil {
		log.Fatal(err)
	}
	config := &tls.Config{Certificates: []tls.Certificate{cert}, DynamicRecordSizingDisabled: true}
	accept := func(*netloop.Conn) netloop.Handler { return echo{} }
	if _, err := group.Listen("tcp", ":9443", tlsfilter.Server(config, accept)); err != nil {
		log.Fatal(err)
	}
	log.Fatal(group.Run())
}
