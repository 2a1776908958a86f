package main

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/sudoXpg/netloop"
)

// patience is how long something that must happen is waited for.
const patience = time.Minute

func TestMessagesReachTheirChannel(t *testing.T) {
	g, err := netloop.New(netloop.Options{})
	if err != nil {
		t.Fatal(err)
	}
	ln, err := g.Listen("tcp", "127.0.0.1:0", server(""))
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() { done <- g.Run() }()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	transport := &http.Transport{}
	dial := func() *websocket.Conn {
		t.Helper()
		c, _, err := websocket.Dial(ctx, "ws://"+ln.Addr().String(), &websocket.DialOptions{HTTPClient: &http.Client{Transport: transport}})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	say := func(c *websocket.Conn, messages ...string) {
		t.Helper()
		for _, m := range messages {
			if err := c.Write(ctx, websocket.MessageText, []byte(m)); err != nil {
				t.Fatal(err)
			}
		}
	}
	want := func(c *websocket.Conn, messages ...string) {
		t.Helper()
		for _, m := range messages {
			if _, p, err := c.Read(ctx); string(p) != m || err != nil {
				t.Fatalf("%q, %v; want %q", p, err, m)
			}
		}
	}
	alice, bob := dial(), dial()
	say(alice, "subscribe tea", "subscribe tea", "publish tea one", "publish milk nobody", "nonsense", "")
	want(alice, "tea one")
	say(bob, "subscribe milk", "publish tea two", "publish milk three", "unsubscribe tea")
	want(alice, "tea two")
	want(bob, "milk three")
	say(alice, "unsubscribe tea", "publish tea four", "subscribe milk", "publish milk five words here")
	want(alice, "milk five words here")
	want(bob, "milk five words here")
	for _, c := range []*websocket.Conn{alice, bob} {
		if err := c.Close(websocket.StatusNormalClosure, ""); err != nil {
			t.Error(err)
		}
	}
	transport.CloseIdleConnections()
	if err := errors.Join(g.Close(), <-done); err != nil {
		t.Error(err)
	}
	if len(channels) > 0 {
		t.Errorf("%d channels are left", len(channels))
	}
}
