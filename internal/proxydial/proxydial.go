// Package proxydial connects through the proxy that the environment names: SOCKS5 (RFC 1928)
// or HTTP CONNECT (RFC 9110, section 9.3.6).
package proxydial

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/http/httpproxy"
	"golang.org/x/net/proxy"
)

// maxResponse is the longest head of a response to CONNECT, in bytes.
const maxResponse = 16 << 10

// The schemes of a proxy, with their ports.
var ports = map[string]string{"socks5": "1080", "socks5h": "1080", "http": "80", "https": "443"}

// A Proxy is the proxy for one address.
type Proxy struct {
	url *url.URL
	// TLS is the configuration for a proxy with the scheme https; nil: the default.
	TLS *tls.Config
}

// A DialFunc makes a connection, as net.Dialer.DialContext does.
type DialFunc func(ctx context.Context, network, address string) (net.Conn, error)

// An Error says that a proxy is the reason why there is no connection.
type Error struct {
	Proxy string // HOST:PORT
	What  string // it did, as in "does not answer"
}

// Error implements error.
func (e *Error) Error() string { return "the proxy " + e.Proxy + " " + e.What }

// Find returns the proxy for HOST:PORT, or nil if there is none: the first of the variables
// that is set names it, and NO_PROXY can exclude the host. A variable in lower case comes
// before the same one in upper case. This machine is never reached through a proxy.
func Find(getenv func(string) string, address string, variables ...string) (*Proxy, error) {
	name, value := lookUp(getenv, variables...)
	if value == "" || !remote(address) {
		return nil, nil
	}
	_, except := lookUp(getenv, "NO_PROXY")
	through := httpproxy.Config{HTTPSProxy: "http://proxy.invalid", NoProxy: except}
	if use, err := through.ProxyFunc()(&url.URL{Scheme: "https", Host: address}); use == nil {
		return nil, err
	}
	return parse(name, value)
}

// lookUp returns the first of the variables that is set.
func lookUp(getenv func(string) string, variables ...string) (name, value string) {
	for _, name := range variables {
		for _, name := range []string{strings.ToLower(name), name} {
			if value := strings.TrimSpace(getenv(name)); value != "" {
				return name, value
			}
		}
	}
	return "", ""
}

// remote reports whether an address is not that of this machine. Package httpproxy knows
// loopback addresses, but not all of their names (RFC 6761, section 6.3).
func remote(address string) bool {
	host, _, err := net.SplitHostPort(address)
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	return err == nil && host != "localhost" && !strings.HasSuffix(host, ".localhost")
}

// parse reads the value of a variable: a URL, or HOST:PORT for HTTP. Its errors don't quote
// the value, which may have a password.
func parse(name, value string) (*Proxy, error) {
	if !strings.Contains(value, "://") {
		value = "http://" + value
	}
	u, err := url.Parse(value)
	switch {
	case err != nil || u.Hostname() == "" || u.Opaque != "":
		return nil, fmt.Errorf("%s is not the address of a proxy (as in %s=socks5://HOST:PORT or %s=http://HOST:PORT)", name, name, name)
	case ports[u.Scheme] == "":
		return nil, fmt.Errorf("%s: a proxy with %s:// is not supported (use socks5://, http:// or https://)", name, u.Scheme)
	case u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.Fragment != "":
		return nil, fmt.Errorf("%s: nothing may follow the port of the proxy", name)
	}
	return &Proxy{url: u}, nil
}

// Address returns HOST:PORT of the proxy.
func (p *Proxy) Address() string {
	port := p.url.Port()
	if port == "" {
		port = ports[p.url.Scheme]
	}
	return net.JoinHostPort(p.url.Hostname(), port)
}

// Dial connects to HOST:PORT through the proxy, which looks the name up. dial connects to the
// proxy. Except for that of ctx, errors are of type *Error.
func (p *Proxy) Dial(ctx context.Context, dial DialFunc, network, address string) (net.Conn, error) {
	conn, err := dial(ctx, network, p.Address())
	if err != nil {
		return nil, p.failed(ctx, "can't be reached", err)
	}
	through := p.connect
	if strings.HasPrefix(p.url.Scheme, "socks5") {
		through = p.socks
	}
	opened, err := through(ctx, conn, address)
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	return opened, nil
}

