package chatclient_test

import (
	"bufio"
	"context"
	"crypto/sha1" //nolint:gosec // RFC 6455 has it
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/sudoXpg/netloop/internal/chatclient"
	"github.com/sudoXpg/netloop/internal/client"
	"github.com/sudoXpg/netloop/internal/testcert"
)

// overWebSocket makes a client connect to the world's server with ws://.
func (w *world) overWebSocket(o *client.Options) {
	o.Connect = func(ctx context.Context, _, _ string) (net.Conn, error) {
		d := chatclient.Dialer{Network: "tcp", Host: "127.0.0.1", Mode: chatclient.PlainText, WebSocket: true}
		w.mu.Lock()
		_, port, _ := net.SplitHostPort(w.addr)
		w.mu.Unlock()
		if _, err := fmt.Sscan(port, &d.Port); err != nil {
			return nil, err
		}
		return d.Connect(ctx, "", "")
	}
}

// A session over WebSocket is one like any other, also after the server was restarted.
func TestASessionOverWebSocket(t *testing.T) {
	w := newWorld(t)
	bob := w.talker("bob")
	alice := w.runs(&chatclient.Plain{Client: w.client("alice", w.overWebSocket)})
	alice.sees("as alice, with 1 other")
	alice.types("hello over WebSocket\n" + strings.Repeat("ü", 2000) + "\n")
	bob.sees("alice: hello over WebSocket")
	bob.sees(strings.Repeat("ü", 2000))
	bob.types("hello, alice\n")
	alice.sees("bob: hello, alice")
	w.stop()
	alice.sees("the connection is lost")
	w.start()
	alice.sees("connected again")
	bob.sees("connected again")
	bob.types("still there?\n")
	alice.sees("bob: still there?")
	alice.types("/quit\n")
	if err := alice.ends(); err != nil {
		t.Error(err)
	}
}

// answer returns a handler that answers a request with a response.
func answer(response string) func(net.Conn) {
	return func(conn net.Conn) {
		if _, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
			_, _ = io.WriteString(conn, response)
		}
	}
}

func TestUpgradesThatAreRefused(t *testing.T) {
	for want, response := range map[string]string{
		"the server refuses WebSocket: the origin is not allowed (status 403 Forbidden)": "HTTP/1.1 403 x\r\nContent-Type: text/plain\r\n\r\nthe origin is not allowed\n",
		"the server refuses WebSocket: chat with: nc h 1 (status 426 Upgrade Required)":  "HTTP/1.1 426 x\r\nContent-Type: text/plain\r\n\r\nchat with: nc h 1\n",
		"the server refuses WebSocket: status 503 Service Unavailable":                   "HTTP/1.1 503 x\r\n\r\n",
		"the server does not speak WebSocket":                                            "*** welcome\r\n",
		"the server has closed the connection":                                           "",
	} {
		v := newVisitor(t)
		d := v.dialer(newPeer(t, answer(response)))
		d.Mode, d.WebSocket = chatclient.PlainText, true
		if _, err := d.Connect(t.Context(), "", ""); err == nil || chatclient.Reason(err) != want {
			t.Errorf("%q, want %q", chatclient.Reason(err), want)
		}
	}
}

// wss:// is trusted as tls:// is, and never replaced by ws://.
func TestWebSocketWithTLS(t *testing.T) {
	v := newVisitor(t)
	protocols := make(chan string, 1)
	p := newPeer(t, func(conn net.Conn) {
		secure := tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{testcert.New("localhost")}, NextProtos: []string{"chat", "http/1.1"}})
		_ = secure.Handshake()
		protocols <- secure.ConnectionState().NegotiatedProtocol
		answer("HTTP/1.1 404 x\r\n\r\n")(secure)
	})
	d := v.dialer(p)
	d.Mode, d.WebSocket = chatclient.TLSOnly, true
	_, err := d.Connect(t.Context(), "", "")
	if err == nil || !strings.Contains(err.Error(), "404") || len(v.told) != 1 || !strings.Contains(v.told[0], "is trusted from now on") {
		t.Errorf("%v, told %q", err, v.told)
	}
	if got := <-protocols; got != "http/1.1" {
		t.Errorf("%q", got)
	}
	if _, err = d.Connect(t.Context(), "", ""); !untrusted(err) || !strings.Contains(err.Error(), "CHANGED") {
		t.Error(err)
	}
	<-protocols
	d = v.dialer(newPeer(t, refusesTLS))
	d.Mode, d.WebSocket = chatclient.TLSOnly, true
	if _, err := d.Connect(t.Context(), "", ""); err == nil || !strings.Contains(chatclient.Reason(err), "ws:// connects without") {
		t.Error(err)
	}
}

// agreement returns the response that accepts a request for WebSocket.
func agreement(q *http.Request) string {
	sum := sha1.Sum([]byte(q.Header.Get("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	return "HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Protocol: chat.v1\r\nSec-WebSocket-Accept: " +
		base64.StdEncoding.EncodeToString(sum[:]) + "\r\n\r\n"
}

// A server that breaks the protocol of WebSocket, or sends too much, ends the connection.
func TestAHostileServerOverWebSocket(t *testing.T) {
	for what, c := range map[string]struct{ frames, want string }{
		"an endless object": {"\x01\x7f\x00\x00\x00\x00\x00\x80\x00\x00" + strings.Repeat("{", client.MaxObject) + "\x80\x01{", "too large"},
		"a length of 2^63":  {"\x81\x7f\x80\x00\x00\x00\x00\x00\x00\x00", "has broken the protocol"},
		"a binary message":  {"\x82\x02{}", "a binary message"},
	} {
		t.Run(what, func(t *testing.T) {
			p := newPeer(t, func(conn net.Conn) {
				in := bufio.NewReader(conn)
				q, err := http.ReadRequest(in)
				if err != nil {
					t.Error(err)
					return
				}
				_, _ = io.WriteString(conn, agreement(q)+c.frames)
				_, _ = io.Copy(io.Discard, in)
			})
			d := newVisitor(t).dialer(p)
			d.Mode, d.WebSocket = chatclient.PlainText, true
			_, err := client.Dial(t.Context(), client.Options{Address: "x", Name: "ada", Connect: d.Connect, Timeout: patience})
			if err == nil || !strings.Contains(chatclient.Reason(err), c.want) || strings.Contains(chatclient.Reason(err), "wsline") || errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}
