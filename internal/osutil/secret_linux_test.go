package osutil

import (
	"errors"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/sudoXpg/netloop/internal/osutil/ptytest"
)

// prompted is a writer that calls do at a write.
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
	person, program := ptytest.Open(t)
	out := &prompted{do: func() {
		if ptytest.Echoes(t, program) {
			t.Error("the terminal shows what is typed")
		}
		_, _ = io.WriteString(person, "correct horse\n")
	}}
	got, err := ReadSecret(program, out, "Password: ")
	if got != "correct horse" || err != nil || string(out.text) != "Password: \n" {
		t.Errorf("%q, %v after %q", got, err, string(out.text))
	}
	if !ptytest.Echoes(t, program) {
		t.Error("the terminal does not show again what is typed")
	}
	_, _ = io.WriteString(program, "end")
	b := make([]byte, 100)
	n, err := person.Read(b)
	if err != nil || strings.Contains(string(b[:n]), "horse") {
		t.Errorf("on the screen is %q, %v", b[:n], err)
	}
}

func TestTheTerminalIsRestoredAfterAnInterrupt(t *testing.T) {
	_, program := ptytest.Open(t)
	out := &prompted{do: func() {
		if err := syscall.Kill(os.Getpid(), syscall.SIGINT); err != nil {
			t.Error(err)
		}
	}}
	if _, err := ReadSecret(program, out, "Password: "); !errors.Is(err, ErrInterrupted) {
		t.Errorf("got %v", err)
	}
	if !ptytest.Echoes(t, program) {
		t.Error("the terminal does not show again what is typed")
	}
}
