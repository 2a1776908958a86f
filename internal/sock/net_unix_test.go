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

const msgOOB = unix.MSG_OOB

func sendFlags(h eventloop.Handle, b byte, flags int) error {
	return unix.Sendto(int(h), []byte{b}, flags, nil)
}

func await(t *testing.T, h eventloop.Handle, write bool) {
	t.Helper()
	fds := []unix.PollFd{{Fd: int32(h), Events: unix.POLLIN}}
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
