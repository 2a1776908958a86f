package sock_test

import (
	"io"
	"net"
	"runtime"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sudoXpg/netloop/eventloop"
	"github.com/sudoXpg/netloop/internal/sock"
)

// tcpPair returns both ends of a connection.
func tcpPair(t *testing.T) (ours, peer *net.TCPConn) {
	t.Helper()
	ln, err := net.ListenTCP("tcp4", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ln.Close() }()
	if peer, err = net.DialTCP("tcp4", nil, ln.Addr().(*net.TCPAddr)); err != nil {
		t.Fatal(err)
	}
	if ours, err = ln.AcceptTCP(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = ours.Close(), peer.Close() })
	return ours, peer
}

// control calls f with the descriptor of c.
func control(t *testing.T, c syscall.Conn, f func(fd int)) {
	t.Helper()
	raw, err := c.SyscallConn()
	if err == nil {
		err = raw.Control(func(fd uintptr) { f(int(fd)) })
	}
	if err != nil {
		t.Fatal(err)
	}
}

const generous = time.Minute

func TestAPeerThatDoesNotCloseIsReset(t *testing.T) {
	ours, peer := tcpPair(t)
	if _, err := ours.Write([]byte("goodbye")); err != nil {
		t.Fatal(err)
	}
	_ = ours.CloseWrite()
	if got, err := io.ReadAll(peer); err != nil || string(got) != "goodbye" {
		t.Fatalf("%q, %v", got, err)
	}
	control(t, ours, func(fd int) {
		for deadline := time.Now().Add(generous); ; runtime.Gosched() {
			if n, err := unix.IoctlGetInt(fd, unix.SIOCOUTQ); err != nil || time.Now().After(deadline) {
				t.Fatalf("%d bytes are on their way, %v", n, err)
			} else if n == 0 {
				break
			}
		}
		sock.Net{}.Reset(eventloop.Handle(fd))
	})
	_ = ours.Close()
	control(t, peer, func(fd int) {
		fds := []unix.PollFd{{Fd: int32(fd)}} // POLLHUP is reported in any case
		if _, err := unix.Poll(fds, int(generous/time.Millisecond)); err != nil || fds[0].Revents&unix.POLLHUP == 0 {
			t.Errorf("poll says %#x, %v", fds[0].Revents, err)
		}
	})
}

func TestResetWaitsForBytesInFlight(t *testing.T) {
	ours, peer := tcpPair(t)
	sent := 0
	control(t, ours, func(fd int) {
		for {
			n, err := unix.Write(fd, make([]byte, 1<<16))
			if err != nil { // there is no room: the peer does not read
				break
			}
			sent += n
		}
		sock.Net{}.Reset(eventloop.Handle(fd))
	})
	_ = ours.Close()
	got, err := io.Copy(io.Discard, peer)
	if err != nil || int(got) != sent {
		t.Errorf("%d bytes of %d, %v", got, sent, err)
	}
}
