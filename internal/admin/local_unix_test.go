//go:build unix

package admin

import (
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/sudoXpg/netloop/internal/osutil"
)

func mustListen(t *testing.T, path string) net.Listener {
	t.Helper()
	l, err := listenLocal(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

// echo echoes the input of each connection of l.
func echo(t *testing.T, l net.Listener) {
	t.Helper()
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				if !errors.Is(err, net.ErrClosed) {
					t.Error(err)
				}
				return
			}
			_, _ = io.Copy(c, c)
			_ = c.Close()
		}
	})
	t.Cleanup(func() { _ = l.Close(); wg.Wait() })
}

// says reports whether a server echoes at path.
func says(t *testing.T, path string) bool {
	t.Helper()
	c, err := dialLocal(path)
	if err != nil {
		t.Errorf("dial: %v", err)
		return false
	}
	defer c.Close()
	if _, err := c.Write([]byte("hello")); err != nil {
		t.Error(err)
	}
	b := make([]byte, 5)
	_, err = io.ReadFull(c, b)
	return err == nil && string(b) == "hello"
}

func empty(t *testing.T, folder string) bool {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	return len(entries) == 0
}

func TestALocalSocketIsAccessibleToItsOwnerOnly(t *testing.T) {
	old := syscall.Umask(0)
	defer syscall.Umask(old)
	folder := scratch(t)
	path := filepath.Join(folder, "s")
	l := mustListen(t, path)
	echo(t, l)
	info, err := os.Lstat(path)
	if err != nil || info.Mode() != fs.ModeSocket|0o600 {
		t.Errorf("%v, %v; want a socket of mode 0600", info.Mode(), err)
	}
	if !says(t, path) {
		t.Error("no echo")
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if !empty(t, folder) {
		t.Error("something was left behind")
	}
}

func TestASocketInALongFolderIsFound(t *testing.T) {
	tmp, folder := scratch(t), filepath.Join(scratch(t), strings.Repeat("long/", 30))
	t.Setenv("TMPDIR", tmp)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(folder, "s")
	l := mustListen(t, path)
	echo(t, l)
	t.Setenv("TMPDIR", "/nowhere") // which matters to the server only
	if !says(t, path) {
		t.Error("no echo")
	}
	if _, err := listenLocal(path); !errors.Is(err, osutil.ErrSomebodyListens) {
		t.Errorf("a second server: %v", err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	for _, folder := range []string{folder, tmp} {
		if !empty(t, folder) {
			t.Errorf("something was left behind in %s", folder)
		}
	}
}

func TestAPathThatIsTooLongEverywhereIsExplained(t *testing.T) {
	long := filepath.Join(scratch(t), strings.Repeat("long/", 30))
	if err := os.MkdirAll(long, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TMPDIR", long)
	if _, err := listenLocal(filepath.Join(long, "s")); err == nil || !strings.Contains(err.Error(), "too long") {
		t.Errorf("got %v", err)
	}
	if !empty(t, long) {
		t.Error("something was left behind")
	}
}

func TestASecondServerLeavesTheFirstAlone(t *testing.T) {
	path := filepath.Join(scratch(t), "s")
	echo(t, mustListen(t, path))
	for range 2 {
		if _, err := listenLocal(path); !errors.Is(err, osutil.ErrSomebodyListens) {
			t.Errorf("a second server: %v", err)
		}
	}
	if !says(t, path) {
		t.Error("the first does not answer any more")
	}
}

// crash does to a listener what the kernel does when its process is killed: nothing is
// removed.
func crash(t *testing.T, l net.Listener) {
	t.Helper()
	dead := l.(*localListener)
	_ = dead.UnixListener.Close()
	for _, name := range []string{dead.path, dead.path + ".lock"} {
		if err := os.Rename(name, name+".kept"); err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := os.Rename(name+".kept", name); err != nil {
				t.Error(err)
			}
		}()
	}
	if err := dead.claim.Release(); err != nil {
		t.Error(err)
	}
}

func TestTheLockDecidesWhetherASocketIsStale(t *testing.T) {
	path := filepath.Join(scratch(t), "s")
	l := mustListen(t, path).(*localListener)
	// A listener that refuses connections, as on the BSDs when its backlog is full.
	_ = l.UnixListener.Close()
	if _, err := listenLocal(path); !errors.Is(err, osutil.ErrSomebodyListens) {
		t.Errorf("while the lock is held: %v", err)
	}
	if _, err := os.Lstat(path); err != nil {
		t.Errorf("the socket was taken: %v", err)
	}
}

func TestCloseDoesNotRemoveFilesOfOthers(t *testing.T) {
	folder := scratch(t)
	path := filepath.Join(folder, "s")
	first := mustListen(t, path)
	// Somebody removes the socket and its lock, and starts a second server.
	for _, name := range []string{path, path + ".lock"} {
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
	}
	// By another path, which this process has not claimed, as another process would.
	link := filepath.Join(scratch(t), "link")
	if err := os.Symlink(folder, link); err != nil {
		t.Fatal(err)
	}
	echo(t, mustListen(t, filepath.Join(link, "s")))
	if err := first.Close(); err != nil {
		t.Error(err)
	}
	if !says(t, path) {
		t.Error("the second server's socket is gone")
	}
}

func TestASocketOfADeadServerIsReplaced(t *testing.T) {
	for name, rest := range map[string]string{"a socket": "", "a link to a socket": strings.Repeat("long/", 30)} {
		folder := filepath.Join(scratch(t), rest)
		if err := os.MkdirAll(folder, 0o700); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(folder, "s")
		dead := mustListen(t, path)
		crash(t, dead)
		if _, err := dialLocal(path); !errors.Is(err, errNobodyListens) {
			t.Errorf("%s: dial: %v", name, err)
		}
		echo(t, mustListen(t, path))
		_ = dead.Close() // which does not remove its successor's socket
		if !says(t, path) {
			t.Errorf("%s: no echo", name)
		}
	}
}

func TestALinkToNothingIsReplaced(t *testing.T) {
	path := filepath.Join(scratch(t), "s")
	if err := os.Symlink("/nowhere/at/all", path); err != nil {
		t.Fatal(err)
	}
	if _, err := dialLocal(path); !errors.Is(err, errNobodyListens) {
		t.Errorf("dial: %v", err)
	}
	echo(t, mustListen(t, path))
	if !says(t, path) {
		t.Error("no echo")
	}
}

func TestAFileThatIsNotASocketIsNotReplaced(t *testing.T) {
	folder := scratch(t)
	path, link := filepath.Join(folder, "precious"), filepath.Join(folder, "link")
	if err := os.WriteFile(path, []byte("data"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := listenLocal(path); err == nil {
		t.Error("listening on a file")
	}
	if _, err := dialLocal(path); !errors.Is(err, errNobodyListens) {
		t.Errorf("dial: %v", err)
	}
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	l, err := listenLocal(link) // the link may be replaced, not what it points to
	if err == nil {
		_ = l.Close()
	}
	if data, err := os.ReadFile(path); string(data) != "data" {
		t.Errorf("the file holds %q, %v", data, err)
	}
}

func TestDialingWithoutAListenerReturnsErrNobodyListens(t *testing.T) {
	folder := scratch(t)
	for _, path := range []string{
		filepath.Join(folder, "s"), filepath.Join(folder, "no", "folder", "s"),
		filepath.Join(folder, strings.Repeat("long/", 30), "s"),
	} {
		if _, err := dialLocal(path); !errors.Is(err, errNobodyListens) || !strings.Contains(err.Error(), path) {
			t.Errorf("dial: %v", err)
		}
	}
}

func TestOnlyTheOwnerAndRootMayConnect(t *testing.T) {
	for _, c := range []struct {
		peer, own int64
		want      bool
	}{
		{1000, 1000, true},
		{0, 1000, true},
		{0, 0, true},
		{anyUser, 1000, true},
		{1001, 1000, false},
		{1000, 0, false},
		{1<<32 - 1, 1000, false},
	} {
		if got := mayTalk(c.peer, c.own); got != c.want {
			t.Errorf("user %d to user %d: %v, want %v", c.peer, c.own, got, c.want)
		}
	}
}

func TestThePeerIsKnown(t *testing.T) {
	path := filepath.Join(scratch(t), "s")
	l := mustListen(t, path)
	done := make(chan error, 1)
	go func() {
		c, err := dialLocal(path)
		if err == nil {
			defer c.Close()
		}
		done <- err
	}()
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	want := self()
	switch runtime.GOOS {
	case "solaris", "illumos", "aix":
		want = anyUser
	}
	if uid, err := peerUser(c.(*net.UnixConn)); uid != want || err != nil {
		t.Errorf("the peer is user %d, %v; want %d", uid, err, want)
	}
}
