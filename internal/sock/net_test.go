//go:build unix

package sock

import (
	"errors"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/sudoXpg/netloop/eventloop"
)

// await waits until fd can be read from or written to.
func await(t *testing.T, fd int, write bool) {
	t.Helper()
	fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	if write {
		fds[0].Events = unix.POLLOUT
	}
	for {
		n, err := unix.Poll(fds, 10_000)
		if n > 0 {
			return
		}
		if err != unix.EINTR {
			t.Fatalf("nothing happened to the socket: %v", err)
		}
	}
}

// connected returns both ends of a connection over a listener.
func connected(t *testing.T, network, address string) (client, server eventloop.Handle) {
	t.Helper()
	ln, at := listener(t, network, address)
	client, err := Net{}.Dial(network, at)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeHandle(t, client) })
	await(t, int(client), true)
	if err := (Net{}).Connected(client); err != nil {
		t.Fatal(err)
	}
	awaitReadable(t, ln)
	server, _, err = Net{}.Accept(ln)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeHandle(t, server) })
	return client, server
}

func TestTCPHasNoDelayOnBothEnds(t *testing.T) {
	client, server := connected(t, "tcp4", "127.0.0.1:0")
	for _, h := range []eventloop.Handle{client, server} {
		v, err := unix.GetsockoptInt(int(h), unix.IPPROTO_TCP, unix.TCP_NODELAY)
		if err != nil || v == 0 {
			t.Errorf("TCP_NODELAY is %d, %v", v, err)
		}
	}
}

func TestUrgentDataStaysInItsPlace(t *testing.T) {
	client, server := connected(t, "tcp4", "127.0.0.1:0")
	for i, flags := range []int{0, unix.MSG_OOB, 0} {
		if err := unix.Sendto(int(client), []byte{'a' + byte(i)}, flags, nil); err != nil {
			t.Fatal(err)
		}
	}
	var got []byte
	for len(got) < 3 {
		awaitReadable(t, server)
		buf := make([]byte, 8)
		n, err := Net{}.Read(server, buf)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, buf[:n]...)
	}
	if string(got) != "abc" {
		t.Errorf("read %q", got)
	}
}

// Package net makes MPTCP listeners where it can.
func TestAdoptedTCPHasNoDelayToo(t *testing.T) {
	origin, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer origin.Close()
	ln, err := Net{}.Adopt(origin)
	if err != nil {
		t.Fatal(err)
	}
	defer closeHandle(t, ln)
	client, err := Net{}.Dial("tcp4", origin.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer closeHandle(t, client)
	awaitReadable(t, ln)
	server, _, err := Net{}.Accept(ln)
	if err != nil {
		t.Fatal(err)
	}
	defer closeHandle(t, server)
	v, err := unix.GetsockoptInt(int(server), unix.IPPROTO_TCP, unix.TCP_NODELAY)
	if err != nil || v == 0 {
		t.Errorf("TCP_NODELAY is %d, %v", v, err)
	}
}

func TestEverySocketIsNonBlockingAndClosedOnExec(t *testing.T) {
	for _, at := range [][2]string{{"tcp4", "127.0.0.1:0"}, {"unix", filepath.Join(t.TempDir(), "s")}} {
		client, server := connected(t, at[0], at[1])
		ln, _ := listener(t, "tcp4", "127.0.0.1:0")
		for _, h := range []eventloop.Handle{client, server, ln} {
			if fl, err := unix.FcntlInt(uintptr(h), unix.F_GETFL, 0); err != nil || fl&unix.O_NONBLOCK == 0 {
				t.Errorf("%s: flags %#x, %v: blocking", at[0], fl, err)
			}
			if fl, err := unix.FcntlInt(uintptr(h), unix.F_GETFD, 0); err != nil || fl&unix.FD_CLOEXEC == 0 {
				t.Errorf("%s: descriptor flags %#x, %v: not closed on exec", at[0], fl, err)
			}
		}
	}
}

// SIGTERM comes after the write and has the greater number: a SIGPIPE would be
// delivered before it.
func TestWriteRaisesNoSigpipe(t *testing.T) {
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, unix.SIGPIPE, unix.SIGTERM)
	defer signal.Stop(signals)

	client, _ := connected(t, "tcp4", "127.0.0.1:0")
	if err := unix.Shutdown(int(client), unix.SHUT_WR); err != nil {
		t.Fatal(err)
	}
	if _, err := (Net{}).Write(client, []byte("x")); !errors.Is(err, unix.EPIPE) {
		t.Errorf("Write after shutdown: %v, want EPIPE", err)
	}
	if err := unix.Kill(os.Getpid(), unix.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if got := <-signals; got != unix.SIGTERM {
		t.Errorf("Write raised %v", got)
	}
}

func TestConnectedBeforeTheEndIsAnError(t *testing.T) {
	fd, err := newSocket(unix.AF_INET)
	if err != nil {
		t.Fatal(err)
	}
	h := eventloop.Handle(fd)
	defer closeHandle(t, h)
	if err := (Net{}).Connected(h); !errors.Is(err, unix.ENOTCONN) {
		t.Errorf("Connected of a socket that is not: %v", err)
	}
	if err := (Net{}).CloseWrite(h); err != nil {
		t.Errorf("CloseWrite of a socket that is not connected: %v", err)
	}
}

func TestConnectedTellsWhyNot(t *testing.T) {
	fd, err := newSocket(unix.AF_INET)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	nobody := &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}
	if err := unix.Bind(fd, nobody); err != nil { // a port where nobody listens
		t.Fatal(err)
	}
	a, err := Net{}.LocalAddr(eventloop.Handle(fd))
	if err != nil {
		t.Fatal(err)
	}
	h, err := Net{}.Dial("tcp4", a.String())
	if err == nil {
		defer closeHandle(t, h)
		await(t, int(h), true)
		err = Net{}.Connected(h)
	}
	if !errors.Is(err, unix.ECONNREFUSED) {
		t.Errorf("Dial where nobody listens: %v, want ECONNREFUSED", err)
	}
}

