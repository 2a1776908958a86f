package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// patience is how long something that must happen is waited for.
const patience = time.Minute

// Suites send messages of up to 16 MiB.
func TestLongMessagesComeBack(t *testing.T) {
	for name, sizes := range map[string][]int{"ws": {0, 1000, 100_000, 16 << 20}, "wss": {0, 1000, 1 << 20}} {
		t.Run(name, func(t *testing.T) {
			compression := websocket.CompressionDisabled
			if name == "wss" {
				compression = websocket.CompressionContextTakeover
			}
			g, addr, err := listen("127.0.0.1:0", name == "wss")
			if err != nil {
				t.Fatal(err)
			}
			done := make(chan error)
			go func() { done <- g.Run() }()
			defer func() {
				if err := errors.Join(g.Close(), <-done); err != nil {
					t.Error(err)
				}
			}()
			ctx, cancel := context.WithTimeout(context.Background(), patience)
			defer cancel()
			transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}} //nolint:gosec // self-signed
			defer transport.CloseIdleConnections()
			c, _, err := websocket.Dial(ctx, fmt.Sprintf("%s://%s", name, addr), &websocket.DialOptions{
				HTTPClient: &http.Client{Transport: transport}, CompressionMode: compression,
				HTTPHeader: http.Header{"Origin": {"http://suite.test"}},
			})
			if err != nil {
				t.Fatal(err)
			}
			defer c.CloseNow()
			c.SetReadLimit(maxMessage)
			for _, n := range sizes {
				message := bytes.Repeat([]byte("*"), n)
				if err := c.Write(ctx, websocket.MessageBinary, message); err != nil {
					t.Fatal(err)
				}
				if _, p, err := c.Read(ctx); err != nil || !bytes.Equal(p, message) {
					t.Fatalf("%d bytes come back of %d, %v", len(p), n, err)
				}
			}
			if err := c.Close(websocket.StatusNormalClosure, ""); err != nil {
				t.Error(err)
			}
		})
	}
}
