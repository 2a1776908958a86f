//go:build unix

package sock

import (
	"errors"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/sudoXpg/netloop/eventloop"
	"github.com/sudoXpg/netloop/internal/osutil"
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

// SIGTERM is sent after the write and has the greater number: a SIGPIPE would
// be delivered before it.
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

func TestAFileThatIsNotASocketIsLeftAlone(t *testing.T) {
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

func TestAListenerThatClosesLeavesTheSocketsOfOthers(t *testing.T) {
	for name, unlink := range map[string]bool{"closed": false, "unlinked and closed": true} {
		path := filepath.Join(t.TempDir(), "s")
		ln, err := Net{}.Listen("unix", path, eventloop.ListenOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		successor, err := net.Listen("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		if unlink {
			if err := (Net{}).Unlink(path); err != nil {
				t.Error(err)
			}
		}
		closeHandle(t, ln)
		c, err := net.Dial("unix", path)
		if err != nil {
			t.Fatalf("%s: the successor is out of reach: %v", name, err)
		}
		_ = c.Close()
		_ = successor.Close()
	}
}

func TestAListenerLeavesNothingBehind(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "s")
	for range 3 {
		ln, err := Net{}.Listen("unix", path, eventloop.ListenOptions{})
		if err != nil {
			t.Fatal(err)
		}
		closeHandle(t, ln)
		if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
			t.Errorf("%v, %v", entries, err)
		}
	}
}

func TestWhileTheLockIsHeldASocketIsNotStale(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	claim, err := osutil.ClaimSocket(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = claim.Release() }()
	// It refuses connections, as listeners on the BSDs do when their backlog is full.
	full, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	full.SetUnlinkOnClose(false)
	_ = full.Close()
	if _, err := (Net{}).Listen("unix", path, eventloop.ListenOptions{}); !errors.Is(err, unix.EADDRINUSE) {
		t.Errorf("Listen: %v", err)
	}
	if _, err := os.Lstat(path); err != nil {
		t.Errorf("the socket was taken: %v", err)
	}
	_ = claim.Release()
	ln, err := Net{}.Listen("unix", path, eventloop.ListenOptions{})
	if err != nil {
		t.Fatalf("Listen after the end of the other: %v", err)
	}
	closeHandle(t, ln)
}

func TestAPathThatIsTooLongIsExplained(t *testing.T) {
	path := filepath.Join(t.TempDir(), strings.Repeat("x", osutil.MaxSocketPath))
	_, err := Net{}.Listen("unix", path, eventloop.ListenOptions{})
	if err == nil || !strings.Contains(err.Error(), strconv.Itoa(osutil.MaxSocketPath)) {
		t.Errorf("Listen: %v", err)
	}
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

// The error differs: on NetBSD a connection that was reset gives EINVAL.
func TestCloseWriteOfAConnectionThatHasEndedIsNoError(t *testing.T) {
	for system, err := range map[string]error{"a connection that ended": unix.ENOTCONN, "one that was reset": unix.ECONNRESET, "NetBSD": unix.EINVAL} {
		if got := toldPeer(err); got != nil {
			t.Errorf("%s: CloseWrite is %v", system, got)
		}
	}
	if err := toldPeer(unix.EBADF); !errors.Is(err, unix.EBADF) {
		t.Errorf("a closed descriptor: CloseWrite is %v", err)
	}
}
