package ws_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/sudoXpg/netloop"
	"github.com/sudoXpg/netloop/eventloop"
	"github.com/sudoXpg/netloop/filter/tlsfilter"
	"github.com/sudoXpg/netloop/filter/ws"
	"github.com/sudoXpg/netloop/internal/testcert"
)

// patience is how long something that must happen is waited for.
const patience = time.Minute

type echoer struct{}

func (echoer) Opened(*ws.Conn)                               {}
func (echoer) Message(c *ws.Conn, kind ws.Kind, data []byte) { echo(c, kind, data) }
func (echoer) Closed(*ws.Conn, error)                        {}

// startEcho runs an echo server until the test ends, and returns its URL.
func startEcho(t *testing.T, backend string, config *tls.Config) string {
	t.Helper()
	g, err := netloop.New(netloop.Options{Backend: backend, Options: eventloop.Options{OutboxLimit: 8 << 20}})
	if err != nil {
		t.Fatal(err)
	}
	o := ws.Options{MaxMessage: 4 << 20, MaxFragments: 1 << 20, Upgrader: ws.Upgrader{Subprotocols: []string{"chat.v1"}}}
	accept := ws.Server(o, func(*http.Request) (ws.Handler, error) { return echoer{}, nil })
	url := "ws"
	if config != nil {
		accept, url = tlsfilter.Server(config, accept), "wss"
	}
	ln, err := g.Listen("tcp", "127.0.0.1:0", accept)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() { done <- g.Run() }()
	t.Cleanup(func() {
		if err := errors.Join(g.Close(), <-done); err != nil {
			t.Error(err)
		}
	})
	return fmt.Sprintf("%s://%s/", url, ln.Addr())
}

// Another library's client works with the server, on every backend, with and without TLS and
// compression.
func TestAnotherClient(t *testing.T) {
	server := &tls.Config{Certificates: []tls.Certificate{testcert.New("a.test")}, DynamicRecordSizingDisabled: true}
	messages := []string{"", "hello", kosme, strings.Repeat("a", 1023), strings.Repeat("b", 1024), strings.Repeat(kosme, 10_000), strings.Repeat("c", 3<<20)}
	for _, b := range netloop.Backends() {
		for name, config := range map[string]*tls.Config{"plain": nil, "TLS": server} {
			for _, mode := range []websocket.CompressionMode{websocket.CompressionDisabled, websocket.CompressionNoContextTakeover, websocket.CompressionContextTakeover} {
				t.Run(fmt.Sprintf("%s/%s/compression %d", b.Name, name, mode), func(t *testing.T) {
					ctx, cancel := context.WithTimeout(context.Background(), patience)
					defer cancel()
					client := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}} //nolint:gosec // self-signed
					defer client.CloseIdleConnections()
					c, resp, err := websocket.Dial(ctx, startEcho(t, b.Name, config), &websocket.DialOptions{
						HTTPClient: &http.Client{Transport: client}, Subprotocols: []string{"chat.v1"}, CompressionMode: mode,
					})
					if err != nil {
						t.Fatal(err)
					}
					defer c.CloseNow()
					if agreed := resp.Header.Get("Sec-WebSocket-Extensions") != ""; c.Subprotocol() != "chat.v1" || agreed != (mode != websocket.CompressionDisabled) {
						t.Errorf("agreed on %q", resp.Header)
					}
					c.SetReadLimit(8 << 20)
					for _, message := range messages {
						if len(message) > 1<<20 && (b.Name == "netpoll" || mode != websocket.CompressionDisabled) {
							continue // netpoll closes a connection with more than that unread; compressing takes long
						}
						for _, kind := range []websocket.MessageType{websocket.MessageText, websocket.MessageBinary} {
							if err := c.Write(ctx, kind, []byte(message)); err != nil {
								t.Fatal(err)
							}
							got, p, err := c.Read(ctx)
							if err != nil || got != kind || !bytes.Equal(p, []byte(message)) {
								t.Fatalf("%d bytes come back as %d, %v", len(message), len(p), err)
							}
						}
					}
					pinged := make(chan error)
					go func() { pinged <- c.Ping(ctx) }()
					reading := c.CloseRead(ctx)
					if err := <-pinged; err != nil {
						t.Error(err)
					}
					if err := c.Close(websocket.StatusNormalClosure, "bye"); err != nil {
						t.Error(err)
					}
					<-reading.Done()
				})
			}
		}
	}
}

// A client in fragments: the writer of the other library sends one for each Write.
func TestAnotherClientWithFragments(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	c, _, err := websocket.Dial(ctx, startEcho(t, "", nil), &websocket.DialOptions{HTTPClient: &http.Client{Transport: transport}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseNow()
	c.SetReadLimit(8 << 20)
	w, err := c.Writer(ctx, websocket.MessageText)
	if err != nil {
		t.Fatal(err)
	}
	for range 2000 {
		if _, err := w.Write([]byte(kosme[:3])); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(kosme[3:])); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if _, p, err := c.Read(ctx); err != nil || string(p) != strings.Repeat(kosme, 2000) {
		t.Fatalf("%d bytes, %v", len(p), err)
	}
	if err := c.Write(ctx, websocket.MessageText, []byte("\xff")); err != nil {
		t.Fatal(err)
	}
	if _, _, err := c.Read(ctx); websocket.CloseStatus(err) != websocket.StatusInvalidFramePayloadData {
		t.Error(err)
	}
}
