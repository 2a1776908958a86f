//go:build e2e && unix

package e2e

import (
	"crypto/tls"
	"errors"
	"net"
)

// A transport is a way to connect to the server; all conversations are held over each.
type transport struct {
	name string
	has  []string // what "server needs" asks for
	// flags make the server listen, with its own folder; each log format is
	// used with at least one transport.
	flags func(dir string) []string
	// backends, unless it is nil, are those with which it is used.
	backends []string
	// dial, unless it is nil, speaks more than the transport: TLS.
	dial func(net.Conn) (Conn, error)
	data bool // clients speak JSON
	web  bool // in WebSocket
}

// transports returns the list of transports. Accounts do not depend on them: one is enough.
func transports() []transport {
	return []transport{
		{name: "IPv4", has: []string{"tcp", "plain", "text", "accounts"}, flags: func(string) []string { return []string{"--bind", "127.0.0.1"} }},
		{name: "IPv6", has: []string{"tcp", "plain", "text"}, flags: func(string) []string { return []string{"--bind", "::1", "--log-format", "json"} }},
		{name: "Unix", has: []string{"unix", "plain", "text"}, flags: func(dir string) []string { return []string{"--bind", "unix:" + dir + "/chat"} }},
	}
}

// more returns the transports for what does not depend on the address: TLS, and clients that
// speak JSON, also in WebSocket. The listener for TLS has no sniff window, in which a client on a busy machine
// might not begin its handshake; inside TLS programs begin at once, and are given the time.
func more() []transport {
	tls := func(string) []string { return []string{"--listen", "tls://127.0.0.1"} }
	data := func(listen string) func(string) []string {
		return func(string) []string {
			return []string{"--listen", listen, "--sniff-window", "10s", "--linger", "1ms"}
		}
	}
	return []transport{
		{name: "TLS", has: []string{"tcp", "text", "accounts"}, flags: tls, dial: secure, backends: []string{"epoll", "poll"}},
		{name: "JSON", has: []string{"tcp", "plain", "accounts"}, flags: data("json://127.0.0.1"), data: true, backends: []string{"epoll", "poll"}},
		{name: "JSON inside TLS", has: []string{"tcp", "accounts"}, flags: data("tls://127.0.0.1"), data: true, dial: secure, backends: []string{"epoll"}},
		{name: "WebSocket", has: []string{"tcp", "plain", "accounts"}, flags: data("auto://127.0.0.1"), data: true, web: true, backends: []string{"epoll"}},
		{name: "WebSocket inside TLS", has: []string{"tcp", "accounts"}, flags: data("tls://127.0.0.1"), data: true, web: true, dial: secure, backends: []string{"poll"}},
	}
}

// A secured is the client's end of a TLS connection.
type secured struct {
	*tls.Conn
	tcp *net.TCPConn
}

// secure does a handshake.
func secure(c net.Conn) (Conn, error) {
	tcp, ok := c.(*net.TCPConn)
	if !ok {
		return nil, errors.New("TLS is spoken over TCP only")
	}
	s := secured{tls.Client(c, &tls.Config{InsecureSkipVerify: true}), tcp} //nolint:gosec // self-signed
	return s, s.Handshake()
}

// Reset closes with a reset.
func (s secured) Reset() error {
	if err := s.tcp.SetLinger(0); err != nil {
		return err
	}
	return s.tcp.Close()
}
