package tlsfilter_test

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"

	"github.com/sudoXpg/netloop"
	"github.com/sudoXpg/netloop/filter/tlsfilter"
	"github.com/sudoXpg/netloop/internal/testcert"
)

// An answerer answers the first bytes and closes.
type answerer struct{}

func (answerer) Opened(*netloop.Conn) {}
func (answerer) Received(c *netloop.Conn, data []byte) {
	fmt.Fprintf(c, "you said %q", data)
	c.Close()
}
func (answerer) Drained(*netloop.Conn)       {}
func (answerer) Closed(*netloop.Conn, error) {}

// An asker says something and ends the group when it has got an answer.
type asker struct{ group *netloop.Group }

func (asker) Opened(c *netloop.Conn) { c.Write([]byte("hello")) }
func (asker) Received(_ *netloop.Conn, data []byte) {
	fmt.Printf("%s\n", data)
}
func (asker) Drained(*netloop.Conn) {}
func (a asker) Closed(*netloop.Conn, error) {
	_ = a.group.Close()
}

// A server and a client of one group.
func Example() {
	cert := testcert.New("chat.example")
	roots := x509.NewCertPool()
	roots.AddCert(cert.Leaf)
	group, err := netloop.New(netloop.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	accept := func(*netloop.Conn) netloop.Handler { return answerer{} }
	server := &tls.Config{Certificates: []tls.Certificate{cert}, DynamicRecordSizingDisabled: true}
	ln, err := group.Listen("tcp", "127.0.0.1:0", tlsfilter.Server(server, accept))
	if err != nil {
		fmt.Println(err)
		return
	}
	client := &tls.Config{RootCAs: roots, ServerName: "chat.example"}
	if err := group.Dial("tcp", ln.Addr().String(), tlsfilter.Client(client, asker{group})); err != nil {
		fmt.Println(err)
		return
	}
	if err := group.Run(); err != nil {
		fmt.Println(err)
	}
	// Output: you said "hello"
}
