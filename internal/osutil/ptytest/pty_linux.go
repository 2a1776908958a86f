package ptytest

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// Open returns both ends of a new pseudo-terminal (see pty(7)): the person's end, or its
// window's, and that of the programs in it. It shows typed text until HideTyping or a
// program changes that. Both are closed at the end of the test, which is skipped where
// there are no pseudo-terminals.
func Open(t testing.TB) (person, programs *os.File) {
	t.Helper()
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		t.Skipf("this machine has no pseudo-terminals: %v", err)
	} else if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = person.Close() })
	raw, err := person.SyscallConn() // after Fd a Close would not end reads
	if err != nil {
		t.Fatal(err)
	}
	var number uint32
	var failed error
	if err := raw.Control(func(fd uintptr) {
		if failed = unix.IoctlSetPointerInt(int(fd), unix.TIOCSPTLCK, 0); failed == nil {
			number, failed = unix.IoctlGetUint32(int(fd), unix.TIOCGPTN)
		}
	}); err != nil || failed != nil {
		t.Fatal(err, failed)
	}
	programs, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = programs.Close() })
	return person, programs
}

// Echoes reports whether a terminal shows typed text.
func Echoes(t testing.TB, terminal *os.File) bool {
	t.Helper()
	return mode(t, terminal).Lflag&unix.ECHO != 0
}

// HideTyping stops a terminal from showing typed text.
func HideTyping(t testing.TB, terminal *os.File) {
	t.Helper()
	m := mode(t, terminal)
	m.Lflag &^= unix.ECHO
	if err := unix.IoctlSetTermios(int(terminal.Fd()), unix.TCSETS, m); err != nil {
		t.Fatal(os.NewSyscallError("tcsetattr", err))
	}
}

func mode(t testing.TB, terminal *os.File) *unix.Termios {
	t.Helper()
	m, err := unix.IoctlGetTermios(int(terminal.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(os.NewSyscallError("tcgetattr", err))
	}
	return m
}
