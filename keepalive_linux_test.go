package netloop_test

import (
	"errors"
	"net"
	"os"
	"strconv"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sudoXpg/netloop"
	"github.com/sudoXpg/netloop/eventloop"
	"github.com/sudoXpg/netloop/internal/sock/socktest"
)

// patience is how long anything is waited for.
const patience = time.Minute

// An onClosed is a handler that reports Opened and Closed.
type onClosed struct {
	opened chan *eventloop.Conn
	closed chan error
}

func newOnClosed() *onClosed {
	return &onClosed{opened: make(chan *eventloop.Conn, 1), closed: make(chan error, 1)}
}

func (h *onClosed) Opened(c *eventloop.Conn)            { h.opened <- c }
func (h *onClosed) Received(*eventloop.Conn, []byte)    {}
func (h *onClosed) Drained(*eventloop.Conn)             {}
func (h *onClosed) Closed(_ *eventloop.Conn, err error) { h.closed <- err }

// within returns what comes from ch.
func within[T any](t *testing.T, what string, ch <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-ch:
	case <-time.After(patience):
		t.Fatalf("waited in vain until %s", what)
	}
	return v
}

// run runs a group until the test ends.
func run(t *testing.T, o eventloop.Options) *eventloop.Group {
	t.Helper()
	g, err := eventloop.New(o)
	if err != nil {
		t.Fatal(err)
	}
	over := make(chan error, 1)
	go func() { over <- g.Run() }()
	t.Cleanup(func() {
		if err := errors.Join(g.Close(), within(t, "the group is closed", over)); err != nil {
			t.Error(err)
		}
	})
	return g
}

// accepting listens and returns the address, and the handler of the next connection.
func accepting(t *testing.T, g *eventloop.Group) (string, *onClosed) {
	t.Helper()
	h := newOnClosed()
	ln, err := g.Listen("tcp4", "127.0.0.1:0", func(*eventloop.Conn) eventloop.Handler { return h })
	if err != nil {
		t.Fatal(err)
	}
	return ln.Addr().String(), h
}

func TestKeepAlive(t *testing.T) {
	for _, b := range netloop.Backends() {
		t.Run(b.Name, func(t *testing.T) {
			t.Run("accepted and dialled sockets have it", func(t *testing.T) { socketsKeepAlive(t, b.Open) })
			t.Run("a negative one leaves sockets alone", func(t *testing.T) { socketsLeftAlone(t, b.Open) })
			t.Run("a quiet peer that has vanished is closed", func(t *testing.T) {
				t.Parallel()
				vanished(t, b.Open, func(*eventloop.Conn) {})
			})
			t.Run("a peer that has vanished while data was on its way is closed", func(t *testing.T) {
				t.Parallel()
				vanished(t, b.Open, func(c *eventloop.Conn) { c.Write([]byte("is anybody there?")) })
			})
		})
	}
}

// seconds are the options of a socket, in the order of KeepAlive's fields.
var seconds = []int{unix.TCP_KEEPIDLE, unix.TCP_KEEPINTVL, unix.TCP_KEEPCNT, unix.TCP_USER_TIMEOUT}

// both connects two connections of a group to each other and calls f with the
// descriptor of each.
func both(t *testing.T, o eventloop.Options, f func(fd int)) {
	t.Helper()
	g := run(t, o)
	at, accepted := accepting(t, g)
	dialled := newOnClosed()
	if err := g.Dial("tcp4", at, dialled); err != nil {
		t.Fatal(err)
	}
	within(t, "a connection is accepted", accepted.opened)
	within(t, "a connection is dialled", dialled.opened)
	port := netPort(t, at)
	found := 0
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		fd, err := strconv.Atoi(entry.Name())
		if err != nil {
			t.Fatal(err)
		}
		peer, err := unix.Getpeername(fd)
		if err != nil {
			continue // no connection
		}
		own, err := unix.Getsockname(fd)
		if err != nil || portOf(peer) != port && portOf(own) != port {
			continue
		}
		found++
		f(fd)
	}
	if found != 2 {
		t.Errorf("%d descriptors of the connection", found)
	}
}

func netPort(t *testing.T, address string) int {
	t.Helper()
	a, err := net.ResolveTCPAddr("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	return a.Port
}

func portOf(sa unix.Sockaddr) int {
	if sa, ok := sa.(*unix.SockaddrInet4); ok {
		return sa.Port
	}
	return 0
}

func socketsKeepAlive(t *testing.T, open func() (eventloop.Backend, error)) {
	for _, o := range []struct {
		given eventloop.KeepAlive
		want  [4]int
	}{
		{eventloop.KeepAlive{}, [4]int{60, 15, 4, 120_000}},
		{eventloop.KeepAlive{Idle: 1500 * time.Millisecond, Interval: time.Second, Count: 2}, [4]int{2, 1, 2, 0}},
		{eventloop.KeepAlive{Idle: 1e6 * time.Second, Interval: time.Hour, Count: 1000, Unacknowledged: -1}, [4]int{32767, 3600, 127, 0}},
	} {
		both(t, eventloop.Options{Open: open, KeepAlive: o.given}, func(fd int) {
			on, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_KEEPALIVE)
			if err != nil || on != 1 {
				t.Errorf("%+v: SO_KEEPALIVE is %d (%v)", o.given, on, err)
			}
			for i, option := range seconds {
				if got, err := unix.GetsockoptInt(fd, unix.IPPROTO_TCP, option); err != nil || got != o.want[i] {
					t.Errorf("%+v: option %d is %d (%v), want %d", o.given, option, got, err, o.want[i])
				}
			}
		})
	}
}

func socketsLeftAlone(t *testing.T, open func() (eventloop.Backend, error)) {
	both(t, eventloop.Options{Open: open, KeepAlive: eventloop.KeepAlive{Idle: -1}}, func(fd int) {
		if on, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_KEEPALIVE); err != nil || on != 0 {
			t.Errorf("SO_KEEPALIVE is %d (%v)", on, err)
		}
	})
}

// vanished makes a peer vanish, and calls then with the connection to it.
func vanished(t *testing.T, open func() (eventloop.Backend, error), then func(*eventloop.Conn)) {
	g := run(t, eventloop.Options{Open: open, KeepAlive: eventloop.KeepAlive{
		Idle: time.Second, Interval: time.Second, Count: 1, Unacknowledged: 2 * time.Second,
	}})
	at, h := accepting(t, g)
	peer, err := net.Dial("tcp4", at)
	if err != nil {
		t.Fatal(err)
	}
	defer peer.Close()
	c := within(t, "the peer is accepted", h.opened)
	socktest.Vanish(t, peer.(syscall.Conn))
	if err := c.Post(func() { then(c) }); err != nil {
		t.Fatal(err)
	}
	// netpoll calls every hang-up a reset.
	if err := within(t, "the connection is closed", h.closed); !errors.Is(err, unix.ETIMEDOUT) && !errors.Is(err, unix.ECONNRESET) {
		t.Errorf("Closed got %v, want ETIMEDOUT", err)
	}
}
