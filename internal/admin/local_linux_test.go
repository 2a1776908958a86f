package admin

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/sudoXpg/netloop/eventloop/looptest"
)

const nobody = 65534

const intruderAt = "ADMIN_INTRUDER"

// TestAnIntruderGetsNoAnswer is the other user's process of the next test.
func TestAnIntruderGetsNoAnswer(t *testing.T) {
	path := os.Getenv(intruderAt)
	if path == "" {
		return // it only runs as the other process of the next test
	}
	if _, err := dialLocal(path); !errors.Is(err, errNotOurs) {
		t.Errorf("a socket of mode 0600: %v", err)
	}
	// Everybody may write to this one, so the check keeps the intruder out.
	c, err := net.Dial("unix", path+".open")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, _ = c.Write([]byte("hello"))
	if b, err := io.ReadAll(c); len(b) > 0 {
		t.Errorf("she was answered %q, %v", b, err)
	}
	// And a server of another user is not trusted.
	fake := path + ".fake"
	l, err := net.Listen("unix", fake)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	fmt.Println("fake is ready")
	_, _ = io.Copy(io.Discard, os.Stdin)
}

func TestAnotherUserIsRefused(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can become another user")
	}
	folder := scratch(t)
	if err := os.Chmod(folder, 0o777); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(folder, "s")
	echo(t, mustListen(t, path))
	echo(t, mustListen(t, path+".open"))
	if err := os.Chmod(path+".open", 0o666); err != nil {
		t.Fatal(err)
	}
	// The test's program may be where the user nobody can't start it.
	exe := filepath.Join(folder, "test")
	copyFile(t, os.Args[0], exe)
	cmd := looptest.Again(t.Context(), "-test.run=^TestAnIntruderGetsNoAnswer$", "-test.v")
	for i, word := range append([]string{cmd.Path}, cmd.Args[1:]...) {
		if word == os.Args[0] {
			if i == 0 {
				cmd.Path = exe
			}
			cmd.Args[i] = exe
		}
	}
	cmd.Dir = "/"
	cmd.Env = append(os.Environ(), intruderAt+"="+path)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	cmd.Stderr = &out
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 4096)
	for !strings.Contains(out.String(), "ready") {
		n, err := stdout.Read(b)
		out.Write(b[:n])
		if err != nil {
			break
		}
	}
	// The link belongs to root, the server behind it does not.
	if err := os.Symlink(path+".fake", path+".link"); err != nil {
		t.Fatal(err)
	}
	if _, err := dialLocal(path + ".link"); !errors.Is(err, errNotOurs) {
		t.Errorf("another user's server behind a link: %v", err)
	}
	_ = in.Close()
	rest, _ := io.ReadAll(stdout)
	if err := cmd.Wait(); err != nil {
		t.Errorf("%v\n%s%s", err, out.String(), rest)
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	data, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, data, 0o755); err != nil {
		t.Fatal(err)
	}
}