// failed returns the error for what a proxy has done.
func (p *Proxy) failed(ctx context.Context, what string, err error) error {
	switch {
	case ctx.Err() != nil && !errors.Is(ctx.Err(), context.DeadlineExceeded):
		return ctx.Err()
	case ctx.Err() != nil || errors.Is(err, os.ErrDeadlineExceeded):
		return &Error{p.Address(), "does not answer in time"}
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		return &Error{p.Address(), "has closed the connection"}
	}
	if call, ok := errors.AsType[*os.SyscallError](err); ok {
		err = call.Err
	} else if dns, ok := errors.AsType[*net.DNSError](err); ok {
		err = errors.New(dns.Err)
	} else if op, ok := errors.AsType[*net.OpError](err); ok && op.Err != nil {
		err = op.Err
	}
	return &Error{p.Address(), what + ": " + strings.TrimPrefix(err.Error(), "unknown error ")} // of package socks
}

// socks opens a connection with SOCKS5.
func (p *Proxy) socks(ctx context.Context, conn net.Conn, address string) (net.Conn, error) {
	var auth *proxy.Auth
	if u := p.url.User; u != nil {
		password, _ := u.Password()
		auth = &proxy.Auth{User: u.Username(), Password: password}
	}
	d, err := proxy.SOCKS5("tcp", p.Address(), auth, connected{conn})
	if err != nil {
		return nil, p.failed(ctx, "can't be used", err)
	}
	through, ok := d.(proxy.ContextDialer)
	if !ok {
		return nil, p.failed(ctx, "can't be used", errors.ErrUnsupported)
	}
	if _, err := through.DialContext(ctx, "tcp", address); err != nil {
		return nil, p.failed(ctx, "does not connect to "+address, err)
	}
	return conn, nil
}

// connected is the dialer of a connection that there is.
type connected struct{ conn net.Conn }

// Dial implements proxy.Dialer.
func (c connected) Dial(string, string) (net.Conn, error) { return c.conn, nil }

// DialContext implements proxy.ContextDialer.
func (c connected) DialContext(context.Context, string, string) (net.Conn, error) { return c.conn, nil }

// connect opens a connection with HTTP CONNECT.
func (p *Proxy) connect(ctx context.Context, conn net.Conn, address string) (net.Conn, error) {
	canceled := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer canceled()
	if p.url.Scheme == "https" {
		config := &tls.Config{MinVersion: tls.VersionTLS12}
		if p.TLS != nil {
			config = p.TLS.Clone()
		}
		config.ServerName = p.url.Hostname()
		secure := tls.Client(conn, config)
		if err := secure.HandshakeContext(ctx); err != nil {
			return nil, p.failed(ctx, "can't be reached", err)
		}
		conn = secure
	}
	q := &http.Request{Method: http.MethodConnect, URL: &url.URL{Opaque: address}, Host: address, Header: http.Header{"User-Agent": {""}}}
	if u := p.url.User; u != nil {
		password, _ := u.Password()
		q.Header.Set("Proxy-Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(u.Username()+":"+password)))
	}
	if err := q.Write(conn); err != nil {
		return nil, p.failed(ctx, "does not connect to "+address, err)
	}
	limited := &io.LimitedReader{R: conn, N: maxResponse}
	in := bufio.NewReader(limited)
	answer, err := http.ReadResponse(in, q) // its body is that of the connection: it is not closed
	if err != nil {
		_, network := errors.AsType[net.Error](err)
		if ended := errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF); !network && !ended || limited.N <= 0 {
			err = errors.New("its answer is not HTTP")
		}
		return nil, p.failed(ctx, "does not connect to "+address, err)
	}
	if answer.StatusCode/100 != 2 {
		return nil, &Error{p.Address(), "refuses to connect to " + address + ": status " + strings.TrimSpace(strconv.Itoa(answer.StatusCode)+" "+http.StatusText(answer.StatusCode))}
	}
	if !canceled() {
		return nil, p.failed(ctx, "", ctx.Err())
	}
	rest, _ := in.Peek(in.Buffered())
	return &aheadConn{conn, io.MultiReader(bytes.NewReader(bytes.Clone(rest)), conn)}, nil
}

// An aheadConn has received something already.
type aheadConn struct {
	net.Conn
	in io.Reader
}

// Read implements net.Conn.
func (c *aheadConn) Read(p []byte) (int, error) { return c.in.Read(p) }
