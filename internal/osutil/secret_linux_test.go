package osutil

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// terminal returns both ends of a new pseudo-terminal (pty(7)).
func terminal(t *testing.T) (person, program *os.File) {
	t.Helper()
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("no terminal to be had: %v", err)
	}
	t.Cleanup(func() { person.Close() })
	fd := int(person.Fd())
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	number, err := unix.IoctlGetUint32(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	program, err = os.OpenFile(fmt.Sprint("/dev/pts/", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { program.Close() })
	return person, program
}

func echoes(t *testing.T, program *os.File) bool {
	t.Helper()
	mode, err := unix.IoctlGetTermios(int(program.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	return mode.Lflag&unix.ECHO != 0
}

// prompted calls do when it is written to.
type prompted struct {
	text []byte
	do   func()
}

func (p *prompted) Write(b []byte) (int, error) {
	if p.do != nil {
		p.do()
		p.do = nil
	}
	p.text = append(p.text, b...)
	return len(b), nil
}

func TestASecretIsNotShownOnTheTerminal(t *testing.T) {
	person, program := terminal(t)
	out := &prompted{do: func() {
		if echoes(t, program) {
			t.Error("the terminal shows what is typed")
		}
		_, _ = io.WriteString(person, "correct horse\n")
	}}
	got, err := ReadSecret(program, out, "Password: ")
	if got != "correct horse" || err != nil || string(out.text) != "Password: \n" {
		t.Errorf("%q, %v after %q", got, err, string(out.text))
	}
	if !echoes(t, program) {
		t.Error("the terminal does not show again what is typed")
	}
	_, _ = io.WriteString(program, "end")
	b := make([]byte, 100)
	n, err := person.Read(b)
	if err != nil || strings.Contains(string(b[:n]), "horse") {
		t.Errorf("on the screen is %q, %v", b[:n], err)
	}
}

func TestATerminalIsLeftInOrderAfterAnInterrupt(t *testing.T) {
	_, program := terminal(t)
	out := &prompted{do: func() {
		if err := syscall.Kill(os.Getpid(), syscall.SIGINT); err != nil {
			t.Error(err)
		}
	}}
	if _, err := ReadSecret(program, out, "Password: "); !errors.Is(err, ErrInterrupted) {
		t.Errorf("got %v", err)
	}
	if !echoes(t, program) {
		t.Error("the terminal does not show again what is typed")
	}
}
