package netconn_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/net/nettest"

	"github.com/sudoXpg/netloop"
	"github.com/sudoXpg/netloop/eventloop"
	"github.com/sudoXpg/netloop/eventloop/netconn"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long something that must happen is waited for.
const patience = time.Minute

// group runs a group on the best backend until the test ends.
func group(t *testing.T) *eventloop.Group {
	t.Helper()
	g, err := netloop.New(netloop.Options{Options: eventloop.Options{Loops: 2}})
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
	return g
}

// pair returns both ends of a connection.
func pair(g *eventloop.Group, o netconn.Options) (accepted, dialled net.Conn, err error) {
	ln, err := netconn.Listen(g, "tcp", "127.0.0.1:0", o)
	if err != nil {
		return nil, nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if dialled, err = netconn.Dial(ctx, g, "tcp", ln.Addr().String(), o); err != nil {
		return nil, nil, err
	}
	if accepted, err = ln.Accept(); err != nil {
		return nil, nil, err
	}
	return accepted, dialled, ln.Close()
}

func mustPair(t *testing.T, o netconn.Options) (accepted, dialled *netconn.Conn) {
	t.Helper()
	a, d, err := pair(group(t), o)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []net.Conn{a, d} {
		if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
			t.Fatal(err)
		}
	}
	return a.(*netconn.Conn), d.(*netconn.Conn)
}

func TestConnIsANetConn(t *testing.T) {
	for name, o := range map[string]netconn.Options{"default": {}, "small buffers": {ReadBuffer: 100, WriteBuffer: 100}} {
		t.Run(name, func(t *testing.T) {
			g := group(t)
			nettest.TestConn(t, func() (c1, c2 net.Conn, stop func(), err error) {
				if c1, c2, err = pair(g, o); err != nil {
					return nil, nil, nil, err
				}
				return c1, c2, func() { _ = errors.Join(c1.Close(), c2.Close()) }, nil
			})
		})
	}
}

func TestAWriterWaitsForASlowReaderAndNothingIsLost(t *testing.T) {
	const size = 16 << 20
	a, d := mustPair(t, netconn.Options{WriteBuffer: 10_000, ReadBuffer: 10_000})
	want := make([]byte, size)
	for i := range want {
		want[i] = byte(i * i >> 8)
	}
	if err := a.SetWriteDeadline(time.Now().Add(50 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	n, err := a.Write(want) // nobody reads
	if !errors.Is(err, os.ErrDeadlineExceeded) || n == size {
		t.Fatalf("a write that nobody reads returned %d, %v", n, err)
	}
	var timeout net.Error
	if !errors.As(err, &timeout) || !timeout.Timeout() {
		t.Errorf("%v is no timeout", err)
	}
	if err := a.SetWriteDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	rest := make(chan error)
	go func() {
		_, err := a.Write(want[n:])
		rest <- errors.Join(err, a.CloseWrite())
	}()
	got, err := io.ReadAll(iotest.HalfReader(d))
	if err := errors.Join(err, <-rest); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%d bytes arrived of %d, or others", len(got), size)
	}
}

func TestCloseWriteLeavesTheOtherDirectionOpen(t *testing.T) {
	a, d := mustPair(t, netconn.Options{})
	if _, err := io.WriteString(a, "question"); err != nil {
		t.Fatal(err)
	}
	if err := a.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Write([]byte("more")); err == nil {
		t.Error("a write after CloseWrite works")
	}
	if got, err := io.ReadAll(d); string(got) != "question" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := io.WriteString(d, "answer"); err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil { // what was written is sent
		t.Fatal(err)
	}
	if got, err := io.ReadAll(a); string(got) != "answer" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	if err := a.Close(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("a second Close: %v", err)
	}
}

// A lateDialer does not connect, but calls called.
type lateDialer struct {
	called func()
	h      eventloop.Handler
}

func (d *lateDialer) Dial(_, _ string, h eventloop.Handler) error {
	d.h = h
	d.called()
	return nil
}

// A closing reports how its connection ended.
type closing struct {
	eventloop.Handler
	closed chan error
}

func (h *closing) Closed(c *eventloop.Conn, err error) {
	h.Handler.Closed(c, err)
	h.closed <- err
}

func TestADialThatFailsOrIsCancelledReturns(t *testing.T) {
	g := group(t)
	ln, err := netconn.Listen(g, "tcp", "127.0.0.1:0", netconn.Options{})
	if err != nil {
		t.Fatal(err)
	}
	address := ln.Addr().String()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if _, err := netconn.Dial(ctx, g, "tcp", "nonsense", netconn.Options{}); err == nil || ctx.Err() != nil {
		t.Errorf("a Dial to nonsense returned %v", err)
	}
	ended, end := context.WithCancel(context.Background())
	end()
	if _, err := netconn.Dial(ended, g, "tcp", address, netconn.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("a Dial that was given up returned %v", err)
	}
	waiting, giveUp := context.WithCancel(context.Background())
	late := &lateDialer{called: giveUp}
	if _, err := netconn.Dial(waiting, late, "tcp", address, netconn.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("a Dial that was given up while it waited returned %v", err)
	}
	served := make(chan error, 1)
	if err := g.Dial("tcp", address, &closing{Handler: late.h, closed: served}); err != nil {
		t.Fatal(err)
	}
	if accepted, err := ln.Accept(); err != nil || accepted.Close() != nil {
		t.Fatal(err)
	}
	if err := <-served; err != nil { // it connects after all, and is closed at once
		t.Errorf("a connection that nobody waits for ended with %v", err)
	}
	for _, l := range g.Loops() {
		c, err := netconn.Dial(ctx, l, "tcp", address, netconn.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if c.RemoteAddr().String() != address || c.LocalAddr().String() == address {
			t.Errorf("from %s to %s", c.LocalAddr(), c.RemoteAddr())
		}
		defer c.Close()
	}
	if err := errors.Join(ln.Close(), ln.Close()); err != nil {
		t.Error(err)
	}
	if _, err := ln.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Accept after Close: %v", err)
	}
}

func TestAClosedGroupEndsReadAndWrite(t *testing.T) {
	g := group(t)
	a, d, err := pair(g, netconn.Options{})
	if err != nil {
		t.Fatal(err)
	}
	read := make(chan error)
	go func() {
		_, err := a.Read(make([]byte, 1))
		read <- err
	}()
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-read; err == nil {
		t.Error("Read returned nil")
	}
	for err == nil {
		_, err = d.Write(make([]byte, 1<<10))
	}
}

// The standard library's server and client, over the loop.
func TestHTTP(t *testing.T) {
	g := group(t)
	ln, err := netconn.Listen(g, "tcp", "127.0.0.1:0", netconn.Options{})
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{ReadHeaderTimeout: patience, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		all, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		_, _ = w.Write(all)
	})}
	served := make(chan error)
	go func() { served <- srv.Serve(ln) }()
	transport := &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		return netconn.Dial(ctx, g, network, address, netconn.Options{})
	}}
	client := &http.Client{Transport: transport, Timeout: patience}
	want := strings.Repeat("hello ", 100_000)
	for range 3 {
		resp, err := client.Post("http://"+ln.Addr().String(), "text/plain", strings.NewReader(want))
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(resp.Body)
		if err := errors.Join(err, resp.Body.Close()); err != nil || string(got) != want {
			t.Errorf("%d bytes came back of %d, %v", len(got), len(want), err)
		}
	}
	transport.CloseIdleConnections()
	if err := srv.Close(); err != nil {
		t.Error(err)
	}
	if err := <-served; !errors.Is(err, http.ErrServerClosed) {
		t.Error(err)
	}
}
