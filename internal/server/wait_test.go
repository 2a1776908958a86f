package server_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/sudoXpg/netloop/eventloop"
	"github.com/sudoXpg/netloop/internal/account"
	"github.com/sudoXpg/netloop/internal/server"
)

// hashing starts a server whose hashes are computed when the test says so. alice and
// bobby have registered.
func hashing(t *testing.T) (*fixture, *account.Pool) {
	t.Helper()
	pool := account.NewPool(account.PoolOptions{Stepped: true})
	f := startWithAccounts(t, func(o *server.Options) { o.Hashing, o.MaxPerIP, o.NewPerIP = pool, 0, 0 })
	for _, name := range []string{"alice", "bobby"} {
		p := f.join(name)
		p.sends("/register\r\n" + goodPassword + "\r\n" + goodPassword + "\r\n")
		pool.Step()
		if got := p.reads(); !strings.Contains(got, "is now your account") {
			t.Fatalf("%q", got)
		}
		p.sends("/quit\r\n")
		p.reads()
		p.isClosed()
	}
	return f, pool
}

func TestAClientThatHangsUpWhileItsPasswordWaitsIsForgotten(t *testing.T) {
	f, pool := hashing(t)
	for range 5 {
		p := f.dial()
		p.sends("alice\r\nwrong\r\n")
		p.reads()
		if err := p.c.Close(); err != nil {
			t.Fatal(err)
		}
		f.settle()
	}
	p := f.dial()
	p.sends("bobby\r\n" + goodPassword + "\r\n")
	if n := pool.Waiting(); n != 6 {
		t.Fatalf("%d wait", n)
	}
	pool.Step()
	if got := p.reads(); !strings.Contains(got, "*** you are logged in as bobby\r\n") {
		t.Errorf("after the first hash: %q", got)
	}
	if pool.Step() {
		t.Error("a password of somebody who has gone was hashed")
	}
}

// Such clients may be waiting for their answers, but they may also have hung up, so
// their passwords are hashed last.
func TestPasswordsOfClientsThatSendNothingMoreAreHashedLast(t *testing.T) {
	f, pool := hashing(t)
	script := f.dial()
	script.sends("alice\r\n" + goodPassword + "\r\nhello\r\n")
	if err := script.c.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	f.settle()
	bob := f.dial()
	bob.sends("bobby\r\n" + goodPassword + "\r\n")
	pool.Step()
	if got := bob.reads(); !strings.Contains(got, "*** you are logged in as bobby\r\n") {
		t.Errorf("after the first hash: %q", got)
	}
	pool.Step()
	bob.sees("*** alice joined\r\nalice: hello\r\n*** alice left (connection closed)\r\n")
	if got := script.reads(); !strings.Contains(got, "*** you are logged in as alice\r\n") {
		t.Errorf("%q", got)
	}
	script.isClosed()
}

func TestARegistrationCompletesAfterTheEndOfItsInput(t *testing.T) {
	f, pool := hashing(t)
	script := f.dial()
	script.sends("/register carol\r\n" + goodPassword + "\r\n" + goodPassword + "\r\n")
	if err := script.c.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	f.settle()
	pool.Step()
	if got := script.reads(); !strings.Contains(got, "*** carol is now your account: you are logged in\r\n") {
		t.Errorf("%q", got)
	}
	script.isClosed()
}

// Waiting for others' hashes does not count against a client.
func TestTheLoginTimeoutStopsWhileAPasswordIsHashed(t *testing.T) {
	f, pool := hashing(t)
	p := f.dial()
	p.reads()
	f.advance(50 * time.Second)
	p.sends("alice\r\nwrong\r\n")
	f.advance(10 * time.Minute)
	pool.Step()
	if got := p.reads(); !strings.HasSuffix(got, "Password: ") {
		t.Fatalf("after ten minutes: %q", got)
	}
	f.advance(9 * time.Second)
	p.sees("")
	f.advance(2 * time.Second)
	if got := p.reads(); !strings.Contains(got, "no user name within 60 seconds: goodbye") {
		t.Errorf("after a minute without hashes: %q", got)
	}
	p.isClosed()
}

func TestInputDuringAHashIsBoundedAndKept(t *testing.T) {
	f, pool := hashing(t)
	bob := f.join("watcher")
	p := f.dial()
	p.sends("alice\r\n" + goodPassword + "\r\n")
	sent := 0
	for line := fmt.Sprintf("%0500d\r\n", 0); ; line = fmt.Sprintf("%0500d\r\n", sent) {
		n, err := p.c.Write([]byte(line))
		f.settle()
		if errors.Is(err, eventloop.ErrWouldBlock) || n < len(line) {
			break
		}
		if sent++; sent > 10_000 {
			t.Fatal("everything is read, whatever the limit")
		}
	}
	bob.reads()
	pool.Step()
	got := 0
	for text := bob.reads(); text != ""; text = bob.reads() {
		got += strings.Count(text, "alice: ")
		p.reads()
	}
	if got != sent {
		t.Errorf("%d of %d lines are said", got, sent)
	}
}

// Work that was begun for a client ends even when nothing more can be posted;
// otherwise the connection would wait forever.
func TestAPasswordHashEndsThoughTheLoopRefusesPosts(t *testing.T) {
	pool := account.NewPool(account.PoolOptions{Stepped: true})
	f := startWithAccounts(t, func(o *server.Options) { o.Hashing, o.Loop.PostLimit = pool, 1 })
	p := f.join("alice")
	p.sends("/register\r\n" + goodPassword + "\r\n" + goodPassword + "\r\n")
	p.reads()
	loop := f.srv.Group().Loops()[0]
	for full := false; !full; {
		full = loop.Post(func() {}) != nil
	}
	pool.Step()
	if got := p.reads(); !strings.Contains(got, "is now your account") {
		t.Errorf("after the hash: %q", got)
	}
}