func TestSystemErrorsNameTheCall(t *testing.T) {
	_, err := Net{}.Listen("tcp4", "192.0.2.1:0", eventloop.ListenOptions{}) // TEST-NET-1, RFC 5737
	var call *os.SyscallError
	if !errors.As(err, &call) || call.Syscall != "bind" {
		t.Errorf("Listen on an address of nobody: %v", err)
	}
	if _, err := (Net{}).Read(1<<20, make([]byte, 1)); !errors.As(err, &call) || call.Syscall != "read" {
		t.Errorf("Read of no descriptor: %v", err)
	}
}

func TestAFileThatIsNoSocketIsLeftAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "precious")
	if err := os.WriteFile(path, []byte("data"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Net{}.Listen("unix", path, eventloop.ListenOptions{})
	if !errors.Is(err, unix.EADDRINUSE) {
		t.Errorf("Listen on a file: %v", err)
	}
	if data, err := os.ReadFile(path); string(data) != "data" {
		t.Errorf("the file now holds %q, %v", data, err)
	}
}

func TestALiveSocketIsLeftAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	ln, _ := listener(t, "unix", path)
	if _, err := (Net{}).Listen("unix", path, eventloop.ListenOptions{}); !errors.Is(err, unix.EADDRINUSE) {
		t.Errorf("Listen on a live socket: %v", err)
	}
	client, err := Net{}.Dial("unix", path)
	if err != nil {
		t.Fatalf("the live socket does not answer any more: %v", err)
	}
	closeHandle(t, client)
	awaitReadable(t, ln)
}

func TestAnAdoptedUnixListenerOutlivesItsOrigin(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	origin, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	ln, err := Net{}.Adopt(origin)
	if err != nil {
		t.Fatal(err)
	}
	defer closeHandle(t, ln)
	if err := origin.Close(); err != nil {
		t.Fatal(err)
	}
	client, err := Net{}.Dial("unix", path)
	if err != nil {
		t.Fatalf("Dial after the origin was closed: %v", err)
	}
	closeHandle(t, client)
}

func TestOnlyListenersWithADescriptorAreAdopted(t *testing.T) {
	_, err := Net{}.Adopt(struct{ net.Listener }{})
	if !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("Adopt: %v, want errors.ErrUnsupported", err)
	}
}
