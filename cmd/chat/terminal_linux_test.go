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
	"github.com/sudoXpg/netloop/internal/testcert"
)

// a screen reads what a terminal shows.
type screen struct {
	t   *testing.T
	in  *bufio.Reader
	all strings.Builder
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
	person, terminal := ptytest.Open(t)
	if err := person.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	s := &screen{t: t, in: bufio.NewReader(person)}
	p := program{stdin: terminal, stdout: terminal, stderr: terminal, signals: make(chan os.Signal), user: func() (string, error) { return "root", nil }}
	ended := make(chan int, 1)
	go func() {
		ended <- p.run([]string{"--plain", "--plain-text", fmt.Sprintf("localhost:%d", port)})
	}()
	s.sees("Name: ")
	if _, err := io.WriteString(person, "admin\nbob\n/quit\n"); err != nil { // ahead of the questions
		t.Fatal(err)
	}
	s.sees("*** you are in #lobby as bob")
	if code := <-ended; code != 0 {
		t.Errorf("exit code %d", code)
	}
	if n := strings.Count(s.all.String(), "Name: "); n != 2 {
		t.Errorf("it asks %d times: %q", n, s.all.String())
	}
}

// On a terminal, the password of a registered name is asked for, and no password is shown.
func TestPasswordsAreHiddenOnATerminal(t *testing.T) {
	cert := testcert.New("localhost")
	srv, port := serve(t, &cert)
	if answer, _ := srv.Operate("test", "useradd ada", func(string, bool) (string, bool) { return "secret words", true }); !strings.Contains(answer, "account") {
		t.Fatal(answer)
	}
	_, ca := files(t, &cert)
	person, terminal := ptytest.Open(t)
	if err := person.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	s := &screen{t: t, in: bufio.NewReader(person)}
	p := program{stdin: terminal, stdout: terminal, stderr: terminal, signals: make(chan os.Signal), user: func() (string, error) { return "ada", nil }}
	ended := make(chan int, 1)
	go func() { ended <- p.run([]string{"--plain", "--ca", ca, fmt.Sprintf("localhost:%d", port)}) }()
	types := func(line string) {
		if _, err := io.WriteString(person, line+"\n"); err != nil {
			t.Fatal(err)
		}
	}
	s.sees("chat: that name is registered and needs its password\r\nPassword: ")
	types("secret words")
	s.sees("*** you are in #lobby as ada")
	types("/passwd")
	s.sees("*** Current password: \r\n")
	types("secret words")
	s.sees("*** New password for ada: \r\n")
	types("other secret")
	s.sees("*** Repeat it: \r\n")
	types("other secret")
	s.sees("changed")
	types("/quit")
	s.sees("/quit")
	select {
	case code := <-ended:
		if code != 0 {
			t.Errorf("exit code %d", code)
		}
	case <-time.After(patience):
		t.Fatal("does not end")
	}
	if !ptytest.Echoes(t, terminal) {
		t.Error("what is typed stays hidden")
	}
	if got := s.all.String(); strings.Contains(got, "secret") || strings.Contains(got, "\x1b") {
		t.Errorf("%q", got)
	}
}

// A password in the keyring that is wrong is asked for, hidden, and replaced.
func TestAWrongStoredPasswordIsAskedForOnATerminal(t *testing.T) {
	keyring.MockInit()
	cert := testcert.New("localhost")
	srv, port := serve(t, &cert)
	if answer, _ := srv.Operate("test", "useradd ada", func(string, bool) (string, bool) { return "secret words", true }); !strings.Contains(answer, "account") {
		t.Fatal(answer)
	}
	_, ca := files(t, &cert)
	account := chatclient.Account{Name: "ada", Address: fmt.Sprintf("localhost:%d", port)}
	if err := account.SavePassword(t.Context(), "old secret"); err != nil {
		t.Fatal(err)
	}
	person, terminal := ptytest.Open(t)
	if err := person.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	s := &screen{t: t, in: bufio.NewReader(person)}
	p := program{stdin: terminal, stdout: terminal, stderr: terminal, signals: make(chan os.Signal), user: func() (string, error) { return "ada", nil }}
	ended := make(chan int, 1)
	go func() {
		ended <- p.run([]string{"--plain", "--ca", ca, "--login", "--save-password", fmt.Sprintf("wss://localhost:%d", port)})
	}()
	s.sees("in the keyring is wrong (--save-password replaces it, --forget-password removes it)\r\nPassword: ")
	if _, err := io.WriteString(person, "secret words\n"); err != nil {
		t.Fatal(err)
	}
	s.sees("is now in the keyring")
	s.sees("*** you are in #lobby as ada")
	if _, err := io.WriteString(person, "/quit\n"); err != nil {
		t.Fatal(err)
	}
	s.sees("/quit")
	select {
	case code := <-ended:
		if code != 0 {
			t.Errorf("exit code %d", code)
		}
	case <-time.After(patience):
		t.Fatal("does not end")
	}
	if got := s.all.String(); strings.Contains(got, "secret") {
		t.Errorf("%q", got)
	}
	if got, err := account.Password(t.Context()); got != "secret words" {
		t.Error(got, err)
	}
}
