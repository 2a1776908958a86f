package admin

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/windows"

	"github.com/sudoXpg/netloop/internal/osutil"
	"github.com/sudoXpg/netloop/internal/sock/socktest"
)

func pipeName(t *testing.T) string {
	return fmt.Sprintf(`\\.\pipe\admin-%d-%s`, os.Getpid(), t.Name())
}

func mustListen(t *testing.T, name string) net.Listener {
	t.Helper()
	l, err := listenLocal(name)
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
			wg.Go(func() {
				_, _ = io.Copy(c, c)
				_ = c.Close()
			})
		}
	})
	t.Cleanup(func() { _ = l.Close(); wg.Wait() })
}

func dial(t *testing.T, name string) net.Conn {
	t.Helper()
	c, err := dialLocal(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func TestAPipeCarriesBothWays(t *testing.T) {
	name := pipeName(t)
	echo(t, mustListen(t, name))
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			c, err := dialLocal(name)
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
			for range 20 {
				if _, err := c.Write([]byte("hello")); err != nil {
					t.Error(err)
					return
				}
				b := make([]byte, 5)
				if _, err := io.ReadFull(c, b); err != nil || string(b) != "hello" {
					t.Errorf("%q, %v", b, err)
					return
				}
			}
		})
	}
	all.Wait()
}

func TestTheEndOfAPipeIsTheEndOfTheFile(t *testing.T) {
	name := pipeName(t)
	l := mustListen(t, name)
	c := dial(t, name)
	s, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Write([]byte("farewell")); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if b, err := io.ReadAll(c); string(b) != "farewell" || err != nil {
		t.Errorf("%q, %v", b, err)
	}
}

func TestAPipeHasDeadlines(t *testing.T) {
	name := pipeName(t)
	l := mustListen(t, name)
	c := dial(t, name)
	s, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, end := range []net.Conn{c, s} {
		if err := end.SetReadDeadline(time.Now().Add(20 * time.Millisecond)); err != nil {
			t.Fatal(err)
		}
		if _, err := end.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("read: %v", err)
		}
	}
}

func TestCloseEndsAcceptOfAPipe(t *testing.T) {
	l := mustListen(t, pipeName(t))
	done := make(chan error, 1)
	go func() {
		_, err := l.Accept()
		done <- err
	}()
	select {
	case err := <-done:
		t.Fatalf("nobody came: %v", err)
	case <-time.After(50 * time.Millisecond):
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if err := <-done; !errors.Is(err, net.ErrClosed) {
		t.Errorf("accept: %v", err)
	}
	if err := l.Close(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("closed twice: %v", err)
	}
	if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("accept on a closed one: %v", err)
	}
}

func TestASecondServerLeavesTheFirstPipeAlone(t *testing.T) {
	if socktest.Wine() {
		t.Skip("Wine 8 does not know the first instance of a pipe; the probe in its place takes the one that waits, until the next is made")
	}
	name := pipeName(t)
	echo(t, mustListen(t, name))
	if _, err := listenLocal(name); !errors.Is(err, osutil.ErrSomebodyListens) {
		t.Errorf("a second server: %v", err)
	}
	c := dial(t, name)
	if _, err := c.Write([]byte("x")); err != nil {
		t.Error(err)
	}
	if _, err := io.ReadFull(c, make([]byte, 1)); err != nil {
		t.Error(err)
	}
}

func TestDialingAClosedPipeReturnsErrNobodyListens(t *testing.T) {
	name := pipeName(t)
	l := mustListen(t, name)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := dialLocal(name); !errors.Is(err, errNobodyListens) {
		t.Errorf("dial: %v", err)
	}
	mustListen(t, name)
}

// A client that disconnects before it is accepted is skipped.
func TestAClientThatDisconnectsBeforeAcceptIsSkipped(t *testing.T) {
	name := pipeName(t)
	l := mustListen(t, name)
	_ = dial(t, name).Close()
	echo(t, l)
	c := dial(t, name)
	if _, err := c.Write([]byte("x")); err != nil {
		t.Error(err)
	}
	if _, err := io.ReadFull(c, make([]byte, 1)); err != nil {
		t.Error(err)
	}
}

func TestOnlyAPipeOfATrustedOwnerIsUsed(t *testing.T) {
	self := mustSID(t, "S-1-5-21-1-2-3-1001")
	for sid, want := range map[string]bool{
		"S-1-5-21-1-2-3-1001": true,  // the same
		"S-1-5-21-1-2-3-1002": false, // another user
		"S-1-5-18":            true,  // the system
		"S-1-5-32-544":        true,  // administrators
		"S-1-5-32-545":        false, // users
		"S-1-5-19":            true,  // services
		"S-1-5-80-1-2-3-4-5":  true,  // a service with an account of its own
		"S-1-1-0":             false, // everybody
	} {
		if got := trusted(mustSID(t, sid), self); got != want {
			t.Errorf("%s: %v, want %v", sid, got, want)
		}
	}
}

func mustSID(t *testing.T, s string) *windows.SID {
	t.Helper()
	sid, err := windows.StringToSid(s)
	if err != nil {
		t.Fatal(err)
	}
	return sid
}
