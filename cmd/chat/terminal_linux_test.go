package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/zalando/go-keyring"

	"github.com/sudoXpg/netloop/internal/chatclient"
	"github.com/sudoXpg/netloop/internal/osutil/ptytest"
)

// A screen is a terminal with a program in it.
type screen struct {
	t                *testing.T
	person, terminal *os.File // its two ends
	in               *bufio.Reader
	all              strings.Builder // that was shown
	ended            chan int        // the exit code
}

// onTerminal runs the program in plain mode for a user of the system.
func onTerminal(t *testing.T, user string, args ...string) *screen {
	t.Helper()
	s := &screen{t: t, ended: make(chan int, 1)}
	s.person, s.terminal = ptytest.Open(t)
	if err := s.person.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	s.in = bufio.NewReader(s.person)
	p := program{stdin: s.terminal, stdout: s.terminal, stderr: s.terminal, signals: make(chan os.Signal), user: func() (string, error) { return user, nil }}
	go func() { s.ended <- p.run(append([]string{"--plain"}, args...)) }()
	return s
}

// types types a line.
func (s *screen) types(line string) {
	s.t.Helper()
	if _, err := io.WriteString(s.person, line+"\n"); err != nil {
		s.t.Fatal(err)
	}
}

// ends waits for the end of the program.
func (s *screen) ends() {
	s.t.Helper()
	select {
	case code := <-s.ended:
		if code != 0 {
			s.t.Errorf("exit code %d", code)
		}
	case <-time.After(patience):
		s.t.Fatal("does not end")
	}
}

// sees reads until a text has come.
func (s *screen) sees(want string) {
	s.t.Helper()
	for at := s.all.Len(); !strings.HasSuffix(s.all.String()[at:], want); {
		b, err := s.in.ReadByte()
		if err != nil {
			s.t.Fatalf("%v, waiting for %q after %q", err, want, s.all.String())
		}
		s.all.WriteByte(b)
	}
}

// The name of the system's user may not be allowed: on a terminal, the user is asked for another.
func TestAnotherNameIsAskedForOnATerminal(t *testing.T) {
	_, port := serve(t, nil)
	s := onTerminal(t, "root", "--plain-text", fmt.Sprintf("localhost:%d", port))
	s.sees("Name: ")
	s.types("admin\nbob\n/quit") // ahead of the questions
	s.sees("*** you are in #lobby as bob")
	s.ends()
	if n := strings.Count(s.all.String(), "Name: "); n != 2 {
		t.Errorf("it asks %d times: %q", n, s.all.String())
	}
}

// On a terminal, the password of a registered name is asked for, and no password is shown.
func TestPasswordsAreHiddenOnATerminal(t *testing.T) {
	port, _, ca := serveAda(t)
	s := onTerminal(t, "ada", "--ca", ca, fmt.Sprintf("localhost:%d", port))
	s.sees("chat: that name is registered and needs its password\r\nPassword: ")
	s.types("secret words")
	s.sees("*** you are in #lobby as ada")
	s.types("/passwd")
	s.sees("*** Current password: \r\n")
	s.types("secret words")
	s.sees("*** New password for ada: \r\n")
	s.types("other secret")
	s.sees("*** Repeat it: \r\n")
	s.types("other secret")
	s.sees("changed")
	s.types("/quit")
	s.sees("/quit")
	s.ends()
	if !ptytest.Echoes(t, s.terminal) {
		t.Error("what is typed stays hidden")
	}
	if got := s.all.String(); strings.Contains(got, "secret") || strings.Contains(got, "\x1b") {
		t.Errorf("%q", got)
	}
}

// A password in the keyring that is wrong is asked for, hidden, and replaced.
func TestAWrongStoredPasswordIsAskedForOnATerminal(t *testing.T) {
	keyring.MockInit()
	port, _, ca := serveAda(t)
	account := chatclient.Account{Name: "ada", Address: fmt.Sprintf("localhost:%d", port)}
	if err := account.SavePassword(t.Context(), "old secret"); err != nil {
		t.Fatal(err)
	}
	s := onTerminal(t, "ada", "--ca", ca, "--login", "--save-password", fmt.Sprintf("wss://localhost:%d", port))
	s.sees("in the keyring is wrong (--save-password replaces it, --forget-password removes it)\r\nPassword: ")
	s.types("secret words")
	s.sees("is now in the keyring")
	s.sees("*** you are in #lobby as ada")
	s.types("/quit")
	s.sees("/quit")
	s.ends()
	if got := s.all.String(); strings.Contains(got, "secret") {
		t.Errorf("%q", got)
	}
	if got, err := account.Password(t.Context()); got != "secret words" {
		t.Error(got, err)
	}
}
